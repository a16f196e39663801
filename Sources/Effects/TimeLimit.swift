internal import Synchronization

/// Runs `body` and waits for it no longer than `limit`, nor after this task was cancelled; nil where it took longer.
///
/// libpq cannot be woken while it waits for a server that has stopped, so what is late is left behind to end, or not, on a
/// thread of its own. A task group would wait for it.
package func withTimeLimit<Value: Sendable>(
    _ limit: Duration?,
    _ body: @escaping @Sendable () async -> Value
) async -> Value? {
    let once = Once<Value>()
    return await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
            once.wait(continuation)
            let work = Task { once.resume(await body()) }
            guard let limit else { return }
            let timer = Task {
                try? await Task.sleep(for: limit)
                work.cancel()
                once.resume(nil)
            }
            once.whenDone { timer.cancel() }
        }
    } onCancel: {
        once.resume(nil)
    }
}

/// A continuation that is resumed by whoever comes first.
private final class Once<Value: Sendable>: Sendable {
    private struct State {
        var continuation: CheckedContinuation<Value?, Never>?
        var isDone = false
        var finish: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    func wait(_ continuation: CheckedContinuation<Value?, Never>) {
        let isLate = state.withLock { state in
            if !state.isDone { state.continuation = continuation }
            return state.isDone
        }
        if isLate { continuation.resume(returning: nil) }
    }

    func whenDone(_ finish: @escaping @Sendable () -> Void) {
        let isDone = state.withLock { state in
            state.finish = finish
            return state.isDone
        }
        if isDone { finish() }
    }

    func resume(_ value: Value?) {
        let (continuation, finish) = state.withLock { state in
            defer {
                state.isDone = true
                state.continuation = nil
            }
            return (state.continuation, state.finish)
        }
        continuation?.resume(returning: value)
        finish?()
    }
}
