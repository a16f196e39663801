internal import FleetModel
internal import Postgres

#if MUTATIONS
internal import Effects
#endif

/// Databases are created, renamed and dropped by the session that holds the environment's lock, and by name *and* OID:
/// a name alone may mean another database than it did a moment ago.
extension Control {
    /// Creates an empty database as its class wants it.
    func createDatabase(_ name: String, _ options: CreationOptions) async throws {
        try await guardLease()
        var clauses: [SQL] = ["TEMPLATE \(identifier: options.template)"]
        if let owner = options.owner { clauses.append("OWNER \(identifier: owner)") }
        if let encoding = options.encoding { clauses.append("ENCODING \(literal: encoding)") }
        if let locale = options.locale { clauses.append("LOCALE \(literal: locale)") }
        let text: SQL = "CREATE DATABASE \(identifier: name) \(SQL(joining: clauses, separator: " "))"
        do throws(PostgresError) {
            try await session.run(text, label: "create database")
        } catch {
            // 42P04: it came into being since the plan was made.
            throw error.sqlState == "42P04" ? ApplyError.stale(["database \"\(name)\" exists by now"]) : error
        }
    }

    /// Creates a database that is to take another's place, noted first so that a later run can clear it.
    ///
    /// - Returns: its OID.
    func createBuild(_ name: String, replacing original: String, _ options: CreationOptions) async throws -> UInt32 {
        try await noteBuild(name, replacing: original)
        try await createDatabase(name, options)
        guard let oid = try await oid(of: name) else { throw ApplyError.failed("database \"\(name)\" vanished") }
        return oid
    }

    /// Writes down that a database of this name is about to be built.
    func noteBuild(_ name: String, replacing original: String) async throws {
        try await session.run(
            """
            INSERT INTO reconcile.beside (database, original, environment, run_id, purpose)
            VALUES (\(literal: name), \(literal: original), \(literal: run.environment), \(literal: run.id), 'build')
            ON CONFLICT (database) DO UPDATE SET run_id = excluded.run_id
            """,
            label: "note build"
        )
    }

    /// Databases that earlier runs of the same plan created here, as the journal has it.
    package func created(byPlan digest: String) async throws -> Set<String> {
        let exists = try await session.run("SELECT to_regclass('reconcile.steps') IS NOT NULL", label: "created before")
        guard exists.first?.rows?.scalar == "t" else { return [] }
        let answers = try await session.run(
            """
            SELECT DISTINCT s.database FROM reconcile.steps s JOIN reconcile.runs r ON r.run_id = s.run_id
            WHERE r.environment = \(literal: run.environment) AND r.plan_digest = \(literal: digest)
                AND s.kind = 'create-database'
            """,
            label: "created before"
        )
        let created = Set((answers.first?.rows ?? Rows(columns: [], values: [])).compactMap { $0[0] })
        return created.union(try await arrived(byPlan: digest))
    }

    /// A move that only began, or failed, put nothing in place; what it did put there may have been rebuilt by that plan.
    private func arrived(byPlan digest: String) async throws -> [String] {
        guard try await hasMoves() else { return [] }
        let answers = try await session.run(
            """
            SELECT m.database FROM reconcile.moves m JOIN reconcile.runs r ON r.run_id = m.run_id
            WHERE m.direction = 'in' AND m.environment = \(literal: run.environment)
                AND r.environment = m.environment AND r.plan_digest = \(literal: digest)
                AND (EXISTS (SELECT FROM pg_database d WHERE d.datname = m.database AND d.oid = m.oid)
                    OR EXISTS (SELECT FROM reconcile.steps s JOIN reconcile.runs u ON u.run_id = s.run_id
                               WHERE s.database = m.database AND s.kind = 'rebuild-database'
                                   AND u.environment = m.environment AND u.plan_digest = r.plan_digest))
            """,
            label: "arrived before"
        )
        return (answers.first?.rows ?? Rows(columns: [], values: [])).compactMap { $0[0] }
    }

    /// Gives a finished database its name, where no database has it.
    func putInPlace(_ build: (name: String, oid: UInt32), as name: String) async throws {
        try await committing(
            """
            BEGIN;
            \(leaseCheck)
            \(Self.identityCheck(build.name, build.oid))
            ALTER DATABASE \(identifier: build.name) RENAME TO \(identifier: name);
            DELETE FROM reconcile.beside WHERE database = \(literal: build.name);
            COMMIT
            """,
            "put in place"
        )
    }

