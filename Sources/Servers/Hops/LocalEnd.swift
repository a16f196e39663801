internal import CSpawn
internal import Dispatch
internal import Effects
internal import FleetModel
internal import Glibc
internal import Synchronization

/// A socket of this machine whose connections go on from behind the hops.
protocol LocalEnd: Sendable {
    /// What libpq is told: a folder or an address, and a port.
    var host: String { get }
    var port: String { get }
    /// Sees to it that a connection would be taken now.
    func prepare() async
    /// Why one that was just made came to nothing, as far as the hops know.
    func explanation() async -> HopError?
    func close() async
}

/// A socket that ssh itself forwards: the quickest way, for the last hop of a chain.
final class ForwardedSocket: LocalEnd {
    private struct State {
        var master: SSHMaster
        /// How much of what the master said was there before.
        var heard = 0
    }

    let host: String
    let port: String
    private let link: Link
    private let endpoint: Endpoint
    private let folder: HopFolder
    private let state: Mutex<State>

    private init(_ link: Link, _ endpoint: Endpoint, _ folder: HopFolder, _ host: String, _ master: SSHMaster) {
        self.link = link
        self.endpoint = endpoint
        self.folder = folder
        self.host = host
        port = endpoint.port
        state = Mutex(State(master: master, heard: master.volume))
    }

    static func open(
        _ link: Link,
        _ endpoint: Endpoint,
        _ folder: HopFolder,
        _ name: String
    ) async throws(HopError) -> ForwardedSocket {
        guard let carrier = link.carrier else { preconditionFailure("only ssh forwards") }
        let master = try await carrier.master()
        let host: String
        do throws(FolderFailure) { host = try folder.makeFolder(name, forGuest: true) } catch {
            throw HopError(hop: carrier.hop, reason: error.reason)
        }
        let made = ForwardedSocket(link, endpoint, folder, host, master)
        try await made.forward(over: master)
        return made
    }

    private var path: String { "\(host)/.s.PGSQL.\(port)" }

    private func forward(over master: SSHMaster) async throws(HopError) {
        _ = Outside.perform(.remove(path)) { unlink(path) }
        try await master.forward(path, to: endpoint)
        folder.giveSocket(path)
    }

    func prepare() async {
        let master = state.withLock { state in
            state.heard = state.master.volume
            return state.master
        }
        guard !master.isAlive, let carrier = link.carrier, let other = try? await carrier.master() else { return }
        guard (try? await forward(over: other)) != nil else { return }
        let heard = other.volume
        state.withLock { $0 = State(master: other, heard: heard) }
    }

    func explanation() async -> HopError? {
        guard let carrier = link.carrier else { return nil }
        let (master, heard) = state.withLock { ($0.master, $0.heard) }
        guard master.isAlive else { return HopError(hop: carrier.hop, reason: link.lost(master)) }
        return HopError.lastWords(master.said(from: heard)).map { HopError(hop: carrier.hop, reason: $0) }
    }

    func close() async {}
}

/// A socket of our own; each of its connections becomes the stdin and stdout of a program that dials behind the hops.
final class RelayedSocket: LocalEnd {
    private struct State {
        var programs: [Int: ConnectedProgram] = [:]
        var count = 0
        var isClosed = false
        var failure: (error: HopError, at: ContinuousClock.Instant)?
    }

    let host: String
    let port: String
    private let link: Link
    private let endpoint: Endpoint
    private let relay: Relay?
    private let listener: CInt
    /// Who may connect to a port of the loopback; nil: the socket is in a folder that says so.
    private let welcome: Set<UInt32>?
    private let state = Mutex(State())

    private init(
        _ link: Link,
        _ endpoint: Endpoint,
        by relay: Relay?,
        listener: CInt,
        host: String,
        port: String,
        welcome: Set<UInt32>?
    ) {
        self.link = link
        self.endpoint = endpoint
        self.relay = relay
        self.listener = listener
        self.host = host
        self.port = port
        self.welcome = welcome
    }

