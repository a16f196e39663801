internal import Effects
internal import FleetModel
internal import Glibc
internal import Postgres
internal import Servers

/// How one of PostgreSQL's own programs gets at a database: arguments without a secret, and a pass file of its own.
struct ClientAccess {
    let arguments: [String]
    let environment: [String: String]
    let user: ProcessUser?
    /// Private, for this program's time only.
    let folder: String
    private let passFile: String?

    private static let prefix = "rcl-access-"

    init(_ target: ConnectionTarget, application: String) throws {
        let user = try Self.user(for: target)
        let folder = try PrivateFolder.makeUnique(in: Self.parent, prefix: "\(Self.prefix)\(getpid())-", ownedBy: user)
        var parameters = Self.asLogin(target.parameters).filter { $0.keyword != "dbname" }
        parameters.append(("dbname", target.database))
        func add(_ keyword: String, _ value: String) {
            if !parameters.contains(where: { $0.keyword == keyword }) { parameters.append((keyword, value)) }
        }
        add("application_name", application)
        add("connect_timeout", String(max(10, target.way?.timeLimit.components.seconds ?? 0)))
        add("keepalives_idle", "30")
        add("gssencmode", "disable")
        add("client_encoding", "UTF8")
        var passFile: String?
        if let password = target.password {
            let path = "\(folder)/pgpass"
            try password.reveal { try Self.write("*:*:*:*:\(Self.escaped($0))\n", to: path, for: user) }
            parameters.removeAll { $0.keyword == "passfile" }
            parameters.append(("passfile", path))
            passFile = path
        } else {
            // An empty value would mean ~/.pgpass; a file that is not there means none.
            add("passfile", "/nonexistent/no-pass-file-but-a-named-one")
        }
        self.user = user
        self.folder = folder
        self.passFile = passFile
        arguments = ["--no-password", "--dbname", Self.conninfo(parameters)]
        var environment = ProcessEnvironment.withoutPostgres
        if target.parameters.contains(where: { $0.keyword == "service" }),
            let file = ProcessEnvironment.value("PGSERVICEFILE")
        {
            environment["PGSERVICEFILE"] = file
        }
        self.environment = environment
    }

    /// Keeps a text beside the pass file, for the program to read.
    func file(_ name: String, holding text: String) throws(BackupError) -> String {
        let path = "\(folder)/\(name)"
        try Self.write(text, to: path, for: user)
        return path
    }

    /// The program is connected, so nobody needs the password on disk any more.
    func forgetPassword() {
        if let passFile, access(passFile, F_OK) == 0 { PrivateFolder.removeFile(passFile) }
    }

    func remove() {
        PrivateFolder.removeOwn(folder, guest: user)
    }

    /// Removes what runs that died left behind.
    static func clear() {
        let guest = try? ProcessUser.forPostgres()
        for name in PrivateFolder.names(in: parent) where name.hasPrefix(prefix) {
            guard let pid = name.dropFirst(prefix.count).split(separator: "-").first.flatMap({ pid_t($0) }),
                kill(pid, 0) != 0, errno == ESRCH
            else { continue }
            PrivateFolder.removeOwn("\(parent)/\(name)", guest: guest)
        }
    }

    /// As who logs in, and for as long as it takes: a database's owner can name another role for every session, or have it
    /// ended before the program has said what it wants.
    static func asLogin(_ parameters: [(keyword: String, value: String)]) -> [(keyword: String, value: String)] {
        let asked = parameters.first { $0.keyword == "options" }.map { $0.value + " " } ?? ""
        let pinned = [
            "role=none", "statement_timeout=0", "idle_session_timeout=0", "idle_in_transaction_session_timeout=0",
            "client_min_messages=error",
        ]
        let options = asked + pinned.map { "-c \($0)" }.joined(separator: " ")
        return parameters.filter { $0.keyword != "options" } + [("options", options)]
    }

    /// A conninfo string: every value quoted, so that a database called `dbname=x host=y` is a name.
    ///
    /// See <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING>.
    static func conninfo(_ parameters: [(keyword: String, value: String)]) -> String {
        parameters.map { keyword, value in
            let quoted = value.replacing(each: "\\", with: #"\\"#).replacing(each: "'", with: #"\'"#)
            return "\(keyword)='\(quoted)'"
        }.joined(separator: " ")
    }

    /// Root steps down to run them, but not where the connection needs files that may be root's alone.
    private static func user(for target: ConnectionTarget) throws -> ProcessUser? {
        let files: Set = [
            "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir", "service", "passfile", "krbsrvname",
        ]
        if target.parameters.contains(where: { files.contains($0.keyword) }) { return nil }
        return try ProcessUser.forPostgres()
    }

    /// Memory where there is some: a password need not touch a disk.
    private static var parent: String { access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp" }

    private static func escaped(_ password: String) -> String {
        password.replacing(each: "\\", with: #"\\"#).replacing(each: ":", with: #"\:"#)
    }

    private static func write(_ text: String, to path: String, for user: ProcessUser?) throws(BackupError) {
        let descriptor = Outside.perform(.createFile(path)) {
            open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        }
        guard descriptor >= 0 else { throw .file(path: path, what: "make", reason: PrivateFolder.reason) }
        defer { close(descriptor) }
        fchmod(descriptor, 0o600)
        if let user { fchown(descriptor, user.id, user.group) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = Outside.perform(.writeFile(path)) {
                rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            }
            guard written > 0 else { throw .file(path: path, what: "write", reason: PrivateFolder.reason) }
            rest = rest.dropFirst(written)
        }
    }
}
