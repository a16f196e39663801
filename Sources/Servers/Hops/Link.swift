internal import Effects
internal import FleetModel
internal import Synchronization

/// How what is behind a chain of hops is got at from here.
///
/// Every chain comes down to two things: the last connection of ssh in it, if any, and the words that lead from there into
/// containers. An ssh hop behind others is dialled through them, so that keys and known hosts stay here.
struct Link: Sendable {
    /// Outermost first.
    let hops: [Hop]
    /// The last ssh connection of the chain; nil where programs start on this machine.
    let carrier: SSHConnections?
    /// What stands before a program's words: `docker exec -i ID`.
    let prefix: [String]
    /// Of programs that start on this machine: `docker` and `kubectl` take their targets from it, as for anybody.
    let environment: [String: String]

    static func here(_ environment: [String: String]) -> Link {
        Link(hops: [], carrier: nil, prefix: [], environment: environment)
    }

    /// A step further, into a container.
    func extended(by hop: Hop, _ words: [String]) -> Link {
        Link(hops: hops + [hop], carrier: carrier, prefix: prefix + words, environment: environment)
    }

    /// Whether connections are made there by ssh itself, and not by a relay.
    var dialsByItself: Bool { prefix.isEmpty }

    /// A place for one session, where a program needs one.
    func lease() async throws(HopError) -> SSHLease? {
        guard let carrier else { return nil }
        return try await carrier.lease()
    }

    func command(_ words: [String], over lease: SSHLease?) -> Command {
        let all = prefix + words
        return lease.map { $0.master.command(all) } ?? Command("/usr/bin/env", ["--"] + all, environment: environment)
    }

    /// Runs a program there to its end.
    func run(_ words: [String], timeLimit: Duration) async throws(HopError) -> CommandResult {
        let lease = try await lease()
        var command = command(words, over: lease)
        command.timeLimit = timeLimit
        let result: CommandResult
        do { result = try await command.run() } catch {
            throw HopError(hop: hops.last ?? .docker(container: ""), reason: "\(error)")
        }
        if result.status == 255, let lease, !lease.master.isAlive {
            throw HopError(hop: carrier?.hop ?? hops[0], reason: lost(lease.master))
        }
        return withExtendedLifetime(lease) { result }
    }

    func lost(_ master: SSHMaster) -> String {
        HopError.lastWords(master.said(from: 0)).map { "the connection was lost: \($0)" } ?? "the connection was lost"
    }

    /// Starts what dials an endpoint as seen from there, on an open connection; blocks, on a thread that is not of the pool.
    ///
    /// - Parameters:
    ///   - endpoint: where the server listens.
    ///   - relay: what makes the connection, unless ssh does.
    ///   - connection: becomes the stdin and stdout of what dials.
    /// - Returns: the program, and the session that it takes.
    /// - Throws: `HopError`, `CommandError`.
    func dial(
        _ endpoint: Endpoint,
        by relay: Relay?,
        on connection: CInt
    ) throws -> (program: ConnectedProgram, lease: SSHLease?) {
        if let relay {
            let lease = try carrier?.leaseBlocking()
            return (try command(relay.words(to: endpoint), over: lease).start(on: connection), lease)
        }
        guard let carrier, case .tcp(let host, let port) = endpoint else { preconditionFailure("nothing dials there") }
        let master = try carrier.living.first ?? carrier.leaseBlocking().master
        let words = master.dialling(host: host, port: port)
        return (try Command("/usr/bin/env", ["--"] + words).start(on: connection), nil)
    }

    /// The shell command by which a later ssh reaches its host from there, as its `ProxyCommand`.
    ///
    /// `%h` and `%p` are ssh's own, filled in by it from its configuration.
    func proxy(by relay: Relay?) async throws(HopError) -> (command: String?, lease: SSHLease?) {
        // Of letters that are left as they are, however often they are quoted.
        let (host, port) = ("@the-host-of-ssh@", "@the-port-of-ssh@")
        var words: [String]
        var lease: SSHLease?
        if let relay {
            lease = try await self.lease()
            let command = command(relay.words(to: .tcp(host: host, port: port)), over: lease)
            words = [command.program] + command.arguments
        } else if let carrier {
            words = try await carrier.master().dialling(host: host, port: port)
        } else {
            return (nil, nil)
        }
        let text = ShellWords.quoted(words).replacing(each: "%", with: "%%")
        return (text.replacing(host, with: "%h").replacing(port, with: "%p"), lease)
    }
}

/// Where a server listens, as seen from behind the last hop.
enum Endpoint: Sendable, Hashable {
    case tcp(host: String, port: String)
    case socket(String)

    /// Whether it is on the machine behind the last hop itself.
    var isLocal: Bool {
        switch self {
        case .socket: true
        case .tcp(let host, _): host == "localhost" || host.hasPrefix("127.") || host == "::1"
        }
    }
}