    /// Databases that dead runs of this environment were building; they hold nothing that is not elsewhere.
    func dropAbandonedBuilds() async throws -> [String] {
        let answers = try await session.run(
            """
            SELECT to_regclass('reconcile.beside') IS NOT NULL
            """,
            label: "abandoned builds"
        )
        guard answers.first?.rows?.scalar == "t" else { return [] }
        let rows = try await session.run(
            """
            SELECT b.database FROM reconcile.beside b
            WHERE b.environment = \(literal: run.environment) AND b.purpose = 'build' AND b.run_id <> \(literal: run.id)
            ORDER BY 1
            """,
            label: "abandoned builds"
        )
        var dropped: [String] = []
        for row in rows.first?.rows ?? Rows(columns: [], values: []) {
            guard let name = row[0], RunName.isBuild(name) else { continue }
            try await session.run("DROP DATABASE IF EXISTS \(identifier: name) WITH (FORCE)", label: "drop build")
            try await session.run(
                "DELETE FROM reconcile.beside WHERE database = \(literal: name) AND purpose = 'build'",
                label: "forget build"
            )
            dropped.append(name)
        }
        try await dropAbandonedRoles()
        return dropped
    }

    /// Roles that dead runs made for the time of a restore; what they owned was in the databases dropped before.
    private func dropAbandonedRoles() async throws {
        let answers = try await session.run(
            """
            SELECT r.rolname FROM pg_roles r JOIN reconcile.runs u
                ON starts_with(r.rolname, \(literal: RestoreRoles.prefix) || u.run_id)
            WHERE starts_with(r.rolname, \(literal: RestoreRoles.prefix))
                AND u.environment = \(literal: run.environment) AND u.run_id <> \(literal: run.id)
            ORDER BY 1
            """,
            label: "abandoned roles"
        )
        for row in answers.first?.rows ?? Rows(columns: [], values: []) {
            guard let name = row[0] else { continue }
            try await session.run("DROP ROLE IF EXISTS \(identifier: name)", label: "drop role")
        }
    }

    /// Drops a database that this run was building and has no use for, and forgets it.
    func dropBuild(_ name: String) async throws {
        guard RunName.isBuild(name) else { throw ApplyError.failed("\"\(name)\" is no database being built") }
        try await session.run("DROP DATABASE IF EXISTS \(identifier: name) WITH (FORCE)", label: "drop build")
        try await session.run(
            "DELETE FROM reconcile.beside WHERE database = \(literal: name) AND purpose = 'build'",
            label: "forget build"
        )
    }

    /// Puts a finished database in the place of another in one transaction, and keeps the other aside.
    ///
    /// Renaming needs both databases without sessions; while it waits it holds the lock that new sessions need, so sessions
    /// ended meanwhile do not come back: <https://www.postgresql.org/docs/current/sql-alterdatabase.html>.
    func swap(
        live: (name: String, oid: UInt32),
        build: (name: String, oid: UInt32),
        aside: String,
        reason: String,
        target: ConnectionTarget
    ) async throws {
        #if MUTATIONS
        if Mutation.dropBeforeRename.isOn {
            try await session.run("DROP DATABASE \(identifier: live.name) WITH (FORCE)", label: "drop database")
            return try await putInPlace(build, as: live.name)
        }
        #endif
        let text: SQL = """
            BEGIN;
            \(leaseCheck)
            \(Self.identityCheck(live.name, live.oid))
            \(Self.identityCheck(build.name, build.oid))
            ALTER DATABASE \(identifier: live.name) RENAME TO \(identifier: aside);
            ALTER DATABASE \(identifier: build.name) RENAME TO \(identifier: live.name);
            DELETE FROM reconcile.beside WHERE database = \(literal: build.name);
            \(note(aside: aside, oid: live.oid, original: live.name, reason: reason))
            COMMIT
            """
        try await withoutSessions(on: [live.oid, build.oid], target) { try await self.committing(text, "swap") }
    }

    /// Renames a database out of the way, in one transaction with the note of it.
    func setAside(_ database: (name: String, oid: UInt32), as aside: String, reason: String, target: ConnectionTarget)
        async throws
    {
        let text: SQL = """
            BEGIN;
            \(leaseCheck)
            \(Self.identityCheck(database.name, database.oid))
            ALTER DATABASE \(identifier: database.name) RENAME TO \(identifier: aside);
            \(note(aside: aside, oid: database.oid, original: database.name, reason: reason))
            COMMIT
            """
        try await withoutSessions(on: [database.oid], target) { try await self.committing(text, "set aside") }
    }

    /// Drops a database that was set aside, if it still is the one that was.
    func dropAside(_ name: String, oid: UInt32) async throws {
        try await guardLease()
        guard try await self.oid(of: name) == oid else {
            throw ApplyError.stale(["database \"\(name)\" is not the one that was set aside"])
        }
        try await session.run("DROP DATABASE \(identifier: name) WITH (FORCE)", label: "drop database")
        try await session.run(
            "DELETE FROM reconcile.beside WHERE database = \(literal: name)",
            label: "forget database"
        )
    }

