package import FleetModel

/// What was seen of environments at one time, kept for a gate that may ask no server.
package struct Baseline: Sendable {
    package static let formatVersion = "1.0"

    package var toolVersion: String
    /// Seconds since 1970.
    package var recordedAt: Int64
    package var environments: [Recorded]

    package init(toolVersion: String, recordedAt: Int64, environments: [Recorded]) {
        self.toolVersion = toolVersion
        self.recordedAt = recordedAt
        self.environments = environments
    }

    package struct Recorded: Sendable {
        package var name: String
        package var instances: [RecordedInstance]

        package init(name: String, instances: [RecordedInstance]) {
            self.name = name
            self.instances = instances
        }
    }

    /// An instance as it was seen, with what it was asked: another manifest may ask something else.
    package struct RecordedInstance: Sendable {
        package var address: String
        /// `queriedNames` is empty: whose answer each is stands in `answers`.
        package var observed: ObservedInstance
        package var answers: [Question: QueryAnswer]
        /// Which table each database's history was read from, by name; nothing for those nobody claimed.
        package var histories: [ExactName: String]

        package init(
            address: String,
            observed: ObservedInstance,
            answers: [Question: QueryAnswer],
            histories: [ExactName: String]
        ) {
            self.address = address
            self.observed = observed
            self.answers = answers
            self.histories = histories
        }
    }

    /// What an entry asks; the SQL itself stays in the manifest.
    package struct Question: Sendable, Hashable {
        package var database: String
        package var sql: Fingerprint

        package init(database: String, sql: Fingerprint) {
            self.database = database
            self.sql = sql
        }

        fileprivate init?(_ entry: DatabaseEntry) {
            guard case .query(let database, let sql) = entry.selector.value else { return nil }
            self.init(database: database, sql: Fingerprint(of: sql))
        }
    }

    /// Which table a database's history is read from, given what its server answered.
    package typealias HistoryName = (_ instance: String, _ database: String, ServerFacts) -> String?
}

extension Baseline.Recorded {
    /// Keeps what was seen; sizes are rounded, since nobody needs them to the byte.
    package init(_ observed: ObservedEnvironment, of environment: Environment, history: Baseline.HistoryName) {
        let answers = observed.activeAnswers(environment)
        let instances = observed.instances.compactMap { instance -> Baseline.RecordedInstance? in
            guard let declared = environment.instance(named: instance.name) else { return nil }
            guard case .reachable(var facts, var databases) = instance.outcome else {
                return Baseline.RecordedInstance(
                    address: declared.address,
                    observed: instance,
                    answers: [:],
                    histories: [:]
                )
            }
            var asked: [Baseline.Question: QueryAnswer] = [:]
            for (index, answer) in facts.queriedNames {
                guard let question = Baseline.Question(environment.entries[index]) else { continue }
                asked[question] = answer
            }
            var told = facts
            if declared.state == .retiring { told.queriedNames.merge(answers) { _, own in own } }
            var histories: [ExactName: String] = [:]
            for index in databases.indices {
                histories[ExactName(databases[index].name)] = history(instance.name, databases[index].name, told)
                databases[index].sizeBytes = databases[index].sizeBytes.coarse
            }
            facts.queriedNames = [:]
            return Baseline.RecordedInstance(
                address: declared.address,
                observed: ObservedInstance(name: instance.name, outcome: .reachable(facts, databases)),
                answers: asked,
                histories: histories
            )
        }
        self.init(name: observed.name, instances: instances)
    }
}

extension Baseline {
    /// What would be seen of an environment if nothing had changed since.
    ///
    /// An instance that was not recorded, or is declared at another address now, is out of reach: unknown is not empty.
    /// So is what is in a database whose history was not read, or not from where its class has it now.
    package func observed(_ environment: Environment, history: HistoryName) -> ObservedEnvironment {
        let recorded = environments.first { $0.name == environment.name.value }
        var observed = ObservedEnvironment(
            name: environment.name.value,
            instances: environment.instances.map { instance in
                recorded?.instance(instance, of: environment)
                    ?? ObservedInstance(
                        name: instance.name.value,
                        outcome: .unreachable(reason: "the recorded inventory does not know it")
                    )
            }
        )
        let answers = observed.activeAnswers(environment)
        for index in observed.instances.indices {
            let name = observed.instances[index].name
            guard case .reachable(let facts, var databases) = observed.instances[index].outcome,
                let was = recorded?.instances.first(where: { $0.observed.name == name })
            else { continue }
            var told = facts
            if environment.instance(named: name)?.state == .retiring {
                told.queriedNames.merge(answers) { _, own in own }
            }
            for place in databases.indices {
                guard let needed = history(name, databases[place].name, told),
                    was.histories[ExactName(databases[place].name)] != needed, databases[place].state != nil
                else { continue }
                databases[place].content = .unobserved(
                    reason: "its history was not recorded: no entry claimed it then, or one of another class"
                )
            }
            observed.instances[index].outcome = .reachable(facts, databases)
        }
        return observed
    }
}

extension Baseline.Recorded {
    fileprivate func instance(_ instance: Instance, of environment: Environment) -> ObservedInstance? {
        guard let was = instances.first(where: { $0.observed.name == instance.name.value }) else { return nil }
        guard was.address == instance.address else {
            return ObservedInstance(
                name: instance.name.value,
                outcome: .unreachable(reason: "it was recorded at another address: \(was.address)")
            )
        }
        guard case .reachable(var facts, let databases) = was.observed.outcome else { return was.observed }
        for (index, entry) in environment.entries.enumerated()
        where instance.state == .retiring || entry.instance.value == instance.name.value {
            guard let question = Baseline.Question(entry) else { continue }
            let exists =
                Claims.isReserved(question.database, on: instance)
                || databases.contains { ExactName($0.name) == ExactName(question.database) }
            facts.queriedNames[index] =
                was.answers[question]
                ?? (exists ? .failed(reason: "the recorded inventory did not ask it this") : .notThere)
        }
        return ObservedInstance(name: was.observed.name, outcome: .reachable(facts, databases))
    }
}

extension ObservedEnvironment {
    /// What the entries' own instances answer, which says also which databases on a retiring one are of their class.
    fileprivate func activeAnswers(_ environment: Environment) -> [Int: QueryAnswer] {
        instances.filter { environment.instance(named: $0.name)?.state == .active }
            .reduce(into: [Int: QueryAnswer]()) { all, instance in
                all.merge(instance.facts?.queriedNames.known ?? [:]) { first, _ in first }
            }
    }
}

extension Int64 {
    /// The next power of two, in whole megabytes.
    fileprivate var coarse: Int64 {
        guard self > 0 else { return self }
        var size: Int64 = 1 << 20
        while size < self, size < 1 << 60 { size <<= 1 }
        return size
    }
}
