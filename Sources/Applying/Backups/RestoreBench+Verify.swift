internal import FleetModel
internal import Glibc
internal import Postgres
internal import Servers

#if MUTATIONS
internal import Effects
#endif

extension RestoreBench {
    /// Restores a backup and compares it with its receipt, whose level is raised.
    ///
    /// - Throws: `BackupError`; anything but equal is an error.
    package func verify(_ backup: StoredBackup) async throws -> (StoredBackup, RestoreProof) {
        let proof = try await withCopy(of: backup) { $0.proof }
        return (try await backup.raised(to: .restore), proof)
    }

    /// As `verify`, then runs `rehearsal` on the copy before it is wiped.
    package func rehearse(
        _ backup: StoredBackup,
        _ rehearsal: (RestoredCopy) async throws -> Void
    ) async throws -> (StoredBackup, RestoreProof) {
        let proof = try await withCopy(of: backup) { copy in
            // Equal it is, whatever the rehearsal says of the plan.
            _ = try await backup.raised(to: .restore)
            try await rehearsal(copy)
            return copy.proof
        }
        return (try await backup.raised(to: .rehearse), proof)
    }

    private func withCopy<Result>(
        of backup: StoredBackup,
        _ body: (RestoredCopy) async throws -> Result
    ) async throws -> Result {
        let clock = ContinuousClock()
        let start = clock.now
        let receipt = backup.receipt
        try ArchiveCheck(programs: clients).checksum(backup)
        try space.check(server.folder, for: receipt.source.sizeBytes + receipt.sizeBytes)
        let owners = receipt.source.roles.filter { !$0.hasPrefix("pg_") }
        guard !owners.contains(where: { [Self.superuser, "rcl_bootstrap"].contains($0) }),
            ![Self.superuser, "template0", "template1"].contains(receipt.database)
        else {
            throw BackupError.wrongDatabase(reason: "a role or database has a name that the bench needs for itself")
        }
        let roles = RestoreRoles(members: owners, tag: "bench")
        let maintenance = try await session("rcl_bench")
        let outcome: Swift.Result<Result, any Error>
        do {
            try await createRoles(owners, for: receipt, roles, maintenance)
            let fallback = try await createDatabase(receipt, maintenance)
            let left = try await restore(backup, roles)
            var proof = try await compare(receipt, leftOut: left)
            proof.localeFallback = fallback
            proof.duration = clock.now - start
            outcome = .success(
                try await body(
                    RestoredCopy(
                        target: server.target(database: receipt.database, user: roles.login),
                        superuser: server.target(database: receipt.database, user: Self.superuser),
                        owner: receipt.source.owner,
                        proof: proof
                    )
                )
            )
        } catch { outcome = .failure(error) }
        do throws(BackupError) {
            try await wipe(receipt, owners, roles, maintenance)
        } catch {
            // What went wrong first explains more than what could not be cleaned up after it.
            if case .success = outcome { throw error }
        }
        await maintenance.close()
        return try outcome.get()
    }

    private func createRoles(
        _ owners: [String],
        for receipt: BackupReceipt,
        _ roles: RestoreRoles,
        _ maintenance: Session
    ) async throws(BackupError) {
        try await maintenance.run(every: owners.map { "CREATE ROLE \(identifier: $0) NOLOGIN NOSUPERUSER" })
        try await roles.create(in: maintenance, password: nil)
    }

    /// - Returns: why the database's own locale could not be had, if so.
    private func createDatabase(
        _ receipt: BackupReceipt,
        _ maintenance: Session
    ) async throws(BackupError) -> String? {
        func create(_ locale: DatabaseLocale) async throws(BackupError) {
            try await maintenance.ask(
                """
                CREATE DATABASE \(identifier: receipt.database) OWNER \(identifier: receipt.source.owner) \
                \(locale.options(onMajor: server.programs.version.major))
                """,
                label: "create database"
            )
        }
        let locale = receipt.source.locale
        do throws(BackupError) {
            try await create(locale)
            return nil
        } catch {
            guard case .server(.server(let message)) = error else { throw error }
            try await create(locale.fallback)
            return "locale C instead of \(locale.locale ?? locale.collate) (\(message.primary))"
        }
    }

