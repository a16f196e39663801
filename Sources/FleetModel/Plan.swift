/// The kinds of steps, a closed set.
package enum StepKind: String, Sendable, Hashable, CaseIterable {
    case createDatabase = "create-database"
    case adopt
    case migrate
    case initialize = "init"
    case quarantineTables = "quarantine-tables"
    case rebuildDatabase = "rebuild-database"
    case moveDatabase = "move-database"
    case dropDatabase = "drop-database"
    case retireInstance = "retire-instance"
    case backup
    case check
}

/// A lock a statement takes on a table that existed before it, ACCESS SHARE left out.
package struct TableLock: Sendable, Hashable, Comparable {
    package var table: TableName
    /// As `pg_locks.mode` has it, for instance `ShareRowExclusiveLock`.
    package var mode: String

    package init(table: TableName, mode: String) {
        self.table = table
        self.mode = mode
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.table.schema, left.table.name, left.mode) < (right.table.schema, right.table.name, right.mode)
    }
}

/// One statement of a step as a reader sees it.
package struct PlannedStatement: Sendable, Hashable {
    package var sql: String
    package var hazards: Set<Hazard>
    package var locks: [TableLock]
    /// What it does to rows or why it could not be assessed; nil where there is nothing to say.
    package var note: String?
    /// Tables that were there before the plan and of which it takes rows, columns or all: held against the backup first.
    package var destroys: [TableName]
    /// Where a migration holds it; nil where no file does.
    package var location: FilePosition?

    /// Stands in the statements of `quarantine-tables` for the schema, which is named for the day it is done.
    package static let quarantinePlaceholder = "quarantine_<date>"

    package init(
        sql: String,
        hazards: Set<Hazard> = [],
        locks: [TableLock] = [],
        note: String? = nil,
        destroys: [TableName] = [],
        location: FilePosition? = nil
    ) {
        self.destroys = destroys
        self.location = location
        self.sql = sql
        self.hazards = hazards
        self.locks = locks
        self.note = note
    }

    /// Its text with the schema of a quarantine in place: it ends with where the object goes, whatever that is called.
    package func placed(in schema: String) -> String {
        guard let place = sql.ranges(of: Self.quarantinePlaceholder).last else { return sql }
        return sql[..<place.lowerBound] + schema + sql[place.upperBound...]
    }
}

/// One thing to be done, to every database of a cohort or to an instance.
package struct Step: Sendable, Hashable {
    /// `c1.s1`, unique in the environment.
    package var id: String
    package var kind: StepKind
    package var summary: String
    /// Tags in the order they run (`migrate`, `adopt`, `rebuild-database`).
    package var migrations: [String]
    /// SHA-256 of each migration's file, by tag.
    package var migrationDigests: [String: String]
    /// Objects the step moves or removes, as `ObjectID` descriptions or `schema.table`.
    package var objects: [String]
    package var statements: [PlannedStatement]
    /// Those of the step itself and of all its statements.
    package var hazards: Set<Hazard>
    package var because: [FindingCode]
    /// For steps of an instance or of the environment as a whole; for `move-database` and the backup before it, the
    /// instance that holds the database until then.
    package var instance: String?
    package var database: String?

    package init(
        id: String,
        kind: StepKind,
        summary: String,
        migrations: [String] = [],
        migrationDigests: [String: String] = [:],
        objects: [String] = [],
        statements: [PlannedStatement] = [],
        hazards: Set<Hazard> = [],
        because: [FindingCode] = [],
        instance: String? = nil,
        database: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.summary = summary
        self.migrations = migrations
        self.migrationDigests = migrationDigests
        self.objects = objects
        self.statements = statements
        self.hazards = hazards
        self.because = because
        self.instance = instance
        self.database = database
    }
}

