internal import Effects
internal import FleetModel
internal import Glibc
internal import Synchronization

/// The connections to one destination of ssh: one, and more where it carries as many sessions as a server allows.
///
/// sshd's `MaxSessions` is 10 unless told; what is dialled or forwarded is not counted there, programs are.
final class SSHConnections: Sendable {
    typealias Opening = @Sendable (_ number: Int) async throws(HopError) -> SSHMaster

    private struct State {
        var masters: [(master: SSHMaster, used: Int)] = []
        var opening: Task<HopError?, Never>?
        var number = 0
        var isClosed = false
        var failure: HopError?
    }

    let hop: Hop
    private let opening: Opening
    private let state = Mutex(State())

    private static let sessions = 8
    private static let most = 8

    init(_ hop: Hop, opening: @escaping Opening) {
        self.hop = hop
        self.opening = opening
    }

    /// A place for one session; waits for one where all are taken.
    func lease(timeLimit: Duration = .seconds(30)) async throws(HopError) -> SSHLease {
        let clock = ContinuousClock()
        let end = clock.now + timeLimit
        while true {
            if let lease = takeLease() { return lease }
            if let task = grow() {
                if let failure = await task.value, countOfMasters == 0 { throw failure }
            } else {
                try? await Task.sleep(for: .milliseconds(20))
            }
            if let reason = isClosed ? "closed" : Task.isCancelled ? "interrupted" : nil {
                throw HopError(hop: hop, reason: reason)
            }
            guard clock.now < end else { throw Self.crowded(hop, timeLimit) }
        }
    }

    /// As `lease`, blocking: for a thread that is not of Swift's pool.
    func leaseBlocking(timeLimit: Duration = .seconds(30)) throws(HopError) -> SSHLease {
        let clock = ContinuousClock()
        let end = clock.now + timeLimit
        while clock.now < end {
            if let lease = takeLease() { return lease }
            _ = grow()
            usleep(10_000)
            if let failure = state.withLock({ $0.opening == nil && $0.masters.isEmpty ? $0.failure : nil }) {
                throw failure
            }
            if isClosed { throw HopError(hop: hop, reason: "closed") }
        }
        throw Self.crowded(hop, timeLimit)
    }

    /// A connection to dial or forward over, which takes no session.
    func master() async throws(HopError) -> SSHMaster {
        if let master = living.first { return master }
        guard let task = grow() else { throw HopError(hop: hop, reason: "closed") }
        if let failure = await task.value { throw failure }
        guard let master = living.first else { throw HopError(hop: hop, reason: "the connection was lost at once") }
        return master
    }

    /// As `master`, where there is one now.
    var living: [SSHMaster] {
        leaveDead()
        return state.withLock { $0.masters.map(\.master) }
    }

    /// Asks them outside the lock: it takes a system call each.
    private func leaveDead() {
        let dead = state.withLock { $0.masters.map(\.master) }.filter { !$0.isAlive }
        guard !dead.isEmpty else { return }
        state.withLock { state in state.masters.removeAll { entry in dead.contains { $0 === entry.master } } }
    }

    func close() async {
        let (masters, opening) = state.withLock { state in
            state.isClosed = true
            defer { state.masters = [] }
            return (state.masters.map(\.master), state.opening)
        }
        _ = await opening?.value
        for master in masters { await master.end() }
    }

    fileprivate func release(_ master: SSHMaster) {
        state.withLock { state in
            guard let index = state.masters.firstIndex(where: { $0.master === master }) else { return }
            state.masters[index].used -= 1
        }
    }

    private var countOfMasters: Int { state.withLock { $0.masters.count } }
    private var isClosed: Bool { state.withLock { $0.isClosed } }

    private func takeLease() -> SSHLease? {
        leaveDead()
        let master: SSHMaster? = state.withLock { state in
            guard let index = state.masters.firstIndex(where: { $0.used < Self.sessions }) else { return nil }
            state.masters[index].used += 1
            return state.masters[index].master
        }
        return master.map { SSHLease(self, $0) }
    }

    /// One more connection, unless there are enough; nil then.
    private func grow() -> Task<HopError?, Never>? {
        state.withLock { state in
            if let task = state.opening { return task }
            guard !state.isClosed, state.masters.count < Self.most else { return nil }
            state.number += 1
            let number = state.number
            let task = Task.detached { [self] in
                do throws(HopError) {
                    await add(try await opening(number))
                    return nil as HopError?
                } catch {
                    end(with: error)
                    return error
                }
            }
            state.opening = task
            return task
        }
    }

    private func add(_ master: SSHMaster) async {
        let isLate = state.withLock { state in
            state.opening = nil
            state.failure = nil
            if !state.isClosed { state.masters.append((master, 0)) }
            return state.isClosed
        }
        if isLate { await master.end() }
    }

    private func end(with failure: HopError) {
        state.withLock { state in
            state.opening = nil
            state.failure = failure
        }
    }

    private static func crowded(_ hop: Hop, _ limit: Duration) -> HopError {
        HopError(hop: hop, reason: "no session became free within \(limit): give a smaller --parallel")
    }
}

/// A place for one session on a connection of ssh, given back with its last reference.
final class SSHLease: Sendable {
    let master: SSHMaster
    private let connections: SSHConnections

    fileprivate init(_ connections: SSHConnections, _ master: SSHMaster) {
        self.connections = connections
        self.master = master
    }

    deinit { connections.release(master) }
}
