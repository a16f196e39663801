internal import Synchronization

/// Counts what is done of several things at once, and tells of each.
package final class Tally: Sendable {
    private let done = Mutex(0)
    private let total: Int
    private let tell: @Sendable (_ done: Int, _ total: Int) -> Void

    /// Begins at none, and says so.
    package init(of total: Int, _ tell: @escaping @Sendable (_ done: Int, _ total: Int) -> Void) {
        self.total = total
        self.tell = tell
        if total > 0 { tell(0, total) }
    }

    /// One more is done; told in order, so that no count goes back.
    package func one() {
        done.withLock { done in
            done += 1
            tell(done, total)
        }
    }
}
