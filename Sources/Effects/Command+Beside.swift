internal import Subprocess

extension Command {
    /// Runs it beside `body` and lets it end when `body` has ended.
    ///
    /// The child's stdin stays open as long as `body` runs and this process lives: a supervisor that reads from it learns
    /// of the end either way, also when we are killed with SIGKILL.
    /// - Throws: what `body` throws, or `CommandError` where the child could not be started.
    package func runBeside<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        let configuration = configuration
        let outcome: Swift.Result<Result, any Error> = try await Outside.performAsync(.spawn(name)) {
            do {
                return try await Subprocess.run(
                    configuration,
                    input: .inputWriter,
                    output: .discarded,
                    error: .discarded
                ) { execution in
                    let result: Swift.Result<Result, any Error>
                    do { result = .success(try await body()) } catch { result = .failure(error) }
                    // In a task of its own: a cancelled one would leave the pipe open, which Subprocess takes for a fault.
                    let writer = execution.standardInputWriter
                    await Task { try? await writer.finish() }.value
                    return result
                }.closureResult
            } catch let error as SubprocessError {
                throw CommandError.notStarted(program: program, reason: "\(error)")
            }
        }
        return try outcome.get()
    }
}
