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
        let outcome: Swift.Result<Result, any Error>
        do {
            let template = "\(folder)/template"
            try await EmbeddedServer.makeTemplate(own, at: template)
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

    /// Removes what benches of dead runs left under a backup directory: no server of theirs runs any more.
    package static func clear(backups directory: String) async throws {
        let user = try ProcessUser.forPostgres()
        for name in PrivateFolder.names(in: "\(directory)/.scratch") {
            guard let pid = name.split(separator: "-").first.flatMap({ pid_t($0) }), kill(pid, 0) != 0, errno == ESRCH
            else { continue }
            await PrivateFolder.removeTree("\(directory)/.scratch/\(name)", as: user)
        }
    }

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
        let folder = try PrivateFolder.makeUnique(in: "/var/tmp", prefix: "rcl-bench-\(prefix)", ownedBy: user)
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
