internal import FleetModel
internal import Postgres
internal import Servers

/// The copy of a database on the server it is moved to, under a name of its own until it is in place.
///
/// From its beginning only the restore's login and superusers come in; when it is whole nobody does any more, and what it
/// holds is read after that: nothing that is compared can change before it has its name.
struct MoveCopy: Sendable {
    let context: ApplyContext
    /// Of the server it is moved to.
    let control: Control
    let database: String
    /// OID where it comes from: roles made for the restore are named by it, since several move at once.
    let oid: UInt32
    /// To restore with.
    let clients: PostgresPrograms

    var name: String { RunName.build(database, run: context.run.id) }

    struct Made: Sendable {
        var oid: UInt32
        var catalog: Catalog
        var content: DatabaseContent
        /// How long it took to read all of it.
        var reading: Duration
        /// Whose sort order text has there, as that server knows it.
        var collationVersion: String?
    }

    /// Restores a backup, without a superuser's rights, analyses it, shuts it, and compares it with the receipt.
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
            try await keepOut(backup.receipt.source.owner, maintenance)
            let left = try await work.restore()
            guard left.isEmpty else { throw BackupError.needsSuperuser(left) }
            try await work.analyse()
            try await work.dropRoles()
            let answers = try await maintenance.run(
                "SELECT oid, to_jsonb(d) ->> 'datcollversion' FROM pg_database d WHERE datname = \(literal: name)",
                label: "copy"
            )
            guard let row = answers.first?.rows?.first, let oid = row[0].flatMap({ UInt32($0) }) else {
                throw ApplyError.failed("database \"\(name)\" vanished")
            }
            var made = try await sealed(oid, backup.receipt)
            made.collationVersion = row[1]
            return made
        } catch {
            await uncancelled { await work.abandon() }
            throw error
        }
    }

    /// An owner may connect by default; where a superuser restores, the login made for it is let in by name.
    private func keepOut(_ owner: String, _ maintenance: Session) async throws {
        try await maintenance.run(
            """
            DO $rcl$ BEGIN
                IF current_setting('is_superuser') = 'on' THEN
                    REVOKE CONNECT ON DATABASE \(identifier: name) FROM \(identifier: owner);
                END IF;
            END $rcl$
            """,
            label: "keep the owner out"
        )
    }

    /// Lets nobody in any more, ends whoever is in it, and reads it by the one session left.
    private func sealed(_ oid: UInt32, _ receipt: BackupReceipt) async throws -> Made {
        let session = try await Session.open(
            control.target.with(database: name),
            settings: SessionSettings(access: .readWrite, applicationName: context.run.applicationName("move"))
        )
        do {
            try await DatabaseLock.takeInCopy(session)
            try await control.seal((name, oid))
            let pid = await session.backendPID
            let made = try await SessionEnder.whileAlone(on: oid, keeping: pid, sparing: .alone, control) { ender in
                let clock = ContinuousClock()
                let start = clock.now
                let (catalog, content) = try await RestoredContent.read(session, BackupDesk.reader(context.pool))
                let reading = clock.now - start
                try await ender.requireNobodyCame()
                return Made(oid: oid, catalog: catalog, content: content, reading: reading)
            }
            try await compare(receipt, made)
            try await takeFence(session)
            await session.close()
            return made
        } catch {
            await session.close()
            throw error
        }
    }

    private func compare(_ receipt: BackupReceipt, _ made: Made) async throws {
        var differences = receipt.content.differences(in: made.content)
        // Fingerprints compare within one major only.
        let major = await control.session.serverVersionNumber / 10_000
        if major == receipt.serverVersion.major, made.catalog.fingerprint != receipt.fingerprint {
            differences.append(.schema(expected: receipt.fingerprint, found: made.catalog.fingerprint))
        }
        guard differences.isEmpty else { throw BackupError.differs(differences) }
    }

    /// The fence that came along is of the other server's epochs; from here on those of this one count.
    private func takeFence(_ session: Session) async throws {
        let epoch = await control.epoch
        try await session.run(
            """
            BEGIN;
            \(OwnSchema.guardStatement)
            UPDATE reconcile.fence SET epoch = \(epoch), run_id = \(literal: context.run.id) WHERE id = 1;
            COMMIT
            """,
            label: "fence"
        )
    }

    func drop() async throws { try await control.dropBuild(name) }
}

extension Catalog {
    /// Objects that have other owners or privileges here than in a copy of the same major.
    ///
    /// Extensions are left out: a superuser's is made by the superuser there, who may be called otherwise.
    func privilegesDiffering(in copy: Catalog) -> [ObjectID] {
        guard privileges != copy.privileges else { return [] }
        func all(_ catalog: Catalog) -> [ObjectID: Fingerprint?] {
            let objects = catalog.objects.filter { $0.id.kind != .extension }
            return Dictionary(objects.map { ($0.id, $0.privileges) }) { first, _ in first }
        }
        let (mine, theirs) = (all(self), all(copy))
        return Set(mine.keys).union(theirs.keys).filter { (mine[$0] ?? nil) != (theirs[$0] ?? nil) }.sorted()
    }
}
