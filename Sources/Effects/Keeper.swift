/// A child that runs until it is told to end, or until this process ends in whatever way.
///
/// It reads from a pipe of ours (see `Command.runBeside`), so it learns of either.
package final class Keeper: Sendable {
    private let told: AsyncStream<Void>.Continuation
    private let task: Task<Void, any Error>

    package init(_ command: Command) {
        let (stream, told) = AsyncStream<Void>.makeStream()
        self.told = told
        // Not a part of the task that asked for it: it outlives that one's cancellation, and is ended in its order.
        task = Task.detached {
            try await command.runBeside { for await _ in stream {} }
        }
    }

    /// Tells it to end and waits until it has.
    package func end() async {
        told.finish()
        _ = await task.result
    }
}
