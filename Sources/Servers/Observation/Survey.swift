internal import FleetModel
internal import Postgres

/// Why nothing is known of an instance.
struct Unreachable: Error {
    var reason: String
}

/// What an instance told from its maintenance database.
struct Survey: Sendable {
    var instance: Instance
    var outcome: Result<Found, Unreachable>

    struct Found: Sendable {
        var access: InstanceAccess
        var facts: ServerFacts
        /// All but the maintenance database and templates that no entry may mean, by name.
        var databases: [Listed]
        /// What a database without anything in it takes on this server's disk.
        var emptyBytes: Int64
    }

    struct Listed: Sendable {
        var name: String
        var oid: UInt32
        var owner: String
        var isTemplate: Bool
        /// Why it cannot be looked into.
        var obstacle: String?
    }

    var found: Found? { try? outcome.get() }

    static func ask(
        _ instance: Instance,
        of environment: Environment,
        _ options: FleetObserver.Options,
        _ settings: SessionSettings
    ) async throws(Unreachable) -> Found {
        do {
            let access = try await InstanceAccess(instance, of: environment, routes: options.routes) {
                options.warn("\(environment.name.value)/\(instance.name.value): \($0)")
            }
            let session = try await Session.open(
                access.target,
                settings: settings,
                proof: .byCaller,
                timeLimit: options.connectTimeLimit
            )
            let found = await Result { () async throws in
                try await access.check(session)
                return try await ask(session, access, environment, options, settings)
            }
            await session.close()
            return try found.get()
        } catch {
            throw Unreachable(reason: "\(error)")
        }
    }

    private static func ask(
        _ session: Session,
        _ access: InstanceAccess,
        _ environment: Environment,
        _ options: FleetObserver.Options,
        _ settings: SessionSettings
    ) async throws -> Found {
        let version = ServerVersion(number: await session.serverVersionNumber)
        guard version.major >= 14 else {
            throw Unreachable(reason: "PostgreSQL \(version) is not supported: 14 is the oldest that is")
        }
        let answers = try await session.run(settings.proof + "; " + Self.question, label: "survey")
        try await session.verify(answers)
        let told = answers.dropFirst(settings.proofCount).map(\.rows)
        guard told.count == 4, let server = told[0]?.first, server.count == 4, let roles = told[1],
            let databases = told[2], let extensions = told[3]
        else { throw PostgresError.unexpectedAnswer("the survey of the server") }
        let all = databases.map(Listed.init)
        var facts = ServerFacts(
            version: version,
            systemIdentifier: server[0] ?? "",
            timeline: server[1].flatMap(Int.init) ?? 0,
            inRecovery: server[2] == "t",
            startedAt: await session.serverStartedAt,
            roles: roles.compactMap(\.[0]),
            extensions: Set(extensions.compactMap(\.[0]))
        )
        let maintenance = access.instance.maintenanceDatabase
        // Declared by name, even the maintenance database is one to look at.
        let isDeclared = environment.entries.contains { entry in
            guard case .names(let names) = entry.selector.value else { return false }
            return entry.instance.value == access.instance.name.value && names.contains(maintenance)
        }
        let isRetiring = access.instance.state == .retiring
        if isRetiring { facts.isRetired = try await Self.isRetired(session, environment) }
        for (index, entry) in environment.entries.enumerated()
        where isRetiring || entry.instance.value == access.instance.name.value {
            guard case .query(let database, let sql) = entry.selector.value else { continue }
            let exists = all.contains { $0.name.utf8.elementsEqual(database.utf8) }
            facts.queriedNames[index] =
                exists ? await names(database, sql, access, facts.startedAt, environment, options, settings) : .notThere
        }
        // Looking into a template disturbs whoever copies it, so only those that may be claimed are.
        let listed = all.filter { database in
            guard database.name != maintenance || isDeclared else { return false }
            return !database.isTemplate || isRetiring
                || mayClaim(database.name, on: access.instance, environment, facts.queriedNames)
        }
        return Found(
            access: access,
            facts: facts,
            databases: listed,
            emptyBytes: server[3].flatMap(Int64.init) ?? 0
        )
    }