    /// Listens; where libpq is to speak TLS, which it does not over a Unix socket, on a port of the loopback.
    static func open(
        _ link: Link,
        _ endpoint: Endpoint,
        by relay: Relay?,
        _ isEncrypted: Bool,
        _ folder: HopFolder,
        _ name: String
    ) throws(HopError) -> RelayedSocket {
        do throws(FolderFailure) {
            let made: RelayedSocket
            if isEncrypted {
                let (listener, port) = try LocalSocket.listenOnLoopback()
                let welcome = Set([geteuid(), getuid(), folder.guest?.id].compactMap(\.self))
                made = RelayedSocket(
                    link,
                    endpoint,
                    by: relay,
                    listener: listener,
                    host: "127.0.0.1",
                    port: String(port),
                    welcome: welcome
                )
            } else {
                let host = try folder.makeFolder(name, forGuest: true)
                let path = "\(host)/.s.PGSQL.\(endpoint.port)"
                let listener = try LocalSocket.listen(at: path)
                folder.giveSocket(path)
                made = RelayedSocket(
                    link,
                    endpoint,
                    by: relay,
                    listener: listener,
                    host: host,
                    port: endpoint.port,
                    welcome: nil
                )
            }
            Workers.start { made.accept() }
            return made
        } catch {
            throw HopError(hop: link.hops[link.hops.count - 1], reason: error.reason)
        }
    }

    func prepare() async { state.withLock { $0.failure = nil } }

    func explanation() async -> HopError? {
        // What the program said arrives a moment after its end of the connection is gone.
        for _ in 0..<50 {
            if let failure = state.withLock({ $0.failure }) { return failure.error }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return nil
    }

    func close() async {
        let programs = state.withLock { state in
            state.isClosed = true
            return Array(state.programs.values)
        }
        shutdown(listener, CInt(SHUT_RDWR))
        // Sessions are closed by now, and each program ends with its own; what does not is told to.
        for _ in 0..<200 where state.withLock({ !$0.programs.isEmpty }) {
            try? await Task.sleep(for: .milliseconds(10))
        }
        for program in programs { program.end() }
        for _ in 0..<200 where state.withLock({ !$0.programs.isEmpty }) {
            try? await Task.sleep(for: .milliseconds(10))
        }
        for program in state.withLock({ Array($0.programs.values) }) { program.end(with: SIGKILL) }
    }

    private func accept() {
        while true {
            let connection = accept4(listener, nil, nil, CInt(SOCK_CLOEXEC.rawValue))
            if state.withLock({ $0.isClosed }) {
                if connection >= 0 { Glibc.close(connection) }
                break
            }
            guard connection >= 0 else {
                if errno == EMFILE || errno == ENFILE { usleep(20_000) }
                continue
            }
            Workers.start { self.serve(connection) }
        }
        Glibc.close(listener)
    }

    private func serve(_ connection: CInt) {
        let isWelcome = welcome.map { users in LocalSocket.owner(ofPeer: connection).map(users.contains) ?? false }
        guard isWelcome ?? true else {
            Glibc.close(connection)
            return
        }
        do {
            let (program, lease) = try link.dial(endpoint, by: relay, on: connection)
            Glibc.close(connection)
            let number = state.withLock { state in
                state.count += 1
                state.programs[state.count] = program
                return state.count
            }
            let result = program.wait()
            withExtendedLifetime(lease) {}
            state.withLock { state in
                state.programs[number] = nil
                if result.status != 0 { state.failure = (explain(result, lease), .now) }
            }
        } catch {
            let failure =
                error as? HopError ?? HopError(hop: link.hops[link.hops.count - 1], reason: "\(error)")
            state.withLock { $0.failure = (failure, .now) }
            Glibc.close(connection)
        }
    }

    private func explain(_ result: CommandResult, _ lease: SSHLease?) -> HopError {
        if result.status == 255, let carrier = link.carrier {
            if let lease, !lease.master.isAlive { return HopError(hop: carrier.hop, reason: link.lost(lease.master)) }
            return Containers.failure(carrier.hop, result)
        }
        return Containers.failure(link.hops[link.hops.count - 1], result)
    }
}

/// Threads that may block, one for each piece of work.
private enum Workers {
    static func start(_ body: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "reconcile.hop").async(execute: body)
    }
}

extension Endpoint {
    /// What libpq takes for its port, whichever kind it is.
    var port: String {
        switch self {
        case .tcp(_, let port): port
        case .socket(let path): path.split(separator: ".").last.map(String.init) ?? "5432"
        }
    }
}