/// Databases of one class on one instance in the same observed state with the same version to reach: planned once.
package struct Cohort: Sendable, Hashable {
    package var id: String
    package var className: String
    package var instance: String
    /// Sorted by name.
    package var databases: [String]
    /// The fingerprint all of them have; nil where they do not exist.
    package var from: Fingerprint?
    /// The fingerprint all of them will have; nil where scratch could not tell.
    package var to: Fingerprint?
    package var steps: [Step]
    /// Tables that were empty in all of them and whose rows would make the steps more dangerous: looked at again under
    /// the lock.
    package var assumedEmpty: [EmptyTable]

    /// The instance its databases are moved from first; nil where they are not moved.
    package var source: String? { steps.first { $0.kind == .moveDatabase }?.instance }

    /// A table without rows, and the further hazards there would be if it had any.
    package struct EmptyTable: Sendable, Hashable {
        package var table: TableName
        package var hazards: Set<Hazard>

        package init(table: TableName, hazards: Set<Hazard>) {
            self.table = table
            self.hazards = hazards
        }
    }

    package init(
        id: String,
        className: String,
        instance: String,
        databases: [String],
        from: Fingerprint?,
        to: Fingerprint?,
        steps: [Step],
        assumedEmpty: [EmptyTable] = []
    ) {
        self.id = id
        self.className = className
        self.instance = instance
        self.databases = databases
        self.from = from
        self.to = to
        self.steps = steps
        self.assumedEmpty = assumedEmpty
    }
}

/// What policy does not allow, and what would allow it.
package struct Refusal: Sendable, Hashable {
    /// The step's id or the finding's code, with the database where it concerns one.
    package var what: String
    /// The policy key and its value.
    package var why: String
    /// The flag or key that would allow it; nil where nothing can.
    package var grant: String?
    /// The cohort it concerns, so that `--partial` can leave it out.
    package var cohort: String?
    package var databases: [String]

    package init(what: String, why: String, grant: String?, cohort: String? = nil, databases: [String] = []) {
        self.what = what
        self.why = why
        self.grant = grant
        self.cohort = cohort
        self.databases = databases
    }
}

/// One database in a plan: where it stands and what was seen.
package struct PlannedDatabase: Sendable, Hashable {
    package var instance: String
    package var name: String
    package var className: String?
    package var expectedVersion: String?
    package var observedVersion: String?
    package var status: DatabaseStatus
    package var tables: Int?
    package var sizeBytes: Int64?
    /// Milliseconds since 1970: the newest time its history knows.
    package var lastChange: Int64?
    package var fingerprint: Fingerprint?
    package var cohort: String?
    /// With `fingerprint`, `historyDigest` and `privileges`, what a saved plan is held against under the lock.
    package var oid: UInt32?
    package var historyDigest: Fingerprint?
    /// The second part of the fingerprint: who owns what and who may do what to it.
    package var privileges: Fingerprint?
    /// As `fingerprint`, without what rules of drift leave out.
    ///
    /// Nil where there are none; not kept in a saved plan.
    package var comparedFingerprint: Fingerprint?

    package init(
        instance: String,
        name: String,
        className: String?,
        expectedVersion: String?,
        observedVersion: String?,
        status: DatabaseStatus,
        tables: Int?,
        sizeBytes: Int64?,
        lastChange: Int64?,
        fingerprint: Fingerprint?,
        cohort: String?,
        oid: UInt32?,
        historyDigest: Fingerprint?,
        privileges: Fingerprint? = nil
    ) {
        self.instance = instance
        self.name = name
        self.className = className
        self.expectedVersion = expectedVersion
        self.observedVersion = observedVersion
        self.status = status
        self.tables = tables
        self.sizeBytes = sizeBytes
        self.lastChange = lastChange
        self.fingerprint = fingerprint
        self.cohort = cohort
        self.oid = oid
        self.historyDigest = historyDigest
        self.privileges = privileges
    }
}

/// One instance in a plan.
package struct PlannedInstance: Sendable, Hashable {
    package var name: String
    package var address: String
    package var reachable: Bool
    package var serverVersion: String?
    package var systemIdentifier: String?
    /// A server that was promoted, or a copy of it that was, writes another than it did.
    package var timeline: Int?
    package var state: Instance.State
    /// Whether an earlier run retired it.
    package var isRetired: Bool
    package var sizeBytes: Int64?

    package init(
        name: String,
        address: String,
        reachable: Bool,
        serverVersion: String?,
        systemIdentifier: String?,
        timeline: Int? = nil,
        state: Instance.State,
        isRetired: Bool = false,
        sizeBytes: Int64?
    ) {
        self.isRetired = isRetired
        self.name = name
        self.address = address
        self.reachable = reachable
        self.serverVersion = serverVersion
        self.systemIdentifier = systemIdentifier
        self.timeline = timeline
        self.state = state
        self.sizeBytes = sizeBytes
    }
}