    /// Whether an entry claims a template by its very name.
    private static func mayClaim(
        _ name: String,
        on instance: Instance,
        _ environment: Environment,
        _ answers: [Int: QueryAnswer]
    ) -> Bool {
        environment.entries.enumerated().contains { index, entry in
            guard entry.instance.value == instance.name.value else { return false }
            switch entry.selector.value {
            case .names(let names): return names.contains { $0.utf8.elementsEqual(name.utf8) }
            case .match: return false
            case .query: return answers[index]?.names?.contains(name) == true
            }
        }
    }

    /// Whether the journal there says that an earlier run retired the server; a login that may not read it cannot tell.
    private static func isRetired(_ session: Session, _ environment: Environment) async throws -> Bool {
        let (known, _) = try await session.runKeepingAnswers(
            "SELECT relkind = 'r' FROM pg_catalog.pg_class WHERE oid = to_regclass('reconcile.retired')",
            label: "journal exists"
        )
        guard known.first?.rows?.scalar == "t" else { return false }
        let (answers, _) = try await session.runKeepingAnswers(
            """
            SELECT count(*) > 0 FROM reconcile.retired
            WHERE environment OPERATOR(pg_catalog.=) \(literal: environment.name.value)
            """,
            label: "retired"
        )
        return answers.first?.rows?.scalar == "t"
    }

    /// SQLSTATEs of tables, columns, schemas and functions that do not exist.
    private static let lacking: Set<String> = ["42P01", "42703", "3F000", "42883"]

    /// Whatever comes of it; where that is no valid answer, also a warning, for commands that show no findings.
    private static func names(
        _ database: String,
        _ sql: String,
        _ access: InstanceAccess,
        _ startedAt: String,
        _ environment: Environment,
        _ options: FleetObserver.Options,
        _ settings: SessionSettings
    ) async -> QueryAnswer {
        do {
            let session = try await Session.open(
                access.target.with(database: database).pinned(to: startedAt),
                settings: settings,
                timeLimit: options.connectTimeLimit
            )
            let rows = await Result { () async throws in
                // A person's own query, to be read as in psql; one statement, which cannot write.
                // Where the login is called as our own schema is, that is none of theirs.
                try await session.run(
                    """
                    BEGIN READ ONLY;
                    SELECT set_config(
                        'search_path', CASE session_user WHEN 'reconcile' THEN 'public' ELSE '"$user", public' END, true)
                    """,
                    label: "names"
                )
                return try await session.run(SQL(writtenByUser: sql), parameters: [], label: "names")
            }
            await session.close()
            return .names(try validNames(rows.get()))
        } catch {
            options.warn(
                "\(environment.name.value)/\(access.instance.name.value): the names asked of \"\(database)\" are unknown: \(error)"
            )
            let state = (error as? PostgresError)?.sqlState
            return state.map(lacking.contains) == true ? .lacking(reason: "\(error)") : .failed(reason: "\(error)")
        }
    }

    private static func validNames(_ rows: Rows) throws -> [String] {
        guard rows.columns.count == 1 else {
            throw PostgresError.unexpectedAnswer("\(rows.columns.count) columns instead of one with names")
        }
        let names = try rows.map { row in
            // The server would cut a longer name, and another database would be meant.
            guard let name = row[0], !name.isEmpty, name.utf8.count <= 63 else {
                throw PostgresError.unexpectedAnswer("\"\(row[0] ?? "NULL")\" cannot be a database's name")
            }
            return name
        }
        return Set(names).sorted()
    }

    private static let question: SQL = """
        SELECT (SELECT system_identifier FROM pg_control_system()), \(SQL.timeline), \
        pg_is_in_recovery(), (SELECT pg_database_size(oid) FROM pg_catalog.pg_database \
        WHERE datname = 'template1' AND has_database_privilege(oid, 'CONNECT')); \
        SELECT rolname FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname; \
        SELECT datname, oid, pg_get_userbyid(datdba), datallowconn, datconnlimit, datistemplate \
        FROM pg_catalog.pg_database WHERE datname NOT IN ('template0', 'template1') ORDER BY datname; \
        SELECT name FROM pg_catalog.pg_available_extensions
        """
}

extension Survey.Listed {
    fileprivate init(_ row: [String?]) {
        name = row[0] ?? ""
        oid = row[1].flatMap(UInt32.init) ?? 0
        owner = row[2] ?? ""
        isTemplate = row[5] == "t"
        if row[4] == "-2" {
            obstacle = "dropping it was begun and not finished; it can only be dropped"
        } else if row[3] != "t" {
            obstacle = "it allows no connections"
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
