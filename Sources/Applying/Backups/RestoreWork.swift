internal import FleetModel
internal import Postgres
internal import Servers

#if MUTATIONS
internal import Effects
#endif

/// One restore on a real server, from the empty database to the proved one.
struct RestoreWork: Sendable {
    let backup: StoredBackup
    let newName: String
    let programs: PostgresPrograms
    let maintenance: Session
    let target: ConnectionTarget
    let now: Int64
    private let roles: RestoreRoles?
    /// Everything belongs to this one role, a powerful one that the login never becomes: it gets it all afterwards.
    private let soleOwner: String?

    /// - Throws: `BackupError` where a role is missing, or what the roles are forbids a safe restore.
    init(
        backup: StoredBackup,
        newName: String,
        programs: PostgresPrograms,
        maintenance: Session,
        target: ConnectionTarget,
        tag: String,
        now: Int64
    ) async throws(BackupError) {
        self.backup = backup
        self.newName = newName
        self.programs = programs
        self.maintenance = maintenance
        self.target = target
        self.now = now
        let answers = try await maintenance.ask(
            """
            SELECT rolname, rolsuper, rolname = current_user FROM pg_roles;
            SELECT current_setting('server_version_num')
            """,
            label: "roles"
        )
        guard answers.count == 2, let all = answers[0].rows,
            let version = answers[1].rows?.scalar.flatMap({ Int($0) }).map(ServerVersion.init(number:))
        else { throw .measurement("no roles") }
        guard version.major >= backup.receipt.serverVersion.major else {
            throw .wrongDatabase(
                reason: "the backup is of PostgreSQL \(backup.receipt.serverVersion.major), the server is \(version)"
            )
        }
        let source = backup.receipt.source
        let present = Set(all.map { $0[0] ?? "" })
        let owners = Set(source.owners + [source.owner]).subtracting(["pg_database_owner"])
        // A dump names the bootstrap superuser only where it owns something.
        let needed = Set(source.owners + [source.owner])
        let missing = needed.subtracting(present)
        guard missing.isEmpty else { throw .rolesMissing(missing.sorted()) }
        guard all.contains(where: { $0[1] == "t" && $0[2] == "t" }) else {
            roles = nil
            soleOwner = nil
            return
        }
        let powers = try await OwnerPowers.read(maintenance, of: owners)
        if owners.count == 1, let owner = owners.first {
            soleOwner = powers.areGrave(of: owner) ? owner : nil
        } else {
            let privileged = owners.sorted().compactMap { owner in
                powers.reason(against: owner).map { "what belongs to \"\(owner)\" (\($0))" }
            }
            guard privileged.isEmpty else { throw .needsSuperuser(privileged) }
            soleOwner = nil
        }
        // Who owns something must be become; who is only granted something need not, and never is.
        let members = soleOwner == nil ? owners.sorted() : []
        roles = RestoreRoles(members: members, tag: tag)
    }

    func createDatabase() async throws(BackupError) {
        let source = backup.receipt.source
        let major = await maintenance.serverVersionNumber / 10_000
        try await maintenance.ask(
            """
            CREATE DATABASE \(identifier: newName) OWNER \(identifier: source.owner) \(source.locale.options(onMajor: major))
            """,
            label: "create database"
        )
        // Nobody but owners and superusers has business here before it is proved.
        try await maintenance.ask("REVOKE CONNECT ON DATABASE \(identifier: newName) FROM PUBLIC", label: "revoke")
    }

    /// - Returns: entries that only a superuser could restore.
    func restore() async throws -> [String] {
        guard let roles else {
            let restore = ArchiveRestore(backup: backup, programs: programs, superuser: nil, group: nil)
            return try await restore.run(into: target.with(database: newName), ownership: .asDumped, tablespaces: true)
        }
        let password = ScramVerifier.base64(ScramVerifier.randomBytes(24))
        let verifier = ScramVerifier.make(password: password, salt: ScramVerifier.randomBytes(16))
        try await roles.create(in: maintenance, password: (verifier, ReceiptTime.text(now + 24 * 60 * 60)))
        let superuser = try await session(.readWrite)
        try await roles.prepare(superuser, database: newName)
        // Privileges on this one schema, which is there in every database, are its owner's to give.
        let publicOwner = soleOwner == nil ? nil : try await ownerOfPublic(superuser)
        if publicOwner != nil { try await own(public: roles.login, superuser) }
        #if MUTATIONS
        let plain = loginTarget(roles, password)
        let login = Mutation.restoreAsSuperuser.isOn ? target.with(database: newName) : plain
        #else
        let login = loginTarget(roles, password)
        #endif
        try await probe(login, roles)
        let restore = ArchiveRestore(backup: backup, programs: programs, superuser: superuser, group: roles.group)
        let left = try await restore.run(
            into: login,
            ownership: soleOwner == nil ? .asDumped : .ofLogin,
            tablespaces: true
        )
        try await handOver(superuser)
        if let publicOwner { try await own(public: publicOwner, superuser) }
        try await roles.withdraw(superuser, owner: soleOwner ?? backup.receipt.source.owner)
        await superuser.close()
        return left
    }

    private func ownerOfPublic(_ superuser: Session) async throws(BackupError) -> String? {
        let answers = try await superuser.ask(
            "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'",
            label: "public schema"
        )
        return answers.last?.rows?.scalar
    }

    private func own(public owner: String, _ superuser: Session) async throws(BackupError) {
        try await superuser.ask("ALTER SCHEMA public OWNER TO \(identifier: owner)", label: "public schema")
    }

