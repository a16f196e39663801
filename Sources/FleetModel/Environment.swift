/// What an environment is for; it decides the defaults of its policy.
package enum EnvironmentRole: String, Sendable, Hashable, CaseIterable {
    case development, testing, staging, production
}

/// Everything the manifests under one root declare.
package struct DesiredFleet: Sendable {
    /// Absolute path of the root folder (`-C`).
    package var root: String
    package var classes: [DatabaseClass]
    package var environments: [Environment]

    package init(root: String, classes: [DatabaseClass], environments: [Environment]) {
        self.root = root
        self.classes = classes
        self.environments = environments
    }

    package func databaseClass(named name: String) -> DatabaseClass? { classes.first { $0.name.value == name } }
    package func environment(named name: String) -> Environment? { environments.first { $0.name.value == name } }
}

/// One environment: where its databases live and what each should be.
package struct Environment: Sendable {
    package var name: Located<String>
    package var role: EnvironmentRole
    package var description: String?
    /// In the order of the manifest.
    package var instances: [Instance]
    /// In the order of the manifest: the first entry that claims a name wins, and entries are worked in this order.
    package var entries: [DatabaseEntry]
    package var policy: Policy
    package var gate: GateSettings
    /// Differences that do not count here.
    package var drift: DriftRules

    package init(
        name: Located<String>,
        role: EnvironmentRole,
        description: String?,
        instances: [Instance],
        entries: [DatabaseEntry],
        policy: Policy,
        gate: GateSettings = GateSettings(),
        drift: DriftRules = .none
    ) {
        self.gate = gate
        self.name = name
        self.role = role
        self.description = description
        self.instances = instances
        self.entries = entries
        self.policy = policy
        self.drift = drift
    }

    package func instance(named name: String) -> Instance? { instances.first { $0.name.value == name } }
}

/// One PostgreSQL server of an environment and the way to it.
package struct Instance: Sendable {
    package enum State: String, Sendable, Hashable, CaseIterable { case active, retiring }

    package var name: Located<String>
    /// Hops, outermost first; empty where libpq connects directly.
    package var via: [Hop]
    /// libpq keywords and values in the order of the manifest, secrets excluded; `dbname` is the maintenance database.
    package var connection: [ConnectionParameter]
    package var password: Located<SecretSource>?
    package var state: State

    package init(
        name: Located<String>,
        via: [Hop],
        connection: [ConnectionParameter],
        password: Located<SecretSource>?,
        state: State
    ) {
        self.name = name
        self.via = via
        self.connection = connection
        self.password = password
        self.state = state
    }

    package func parameter(_ keyword: String) -> String? { connection.first { $0.keyword == keyword }?.value }

    /// The maintenance database: where the journal lives and from where databases are created, renamed and dropped.
    package var maintenanceDatabase: String { parameter("dbname") ?? "postgres" }

    /// `host:port` or `folder (port 5432)` as a person would say it, hops included.
    package var address: String {
        let host = parameter("host") ?? parameter("hostaddr") ?? parameter("service").map { "service \($0)" } ?? "local"
        let port = parameter("port") ?? "5432"
        let here = host.hasPrefix("/") ? "\(host)/.s.PGSQL.\(port)" : "\(host):\(port)"
        return (via.map(\.description) + [here]).joined(separator: " > ")
    }
}

/// One keyword of libpq with its value, and where it was written.
package struct ConnectionParameter: Sendable, Hashable {
    package var keyword: String
    package var value: String
    package var range: SourceRange

    package init(keyword: String, value: String, range: SourceRange) {
        self.keyword = keyword
        self.value = value
        self.range = range
    }
}

/// One hop on the way to a server.
package enum Hop: Sendable, Hashable, CustomStringConvertible {
    case ssh(SSHHop)
    case docker(container: String)
    case kubectl(KubectlHop)

    package var description: String {
        switch self {
        case .ssh(let hop): "ssh \(hop.destination)"
        case .docker(let container): "docker \(container)"
        case .kubectl(let hop): "kubectl \(hop.namespace.map { "\($0)/" } ?? "")\(hop.pod)"
        }
    }
}

/// A hop into a pod, with what kubectl's own configuration does not say.
package struct KubectlHop: Sendable, Hashable {
    package var pod: String
    package var namespace: String?
    package var context: String?
    package var container: String?

    package init(pod: String, namespace: String? = nil, context: String? = nil, container: String? = nil) {
        self.pod = pod
        self.namespace = namespace
        self.context = context
        self.container = container
    }
}

/// A hop through OpenSSH, with what its own configuration does not say.
package struct SSHHop: Sendable, Hashable {
    package var destination: String
    package var config: String?
    package var identity: String?
    package var port: Int?

    /// Whether ssh takes it for a destination, and nothing in its configuration (`%r` in a command) for more than a name.
    package var hasPlainDestination: Bool {
        let address = destination.hasPrefix("ssh://") ? destination.dropFirst("ssh://".count) : destination[...]
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard let host = parts.last, !host.isEmpty, !parts.contains(where: { $0.hasPrefix("-") }) else { return false }
        return address.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "._:%@[]-+".utf8.contains(byte)
            }
        }
    }

    package init(destination: String, config: String? = nil, identity: String? = nil, port: Int? = nil) {
        self.destination = destination
        self.config = config
        self.identity = identity
        self.port = port
    }
}

/// Where a secret is to be read from; never the secret itself.
package enum SecretSource: Sendable, Hashable {
    case environment(String)
    /// Absolute path.
    case file(String)
    /// Program and arguments, run without a shell in `folder` (absolute: the folder of the manifest).
    case command([String], folder: String)
}

/// One entry of an environment's `databases`: which databases, of which class, at which version, on which instance.
package struct DatabaseEntry: Sendable {
    package enum Selector: Sendable, Hashable {
        case names([String])
        /// A glob (`*`, `?`, `[…]`) over the databases that exist on the entry's instance.
        case match(String)
        /// One column of names, asked of a database of the same instance.
        case query(database: String, sql: String)
    }

    package var selector: Located<Selector>
    package var className: Located<String>
    /// A migration's tag, its number, or `latest`, as written.
    package var version: Located<String>
    /// Resolved: where the manifest leaves it out, the environment's only active instance.
    package var instance: Located<String>
    package var range: SourceRange

    package init(
        selector: Located<Selector>,
        className: Located<String>,
        version: Located<String>,
        instance: Located<String>,
        range: SourceRange
    ) {
        self.selector = selector
        self.className = className
        self.version = version
        self.instance = instance
        self.range = range
    }
}
