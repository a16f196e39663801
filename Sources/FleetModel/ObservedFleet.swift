/// A PostgreSQL version number as `server_version_num` gives it: 150020 is 15.20.
package struct ServerVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var number: Int

    package init(number: Int) {
        self.number = number
    }

    /// Reads `15.20` or `pg_dump (PostgreSQL) 15.20 (Debian …)`.
    package init?(parsing text: String) {
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let parts = word.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { continue }
            number = major * 10_000 + minor
            return
        }
        return nil
    }

    package var major: Int { number / 10_000 }
    package var description: String { "\(number / 10_000).\(number % 10_000)" }
    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// What one look at an environment's servers showed.
package struct ObservedEnvironment: Sendable {
    package var name: String
    /// One for each declared instance, in the manifest's order.
    package var instances: [ObservedInstance]

    package init(name: String, instances: [ObservedInstance]) {
        self.name = name
        self.instances = instances
    }
}

/// One server as it was seen, or why it was not.
package struct ObservedInstance: Sendable {
    package var name: String
    package var outcome: Outcome

    package enum Outcome: Sendable {
        case reachable(ServerFacts, [ObservedDatabase])
        /// The reason names the hop or the error; such an instance is unknown, never empty.
        case unreachable(reason: String)
    }

    package init(name: String, outcome: Outcome) {
        self.name = name
        self.outcome = outcome
    }

    package var facts: ServerFacts? {
        guard case .reachable(let facts, _) = outcome else { return nil }
        return facts
    }

    package var databases: [ObservedDatabase] {
        guard case .reachable(_, let databases) = outcome else { return [] }
        return databases
    }
}

/// What identifies a server and says what it can do.
package struct ServerFacts: Sendable, Hashable {
    package var version: ServerVersion
    /// `pg_control_system().system_identifier`: shared by clones made with pg_basebackup.
    package var systemIdentifier: String
    package var timeline: Int
    package var inRecovery: Bool
    /// When it was started, as it writes it: what a copy of its files does not share.
    ///
    /// Empty where nobody asked.
    package var startedAt: String
    /// Names of all roles, so that scratch can have them too.
    package var roles: [String]
    /// Names of the extensions that are installed there, for databases to create; nil where nobody asked.
    package var extensions: Set<String>?
    /// Answers of the environment's `query` entries for this instance, by entry index.
    ///
    /// A retiring instance is asked all of them: it may still hold the database.
    package var queriedNames: [Int: QueryAnswer]
    /// Whether an earlier run retired it, as its journal has it; only asked of retiring instances.
    package var isRetired: Bool

    package init(
        version: ServerVersion,
        systemIdentifier: String,
        timeline: Int,
        inRecovery: Bool,
        startedAt: String = "",
        roles: [String],
        extensions: Set<String>? = nil,
        queriedNames: [Int: QueryAnswer] = [:],
        isRetired: Bool = false
    ) {
        self.isRetired = isRetired
        self.version = version
        self.systemIdentifier = systemIdentifier
        self.timeline = timeline
        self.inRecovery = inRecovery
        self.startedAt = startedAt
        self.roles = roles
        self.extensions = extensions
        self.queriedNames = queriedNames
    }
}

/// One database as it was seen.
package struct ObservedDatabase: Sendable {
    package var name: String
    package var oid: UInt32
    package var owner: String
    /// Bytes on disk.
    package var sizeBytes: Int64
    package var content: Content
    /// What `CREATE DATABASE` may copy; nobody's, unless an entry claims it.
    package var isTemplate = false

    package enum Content: Sendable {
        case observed(DatabaseState)
        /// It exists but could not be looked into; its state is unknown.
        case unobserved(reason: String)
    }

    package init(name: String, oid: UInt32, owner: String, sizeBytes: Int64, content: Content) {
        self.name = name
        self.oid = oid
        self.owner = owner
        self.sizeBytes = sizeBytes
        self.content = content
    }

    package var state: DatabaseState? {
        guard case .observed(let state) = content else { return nil }
        return state
    }
}

/// What one round trip tells about a database; its large parts are shared with all databases in the same state.
package struct DatabaseState: Sendable {
    package var catalog: Catalog
    package var history: HistoryRows
    /// Tables (positions in `catalog.tables`) with at least one page on disk.
    package var nonEmptyTables: Set<Int>
    /// What our own schema in the database says of its `init` scripts.
    package var initMark: InitMark
    /// SHA-256 of the file of a migration outside a transaction that was begun here and is not finished.
    package var unfinished: String?

    package enum InitMark: String, Sendable, Hashable { case none, pending, done }

    package init(
        catalog: Catalog,
        history: HistoryRows,
        nonEmptyTables: Set<Int>,
        initMark: InitMark,
        unfinished: String? = nil
    ) {
        self.catalog = catalog
        self.history = history
        self.nonEmptyTables = nonEmptyTables
        self.initMark = initMark
        self.unfinished = unfinished
    }
}

/// The rows of a history table as text, in the columns its format asks for; shared by equal histories.
package final class HistoryRows: Sendable {
    /// False where the table does not exist.
    package let exists: Bool
    package let rows: [[String?]]
    /// Over all columns that say what was applied (not when).
    package let digest: Fingerprint

    package init(exists: Bool, rows: [[String?]], digest: Fingerprint) {
        self.exists = exists
        self.rows = rows
        self.digest = digest
    }

    package static let missing = HistoryRows(exists: false, rows: [], digest: Fingerprint(of: "missing"))
}
