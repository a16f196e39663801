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

    /// Names that no environment of those given declares.
    package func unknownInstances(in environments: [Environment]) -> [String] {
        instances.filter { name in !environments.contains { $0.instance(named: name) != nil } }
    }
}
