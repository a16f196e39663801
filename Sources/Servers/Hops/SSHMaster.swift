internal import Effects
internal import FleetModel
internal import Glibc

/// One connection of OpenSSH, over which programs are run and sockets forwarded.
///
/// It is a child of a supervisor that reads our pipe: when we end, in whatever way, it is told to end.
/// See <https://man.openbsd.org/ssh_config#ControlMaster>.
final class SSHMaster: Sendable {
    private let hop: SSHHop
    private let control: String
    private let errors: String
    private let keeper: Keeper
    /// The way to it, where that takes a session of an earlier one.
    private let lease: SSHLease?

    private init(_ hop: SSHHop, control: String, errors: String, keeper: Keeper, lease: SSHLease?) {
        self.hop = hop
        self.control = control
        self.errors = errors
        self.keeper = keeper
        self.lease = lease
    }

    /// Connects and waits until the connection is authenticated.
    ///
    /// - Parameters:
    ///   - hop: where to; what it does not say, OpenSSH's own configuration does.
    ///   - proxy: the command that reaches it over earlier hops, in which `%h` and `%p` stand for host and port.
    ///   - lease: what that command needs.
    ///   - base: the path of its files, which get endings.
    ///   - timeLimit: for all of it.
    /// - Returns: the connection.
    /// - Throws: `HopError` with what ssh said.
    static func open(
        _ hop: SSHHop,
        proxy: String?,
        lease: SSHLease?,
        base: String,
        timeLimit: Duration
    ) async throws(HopError) -> SSHMaster {
        guard !hop.destination.hasPrefix("-"), !ShellWords.hasNUL([hop.destination]) else {
            throw HopError(hop: .ssh(hop), reason: "it is no destination, ssh would take it for an option")
        }
        let keeper = Keeper(
            Command(
                "/bin/sh",
                ["-c", supervision, "reconcile-ssh", "\(base).errors", "\(base).ended", "/usr/bin/env", "--"]
                    + arguments(hop, control: base, proxy: proxy),
                environment: environment
            )
        )
        let master = SSHMaster(hop, control: base, errors: "\(base).errors", keeper: keeper, lease: lease)
        let clock = ContinuousClock()
        let end = clock.now + timeLimit
        while clock.now < end, !Task.isCancelled {
            if access(base, F_OK) == 0 { return master }
            if access("\(base).ended", F_OK) == 0 { break }
            try? await Task.sleep(for: .milliseconds(5))
        }
        await keeper.end()
        let silent = Task.isCancelled ? "interrupted" : "no connection within \(timeLimit)"
        throw HopError(hop: .ssh(hop), reason: HopError.lastWords(master.said(from: 0)) ?? silent)
    }

    /// Whether it still takes requests.
    var isAlive: Bool {
        guard let descriptor = LocalSocket.connect(to: control) else { return false }
        close(descriptor)
        return true
    }

    /// A program run over it, in a session of its own.
    func command(_ words: [String]) -> Command {
        Command("/usr/bin/env", ["--"] + client + ["--", hop.destination, ShellWords.quoted(words)])
    }

    /// The words of a command whose stdin and stdout are a connection from over there; it takes no session.
    func dialling(host: String, port: String) -> [String] {
        client + ["-W", "[\(host)]:\(port)", "--", hop.destination]
    }

    /// Makes a socket here whose connections go on from over there.
    func forward(_ socket: String, to endpoint: Endpoint) async throws(HopError) {
        let address =
            switch endpoint {
            case .tcp(let host, let port): "[\(host)]:\(port)"
            case .socket(let path): Self.escaped(path)
            }
        let words = client + ["-O", "forward", "-L", "\(socket):\(address)", "--", hop.destination]
        let result: CommandResult
        do {
            result = try await Command("/usr/bin/env", ["--"] + words, timeLimit: .seconds(20)).run()
        } catch {
            throw HopError(hop: .ssh(hop), reason: "\(error)")
        }
        guard result.status == 0 else {
            throw HopError(
                hop: .ssh(hop),
                reason: HopError.lastWords(result.errors) ?? "ssh would not forward a socket"
            )
        }
    }

    /// What it said on stderr, from a number of bytes on.
    func said(from offset: Int) -> String {
        guard let file = fopen(errors, "re") else { return "" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        guard fseek(file, offset, SEEK_SET) == 0 else { return "" }
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    func end() async { await keeper.end() }

    /// What a later ssh is told: to use this connection and none of its own.
    ///
    /// The user's configuration was heard when the connection was made; here a `RemoteCommand` of his would be in the way.
    private var client: [String] {
        ["ssh", "-F", "none", "-S", control, "-T"]
            + Self.options([
                "ControlMaster=no", "BatchMode=yes", "ProxyCommand=exit 255", "LogLevel=ERROR", "EscapeChar=none",
                "ForwardAgent=no", "ForwardX11=no", "PermitLocalCommand=no",
            ])
    }

    private static func arguments(_ hop: SSHHop, control: String, proxy: String?) -> [String] {
        var words = ["ssh", "-M", "-S", control, "-N", "-T"]
        words += options([
            "ControlPersist=no", "ForkAfterAuthentication=no", "BatchMode=yes", "StrictHostKeyChecking=yes",
            "UpdateHostKeys=no",
            "ForwardAgent=no", "ForwardX11=no", "ClearAllForwardings=yes", "PermitLocalCommand=no",
            "RemoteCommand=none", "RequestTTY=no", "Tunnel=no", "EscapeChar=none", "ConnectTimeout=10",
            "ServerAliveInterval=10", "ServerAliveCountMax=3",
            // Why a connection over it could not be made is said at this level.
            "LogLevel=INFO",
        ])
        if let config = hop.config { words += ["-F", config] }
        if let identity = hop.identity { words += ["-i", identity, "-o", "IdentitiesOnly=yes"] }
        if let port = hop.port { words += ["-p", String(port)] }
        if let proxy { words += ["-o", "ProxyCommand=\(proxy)"] }
        return words + ["--", hop.destination]
    }

    private static func options(_ options: [String]) -> [String] { options.flatMap { ["-o", $0] } }

    /// Nobody is asked anything, whatever a jump host's own ssh would ask for; a proxy command is for a plain shell.
    private static var environment: [String: String] {
        ProcessEnvironment.withoutPostgres.merging([
            "SSH_ASKPASS": "/bin/false", "SSH_ASKPASS_REQUIRE": "force", "SHELL": "/bin/sh",
        ]) { $1 }
    }

    /// In a forwarding, a colon ends a path and a percent sign begins a name.
    private static func escaped(_ path: String) -> String {
        path.replacing("\\", with: "\\\\").replacing(":", with: "\\:").replacing("%", with: "%%")
    }

    /// Runs ssh and ends it at the end of our pipe; says when it ended by itself.
    ///
    /// The signals are caught and not ignored: ssh would go on ignoring them. Its folder may be gone before it is.
    private static let supervision = """
        trap : INT TERM HUP
        errors=$1 ended=$2; shift 2
        umask 077
        exec 3<&0
        "$@" </dev/null >/dev/null 2>"$errors" 3<&- &
        master=$!
        { cat <&3 >/dev/null; [ -e "$ended" ] || kill "$master"; } 2>/dev/null &
        exec 3<&-
        wait "$master"
        echo >"$ended"
        wait
        """
}
