package import FleetModel

/// What `--instance` and `--database` leave of an environment.
package struct Narrowing: Sendable, Hashable {
    /// Empty: all of them.
    package var instances: [String]
    /// Globs over names; empty: all of them.
    package var databases: [String]

    package init(instances: [String] = [], databases: [String] = []) {
        self.instances = instances
        self.databases = databases
    }

    package static let none = Narrowing()

    package func includes(instance: String) -> Bool { instances.isEmpty || instances.contains(instance) }

    package func includes(database: String) -> Bool {
        databases.isEmpty || databases.contains { Glob($0)?.matches(database) == true }
    }

    /// As a plan says it: the flags that narrowed it.
    package var flags: [String] {
        instances.sorted().map { "--instance \($0)" } + databases.sorted().map { "--database \($0)" }
    }

    /// Globs that fit no database that exists, is named, or is told by a query; none where not everything is known.
    package func unmatchedDatabases(in environments: [(environment: Environment, observed: ObservedEnvironment)])
        -> [String]
    {
        let instances = environments.flatMap(\.observed.instances)
        let answers = instances.compactMap(\.facts).flatMap(\.queriedNames.values)
        guard instances.allSatisfy({ $0.facts != nil }), answers.allSatisfy({ $0.names != nil }) else { return [] }
        let names = databaseNames(in: environments)
        return databases.filter { pattern in
            guard let glob = Glob(pattern) else { return false }
            return !names.contains { glob.matches($0) }
        }
    }

    /// Names of databases that exist, are named, or are told by a query, each once, in order.
    package func databaseNames(in environments: [(environment: Environment, observed: ObservedEnvironment)])
        -> [String]
    {
        let instances = environments.flatMap(\.observed.instances)
        let answers = instances.compactMap(\.facts).flatMap(\.queriedNames.values)
        let entries = environments.flatMap(\.environment.entries).filter { includes(instance: $0.instance.value) }
        let declared = entries.flatMap { entry -> [String] in
            guard case .names(let names) = entry.selector.value else { return [] }
            return names
        }
        let names = declared + instances.flatMap { $0.databases.map(\.name) } + answers.flatMap { $0.names ?? [] }
        return Set(names).sorted()
    }

    /// Names that no environment of those given declares.
    package func unknownInstances(in environments: [Environment]) -> [String] {
        instances.filter { name in !environments.contains { $0.instance(named: name) != nil } }
    }
}
