package import FleetModel
package import Planning
package import Postgres
package import Servers

/// Takes the backups of one run with PostgreSQL's own programs and proves them on private servers.
package struct BackupDesk: BackupTaking {
    package var programs: [PostgresPrograms]
    package var environment: Environment
    /// The root of the manifests.
    package var root: String
    package var run: Run
    package var pool: CatalogPool
    /// Seconds since 1970.
    package var now: @Sendable () -> Int64

    package init(
        programs: [PostgresPrograms],
        environment: Environment,
        root: String,
        run: Run,
        pool: CatalogPool,
        now: @escaping @Sendable () -> Int64
    ) {
        self.programs = programs
        self.environment = environment
        self.root = root
        self.run = run
        self.pool = pool
        self.now = now
    }

    /// `backup.directory` as an absolute path.
    package static func directory(of environment: Environment, root: String) -> String {
        let directory = environment.policy.backupDirectory
        return directory.hasPrefix("/") ? directory : "\(root)/\(directory)"
    }

    private var directory: String { Self.directory(of: environment, root: root) }
    private var inspect: CatalogReader { Self.reader(pool) }

    package static func reader(_ pool: CatalogPool) -> CatalogReader {
        { session throws(PostgresError) in
            try await Inspector.inspect(session, history: nil, pool: pool).catalog
        }
    }

    package func take(
        _ key: DatabaseKey,
        session: Session,
        target: ConnectionTarget,
        level: Policy.BackupVerify,
        rehearse: @Sendable (RestoredCopy) async throws -> Void
    ) async throws -> String {
        let major = await session.serverVersionNumber / 10_000
        // What is proved is proved here, so it needs programs of this machine, wherever the dump is made.
        let clients = level >= .read ? try await self.clients(forMajor: major) : nil
        let tools = try await DumpTools.choose(among: programs, forMajor: major, target)
        if environment.role == .production { try PostgresPrograms.requireSound(tools.version, "on \(tools.location)") }
        var backup = try await dump(key, target: target, tools, as: .backup)
        if let clients { backup = try await ArchiveCheck(programs: clients).read(backup) }
        guard level >= .restore else { return backup.path }
        backup = try await RestoreBench.run(programs, major: major, backups: directory, inspect: inspect) { bench in
            level == .rehearse
                ? try await bench.rehearse(backup, rehearse).0
                : try await bench.verify(backup).0
        }
        return backup.path
    }

    package var desk: BackupDesk { self }

    /// The client tools to dump and restore with, fit for the environment.
    func clients(forMajor major: Int) async throws -> PostgresPrograms {
        try await .sound(among: programs, forMajor: major, for: environment.role)
    }

    /// Dumps a database as it is now, and proves nothing yet.
    func dump(
        _ key: DatabaseKey,
        target: ConnectionTarget,
        _ tools: DumpTools,
        as purpose: BackupPlace.Purpose
    ) async throws -> StoredBackup {
        let place = BackupPlace(
            directory: directory,
            environment: environment.name.value,
            runID: run.id,
            instance: key.instance,
            database: key.database,
            purpose: purpose
        )
        return try await BackupTaker(place: place, root: root, tools: tools, now: now, inspect: inspect).take(target)
    }

    /// Deletes an archive of this run that was taken for the way only, and its receipt.
    func discard(_ backup: StoredBackup) {
        PrivateFolder.removeFile(backup.archivePath)
        PrivateFolder.removeFile(backup.path)
    }

    /// Removes folders of this run in which nothing is left; to be called when no more is written there.
    func leave() {
        BackupCatalog(directory: directory).removeEmptyFolders(ofRun: run.id, environment: environment.name.value)
    }

    package func compare(_ receipt: String, session: Session) async throws {
        let backup = try StoredBackup.read(receipt)
        try await session.run("BEGIN", label: "compare with the backup")
        do {
            try await DataGuard.compare(session, with: backup, tables: nil)
            try await session.run("ROLLBACK", label: "compared with the backup")
        } catch {
            _ = try? await session.runKeepingAnswers("ROLLBACK", label: "compared with the backup")
            throw error
        }
    }

    /// Deletes backups older than policy keeps them and clears what dead runs left; says what went.
    package func tidy() async throws -> [String] {
        let catalog = BackupCatalog(directory: directory)
        let unfinished = try catalog.clearUnfinished()
        try await RestoreBench.clear(backups: directory)
        let expired = try catalog.deleteExpired(keep: environment.policy.backupKeep, now: now())
        return unfinished + expired.map(\.path)
    }
}
