package import Discovery
internal import Effects
package import FleetModel
internal import Migrations
internal import Postgres

/// Goes to servers that were found, as whom it is told, and looks into their databases; it only reads.
package struct ServerVisit: Sendable {
    package var options: Options
    private let pool: CatalogPool

    package struct Options: Sendable {
        /// Tried in this order, without a password first.
        package var users: [String] = []
        /// The variable that holds a password, where one was named.
        package var passwordVariable: String?
        /// Databases looked into at a time.
        package var parallel = 8
        package var connectTimeLimit = Duration.seconds(5)
        /// Histories to look for beside those that formats have by default, the likeliest first.
        package var histories: [HistoryPlace] = []

        package init() {}
    }

    package init(pool: CatalogPool, options: Options) {
        self.pool = pool
        self.options = options
    }

    /// Visits a candidate by each of its ways as each user, until one is let in.
    ///
    /// - Parameters:
    ///   - candidate: what was found.
    ///   - mayHavePassword: whether its owner is to be trusted with one.
    ///   - declared: instances of manifests at the same address, whose own logins are tried last.
    /// - Returns: the server; nil where a port had nothing but its number to say for itself, and nobody there speaks
    ///   PostgreSQL.
    package func visit(
        _ candidate: Candidate,
        mayHavePassword: Bool,
        declared: [(instance: Instance, environment: Environment)] = []
    ) async -> FoundServer? {
        if let obstacle = candidate.obstacle {
            return FoundServer(candidate: candidate, outcome: .unreached(reason: obstacle))
        }
        var attempts: [Attempt] = []
        let users = ([candidate.container?.user].compactMap(\.self) + options.users).uniqued
        for way in candidate.ways { attempts += users.map { Attempt(way: way, user: $0) } }
        if let variable = options.passwordVariable, mayHavePassword {
            for way in candidate.ways {
                attempts += users.map { Attempt(way: way, user: $0, passwordVariable: variable) }
            }
        }
        attempts += declared.compactMap { declared in
            candidate.ways.first { $0.isAddress(of: declared.instance) }.map { way in
                var environment = declared.environment
                environment.entries = []
                return Attempt(way: way, instance: declared.instance, environment: environment)
            }
        }
        var reasons: [String] = []
        var silent: Set<Way> = []
        for attempt in attempts where !silent.contains(attempt.way) {
            switch await look(attempt) {
            case .success(let reached): return FoundServer(candidate: candidate, outcome: .reached(reached))
            case .failure(let unreachable):
                reasons.append(unreachable.reason.withoutAdvice)
                // Who does not answer one user answers none.
                if !unreachable.reason.isAnswer { silent.insert(attempt.way) }
            }
        }
        if !candidate.isCertain, candidate.container == nil, !reasons.contains(where: \.isAnswer) { return nil }
        let reason =
            reasons.first { $0.isAnswer } ?? reasons.first ?? "nothing that it listens on can be seen from here"
        return FoundServer(candidate: candidate, outcome: .unreached(reason: reason))
    }

    /// What identifies an instance of a manifest; nil where it cannot be reached.
    package func identity(
        of instance: Instance,
        in environment: Environment
    ) async -> (systemIdentifier: String, startedAt: String)? {
        // Its entries may ask queries of their own, which are none of ours.
        var environment = environment
        environment.entries = []
        guard
            case .success(let reached) = await look(
                Attempt(way: Way(hops: [], host: "", port: 0), instance: instance, environment: environment),
                databases: false
            )
        else { return nil }
        return (reached.facts.systemIdentifier, reached.startedAt)
    }

    private func look(_ attempt: Attempt, databases: Bool = true) async -> Result<FoundServer.Reached, Unreachable> {
        let limit = Duration.seconds(60)
        let surveyed = await withTimeLimit(limit) { await survey(attempt) }
        let server: Surveyed
        switch surveyed {
        case .success(let found): server = found
        case .failure(let unreachable): return .failure(unreachable)
        case nil: return .failure(Unreachable(reason: "no answer within \(limit)"))
        }
        var seen: [FoundDatabase] = []
        if databases {
            seen = await server.found.databases.concurrentMap(limit: options.parallel) { listed in
                await look(into: listed, of: server.found)
            }
        }
        // What a server calls its maintenance database counts only where somebody put something into it.
        seen.removeAll { $0.name == attempt.instance.maintenanceDatabase && $0.tables?.isEmpty != false }
        return .success(
            FoundServer.Reached(
                way: attempt.way,
                user: attempt.instance.parameter("user") ?? "",
                facts: server.found.facts,
                startedAt: server.startedAt,
                dataFolder: server.dataFolder,
                usesPassword: attempt.instance.password != nil,
                databases: seen
            )
        )
    }

    private struct Surveyed: Sendable {
        var found: Survey.Found
        var startedAt: String
        var dataFolder: String?
    }

    private func survey(_ attempt: Attempt) async -> Result<Surveyed, Unreachable> {
        do throws(Unreachable) {
            let found = try await Survey.ask(attempt.instance, of: attempt.environment, observing, settings)
            let row = try await ask(found)
            return .success(Surveyed(found: found, startedAt: row[0] ?? "", dataFolder: row[1]))
        } catch {
            return .failure(error)
        }
    }

    private func ask(_ found: Survey.Found) async throws(Unreachable) -> [String?] {
        do throws(PostgresError) {
            let session = try await Session.open(
                found.access.target,
                settings: settings,
                timeLimit: options.connectTimeLimit
            )
            let answers = try await session.run(Self.question, label: "discovery")
            await session.close()
            return answers.first?.rows?.first ?? [nil, nil]
        } catch {
            throw Unreachable(reason: error.description)
        }
    }

    private static let question: SQL = """
        SELECT pg_postmaster_start_time()::text, \
        (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory')
        """

    private var observing: FleetObserver.Options {
        var observing = FleetObserver.Options()
        observing.connectTimeLimit = options.connectTimeLimit
        return observing
    }

    private var settings: SessionSettings {
        SessionSettings(
            access: .readOnly,
            lockTimeout: .seconds(5),
            statementTimeout: .seconds(30),
            applicationName: "reconcile/discover"
        )
    }
}