    private func restore(_ backup: StoredBackup, _ roles: RestoreRoles) async throws -> [String] {
        let database = backup.receipt.database
        let superuser = try await session(database)
        try await roles.prepare(superuser, database: database)
        let restore = ArchiveRestore(backup: backup, programs: clients, superuser: superuser, group: roles.group)
        #if MUTATIONS
        let login = Mutation.restoreAsSuperuser.isOn ? Self.superuser : roles.login
        #else
        let login = roles.login
        #endif
        let left = try await restore.run(
            into: server.target(database: database, user: login),
            ownership: .asDumped,
            tablespaces: false
        )
        try await roles.withdraw(superuser, owner: backup.receipt.source.owner)
        await superuser.close()
        return left
    }

    private func compare(_ receipt: BackupReceipt, leftOut: [String]) async throws -> RestoreProof {
        let session = try await session(receipt.database, as: Self.superuser, .readOnly)
        let (catalog, content) = try await RestoredContent.read(session, inspect)
        var differences = try await RestoredContent.differences(receipt, content, session)
        await session.close()
        if catalog.restorableFingerprint != receipt.restorableFingerprint {
            differences.append(
                .schema(expected: receipt.restorableFingerprint, found: catalog.restorableFingerprint)
            )
        }
        differences += receipt.privileges?.differences(in: RecordedPrivileges(catalog)) ?? []
        guard differences.isEmpty else { throw BackupError.differs(differences) }
        return RestoreProof(
            content: content,
            fingerprint: catalog.fingerprint,
            localeFallback: nil,
            leftOut: leftOut,
            columnOrderDiffers: catalog.columnOrder != receipt.columnOrder,
            duration: .zero
        )
    }

    private func wipe(
        _ receipt: BackupReceipt,
        _ owners: [String],
        _ roles: RestoreRoles,
        _ maintenance: Session
    ) async throws(BackupError) {
        try await maintenance.run(every: ["DROP DATABASE IF EXISTS \(identifier: receipt.database) WITH (FORCE)"])
        try await roles.drop(in: maintenance)
        try await maintenance.run(every: owners.map { "DROP ROLE IF EXISTS \(identifier: $0)" })
    }
}

/// Catalog and content of a restored database, both of one snapshot.
enum RestoredContent {
    static func read(
        _ session: Session,
        _ inspect: CatalogReader
    ) async throws(BackupError) -> (Catalog, DatabaseContent) {
        try await session.ask(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            label: "measure"
        )
        let read = try await readWithin(session, inspect)
        try await session.ask("COMMIT", label: "measured")
        return read
    }

    /// The same in a transaction that is open already, where others can change nothing.
    static func readWithin(
        _ session: Session,
        _ inspect: CatalogReader
    ) async throws(BackupError) -> (Catalog, DatabaseContent) {
        try await session.ask(ContentMeasure.pins, label: "measure")
        let catalog: Catalog
        do throws(PostgresError) { catalog = try await inspect(session) } catch { throw .server(error) }
        return (catalog, try await ContentMeasure(session).all())
    }

    /// Older receipts do not tell of tables of extensions.
    static func differences(
        _ receipt: BackupReceipt,
        _ content: DatabaseContent,
        _ session: Session
    ) async throws(BackupError) -> [ContentDifference] {
        let all = receipt.content.differences(in: content)
        let unexpected = all.contains { if case .tableUnexpected = $0 { true } else { false } }
        guard unexpected else { return all }
        let ofExtensions = Set(try await ContentMeasure(session).tablesOfExtensions().map(\.bytes))
        return all.filter { difference in
            guard case .tableUnexpected(let name) = difference else { return true }
            return !ofExtensions.contains(name.bytes)
        }
    }
}
