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

    /// Tells it to end and waits until it has, or until it was killed because it did not.
    ///
    /// Waits 20 seconds at most: what the kernel does not let go of then must not hold us as well.
    package func end() async {
        told.finish()
        let (stream, over) = AsyncStream<Void>.makeStream()
        let ended = Task.detached { [task] in
            _ = await task.result
            over.finish()
        }
        let late = Task.detached { [task] in
            try await Task.sleep(for: .seconds(10))
            task.cancel()
            try await Task.sleep(for: .seconds(10))
            over.finish()
        }
        // In a task of its own: a cancelled one would not wait.
        await Task.detached { for await _ in stream {} }.value
        late.cancel()
        ended.cancel()
    }
}
