internal import FleetModel
internal import Migrations

// How facts measured on an empty scratch database become hazards of real ones. Scratch knows what a statement does to
// which table; only the fleet knows whether that table holds anything. So every rule here has the same form: an effect
// on a table that was there before the plan, and is not empty in some database of the cohort. Two things are less
// simple. Locks are held until the transaction ends, so what a statement blocks depends on the statements before it.
// And a migration may rename what a later one touches, so that a name that is new is not proof of a new table.

/// Turns what scratch measured, statement after statement, into statements of a plan with their hazards.
struct HazardRules {
    /// What was there before the plan; nil for a new database, where nothing can be lost or blocked.
    private let before: Catalog?
    private let existing: Set<TableName>
    private let objects: Set<ObjectID>
    private let filled: Set<TableName>
    /// New names of tables that hold rows.
    private var renamed: Set<TableName> = []
    private var mayHaveRenamed = false
    /// Locks of the running transaction by table.
    private var held: [TableName: LockStrength] = [:]

    /// `filled` are the tables with rows in some database of the cohort.
    init(before: Catalog?, filled: Set<TableName>) {
        self.before = before
        self.filled = filled
        existing = Set(before?.tables ?? [])
        objects = Set(before?.objects.map(\.id) ?? [])
    }

    private func isFilled(_ table: TableName) -> Bool { filled.contains(table) || renamed.contains(table) }

    /// One migration that scratch ran.
    mutating func statements(
        of measured: MeasuredMigration,
        isTransactional: Bool
    ) -> [PlannedStatement] {
        held = [:]
        noteRenames(in: measured)
        return measured.statements.map { statement in
            if !isTransactional { held = [:] }
            for lock in statement.locks {
                held[lock.table] = max(held[lock.table] ?? .brief, LockStrength(mode: lock.mode))
            }
            return planned(statement)
        }
    }

    /// Statements that scratch could not run: the reason stands on the first.
    static func unassessed(_ migration: Migration, reason: String) -> [PlannedStatement] {
        migration.statements.enumerated().map { index, statement in
            PlannedStatement(
                sql: statement.sql,
                hazards: [.unassessed],
                note: index == 0 ? "could not be assessed: \(reason)" : nil
            )
        }
    }

    private mutating func noteRenames(in measured: MeasuredMigration) {
        for (old, new) in measured.renamed where before != nil && isFilled(old) { renamed.insert(new) }
    }

    private mutating func planned(_ statement: MeasuredStatement) -> PlannedStatement {
        var hazards: Set<Hazard> = []
        var notes: [String] = []
        var grows = false
        let rewritten = Set(statement.effects.compactMap(\.rewritten))
        let indexed = Set(statement.effects.compactMap(\.indexed))
        for effect in statement.effects.sorted(by: { $0.order < $1.order }) {
            switch effect {
            case .rewrites(let table) where isFilled(table):
                hazards.insert(.tableRewrite)
                hazards.formUnion(LockStrength.blocksAll.hazards)
                grows = true
            case .scans(let table) where isFilled(table):
                // A rewrite or an index build reads the table anyway and says so itself.
                if !rewritten.contains(table), !indexed.contains(table) { hazards.insert(.fullScan) }
                hazards.formUnion((held[table] ?? .brief).hazards)
                grows = true
            case .buildsIndex(let table) where isFilled(table):
                hazards.insert(.blocksWrites)
                hazards.formUnion((held[table] ?? .brief).hazards)
                grows = true
            case .rewrites, .scans, .buildsIndex: break
            case .buildsIndexConcurrently: hazards.insert(.notTransactional)
            case .notTransactional: if before != nil { hazards.insert(.notTransactional) }
            case .drops(let object):
                if isLoss(object) { hazards.insert(.dataLoss) }
                notes.append("drops \(object)")
            case .deletes(let table):
                if isLoss(table) { hazards.insert(.dataLoss) }
                notes.append("deletes rows of \(table)")
            case .truncates(let table):
                if isLoss(table) { hazards.insert(.dataLoss) }
                notes.append("empties \(table)")
            case .updates(let table): notes.append("updates rows of \(table)")
            case .inserts(let table): notes.append("inserts rows into \(table)")
            case .opaque(let reason):
                if before != nil { hazards.insert(.unassessed) }
                notes.append("what it does to rows cannot be told: \(reason)")
            }
        }
        if before == nil { hazards.remove(.notTransactional) }
        if grows { waitForOthers(statement, &hazards, &notes) }
        noteLocksThatMayRename(statement)
        let locks = statement.locks.filter {
            (existing.contains($0.table) || renamed.contains($0.table)) && LockStrength.isShown($0.mode)
        }.sorted()
        return PlannedStatement(
            sql: statement.sql,
            hazards: hazards,
            locks: locks,
            note: notes.isEmpty ? nil : notes.joined(separator: "; "),
            destroys: Set(statement.effects.flatMap(destroyed)).sorted()
        )
    }

