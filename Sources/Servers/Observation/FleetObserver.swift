internal import Effects
package import FleetModel
internal import Postgres

/// Looks at every server and database of an environment; changes nothing, and never fails as a whole.
package struct FleetObserver: Sendable {
    /// How many databases are looked at at once.
    package var parallel: Int
    package var pool: CatalogPool
    /// What to read of a database's history: by instance and name, nil where no class is known to live there.
    package var history: @Sendable (_ instance: String, _ database: String) -> HistoryQuery?
    /// Whether a database is to be looked into at all.
    package var includes: @Sendable (_ instance: String, _ database: String) -> Bool
    /// Told what is wrong but not refused.
    package var warn: @Sendable (String) -> Void

    package init(
        parallel: Int = 8, pool: CatalogPool,
        history: @escaping @Sendable (_ instance: String, _ database: String) -> HistoryQuery?,
        includes: @escaping @Sendable (_ instance: String, _ database: String) -> Bool = { _, _ in true },
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.parallel = parallel
        self.pool = pool
        self.history = history
        self.includes = includes
        self.warn = warn
    }

    /// One look: a server that does not answer is unreachable, a database that cannot be looked into is unobserved.
    package func observe(_ environment: Environment) async -> ObservedEnvironment {
        let instances = await environment.instances.concurrentMap(limit: environment.instances.count) { instance in
            await observe(instance, of: environment)
        }
        return ObservedEnvironment(name: environment.name.value, instances: instances)
    }

    private func observe(_ instance: Instance, of environment: Environment) async -> ObservedInstance {
        let name = instance.name.value
        do {
            let target = try await InstanceTarget.of(instance, role: environment.role) { warn("instance \"\(name)\": \($0)") }
            var (facts, rows) = try await ServerLook(target: target, instance: instance).look()
            facts.queriedNames = await answers(environment, instance, target, rows)
            let looked = rows.filter { !$0.isTemplate && $0.name != instance.maintenanceDatabase && includes(name, $0.name) }
            let databases = await looked.concurrentMap(limit: parallel) { row in
                await observe(row, on: name, target)
            }
            return ObservedInstance(name: name, outcome: .reachable(facts, databases))
        } catch {
            return ObservedInstance(name: name, outcome: .unreachable(reason: "\(error)"))
        }
    }

    private func observe(_ row: DatabaseRow, on instance: String, _ target: ConnectionTarget) async -> ObservedDatabase {
        var database = ObservedDatabase(
            name: row.name, oid: row.oid, owner: row.owner, sizeBytes: row.sizeBytes,
            content: .unobserved(reason: ""))
        if let obstacle = row.obstacle {
            database.content = .unobserved(reason: obstacle)
            return database
        }
        let settings = SessionSettings(
            access: .readOnly, lockTimeout: .seconds(10), statementTimeout: .seconds(120),
            applicationName: "reconcile/observe")
        do throws(PostgresError) {
            let session = try await Session.open(target.with(database: row.name), settings: settings, proof: .byCaller)
            do throws(PostgresError) {
                database.content = .observed(
                    try await Inspector.inspect(
                        session, history: history(instance, row.name), pool: pool, proving: settings))
                await session.close()
            } catch {
                await session.close()
                throw error
            }
        } catch {
            database.content = .unobserved(reason: "\(error)")
        }
        return database
    }

    /// The names that the environment's `query` entries for this instance give, by entry.
    private func answers(
        _ environment: Environment, _ instance: Instance, _ target: ConnectionTarget, _ rows: [DatabaseRow]
    ) async -> [Int: [String]?] {
        var answers: [Int: [String]?] = [:]
        for (index, entry) in environment.entries.enumerated() {
            guard case .query(let database, let sql) = entry.selector.value,
                entry.instance.value == instance.name.value || instance.state == .retiring
            else { continue }
            guard rows.contains(where: { $0.name.utf8.elementsEqual(database.utf8) }) else {
                answers[index] = .some(nil)
                continue
            }
            answers[index] = .some(await names(database, sql, target, instance.name.value))
        }
        return answers
    }

    private func names(_ database: String, _ sql: String, _ target: ConnectionTarget, _ instance: String) async -> [String]? {
        let settings = SessionSettings(
            access: .readOnly, lockTimeout: .seconds(10), statementTimeout: .seconds(60),
            applicationName: "reconcile/query")
        do {
            let session = try await Session.open(target.with(database: database), settings: settings)
            // The question is the manifest's own, so it is asked with the names its author is used to.
            let (answers, error) = try await session.runKeepingAnswers(
                "BEGIN READ ONLY; SET LOCAL search_path = \"$user\", public; \(SQL(writtenByUser: sql))", label: "query entry")
            await session.close()
            if let error { throw error }
            guard let rows = answers.last?.rows, rows.columns.count == 1 else {
                warn("instance \"\(instance)\": a query entry must give one column of names")
                return nil
            }
            return rows.compactMap { $0[0] }
        } catch {
            warn("instance \"\(instance)\": a query entry could not be asked: \(error)")
            return nil
        }
    }
}
