internal import Glibc
package import Servers
internal import Synchronization

/// A real proxy on a port of the loopback between a program and a server of a test.
///
/// It reads the protocol, numbers what passes in each direction over a whole run, and breaks what it is told to, once.
package final class WireProxy: Sendable {
    package let port: Int
    private let listener: CInt
    private let server: EmbeddedServer
    private let state = Mutex(State())

    /// How many messages passed, and how many times the server said that it committed something.
    package struct Count: Sendable, Hashable {
        package var toServer = 0
        package var toClient = 0
        package var commits = 0
    }

    private struct State {
        var fault: WireFault?
        var struck: String?
        var count = Count()
        var passed: [String] = []
        var threads = 0
        var isEnding = false
        var isMended = false
        var outUntil: ContinuousClock.Instant?
        var outSince: ContinuousClock.Instant?
        var queriesSeen = 0

        /// Whether this is the query that is waited for.
        mutating func matches(_ wanted: WireFault.Place, _ place: WireFault.Place, _ message: WireMessage) -> Bool {
            guard case .query(let text, let number, let wantsBefore) = wanted, message.isQuery else { return false }
            switch place {
            case .before(.toServer, _) where wantsBefore, .after(.toServer, _) where !wantsBefore:
                guard message.text.contains(text) else { return false }
                queriesSeen += 1
                return queriesSeen == number
            default: return false
            }
        }
    }

    private init(_ server: EmbeddedServer) throws {
        self.server = server
        (listener, port) = try WireSocket.listen()
    }

    /// Runs one as long as `body`; nothing of it is left afterwards.
    package static func with<Result: Sendable>(
        _ server: EmbeddedServer,
        fault: WireFault? = nil,
        _ body: (WireProxy) async throws -> Result
    ) async throws -> Result {
        let proxy = try WireProxy(server)
        proxy.state.withLock { $0.fault = fault }
        proxy.thread { proxy.accept() }
        do {
            let result = try await body(proxy)
            await proxy.end()
            return result
        } catch {
            await proxy.end()
            throw error
        }
    }

    package var count: Count { state.withLock(\.count) }

    /// What passed, a line each in the order it came by: an arrow, a number, a message's type and what it says.
    package var passed: [String] { state.withLock(\.passed) }

    /// The message at which the fault struck; nil where it did not yet.
    package var struck: String? { state.withLock(\.struck) }

    /// From now on everything passes, and what is lost is lost for both ends.
    package func mend() {
        state.withLock { state in
            state.fault = nil
            state.outUntil = nil
            state.isMended = true
        }
    }

    // MARK: for connections

    var isEnding: Bool { state.withLock(\.isEnding) }

    var withholdsReplies: Bool {
        state.withLock { state in
            guard case .replyToCommit = state.fault?.place else { return false }
            return state.struck == nil
        }
    }

    func count(_ message: WireMessage, _ direction: WireFault.Direction) -> Int {
        state.withLock { state in
            let number: Int
            switch direction {
            case .toServer:
                state.count.toServer += 1
                number = state.count.toServer
                state.passed.append("→ \(number) \(message.label)")
            case .toClient:
                state.count.toClient += 1
                number = state.count.toClient
                state.passed.append("← \(number) \(message.label)")
            }
            return number
        }
    }

    func countCommit() -> Int {
        state.withLock { state in
            state.count.commits += 1
            return state.count.commits
        }
    }

    /// What is to be done at this place, where it is the one.
    func strikes(_ place: WireFault.Place, _ message: WireMessage) -> WireFault.Damage? {
        state.withLock { state in
            guard let fault = state.fault, state.struck == nil else { return nil }
            guard fault.place == place || state.matches(fault.place, place, message) else { return nil }
            state.struck = String(message.label.prefix(100))
            return fault.damage
        }
    }

    func goOut(for duration: Duration) {
        state.withLock { state in
            state.outSince = .now
            state.outUntil = .now + duration
        }
    }

    /// Whether a connection that came about then is lost by an outage.
    func isOut(since begun: ContinuousClock.Instant) -> Bool {
        state.withLock { state in state.outSince.map { begun < $0 } ?? false }
    }

    /// Waits as long as the way is to be broken.
    func wait(_ duration: Duration) {
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end, state.withLock({ !$0.isEnding && !$0.isMended }) { usleep(20_000) }
    }

    // MARK: threads

    private func accept() {
        while !isEnding {
            guard WireSocket.waitForAny([listener], milliseconds: 20)[0] else { continue }
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { continue }
            // A child that held it open would keep the other end from seeing it end.
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            let isOut = state.withLock { state in state.outUntil.map { ContinuousClock.now < $0 } ?? false }
            let path = "\(self.server.socketFolder)/.s.PGSQL.5432"
            guard !isOut, let server = WireSocket.connect(to: path) else {
                WireSocket.reset(client)
                continue
            }
            // Many small messages: none is to wait for another.
            var isOn: CInt = 1
            setsockopt(client, CInt(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<CInt>.size))
            thread {
                var connection = WireConnection(self, client: client, server: server)
                connection.run()
            }
        }
        close(listener)
    }

    /// Blocks only itself: a thread of its own, none of Swift's.
    private func thread(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.threads += 1 }
        let work = Work {
            body()
            self.state.withLock { $0.threads -= 1 }
        }
        var thread = pthread_t()
        let failure = pthread_create(
            &thread,
            nil,
            { pointer in
                if let pointer { Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body() }
                return nil
            },
            Unmanaged.passRetained(work).toOpaque()
        )
        precondition(failure == 0, "no thread for a proxy")
        pthread_detach(thread)
    }

    private func end() async {
        state.withLock { $0.isEnding = true }
        while state.withLock(\.threads) > 0 { try? await Task.sleep(for: .milliseconds(5)) }
    }
}

private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
