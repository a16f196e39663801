package import FleetModel

/// A server that was found, with what it told, or why it told nothing.
package struct FoundServer: Sendable {
    /// What an instance of it would be called in a manifest; told apart from all others.
    package var name: String
    package var candidate: Candidate
    /// Every address of it that is known, the best first.
    package var addresses: [ServerAddress]
    package var outcome: Outcome
    /// `environment/instance` of the manifest that declares it.
    package var declaredAs: String?

    package enum Outcome: Sendable {
        case reached(Reached)
        case unreached(reason: String)
    }

    /// A server that let us in.
    package struct Reached: Sendable {
        package var address: ServerAddress
        package var user: String
        package var facts: ServerFacts
        /// When its postmaster started, as the server writes it: with the system identifier it tells a clone apart.
        package var startedAt: String
        package var dataFolder: String?
        package var usesPassword: Bool
        package var databases: [FoundDatabase]

        package init(
            address: ServerAddress,
            user: String,
            facts: ServerFacts,
            startedAt: String,
            dataFolder: String?,
            usesPassword: Bool,
            databases: [FoundDatabase]
        ) {
            self.address = address
            self.user = user
            self.facts = facts
            self.startedAt = startedAt
            self.dataFolder = dataFolder
            self.usesPassword = usesPassword
            self.databases = databases
        }
    }

    package init(candidate: Candidate, outcome: Outcome) {
        name = ""
        self.candidate = candidate
        addresses = candidate.addresses
        self.outcome = outcome
    }

    package var reached: Reached? {
        guard case .reached(let reached) = outcome else { return nil }
        return reached
    }

    /// Whether no server answers there but what stands before one: what it says of databases is not to be believed.
    package var isPooler: Bool {
        guard case .unreached(let reason) = outcome else { return false }
        return reason.contains("a connection pooler answers here")
    }

    /// How to get there: as it was reached, else by the best address.
    package var address: ServerAddress? { reached?.address ?? addresses.first }
}

/// A database of a found server.
package struct FoundDatabase: Sendable {
    package var observed: ObservedDatabase
    /// The planner's estimate over all tables.
    package var rows: Int64?
    /// Tables that were never analysed, of which the estimate knows nothing.
    package var notAnalyzed: Int
    /// When a table's file was last written, in milliseconds since 1970; nil where the server does not let us ask.
    package var lastWrite: Int64?
    /// The history table that was read.
    package var history: HistoryPlace?
    /// The newest time its history knows, in milliseconds since 1970.
    package var lastChange: Int64?
    /// What kind of database it is, once held against classes.
    package var likeness = Likeness.none
    /// The migration it is at, once its class is known: by its history, else by its schema.
    package var version: String?
    /// The migration whose tables are nearest to its own.
    package var nearest: String?

    package init(
        observed: ObservedDatabase,
        rows: Int64? = nil,
        notAnalyzed: Int = 0,
        lastWrite: Int64? = nil,
        history: HistoryPlace? = nil,
        lastChange: Int64? = nil
    ) {
        self.observed = observed
        self.rows = rows
        self.notAnalyzed = notAnalyzed
        self.lastWrite = lastWrite
        self.history = history
        self.lastChange = lastChange
    }

    package var name: String { observed.name }

    package var tables: [TableName]? { observed.state?.catalog.tables }
    package var reason: String? {
        guard case .unobserved(let reason) = observed.content else { return nil }
        return reason
    }
}

/// A table that holds a history of migrations, and who writes it.
package struct HistoryPlace: Sendable, Hashable {
    package var schema: String
    package var table: String
    package var format: MigrationSource.Format

    package init(schema: String, table: String, format: MigrationSource.Format) {
        self.schema = schema
        self.table = table
        self.format = format
    }
}

extension FoundServer {
    /// One entry for each server: those that turned out to be the same, reached by several addresses, become one.
    package static func merged(_ servers: [FoundServer]) -> [FoundServer] {
        var result: [FoundServer] = []
        for server in servers {
            guard let reached = server.reached,
                let index = result.firstIndex(where: { $0.reached.map { $0.isSame(as: reached) } == true })
            else {
                result.append(server)
                continue
            }
            result[index].absorb(server)
        }
        return withoutTwins(result)
    }

    /// A port that let nobody in is taken for the one socket of the same user and number that let nobody in either.
    private static func withoutTwins(_ servers: [FoundServer]) -> [FoundServer] {
        var result = servers
        for server in servers where server.reached == nil && server.candidate.processID == nil {
            guard let owner = server.candidate.owner, let address = server.addresses.first, !address.isSocket,
                server.candidate.container == nil
            else { continue }
            let twins = result.indices.filter { index in
                result[index].reached == nil && result[index].candidate.owner == owner
                    && result[index].addresses.contains {
                        $0.isSocket && $0.port == address.port && $0.hops == address.hops
                    }
            }
            guard twins.count == 1, let own = result.firstIndex(where: { $0.addresses == server.addresses }) else {
                continue
            }
            result[twins[0]].absorb(server)
            result.remove(at: own)
        }
        return result
    }

    private mutating func absorb(_ other: FoundServer) {
        addresses += other.addresses.filter { !addresses.contains($0) }
        candidate.container = candidate.container ?? other.candidate.container
        candidate.cluster = candidate.cluster ?? other.candidate.cluster
        candidate.processID = candidate.processID ?? other.candidate.processID
        candidate.dataFolder = candidate.dataFolder ?? other.candidate.dataFolder
    }
}

extension FoundServer.Reached {
    /// The system identifier alone would take a clone for its original.
    package func isSame(as other: Self) -> Bool {
        facts.systemIdentifier == other.facts.systemIdentifier && startedAt == other.startedAt
    }
}

extension [FoundServer] {
    /// Gives each a name that an instance may have: container, cluster or port, with the hops before it.
    package mutating func nameAll() {
        var taken: Set<String> = []
        for index in indices {
            let wanted = self[index].wantedName
            var name = wanted
            var number = 2
            while !taken.insert(name).inserted {
                name = "\(wanted)-\(number)"
                number += 1
            }
            self[index].name = name
        }
    }
}

extension FoundServer {
    fileprivate var wantedName: String {
        let hops = (address?.hops ?? []).compactMap { hop -> String? in
            switch hop {
            case .ssh(let ssh): ssh.destination.split(separator: "@").last.map(String.init)
            case .docker, .kubectl: nil
            }
        }
        var own: String
        if let container = candidate.container {
            own = container.name
        } else if case .docker(let name)? = address?.hops.last {
            own = name
        } else if case .kubectl(let hop)? = address?.hops.last {
            own = hop.pod
        } else if let cluster = candidate.cluster {
            own = "postgresql-" + cluster
        } else if let address {
            // A folder made for one server tells more than a port that all of them have.
            let folder = address.host.split(separator: "/").last.map(String.init) ?? ""
            let isGeneral = !address.isSocket || ["postgresql", "tmp", "run", "sockets", ""].contains(folder)
            own = isGeneral ? (hops.isEmpty ? "local-" : "") + "\(address.port)" : folder
            if !isGeneral, address.port != 5432 { own += "-\(address.port)" }
        } else {
            own = "process-\(candidate.processID ?? 0)"
        }
        for hop in hops.reversed() where !own.hasPrefix(hop + "-") { own = "\(hop)-\(own)" }
        let plain = own.unicodeScalars.map { scalar in
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain || "._-".unicodeScalars.contains(scalar) ? Character(scalar) : "-"
        }
        let name = String(String(plain).drop { !$0.isLetter && !$0.isNumber }.prefix(58))
        return name.isEmpty ? "server" : name
    }
}
