internal import FleetModel
internal import Postgres
internal import Servers

/// The copy of a database on the server it is moved to, under a name of its own until it is in place.
struct MoveCopy: Sendable {
    let context: ApplyContext
    /// Of the server it is moved to.
    let control: Control
    let database: String
    /// OID where it comes from: roles made for the restore are named by it, since several move at once.
    let oid: UInt32
    /// To restore with.
    let clients: PostgresPrograms
    let settings: DatabaseSettings

    var name: String { RunName.build(database, run: context.run.id) }

    struct Made: Sendable {
        var oid: UInt32
        var catalog: Catalog
        var content: DatabaseContent
        /// Whose sort order text has there, as that server knows it.
        var collationVersion: String?
    }

    /// Restores a backup, without a superuser's rights, compares it with its receipt, analyses it and gives it the
    /// settings, privileges and comment that the database has where it comes from.
    func make(_ backup: StoredBackup) async throws -> Made {
        try await control.noteBuild(name, replacing: database)
        // One of its own: the one that holds the lock serves all that is moved here, statement by statement.
        let maintenance = try await Session.open(
            control.target,
            settings: SessionSettings(access: .readWrite, applicationName: context.run.applicationName("move"))
        )
        do {
            let made = try await make(backup, maintenance)
            await maintenance.close()
            return made
        } catch {
            await maintenance.close()
            let control = control
            let name = name
            await uncancelled { try? await control.dropBuild(name) }
            throw error
        }
    }

    private func make(_ backup: StoredBackup, _ maintenance: Session) async throws -> Made {
        let work = try await RestoreWork(
            backup: backup,
            newName: name,
            programs: clients,
            maintenance: maintenance,
            target: control.target,
            tag: "\(context.run.id)_\(oid)",
            now: context.backups.desk.now()
        )
        do {
            try await work.createDatabase()
            let left = try await work.restore()
            guard left.isEmpty else { throw BackupError.needsSuperuser(left) }
            let (catalog, content) = try await work.compare(BackupDesk.reader(context.pool))
            try await work.analyse()
            try await work.apply(settings)
            try await work.dropRoles()
            let answers = try await maintenance.run(
                "SELECT oid, to_jsonb(d) ->> 'datcollversion' FROM pg_database d WHERE datname = \(literal: name)",
                label: "copy"
            )
            guard let row = answers.first?.rows?.first, let oid = row[0].flatMap({ UInt32($0) }) else {
                throw ApplyError.failed("database \"\(name)\" vanished")
            }
            return Made(oid: oid, catalog: catalog, content: content, collationVersion: row[1])
        } catch {
            await uncancelled { await work.abandon() }
            throw error
        }
    }

    /// The fence that came along is of the other server's epochs; from here on those of this one count.
    func takeFence() async throws {
        let session = try await Session.open(
            control.target.with(database: name),
            settings: SessionSettings(access: .readWrite, applicationName: context.run.applicationName("move"))
        )
        let epoch = await control.epoch
        do {
            try await session.run(
                """
                BEGIN;
                \(OwnSchema.guardStatement)
                UPDATE reconcile.fence SET epoch = \(epoch), run_id = \(literal: context.run.id) WHERE id = 1;
                COMMIT
                """,
                label: "fence"
            )
            await session.close()
        } catch {
            await session.close()
            throw error
        }
    }

    func drop() async throws { try await control.dropBuild(name) }
}
