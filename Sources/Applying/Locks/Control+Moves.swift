internal import FleetModel
internal import Postgres

// A move shuts a database where it is before the other one opens. Whatever is shut is first noted, in the same
// transaction, in the journal of the server it is on; that the other one is in place is noted with the renaming that puts
// it there. So the next run need not guess: a note without an arrival is undone, one with an arrival is finished.

/// A database that a move has shut, as the journal of its server has it.
struct FrozenDatabase: Sendable, Hashable {
    var name: String
    var oid: UInt32
    var runID: String
    /// The instance it was to be moved to.
    var other: String
    /// Nobody comes in at all: the move went on to where it may have been opened on the other one.
    var isShut: Bool
    var limitBefore: Int
}

/// What became of a move on the server it was to.
enum Arrival: Sendable, Hashable {
    case none
    case inPlace
    /// It was put in place, and is not what has its name now.
    case replaced
}

extension Control {
    /// Keeps new sessions of plain roles out of a database; what its limit was is noted with it.
    func freeze(_ database: (name: String, oid: UInt32), movingTo other: String) async throws {
        try await committing(
            """
            BEGIN;
            \(OwnSchema.guardStatement)
            \(leaseCheck)
            \(Self.identityCheck(database.name, database.oid))
            INSERT INTO reconcile.moves AS m (database, direction, oid, environment, run_id, other, connection_limit)
            SELECT datname, 'out', oid, \(literal: run.environment), \(literal: run.id), \(literal: other), datconnlimit
            FROM pg_database WHERE oid = \(database.oid)
            ON CONFLICT (database, direction) DO UPDATE SET oid = excluded.oid, environment = excluded.environment,
                run_id = excluded.run_id, other = excluded.other, at = now(),
                connection_limit = CASE WHEN m.oid = excluded.oid THEN m.connection_limit ELSE excluded.connection_limit END;
            ALTER DATABASE \(identifier: database.name) CONNECTION LIMIT 0;
            COMMIT
            """,
            "freeze"
        )
    }

    /// Keeps everyone out of a frozen database, superusers too; sessions that are in it stay.
    func shut(_ database: (name: String, oid: UInt32)) async throws { try await refuseSessions(database, "shut") }

    /// The same for a copy that is whole, until it is put in place.
    func seal(_ build: (name: String, oid: UInt32)) async throws { try await refuseSessions(build, "seal") }

    private func refuseSessions(_ database: (name: String, oid: UInt32), _ label: String) async throws {
        try await committing(
            """
            BEGIN;
            \(leaseCheck)
            \(Self.identityCheck(database.name, database.oid))
            ALTER DATABASE \(identifier: database.name) ALLOW_CONNECTIONS false;
            COMMIT
            """,
            label
        )
    }

    /// Opens a frozen database again as it was.
    func thaw(_ database: (name: String, oid: UInt32)) async throws {
        try await committing(
            """
            BEGIN;
            \(leaseCheckWhereTaken)
            \(Self.identityCheck(database.name, database.oid))
            ALTER DATABASE \(identifier: database.name) ALLOW_CONNECTIONS true;
            \(limitBack(database.oid))
            COMMIT
            """,
            "thaw"
        )
    }

    /// What a frozen database is to have where it goes, as it is now, with the limit it had before it was frozen.
    func settings(ofFrozen database: (name: String, oid: UInt32)) async throws -> DatabaseSettings {
        let limit = try await session.run(
            "SELECT connection_limit FROM reconcile.moves WHERE direction = 'out' AND oid = \(database.oid)",
            label: "limit before"
        )
        guard var settings = try await DatabaseSettings.read(session, database: database.name),
            let before = limit.first?.rows?.scalar.flatMap({ Int($0) })
        else { throw ApplyError.failed("the settings of \"\(database.name)\" could not be read") }
        settings.connectionLimit = before
        return settings
    }

    /// Prepared transactions and logical slots: they need no session, and neither schema nor rows show them.
    func whatNoDumpHolds(_ database: (name: String, oid: UInt32)) async throws -> [String] {
        let answers = try await session.run(
            """
            SELECT format('it has a prepared transaction %I, which no move brings along', gid) FROM pg_prepared_xacts
            WHERE database = \(literal: database.name)
            UNION ALL
            SELECT format('it has a replication slot %I, which no move brings along', slot_name) FROM pg_replication_slots
            WHERE database = \(literal: database.name)
            ORDER BY 1
            """,
            label: "what no dump holds"
        )
        return (answers.first?.rows?.values ?? []).compactMap { $0[0] }
    }

    /// Whether a copy can have them, without giving them to it.
    func trySettings(_ settings: DatabaseSettings, on build: (name: String, oid: UInt32)) async throws {
        try await committing(
            """
            BEGIN;
            \(leaseCheck)
            \(Self.identityCheck(build.name, build.oid))
            \(Self.opening(build.name, settings))
            ROLLBACK
            """,
            "try settings"
        )
    }

    /// Lets in who may come in, as `settings` says; nobody could before.
    private static func opening(_ database: String, _ settings: DatabaseSettings) -> SQL {
        let byDefault: [SQL] =
            settings.privileges == nil
            ? ["GRANT CONNECT ON DATABASE \(identifier: database) TO PUBLIC, \(identifier: settings.owner)"] : []
        let statements =
            settings.statements(for: database) + byDefault
            + ["ALTER DATABASE \(identifier: database) ALLOW_CONNECTIONS true"]
        return SQL(joining: statements, separator: ";\n") + ";"
    }