    /// Gives our own schema to the login, as it was the login's where it came from: nobody else's is ever used.
    private func handOver(_ superuser: Session) async throws(BackupError) {
        try await superuser.ask(
            """
            DO $rcl$
            DECLARE statement text;
            BEGIN
                FOR statement IN
                    SELECT format('ALTER SCHEMA reconcile OWNER TO %I', session_user)
                    FROM pg_namespace WHERE nspname = 'reconcile'
                    UNION ALL
                    SELECT format('ALTER TABLE reconcile.%I OWNER TO %I', c.relname, session_user)
                    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'reconcile' AND c.relkind = 'r'
                LOOP EXECUTE statement; END LOOP;
            END $rcl$
            """,
            label: "own schema"
        )
    }

    func compare(_ inspect: CatalogReader) async throws(BackupError) -> (catalog: Catalog, content: DatabaseContent) {
        let session = try await session(.readOnly)
        let (catalog, content) = try await RestoredContent.read(session, inspect)
        let receipt = backup.receipt
        var differences = try await RestoredContent.differences(receipt, content, session)
        await session.close()
        let major = await maintenance.serverVersionNumber / 10_000
        // Fingerprints compare within one major only, and privileges are written differently in another.
        if major == receipt.serverVersion.major {
            if catalog.fingerprint != receipt.fingerprint {
                differences.append(.schema(expected: receipt.fingerprint, found: catalog.fingerprint))
            }
            differences += receipt.privileges?.differences(in: RecordedPrivileges(catalog)) ?? []
        }
        guard differences.isEmpty else { throw .differs(differences) }
        return (catalog, content)
    }

    func analyse() async throws(BackupError) {
        let session = try await session(.readWrite)
        try await session.ask("ANALYZE", label: "analyse")
        await session.close()
    }

    /// The live database's owner, privileges, settings and comment; what a new database has where there is none.
    func apply(_ live: DatabaseSettings?) async throws(BackupError) {
        let statements =
            live?.statements(for: newName) ?? ["GRANT CONNECT ON DATABASE \(identifier: newName) TO PUBLIC"]
        let transaction = ["BEGIN" as SQL] + Self.restoringPublic(live, newName) + statements + ["COMMIT"]
        do throws(BackupError) {
            try await maintenance.run(every: transaction)
        } catch {
            if await maintenance.isInTransaction { try await maintenance.ask("ROLLBACK", label: "roll back") }
            throw error
        }
    }

    private static func restoringPublic(_ live: DatabaseSettings?, _ database: String) -> [SQL] {
        live != nil && live?.privileges == nil ? ["GRANT CONNECT ON DATABASE \(identifier: database) TO PUBLIC"] : []
    }

    func dropRoles() async throws(BackupError) {
        try await roles?.drop(in: maintenance)
    }

    /// Takes everything away again; what cannot be is named by its `rcl` in the next inventory.
    func abandon() async {
        try? await dropTables()
        let database: SQL = "DROP DATABASE IF EXISTS \(identifier: newName) WITH (FORCE)"
        _ = try? await maintenance.run(every: [database])
        try? await dropRoles()
    }

    /// One that may write holds the lock of the new database; `pg_restore` beside it can hold none.
    private func session(_ access: SessionSettings.Access) async throws(BackupError) -> Session {
        do throws(PostgresError) {
            let session = try await Session.open(
                target.with(database: newName),
                settings: SessionSettings(
                    access: access,
                    applicationName: "reconcile/\(backup.receipt.runID) restore"
                )
            )
            guard access == .readWrite else { return session }
            do throws(PostgresError) {
                try await DatabaseLock.takeInCopy(session)
            } catch {
                await session.close()
                throw error
            }
            return session
        } catch {
            throw .server(error)
        }
    }

    /// Gives back most of the room it took: on a full disk `DROP DATABASE`, which begins with a checkpoint, ends the server.
    private func dropTables() async throws(BackupError) {
        let session = try await session(.readWrite)
        let answers = try await session.ask(
            """
            SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND c.oid >= 16384 AND pg_total_relation_size(c.oid) > 1048576
                AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                AND d.deptype = 'e')
            ORDER BY pg_total_relation_size(c.oid) DESC LIMIT 1000
            """,
            label: "large tables"
        )
        for row in answers.last?.rows ?? Rows(columns: [], values: []) {
            _ = try? await session.ask(
                "DROP TABLE IF EXISTS \(schema: row[0] ?? "", name: row[1] ?? "") CASCADE",
                label: "drop large tables"
            )
        }
        await session.close()
    }

    private func loginTarget(_ roles: RestoreRoles, _ password: String) -> ConnectionTarget {
        // Where a service says who logs in, what stands beside it wins.
        let others = target.parameters.filter { !["user", "passfile"].contains($0.keyword) }
        var login = target.with(database: newName)
        login.parameters = others + [("user", roles.login)]
        login.password = Secret(password)
        return login
    }

    /// Whether the server lets the login in at all (`pg_hba.conf`), before anything is sent.
    private func probe(_ login: ConnectionTarget, _ roles: RestoreRoles) async throws(BackupError) {
        do throws(PostgresError) {
            let session = try await Session.open(
                login,
                settings: SessionSettings(access: .readOnly, applicationName: "reconcile/restore")
            )
            await session.close()
        } catch {
            throw .cannotLogIn(role: roles.login, reason: error.description)
        }
    }
}
