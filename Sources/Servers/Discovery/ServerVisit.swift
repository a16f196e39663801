package import Discovery
internal import Effects
package import FleetModel
internal import Postgres

/// Goes to servers that were found, as whom it is told, and looks into their databases; it only reads.
package struct ServerVisit: Sendable {
    package var options: Options
    let pool: CatalogPool

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

        /// Whose ways over hops are taken; they must stay open until the last visit has ended.
        package var routes: Routes

        package init(routes: Routes) {
            self.routes = routes
        }
    }

    package init(pool: CatalogPool, options: Options) {
        self.pool = pool
        self.options = options
    }

    /// Visits a candidate by each of its addresses as each user, until one is let in.
    ///
    /// - Parameters:
    ///   - candidate: what was found.
    ///   - mayHavePassword: whether its owner is to be trusted with one.
    ///   - declared: instances of manifests at the same address, whose own logins are tried last.
    /// - Returns: the server; nil where a port or a socket had nothing but its name to say for itself, and nobody there
    ///   speaks PostgreSQL.
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
        for address in candidate.addresses { attempts += users.map { Attempt(address: address, user: $0) } }
        if let variable = options.passwordVariable, mayHavePassword {
            let owner = candidate.owner.flatMap { ProcessUser.name(of: $0) }
            for address in candidate.addresses where owner != nil || !address.isSocket || !address.hops.isEmpty {
                attempts += users.map { Attempt(address: address, user: $0, password: (variable, owner)) }
            }
        }
        attempts += declared.compactMap { declared in
            candidate.addresses.first { $0.isAddress(of: declared.instance) }.map { address in
                var environment = declared.environment
                environment.entries = []
                return Attempt(address: address, instance: declared.instance, environment: environment)
            }
        }
        var reasons: [String] = []
        var silent: Set<ServerAddress> = []
        for attempt in attempts where !silent.contains(attempt.address) {
            switch await look(attempt) {
            case .success(let reached): return FoundServer(candidate: candidate, outcome: .reached(reached))
            case .failure(let unreachable):
                reasons.append(unreachable.reason.withoutAdvice)
                // Who does not answer one user answers none.
                if !unreachable.reason.isAnswer { silent.insert(attempt.address) }
            }
        }
        if !candidate.isCertain, candidate.container == nil,
            !reasons.contains(where: { $0.isAnswer || $0.contains("Permission denied") })
        {
            return nil
        }
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
                Attempt(
                    address: ServerAddress(hops: [], host: "", port: 0),
                    instance: instance,
                    environment: environment
                ),
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
                address: attempt.address,
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
        observing.routes = options.routes
        observing.connectTimeLimit = options.connectTimeLimit
        return observing
    }

    var settings: SessionSettings {
        SessionSettings(
            access: .readOnly,
            lockTimeout: .seconds(5),
            statementTimeout: .seconds(30),
            applicationName: "reconcile/discover"
        )
    }
}

extension Array where Element: Hashable {
    var uniqued: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