    /// Tables that were there before the plan and lose something by an effect.
    private func destroyed(_ effect: MeasuredStatement.Effect) -> [TableName] {
        switch effect {
        case .deletes(let table), .truncates(let table): existing.contains(table) ? [table] : []
        case .drops(let object):
            existing.filter { table in
                switch object.kind {
                case .schema: table.schema == object.name
                case .column: table.schema == object.schema && object.name.hasPrefix(table.name + ".")
                default: table.schema == object.schema && table.name == object.name
                }
            }
        case .rewrites, .scans, .buildsIndex, .buildsIndexConcurrently, .notTransactional, .updates, .inserts, .opaque:
            []
        }
    }

    /// Tables locked earlier in the transaction stay locked while this statement works.
    private func waitForOthers(_ statement: MeasuredStatement, _ hazards: inout Set<Hazard>, _ notes: inout [String]) {
        let own = Set(statement.locks.map(\.table))
        var waiting: [TableName] = []
        for (table, strength) in held where !own.contains(table) && isFilled(table) && !strength.hazards.isEmpty {
            hazards.formUnion(strength.hazards)
            waiting.append(table)
        }
        if !waiting.isEmpty {
            notes.append("still locked by what ran before: \(list(waiting.sorted().map(\.description)))")
        }
    }

    /// Only a statement that locks a table against everyone can rename it.
    private mutating func noteLocksThatMayRename(_ statement: MeasuredStatement) {
        guard before != nil else { return }
        let dropped = Set(statement.effects.compactMap(\.droppedTable))
        if statement.locks.contains(where: { LockStrength(mode: $0.mode) == .blocksAll && !dropped.contains($0.table) })
        {
            mayHaveRenamed = true
        }
    }

    private func isLoss(_ table: TableName) -> Bool {
        before != nil && (existing.contains(table) || mayHaveRenamed || renamed.contains(table))
    }

    /// What an earlier statement of the plan made is no loss, unless it may be an old thing under a new name.
    private func isLoss(_ object: ObjectID) -> Bool {
        guard before != nil else { return false }
        if objects.contains(object) || mayHaveRenamed { return true }
        return object.schema.map { isLoss(TableName(schema: $0, name: object.name)) } ?? false
    }
}

/// What a lock keeps others from, when it is held for long.
enum LockStrength: Int, Comparable {
    case brief, blocksWrites, blocksAll

    init(mode: String) {
        switch mode {
        case "AccessExclusiveLock": self = .blocksAll
        case "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock": self = .blocksWrites
        default: self = .brief
        }
    }

    var hazards: Set<Hazard> {
        switch self {
        case .brief: []
        case .blocksWrites: [.blocksWrites]
        case .blocksAll: [.blocksReads, .blocksWrites]
        }
    }

    /// ACCESS SHARE conflicts with nothing but ACCESS EXCLUSIVE and is taken by every read.
    static func isShown(_ mode: String) -> Bool { mode != "AccessShareLock" }

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension MeasuredStatement.Effect {
    fileprivate var rewritten: TableName? { if case .rewrites(let table) = self { table } else { nil } }
    fileprivate var indexed: TableName? { if case .buildsIndex(let table) = self { table } else { nil } }

    fileprivate var droppedTable: TableName? {
        guard case .drops(let object) = self, object.isTable, let schema = object.schema else { return nil }
        return TableName(schema: schema, name: object.name)
    }

    /// One order for all, so that notes read the same in every run.
    fileprivate var order: String {
        switch self {
        case .drops(let object): "0 \(object)"
        case .truncates(let table): "1 \(table)"
        case .deletes(let table): "2 \(table)"
        case .updates(let table): "3 \(table)"
        case .inserts(let table): "4 \(table)"
        case .opaque(let reason): "5 \(reason)"
        case .rewrites(let table): "6 \(table)"
        case .scans(let table): "7 \(table)"
        case .buildsIndex(let table): "8 \(table)"
        case .buildsIndexConcurrently(let table): "9 \(table)"
        case .notTransactional: "9"
        }
    }
}