/// All that must be done in one environment, and what policy says of it.
package struct EnvironmentPlan: Sendable, Hashable {
    package var name: String
    package var role: EnvironmentRole
    package var instances: [PlannedInstance]
    /// By the manifest's order of instances, then entry order, then name.
    package var databases: [PlannedDatabase]
    package var findings: [Finding]
    /// In the order they are worked.
    package var cohorts: [Cohort]
    /// Steps of an instance or of the environment as a whole: unmanaged databases dropped, instances retired.
    package var steps: [Step]
    package var granted: Set<Hazard>
    package var refused: [Refusal]
    /// `--instance` and `--database` where they narrowed the work.
    package var narrowed: [String]
    /// Where its manifest names it.
    package var location: FilePosition?

    package init(
        name: String,
        role: EnvironmentRole,
        instances: [PlannedInstance] = [],
        databases: [PlannedDatabase] = [],
        findings: [Finding] = [],
        cohorts: [Cohort] = [],
        steps: [Step] = [],
        granted: Set<Hazard> = [],
        refused: [Refusal] = [],
        narrowed: [String] = [],
        location: FilePosition? = nil
    ) {
        self.name = name
        self.role = role
        self.instances = instances
        self.databases = databases
        self.findings = findings
        self.cohorts = cohorts
        self.steps = steps
        self.granted = granted
        self.refused = refused
        self.narrowed = narrowed
        self.location = location
    }

    /// Whether an instance could not be reached.
    package var hasUnreachable: Bool { instances.contains { !$0.reachable } }
    /// Whether any step is owed.
    package var owesChanges: Bool { !steps.isEmpty || cohorts.contains { !$0.steps.isEmpty } }

    package struct Summary: Sendable, Hashable {
        package var databases = 0
        package var converged = 0
        package var toCreate = 0
        package var toMigrate = 0
        package var toRebuild = 0
        package var toMove = 0
        package var toDrop = 0
        /// Instances.
        package var toRetire = 0
        /// Each cohort's statements counted once.
        package var statements = 0
    }

    package var summary: Summary {
        var summary = Summary()
        // What a retiring instance still holds is counted where it should be.
        let retiring = Set(instances.filter { $0.state == .retiring }.map(\.name))
        let own = databases.filter { !retiring.contains($0.instance) }
        summary.databases = own.count { $0.className != nil }
        summary.converged = own.count { $0.status == .converged }
        for cohort in cohorts {
            let kinds = Set(cohort.steps.map(\.kind))
            if kinds.contains(.moveDatabase) {
                summary.toMove += cohort.databases.count
            } else if kinds.contains(.createDatabase) {
                summary.toCreate += cohort.databases.count
            } else if kinds.contains(.rebuildDatabase) {
                summary.toRebuild += cohort.databases.count
            } else if kinds.contains(.migrate) {
                summary.toMigrate += cohort.databases.count
            }
            // Checks only read.
            summary.statements += cohort.steps.reduce(0) { $0 + ($1.kind == .check ? 0 : $1.statements.count) }
        }
        summary.toDrop = steps.count { $0.kind == .dropDatabase }
        summary.toRetire = steps.count { $0.kind == .retireInstance }
        return summary
    }
}

/// A plan over one or several environments, as it is shown, saved and applied.
package struct Plan: Sendable, Hashable {
    package static let formatVersion = "1.0"

    package var toolVersion: String
    /// Seconds since 1970.
    package var createdAt: Int64
    package var gitCommit: String?
    package var environments: [EnvironmentPlan]

    package init(toolVersion: String, createdAt: Int64, gitCommit: String?, environments: [EnvironmentPlan]) {
        self.toolVersion = toolVersion
        self.createdAt = createdAt
        self.gitCommit = gitCommit
        self.environments = environments
    }
}