    /// Gives a moved database its settings and its name, opens it, and notes where it came from, all in one transaction.
    func putInPlace(
        _ build: (name: String, oid: UInt32),
        as name: String,
        movedFrom other: String,
        _ settings: DatabaseSettings
    ) async throws {
        let text: SQL = """
            BEGIN;
            \(leaseCheck)
            \(Self.identityCheck(build.name, build.oid))
            \(Self.opening(build.name, settings))
            ALTER DATABASE \(identifier: build.name) RENAME TO \(identifier: name);
            DELETE FROM reconcile.beside WHERE database = \(literal: build.name);
            INSERT INTO reconcile.moves (database, direction, oid, environment, run_id, other, connection_limit)
            VALUES (\(literal: name), 'in', \(build.oid), \(literal: run.environment), \(literal: run.id),
                \(literal: other), -1)
            ON CONFLICT (database, direction) DO UPDATE SET oid = excluded.oid, environment = excluded.environment,
                run_id = excluded.run_id, other = excluded.other, at = now();
            COMMIT
            """
        // Our own session in it may still be ending.
        try await withoutSessions(on: [build.oid], target) { try await self.committing(text, "put in place") }
    }

    /// Renames what was moved away out of reach; it stays shut, and what it was limited to comes back.
    ///
    /// The run that moved it, `moved`, is in its name.
    ///
    /// - Returns: the name it is kept under.
    /// - Throws: `ApplyError`, `PostgresError`; then it is as it was.
    @discardableResult
    func setAside(
        _ database: (name: String, oid: UInt32),
        movedTo other: String,
        by moved: String
    ) async throws -> String {
        let aside = RunName.aside(database.name, run: moved)
        let text: SQL = """
            BEGIN;
            \(leaseCheckWhereTaken)
            \(Self.identityCheck(database.name, database.oid))
            ALTER DATABASE \(identifier: database.name) RENAME TO \(identifier: aside);
            ALTER DATABASE \(identifier: aside) ALLOW_CONNECTIONS false;
            \(limitBack(database.oid))
            \(note(aside: aside, oid: database.oid, original: database.name, reason: "moved to \(other)"))
            COMMIT
            """
        do {
            try await withoutSessions(on: [database.oid], target) { try await self.committing(text, "set aside") }
        } catch let error as PostgresError where error.sqlState == "55006" {
            let left = try await whatNoDumpHolds(database)
            guard !left.isEmpty else { throw error }
            throw ApplyError.failed(
                "\"\(database.name)\" on \"\(instance)\" cannot be put aside: \(left.joined(separator: "; ")). Let a "
                    + "superuser into it (ALLOW_CONNECTIONS true), end that with ROLLBACK PREPARED, and run apply again"
            )
        }
        return aside
    }

    /// What moves of this environment have shut here and not let go.
    func frozen() async throws -> [FrozenDatabase] {
        guard try await hasMoves() else { return [] }
        let answers = try await session.run(
            """
            SELECT m.database, m.oid, m.run_id, m.other, d.datallowconn, m.connection_limit FROM reconcile.moves m
                JOIN pg_database d ON d.oid = m.oid AND d.datname = m.database
            WHERE m.environment = \(literal: run.environment) AND m.direction = 'out' ORDER BY 1
            """,
            label: "frozen databases"
        )
        return (answers.first?.rows ?? Rows(columns: [], values: [])).compactMap { row in
            guard let name = row[0], let oid = row[1].flatMap({ UInt32($0) }) else { return nil }
            return FrozenDatabase(
                name: name,
                oid: oid,
                runID: row[2] ?? "",
                other: row[3] ?? "",
                isShut: row[4] != "t",
                limitBefore: row[5].flatMap { Int($0) } ?? -1
            )
        }
    }

    /// Whether a run's move has put this database in place here, and it still is.
    func arrival(of database: String, by moved: String) async throws -> Arrival {
        guard try await hasMoves() else { return .none }
        let answers = try await session.run(
            """
            SELECT d.oid IS NOT NULL FROM reconcile.moves m
                LEFT JOIN pg_database d ON d.oid = m.oid AND d.datname = m.database
            WHERE m.environment = \(literal: run.environment) AND m.direction = 'in' AND m.run_id = \(literal: moved)
                AND m.database = \(literal: database)
            """,
            label: "arrived databases"
        )
        guard let found = answers.first?.rows?.scalar else { return .none }
        return found == "t" ? .inPlace : .replaced
    }

    /// Writes down that the instance is retired in this environment.
    func noteRetired() async throws {
        try await committing(
            """
            BEGIN;
            \(OwnSchema.guardStatement)
            \(leaseCheck)
            INSERT INTO reconcile.retired (environment, run_id) VALUES (\(literal: run.environment), \(literal: run.id))
            ON CONFLICT (environment) DO UPDATE SET run_id = excluded.run_id, at = now();
            COMMIT
            """,
            "note retired"
        )
    }

    func hasMoves() async throws -> Bool {
        let exists = try await session.run(
            "SELECT count(*) FROM pg_class WHERE oid = to_regclass('reconcile.moves') AND relkind = 'r'",
            label: "moves"
        )
        return exists.first?.rows?.scalar == "1"
    }

    /// What a dead run left is put right before this one may have its lease; the environment's lock is ours by then.
    private var leaseCheckWhereTaken: SQL { epoch == 0 ? OwnSchema.guardStatement : leaseCheck }

    private func limitBack(_ oid: UInt32) -> SQL {
        """
        DO $rcl$
        DECLARE statement text;
        BEGIN
            FOR statement IN
                SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', d.datname, m.connection_limit)
                FROM reconcile.moves m JOIN pg_database d ON d.oid = m.oid
                WHERE m.direction = 'out' AND m.oid = \(oid)
            LOOP EXECUTE statement; END LOOP;
        END $rcl$;
        DELETE FROM reconcile.moves WHERE direction = 'out' AND oid = \(oid);
        """
    }
}
