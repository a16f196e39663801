internal import Dispatch

/// A queue of its own for each session: libpq blocks, and must never block Swift's cooperative pool.
///
/// A fleet may have more slow servers than this machine has cores; on the shared pool a few of them would stop the whole
/// process.
final class SessionQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "reconcile.session")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }
}