// MARK: Databases

extension ServerVisit {
    private func look(into listed: Survey.Listed, of found: Survey.Found) async -> FoundDatabase {
        func result(_ content: ObservedDatabase.Content, bytes: Int64 = 0) -> FoundDatabase {
            FoundDatabase(
                observed: ObservedDatabase(
                    name: listed.name,
                    oid: listed.oid,
                    owner: listed.owner,
                    sizeBytes: bytes,
                    content: content
                )
            )
        }
        if let reason = listed.obstacle { return result(.unobserved(reason: reason)) }
        let limit = Duration.seconds(90)
        let looked = await withTimeLimit(limit) { () -> Result<(FoundDatabase, Int64), PostgresError> in
            do throws(PostgresError) {
                let session = try await Session.open(
                    found.access.target.with(database: listed.name),
                    settings: settings,
                    timeLimit: options.connectTimeLimit
                )
                let looked: Result<(FoundDatabase, Int64), PostgresError>
                do throws(PostgresError) {
                    looked = .success(try await look(session, listed))
                } catch {
                    looked = .failure(error)
                }
                await session.close()
                return looked
            } catch {
                return .failure(error)
            }
        }
        switch looked {
        case .success((var database, let bytes)):
            database.observed.sizeBytes = bytes + found.emptyBytes
            return database
        case .failure(let error): return result(.unobserved(reason: error.description))
        case nil: return result(.unobserved(reason: "no answer within \(limit)"))
        }
    }

    private func look(
        _ session: Session,
        _ listed: Survey.Listed
    ) async throws(PostgresError) -> (FoundDatabase, Int64) {
        let answers = try await session.run(Self.counts, label: "counts")
        guard answers.count == 2, let counts = answers[0].rows?.first, counts.count == 3, let tables = answers[1].rows
        else { throw .unexpectedAnswer("the counts of a database") }
        let named = Set(tables.map { TableName(schema: $0[0] ?? "", name: $0[1] ?? "") })
        let places = (options.histories + HistoryPlace.defaults).uniqued
        let place = places.first { named.contains(TableName(schema: $0.schema, name: $0.table)) }
        var lastWrite: Int64?
        if counts[2] == "t" {
            lastWrite = try await session.run(Self.writes, label: "last write").first?.rows?.scalar.flatMap {
                Int64($0)
            }
        }
        let (state, bytes) = try await Inspector.look(session, history: place?.query, pool: pool, proving: nil)
        let observed = ObservedDatabase(
            name: listed.name,
            oid: listed.oid,
            owner: listed.owner,
            sizeBytes: bytes,
            content: .observed(state)
        )
        return (
            FoundDatabase(
                observed: observed,
                rows: counts[0].flatMap { Int64($0) },
                notAnalyzed: counts[1].flatMap { Int($0) } ?? 0,
                lastWrite: lastWrite,
                history: place
            ), bytes
        )
    }

