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
    private let watch: Task<Void, Never>

    private init(_ hop: SSHHop, control: String, errors: String, keeper: Keeper, lease: SSHLease?) {
        self.hop = hop
        self.control = control
        self.errors = errors
        self.keeper = keeper
        self.lease = lease
        watch = Self.watch(control, keeper)
    }

    deinit { watch.cancel() }

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
        guard hop.hasPlainDestination else { throw HopError(hop: .ssh(hop), reason: "it is no destination of ssh") }
        do throws(HopError) {
            return try await start(hop, staying, proxy, lease, base, timeLimit)
        } catch  where error.reason.lowercased().contains("bad configuration option: \(unknownToOld)") {
            // Before 8.7 there was no such option, so nobody can have set it either. `IgnoreUnknown` would not do: it takes
            // the place of the user's own.
            return try await start(hop, [], proxy, lease, "\(base)o", timeLimit)
        }
    }

    private static let unknownToOld = "forkafterauthentication"
    private static let staying = ["ForkAfterAuthentication=no"]

    private static func start(
        _ hop: SSHHop,
        _ staying: [String],
        _ proxy: String?,
        _ lease: SSHLease?,
        _ base: String,
        _ timeLimit: Duration
    ) async throws(HopError) -> SSHMaster {
        let keeper = Keeper(
            Command(
                "/bin/sh",
                ["-c", supervision, "reconcile-ssh", "\(base).errors", "\(base).ended", "/usr/bin/env", "--"]
                    + arguments(hop, staying, control: base, proxy: proxy),
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
        await master.end()
        let silent = Task.isCancelled ? "interrupted" : "no connection within \(timeLimit)"
        throw HopError(hop: .ssh(hop), reason: HopError.lastWords(master.said(from: 0)) ?? silent)
    }

    /// Whether it still takes requests.
    var isAlive: Bool {
        guard case .open(let descriptor) = LocalSocket.connect(to: control) else { return false }
        close(descriptor)
        return true
    }

    /// Ends one that is there and does nothing (stopped, or stuck): who waits for it would wait for ever.
    ///
    /// A connection of ssh greets whoever comes to its socket, so this takes no session and starts no program. Rounds are
    /// counted and not the time, as we may have been stopped ourselves.
    /// See <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.mux>.
    private static func watch(_ control: String, _ keeper: Keeper) -> Task<Void, Never> {
        Task.detached {
            while (try? await Task.sleep(for: .seconds(5))) != nil {
                switch LocalSocket.connect(to: control) {
                case .open(let descriptor):
                    defer { close(descriptor) }
                    var rounds = 0
                    while rounds < 100, !LocalSocket.isReadable(descriptor) {
                        rounds += 1
                        guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { return }
                    }
                    guard rounds == 100 else { continue }
                case .refused(EAGAIN): break
                case .refused: continue
                }
                return await keeper.end()
            }
        }
    }

    /// A program run over it, in a session of its own.
    func command(_ words: [String]) -> Command {
        Command("/usr/bin/env", ["--"] + client + ["--", hop.destination, ShellWords.line(words)])
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

    /// How many bytes it has said on stderr.
    var volume: Int {
        var status = stat()
        return stat(errors, &status) == 0 ? Int(status.st_size) : 0
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

    func end() async {
        watch.cancel()
        await keeper.end()
    }

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

    private static func arguments(_ hop: SSHHop, _ staying: [String], control: String, proxy: String?) -> [String] {
        var words = ["ssh", "-M", "-S", control, "-N", "-T"]
        words += options(staying)
        words += options([
            "ControlPersist=no", "BatchMode=yes", "StrictHostKeyChecking=yes",
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
        path.replacing(each: "\\", with: #"\\"#).replacing(each: ":", with: #"\:"#).replacing(each: "%", with: "%%")
    }

    /// Runs ssh and ends it at the end of our pipe; says when it ended by itself.
    ///
    /// The signals are caught and not ignored: ssh would go on ignoring them. Its folder may be gone before it is. One that
    /// was stopped hears of no signal but the last.
    private static let supervision = """
        trap : INT TERM HUP
        errors=$1 ended=$2; shift 2
        umask 077
        exec 3<&0
        "$@" </dev/null >/dev/null 2>"$errors" 3<&- &
        master=$!
        { cat <&3 >/dev/null
          [ ! -e "$ended" ] && kill "$master" || exit 0
          for pause in 0.01 0.02 0.05 0.1 0.2 0.4 0.6 0.7; do
              sleep "$pause"; kill -0 "$master" || exit 0
          done
          kill -KILL "$master"; } 2>/dev/null &
        exec 3<&-
        wait "$master"
        echo >"$ended"
        wait
        """
}
