internal import Effects
package import FleetModel
internal import Postgres

/// How far a look at an environment has come.
package enum ObservationProgress: Sendable, Equatable {
    /// So many servers of all have answered.
    case instances(Int, of: Int)
    /// So many databases of all were looked into.
    case databases(Int, of: Int)
}

/// Looks at an environment's servers and at every database on them.
///
/// It writes nothing and never fails: what cannot be seen is unknown, with the reason.
///
/// First each instance tells from its maintenance database what it is and what it holds; then every database is inspected
/// over a connection of its own, in one round trip, several at a time across all instances.
package struct FleetObserver: Sendable {
    package var pool: CatalogPool
    package var options: Options

    /// How to look, and at what.
    package struct Options: Sendable {
        /// Whose ways over hops are taken; whoever made them closes them.
        package var routes = Routes()
        /// Connections at a time.
        package var parallel = 8
        package var connectTimeLimit = Duration.seconds(10)
        /// For a statement on the server; no inspection waits longer for a lock than `lockTimeout`.
        package var statementTimeout = Duration.seconds(60)
        package var lockTimeout = Duration.seconds(5)
        /// For all that happens over one connection.
        package var timeLimit = Duration.seconds(90)
        package var applicationName = "reconcile/observe"
        /// Narrows the work: an instance that is left out is not in the result.
        package var includesInstance: @Sendable (_ instance: String) -> Bool = { _ in true }
        /// Narrows the work: a database that is left out is listed, but not looked into.
        package var includesDatabase: @Sendable (_ instance: String, _ database: String) -> Bool = { _, _ in true }
        /// Which history to read in a database; nil where no class claims it.
        package var history: @Sendable (_ instance: String, _ database: String, ServerFacts) -> HistoryQuery? = {
            _,
            _,
            _ in nil
        }
        /// Told what is unwise or partly unseen, in words for a person.
        package var warn: @Sendable (String) -> Void = { _ in }
        /// Told how far the look has come, as often as it comes further.
        package var progress: @Sendable (ObservationProgress) -> Void = { _ in }

        package init() {}
    }

    package init(pool: CatalogPool = CatalogPool(), options: Options = Options()) {
        self.pool = pool
        self.options = options
    }

    package func observe(_ environment: Environment) async -> ObservedEnvironment {
        let instances = environment.instances.filter { options.includesInstance($0.name.value) }
        let progress = options.progress
        let answered = Tally(of: instances.count) { progress(.instances($0, of: $1)) }
        let surveys = await instances.concurrentMap(limit: options.parallel) { instance in
            let survey = await survey(instance, of: environment)
            answered.one()
            return survey
        }
        let work = surveys.enumerated().flatMap { index, survey in
            (survey.found?.databases.indices ?? 0..<0).map { (instance: index, database: $0) }
        }
        // What an entry's own instance answers says also which databases on a retiring one are of its class.
        let answers = surveys.filter { $0.instance.state == .active }
            .reduce(into: [Int: QueryAnswer]()) { all, survey in
                all.merge(survey.found?.facts.queriedNames.known ?? [:]) { first, _ in first }
            }
        let looked = Tally(of: work.count) { progress(.databases($0, of: $1)) }
        let seen = await work.concurrentMap(limit: options.parallel) { item in
            let database = await observe(surveys[item.instance], item.database, answers)
            looked.one()
            return database
        }
        var databases = [[ObservedDatabase]](repeating: [], count: surveys.count)
        for (item, database) in zip(work, seen) { databases[item.instance].append(database) }
        return ObservedEnvironment(
            name: environment.name.value,
            instances: surveys.enumerated().map { index, survey in
                let outcome: ObservedInstance.Outcome =
                    switch survey.outcome {
                    case .success(let found): .reachable(found.facts, databases[index])
                    case .failure(let unreachable): .unreachable(reason: unreachable.reason)
                    }
                return ObservedInstance(name: survey.instance.name.value, outcome: outcome)
            }
        )
    }

    private func survey(_ instance: Instance, of environment: Environment) async -> Survey {
        let outcome = await withTimeLimit(options.timeLimit) { () -> Result<Survey.Found, Unreachable> in
            do throws(Unreachable) {
                return .success(try await Survey.ask(instance, of: environment, options, settings))
            } catch {
                return .failure(error)
            }
        }
        return Survey(
            instance: instance,
            outcome: outcome ?? .failure(Unreachable(reason: "no answer within \(options.timeLimit)"))
        )
    }

    private func observe(_ survey: Survey, _ index: Int, _ answers: [Int: QueryAnswer]) async -> ObservedDatabase {
        guard let found = survey.found else { preconditionFailure("only what answered has databases") }
        let listed = found.databases[index]
        let instance = survey.instance.name.value
        func result(_ content: ObservedDatabase.Content, bytes: Int64) -> ObservedDatabase {
            var database = ObservedDatabase(
                name: listed.name,
                oid: listed.oid,
                owner: listed.owner,
                sizeBytes: bytes,
                content: content
            )
            database.isTemplate = listed.isTemplate
            return database
        }
        guard options.includesDatabase(instance, listed.name) else {
            return result(.unobserved(reason: "left out: the work is narrowed"), bytes: 0)
        }
        if let reason = listed.obstacle { return result(.unobserved(reason: reason), bytes: 0) }
        var facts = found.facts
        if survey.instance.state == .retiring { facts.queriedNames.merge(answers) { _, own in own } }
        let history = options.history(instance, listed.name, facts)
        let looked = await withTimeLimit(options.timeLimit) {
            do throws(PostgresError) {
                return Result<(DatabaseState, Int64), PostgresError>.success(
                    try await look(
                        found.access.target.with(database: listed.name).pinned(to: found.facts.startedAt),
                        history
                    )
                )
            } catch {
                return .failure(error)
            }
        }
        switch looked {
        case .success((let state, let bytes)): return result(.observed(state), bytes: bytes + found.emptyBytes)
        case .failure(let error): return result(.unobserved(reason: error.description), bytes: 0)
        case nil: return result(.unobserved(reason: "no answer within \(options.timeLimit)"), bytes: 0)
        }
    }

    private func look(
        _ target: ConnectionTarget,
        _ history: HistoryQuery?
    ) async throws(PostgresError) -> (DatabaseState, Int64) {
        let session = try await Session.open(
            target,
            settings: settings,
            proof: .byCaller,
            timeLimit: options.connectTimeLimit
        )
        return try await lookAndClose(session, history)
    }

    /// Where the session is, as `Inspector.look`.
    private func lookAndClose(
        _ session: isolated Session,
        _ history: HistoryQuery?
    ) async throws(PostgresError) -> (DatabaseState, Int64) {
        do throws(PostgresError) {
            let (state, bytes) = try await Inspector.look(session, history: history, pool: pool, proving: settings)
            session.close()
            return (state, bytes)
        } catch {
            session.close()
            throw error
        }
    }

    private var settings: SessionSettings {
        SessionSettings(
            access: .readOnly,
            lockTimeout: options.lockTimeout,
            statementTimeout: options.statementTimeout,
            applicationName: options.applicationName
        )
    }
}