    /// What rebuild, restore and drop kept aside in this environment, oldest first.
    package func keptAside() async throws -> [(
        name: String, oid: UInt32, original: String, reason: String, since: String
    )] {
        let exists = try await session.run("SELECT to_regclass('reconcile.beside') IS NOT NULL", label: "kept aside")
        guard exists.first?.rows?.scalar == "t" else { return [] }
        let answers = try await session.run(
            """
            SELECT b.database, d.oid, b.original, b.reason, b.at FROM reconcile.beside b
                JOIN pg_database d ON d.datname = b.database AND d.oid = b.oid
            WHERE b.environment = \(literal: run.environment) AND b.purpose = 'aside' ORDER BY b.at, 1
            """,
            label: "kept aside"
        )
        return (answers.first?.rows ?? Rows(columns: [], values: [])).compactMap { row in
            guard let name = row[0], let oid = row[1].flatMap({ UInt32($0) }) else { return nil }
            return (name, oid, row[2] ?? "", row[3] ?? "", row[4] ?? "")
        }
    }

    /// Drops one of `keptAside`.
    package func purge(_ name: String, oid: UInt32) async throws { try await dropAside(name, oid: oid) }

    func oid(of database: String) async throws -> UInt32? {
        let answers = try await session.run(
            "SELECT oid FROM pg_database WHERE datname = \(literal: database)",
            label: "database identity"
        )
        return answers.first?.rows?.scalar.flatMap { UInt32($0) }
    }

    func committing(_ text: SQL, _ label: String) async throws {
        do throws(PostgresError) {
            try await session.run(text, label: label)
        } catch {
            _ = try? await session.runKeepingAnswers("ROLLBACK", label: "\(label), rollback")
            if error.sqlState == "RC001" { throw ApplyError.fenced(database: label) }
            if error.sqlState == "RC002", case .server(let message) = error {
                throw ApplyError.stale([message.primary])
            }
            throw error
        }
    }

    /// Ends sessions on databases again and again while `body` runs; `body` is tried anew while some are still there.
    func withoutSessions(
        on oids: [UInt32],
        _ target: ConnectionTarget,
        _ body: @Sendable () async throws -> Void
    ) async throws {
        let settings = SessionSettings(access: .readWrite, applicationName: run.applicationName("disconnect"))
        let other = try await Session.open(target, settings: settings)
        let list = SQL(joining: oids.map { SQL("\($0)") })
        let ending: SQL = """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datid IN (\(list)) AND pid <> pg_backend_pid()
            """
        let enders = Task {
            while !Task.isCancelled {
                _ = try? await other.runKeepingAnswers(ending, label: "end sessions")
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
        defer { enders.cancel() }
        for attempt in 1... {
            do {
                try await body()
                break
            } catch let error as PostgresError where error.sqlState == "55006" && attempt < 5 {
                // Somebody was quicker; the next attempt finds fewer.
            }
        }
        await other.close()
    }

    /// Raises RC001 unless the lease is still ours.
    var leaseCheck: SQL {
        #if MUTATIONS
        if Mutation.noFence.isOn { return "" }
        #endif
        return """
            DO $rcl$ BEGIN
                PERFORM FROM reconcile.lease
                WHERE environment = \(literal: run.environment) AND epoch = \(epoch) AND run_id = \(literal: run.id) FOR SHARE;
                IF NOT FOUND THEN RAISE EXCEPTION 'a later run took over' USING ERRCODE = 'RC001'; END IF;
            END $rcl$;
            """
    }

    private func guardLease() async throws {
        do throws(PostgresError) {
            try await session.run(leaseCheck, label: "lease")
        } catch {
            throw error.sqlState == "RC001" ? ApplyError.fenced(database: instance) : error
        }
    }

    static func identityCheck(_ name: String, _ oid: UInt32) -> SQL {
        """
        DO $rcl$ BEGIN
            PERFORM FROM pg_database WHERE datname = \(literal: name) AND oid = \(oid);
            IF NOT FOUND THEN
                RAISE EXCEPTION USING MESSAGE = format('database %I is not the one the plan was made for', \(literal: name)), ERRCODE = 'RC002';
            END IF;
        END $rcl$;
        """
    }

    func note(aside: String, oid: UInt32, original: String, reason: String) -> SQL {
        """
        INSERT INTO reconcile.beside (database, oid, original, environment, run_id, purpose, reason)
        VALUES (\(literal: aside), \(oid), \(literal: original), \(literal: run.environment), \(literal: run.id), 'aside',
            \(literal: reason))
        ON CONFLICT (database) DO UPDATE SET oid = excluded.oid, run_id = excluded.run_id, reason = excluded.reason;
        """
    }
}