    private static let counts: SQL = """
        SELECT (SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_catalog.pg_class \
        WHERE relkind = 'r' AND oid >= 16384), \
        (SELECT count(*) FROM pg_catalog.pg_class WHERE relkind = 'r' AND oid >= 16384 AND reltuples < 0), \
        has_function_privilege('pg_catalog.pg_stat_file(text, boolean)', 'EXECUTE'); \
        SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        WHERE c.relkind = 'r' AND c.oid >= 16384
        """

    /// A file's own time, so up to a checkpoint behind the last row.
    private static let writes: SQL = """
        SELECT floor(extract(epoch FROM max((pg_stat_file(pg_relation_filepath(oid), true)).modification)) * 1000)::bigint \
        FROM pg_catalog.pg_class WHERE relkind IN ('r', 'm') AND oid >= 16384
        """
}

/// One try to get in: a way and a user, as an instance of an environment that exists for nothing else.
private struct Attempt: Sendable {
    var way: Way
    var instance: Instance
    var environment: Environment

    init(way: Way, instance: Instance, environment: Environment) {
        self.way = way
        self.instance = instance
        self.environment = environment
    }

    init(way: Way, user: String, passwordVariable: String? = nil) {
        let nowhere = SourceRange.beginning(of: "discover")
        let parameters = [("host", way.host), ("port", String(way.port)), ("user", user), ("dbname", "postgres")]
        let maintenance = DatabaseEntry(
            selector: Located(.names(["postgres"]), at: nowhere),
            className: Located("", at: nowhere),
            version: Located("latest", at: nowhere),
            instance: Located("found", at: nowhere),
            range: nowhere
        )
        self.way = way
        instance = Instance(
            name: Located("found", at: nowhere),
            via: way.hops,
            connection: parameters.map { ConnectionParameter(keyword: $0, value: $1, range: nowhere) },
            password: passwordVariable.map { Located(.environment($0), at: nowhere) },
            state: .active
        )
        environment = Environment(
            name: Located("discover", at: nowhere),
            role: .development,
            description: nil,
            instances: [instance],
            entries: [maintenance],
            policy: Policy(defaultsFor: .development)
        )
    }
}

extension Way {
    /// Whether a manifest's instance names this very address.
    package func isAddress(of instance: Instance) -> Bool {
        guard instance.via == hops, instance.parameter("port") ?? "5432" == String(port) else { return false }
        let hosts = [instance.parameter("host"), instance.parameter("hostaddr")].compactMap(\.self)
        // Within a container every address of its own is the one server's.
        if case .docker? = hops.last, hosts.allSatisfy({ $0.hasPrefix("/") || $0.isLoopback }) { return true }
        return hosts.contains { written in
            if isSocket { return written.withoutSlash == host || "/var\(host)" == written.withoutSlash }
            return written == host || (written == "localhost" && (host == "127.0.0.1" || host == "::1"))
        }
    }
}

extension HistoryPlace {
    static let defaults = MigrationSource.Format.allCases.map { format in
        HistoryPlace(schema: format.history.defaultSchema, table: format.history.defaultTable, format: format)
    }

    fileprivate var query: HistoryQuery {
        let format = format.history
        return HistoryQuery(
            schema: schema,
            table: table,
            columns: format.columns.map { SQL(writtenByUser: $0) },
            order: SQL(writtenByUser: format.orderBy),
            digest: { format.digest(rows: $0) }
        )
    }
}

extension String {
    /// Whether PostgreSQL itself said it, and not the network.
    fileprivate var isAnswer: Bool {
        contains("FATAL:") || contains("no password supplied") || contains("is not supported: 14 is the oldest")
            || contains("SQLSTATE") || contains("connection pooler")
    }

    /// Without the indented lines in which libpq wonders whether the server runs.
    fileprivate var withoutAdvice: String {
        split(separator: "\n").filter { !$0.hasPrefix("\t") }.joined(separator: "; ")
    }

    fileprivate var isLoopback: Bool { self == "localhost" || self == "::1" || hasPrefix("127.") }

    fileprivate var withoutSlash: String { count > 1 && hasSuffix("/") ? String(dropLast()) : self }
}

extension Array where Element: Hashable {
    fileprivate var uniqued: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
