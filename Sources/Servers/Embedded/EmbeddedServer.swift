internal import Effects
internal import Glibc
package import Postgres

/// A PostgreSQL server of our own: private, on a Unix socket, gone when we are gone.
///
/// It runs under a supervisor that reads our end of a pipe. When we end, in whatever way, the pipe closes, and the
/// supervisor stops the server and wipes its folder: a run killed with SIGKILL leaves no server and no rows behind.
package struct EmbeddedServer: Sendable {
    package let folder: String
    /// Where its socket is: the folder itself, or a shorter one where that is too long for a socket.
    package let socketFolder: String
    package let programs: PostgresPrograms
    /// The superuser's name, which the template was made with.
    package let superuser: String
    package static let superuser = "postgres"

    /// A server that is there already.
    package init(folder: String, socketFolder: String, programs: PostgresPrograms, superuser: String = superuser) {
        self.folder = folder
        self.socketFolder = socketFolder
        self.programs = programs
        self.superuser = superuser
    }

    /// Where its databases are reached; without a user, as the superuser.
    package func target(database: String, user: String? = nil) -> ConnectionTarget {
        ConnectionTarget(
            parameters: [("host", socketFolder), ("port", "5432"), ("user", user ?? superuser)],
            database: database
        )
    }

    /// Starts a server in a new folder under `parent`, runs `body`, and stops and wipes it.
    ///
    /// - Parameters:
    ///   - programs: the installation whose server is run.
    ///   - parent: an existing folder that the server's user may enter.
    ///   - template: a folder made by `makeTemplate` with the same programs.
    ///   - superuser: the name that the template was made with.
    ///   - settings: by name; added to what makes it fast and private.
    ///   - body: begun once the server answers; when it ends, the server does.
    /// - Returns: what `body` returns.
    /// - Throws: `NoPlainUser`, `EmbeddedServerError`, `CommandError` where the supervisor did not start, or what
    ///   `body` throws.
    package static func run<Result: Sendable>(
        _ programs: PostgresPrograms,
        in parent: String,
        template: String,
        superuser: String = superuser,
        settings: [String: String] = [:],
        _ body: (EmbeddedServer) async throws -> Result
    ) async throws -> Result {
        let user = try ProcessUser.forPostgres()
        let folder = try makeFolder(in: parent, for: user)
        let socketFolder = canHoldSocket(folder) ? folder : try makeFolder(in: "/tmp", for: user)
        let server = EmbeddedServer(
            folder: folder,
            socketFolder: socketFolder,
            programs: programs,
            superuser: superuser
        )
        // Held as long as this process lives: who finds it free knows that the folder belongs to nobody any more.
        let lock = open("\(folder)/lock", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        defer { if lock >= 0 { close(lock) } }
        if lock >= 0 { flock(lock, LOCK_SH) }
        var all = [
            "listen_addresses": "", "unix_socket_directories": socketFolder, "unix_socket_permissions": "0700",
            // Nothing here outlives the run, so nothing here needs to survive a crash.
            "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off",
            // In the folder, with which it goes; POSIX shared memory outlives a server that was killed.
            "dynamic_shared_memory_type": "mmap",
            "max_connections": "40", "shared_buffers": "32MB", "max_wal_senders": "0", "wal_level": "minimal",
            "logging_collector": "off", "log_min_messages": "fatal", "log_min_error_statement": "panic", "jit": "off",
        ]
        all.merge(settings) { $1 }
        let options = all.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
        let supervisor = Command(
            "/bin/sh",
            ["-c", supervision, "reconcile-scratch", folder, socketFolder, template]
                + [programs.path("postgres"), "-D", "\(folder)/data"] + options,
            folder: "/",
            user: user
        )
        return try await supervisor.runBeside {
            try await server.waitUntilReady()
            return try await body(server)
        }
    }

    /// Copies the template, runs the server, waits for the end of our pipe, stops it at once, wipes the folder.
    private static let supervision = """
        folder=$1 sockets=$2 template=$3; shift 3
        trap '' INT TERM HUP
        umask 077
        { cp -R "$template" "$folder/data" 2>"$folder/log" && "$@" >>"$folder/log" 2>&1 </dev/null
          echo >"$folder/ended"; } &
        starter=$!
        cat >/dev/null
        # It may not have written its number yet, and a program started with & does not hear QUIT before it wants to.
        while [ ! -e "$folder/ended" ] && kill -0 "$starter" 2>/dev/null; do
            server=$(head -n 1 "$folder/data/postmaster.pid" 2>/dev/null)
            [ -z "$server" ] || kill -QUIT "$server" 2>/dev/null
            sleep 0.05
        done
        wait "$starter" 2>/dev/null
        cd / && rm -rf "$folder" "$sockets"
        """

    /// Makes a data folder to copy from: `initdb` takes far longer than a copy.
    ///
    /// - Parameters:
    ///   - programs: the installation whose `initdb` makes it; servers on its copies must be of the same.
    ///   - path: where it is to be; made under another name and renamed, so that it is there wholly or not at all.
    ///   - locale: of the databases in it, which are in UTF-8.
    ///   - superuser: the name of its only role that may log in.
    /// - Throws: `NoPlainUser`, `CommandError` where `initdb` did not come to its end within 120 seconds,
    ///   `EmbeddedServerError.notInitialized`.
    package static func makeTemplate(
        _ programs: PostgresPrograms,
        at path: String,
        locale: String = "C.UTF-8",
        superuser: String = superuser
    ) async throws {
        let user = try ProcessUser.forPostgres()
        let unfinished = "\(path).\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 36)).partial"
        let command = Command(
            programs.path("initdb"),
            [
                "-D", unfinished, "-U", superuser, "-A", "trust", "-N", "--no-instructions", "--wal-segsize=1",
                "-E", "UTF8", "--locale=\(locale)",
            ],
            folder: "/",
            user: user,
            timeLimit: .seconds(120)
        )
        let result = try await command.run()
        guard result.status == 0 else { throw EmbeddedServerError.notInitialized(result.errors) }
        guard Outside.perform(.rename(path), { rename(unfinished, path) }) != 0 else { return }
        let reason = String(cString: strerror(errno))
        // Another run may have been quicker.
        _ = try await Command("/bin/rm", ["-rf", "--", unfinished], folder: "/", user: user).run()
        guard access("\(path)/PG_VERSION", F_OK) == 0 else { throw EmbeddedServerError.notInitialized(reason) }
    }

    private static func makeFolder(in parent: String, for user: ProcessUser?) throws(EmbeddedServerError) -> String {
        var path = Array("\(parent)/rcl-XXXXXX".utf8CString)
        let made = Outside.perform(.makeDirectory(parent)) { mkdtemp(&path) != nil }
        guard made else { throw .noFolder(parent, String(cString: strerror(errno))) }
        let folder = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if let user { chown(folder, user.id, user.group) }
        return folder
    }

    /// A Unix socket's path ends at 107 bytes (<https://man7.org/linux/man-pages/man7/unix.7.html>), and the setting that
    /// names its folder is a list, in which a comma or a quote would start another.
    private static func canHoldSocket(_ folder: String) -> Bool {
        "\(folder)/.s.PGSQL.5432".utf8.count <= 107
            && folder.utf8.allSatisfy { byte in
                let character = Character(Unicode.Scalar(byte))
                return character.isASCII && (character.isLetter || character.isNumber || "/._-".contains(character))
            }
    }

    private func waitUntilReady() async throws {
        let settings = SessionSettings(access: .readOnly, applicationName: "reconcile/start")
        var reason = "it did not answer in time"
        let clock = ContinuousClock()
        let end = clock.now + .seconds(60)
        while clock.now < end {
            do throws(PostgresError) {
                let session = try await Session.open(target(database: "postgres"), settings: settings)
                await session.close()
                return
            } catch {
                reason = "\(error)"
            }
            if case .some(let said) = logOfFailure { throw EmbeddedServerError.notStarted(said) }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw EmbeddedServerError.notStarted(reason)
    }

    /// What the log says where the server gave up, or could not be started at all.
    private var logOfFailure: String? {
        guard access("\(folder)/ended", F_OK) == 0 else { return nil }
        guard let file = fopen("\(folder)/log", "re") else { return "it ended at once" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

/// Why a server of our own did not come up.
package enum EmbeddedServerError: Error, CustomStringConvertible {
    case noFolder(String, String)
    case notInitialized(String)
    case notStarted(String)

    package var description: String {
        switch self {
        case .noFolder(let parent, let reason): "cannot make a folder for a scratch server in \(parent): \(reason)"
        case .notInitialized(let reason): "initdb failed: \(reason)"
        case .notStarted(let reason): "the scratch server did not start: \(reason)"
        }
    }
}
