internal import Effects
package import FleetModel
internal import Glibc
package import Postgres
package import Servers

/// A private server on which backups are restored and compared, one after the other.
///
/// Its rows lie under the backup directory and go with it; where PostgreSQL's user cannot get there, in a private folder
/// that `place` names.
package struct RestoreBench: Sendable {
    package let server: EmbeddedServer
    package let place: Place
    let clients: PostgresPrograms
    let inspect: CatalogReader
    let space: SpaceDemand

    package enum Place: Sendable, Hashable {
        case underBackups(String)
        /// Somewhere above the backups, this folder lets PostgreSQL's user not pass.
        case elsewhere(String, obstacle: String)
    }

    static let superuser = "rcl_bench"

    /// Archive, restored rows and their indexes are written, the rows also to the write-ahead log.
    package static let space = SpaceDemand(factor: 1.4, margin: 256 << 20)

    /// Starts a server of `major`, runs `body`, stops the server and wipes its folder.
    ///
    /// Of all installations in `programs`, the newest server of `major` is taken; `directory` is `backup.directory` as an
    /// absolute path.
    ///
    /// - Returns: what `body` returns.
    /// - Throws: `BackupError`, `EmbeddedServerError`, or what `body` throws.
    package static func run<Result: Sendable>(
        _ programs: [PostgresPrograms],
        major: Int,
        backups directory: String,
        space: SpaceDemand = space,
        inspect: @escaping CatalogReader,
        _ body: (RestoreBench) async throws -> Result
    ) async throws -> Result {
        let servers = programs.filter { $0.hasServer && $0.version.major == major }
        guard let own = servers.max(by: { $0.version < $1.version }) else {
            throw BackupError.noPrograms(major: major, what: "server")
        }
        let clients = try PostgresPrograms.clients(among: programs, forMajor: major)
        let user = try ProcessUser.forPostgres()
        let (folder, place) = try makeFolder(under: directory, for: user)
        // Held as long as this process lives, and by no child: who can take it alone knows that the folder is nobody's.
        let hold = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if hold >= 0 { close(hold) } }
        if hold >= 0 { flock(hold, LOCK_SH) }
        let outcome: Swift.Result<Result, any Error>
        do {
            let template = try await ScratchHome.open().template(own, superuser: EmbeddedServer.superuser)
            let settings = ["max_wal_size": "64MB", "min_wal_size": "2MB", "maintenance_work_mem": "128MB"]
            outcome = .success(
                try await EmbeddedServer.run(own, in: folder, template: template, settings: settings) { server in
                    let bench = RestoreBench(
                        server: server,
                        place: place,
                        clients: clients,
                        inspect: inspect,
                        space: space
                    )
                    try await bench.standIn()
                    return try await body(bench)
                }
            )
        } catch { outcome = .failure(error) }
        await uncancelled { await PrivateFolder.removeTree(folder, as: user) }
        return try outcome.get()
    }

    /// Removes what benches of dead runs left under a backup directory, and of this user's outside: no server of theirs
    /// runs any more.
    package static func clear(backups directory: String) async throws {
        let user = try ProcessUser.forPostgres()
        for (parent, prefix) in [("\(directory)/.scratch", ""), (outside, outsidePrefix)] {
            for name in PrivateFolder.names(in: parent) where name.hasPrefix(prefix) {
                let pid = name.dropFirst(prefix.count).split(separator: "-").first.flatMap { pid_t($0) }
                guard let pid, isAbandoned("\(parent)/\(name)", by: pid, user) else { continue }
                await PrivateFolder.removeTree("\(parent)/\(name)", as: user)
            }
        }
    }

    /// Whether a bench's folder is ours and its process has ended; numbers of processes alone may be another container's.
    private static func isAbandoned(_ path: String, by pid: pid_t, _ user: ProcessUser?) -> Bool {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { return false }
        defer { close(folder) }
        var status = stat()
        guard fstat(folder, &status) == 0, status.st_uid == user?.id ?? geteuid(), flock(folder, LOCK_EX | LOCK_NB) == 0
        else { return false }
        // One that was made a moment ago may not be held yet.
        return kill(pid, 0) != 0 && errno == ESRCH || time(nil) - status.st_mtim.tv_sec > 10
    }

    /// Where benches are that PostgreSQL's user cannot reach under the backups: on a disk, as rows may be many.
    private static let outside = "/var/tmp"
    private static let outsidePrefix = "rcl-bench-"

    private static func makeFolder(
        under directory: String,
        for user: ProcessUser?
    ) throws -> (folder: String, place: Place) {
        let parent = "\(directory)/.scratch"
        let prefix = "\(getpid())-"
        try PrivateFolder.make(parent, ownedBy: user)
        if let user { letIn(user, to: parent) }
        guard let obstacle = PrivateFolder.obstacle(on: parent, for: user) else {
            let folder = try PrivateFolder.makeUnique(in: parent, prefix: prefix, ownedBy: user)
            return (folder, .underBackups(folder))
        }
        let folder = try PrivateFolder.makeUnique(in: outside, prefix: outsidePrefix + prefix, ownedBy: user)
        return (folder, .elsewhere(folder, obstacle: obstacle))
    }

    /// Our own folders (from `.reconcile` down) may be entered by their owner only, so that user becomes their owner.
    private static func letIn(_ user: ProcessUser, to folder: String) {
        var names = folder.split(separator: "/")
        guard names.contains(".reconcile") else { return }
        while names.contains(".reconcile") {
            let path = "/" + names.joined(separator: "/")
            var status = stat()
            if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
                status.st_mode & 0o077 == 0
            {
                chown(path, user.id, user.group)
            }
            names.removeLast()
        }
    }

    /// Makes a superuser of a name that no dump has, so that roles called `postgres` can be plain ones here.
    private func standIn() async throws {
        let first = try await session("postgres", as: EmbeddedServer.superuser)
        try await first.run(every: ["CREATE ROLE \(identifier: Self.superuser) SUPERUSER LOGIN"])
        await first.close()
        let second = try await session("template1", as: Self.superuser)
        try await second.run(
            every: [
                "ALTER ROLE postgres RENAME TO rcl_bootstrap",
                "ALTER DATABASE postgres RENAME TO rcl_bench",
            ])
        await second.close()
    }

    func session(
        _ database: String,
        as user: String = superuser,
        _ access: SessionSettings.Access = .readWrite
    ) async throws(BackupError) -> Session {
        do throws(PostgresError) {
            return try await Session.open(
                server.target(database: database, user: user),
                settings: SessionSettings(access: access, applicationName: "reconcile/bench")
            )
        } catch {
            throw .server(error)
        }
    }
}

/// A database restored on the bench, for the time of a rehearsal.
package struct RestoredCopy: Sendable {
    /// As a plain role that is a member of every role that owns something in it.
    package var target: ConnectionTarget
    package var superuser: ConnectionTarget
    package var owner: String
    package var proof: RestoreProof
}

/// What a restore showed beyond being equal.
package struct RestoreProof: Sendable, Hashable {
    package var content: DatabaseContent
    package var fingerprint: Fingerprint
    /// What the bench sorts text by where it has not the database's own locale, and why.
    package var localeFallback: String?
    /// Entries of the archive that only a superuser could restore; everything else was restored.
    package var leftOut: [String]
    package var columnOrderDiffers: Bool
    package var duration: Duration
}
