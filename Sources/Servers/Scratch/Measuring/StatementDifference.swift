internal import FleetModel

/// What one statement did, told from the state of its transaction before and after it.
///
/// Only what existed before the migration began counts: nothing of value is in a table made a moment ago.
struct StatementDifference {
    /// The state before the migration.
    var known: TransactionState
    var before: TransactionState
    var after: TransactionState
    /// Nil where the statement ran in a transaction.
    var outside: LockTrap.Caught?

    var effects: Set<MeasuredStatement.Effect> {
        var all = drops.union(rowEffects)
        let truncated = Set(newNotes.filter { $0.operation == "TRUNCATE" }.map(\.table))
        for table in rewritten.subtracting(truncated) { insert({ .rewrites($0) }, table, &all) }
        for table in indexed.plain.subtracting(rewritten) { insert({ .buildsIndex($0) }, table, &all) }
        for table in indexed.concurrent.subtracting(rewritten) { insert({ .buildsIndexConcurrently($0) }, table, &all) }
        // Both read the table too, and say more.
        for table in scanned.subtracting(rewritten).subtracting(indexed.plain) { insert({ .scans($0) }, table, &all) }
        return all
    }

    /// By the names the tables had before the migration, which are those of a database that is still to run it.
    var locks: [TableLock] {
        var touched = rewritten.union(indexed.plain).union(scanned)
        var held: [UInt32: Set<String>] = [:]
        for (relation, modes) in after.locks {
            guard let table = lockedTable(relation, modes) else { continue }
            held[table, default: []].formUnion(modes)
            if !modes.subtracting(before.locks[relation] ?? []).isEmpty { touched.insert(table) }
        }
        // A rebuild outside a transaction has let go by now of what it held on the index.
        if outside != nil { for table in indexed.plain { held[table, default: []].insert("AccessExclusiveLock") } }
        for (relation, mode) in outside?.locks ?? [] {
            guard let table = lockedTable(relation, [mode]) else { continue }
            held[table, default: []].insert(mode)
            touched.insert(table)
        }
        return touched.compactMap { table in
            guard let name = knownTable(table), let mode = held[table]?.max(by: LockModes.isWeaker),
                mode != LockModes.weakest
            else { return nil }
            return TableLock(table: name, mode: mode)
        }.sorted()
    }

    private func insert(
        _ effect: (TableName) -> MeasuredStatement.Effect,
        _ table: UInt32,
        _ all: inout Set<MeasuredStatement.Effect>
    ) {
        if let name = knownTable(table) { all.insert(effect(name)) }
    }

    private func knownTable(_ relation: UInt32) -> TableName? {
        guard let known = known.relations[relation], ["r", "p", "m"].contains(known.kind) else { return nil }
        return known.name
    }

    /// The table a lock bears on: an index locked exclusively stops whoever would plan a query on its table.
    private func lockedTable(_ relation: UInt32, _ modes: Set<String>) -> UInt32? {
        if knownTable(relation) != nil { return relation }
        return modes.contains("AccessExclusiveLock") ? known.indexes[relation] : nil
    }

    /// Storage that did not exist before, of tables that did.
    private var rewritten: Set<UInt32> {
        Set(
            after.relations.compactMap { oid, now in
                guard let then = before.relations[oid], ["r", "m"].contains(now.kind), then.storage != now.storage,
                    knownTable(oid) != nil
                else { return nil }
                return oid
            }
        )
    }

    /// Tables with an index whose storage is new.
    ///
    /// An index kept over a change of a column's type keeps its storage.
    private var indexed: (plain: Set<UInt32>, concurrent: Set<UInt32>) {
        let old = Set(before.relations.values.lazy.filter { $0.kind == "i" }.map(\.storage))
        var plain: Set<UInt32> = []
        var concurrent: Set<UInt32> = []
        for (oid, relation) in after.relations where relation.kind == "i" && !old.contains(relation.storage) {
            guard let table = after.indexes[oid], knownTable(table) != nil else { continue }
            // A concurrent build makes a new index beside the old one, a plain rebuild gives the old one new storage.
            if outside != nil, before.relations[oid] == nil { concurrent.insert(table) } else { plain.insert(table) }
        }
        return (plain, concurrent)
    }

    /// Tables read as a whole under a lock that stops other work than reads and writes of rows.
    ///
    /// A query or a change of rows reads under a weaker lock, and how it does depends on the planner.
    private var scanned: Set<UInt32> {
        let checked = after.validForeignKeys.filter { before.validForeignKeys[$0.key] == nil }.values
        // Whether the referenced table is read depends on the planner; the referencing one always is.
        let referenced = Set(checked.map(\.to)).subtracting(checked.map(\.from))
        var all = Set(checked.map(\.from))
        for (table, count) in after.scans where count > before.scans[table] ?? 0 && !referenced.contains(table) {
            all.insert(table)
        }
        return all.filter { table in
            knownTable(table) != nil
                && (after.locks[table] ?? []).contains { LockModes.isWeaker("RowExclusiveLock", $0) }
        }
    }

    private var newNotes: Set<TransactionState.RowNote> { after.rowNotes }

    private var rowEffects: Set<MeasuredStatement.Effect> {
        Set(
            newNotes.compactMap { note in
                guard let table = knownTable(note.table) else { return nil }
                return switch note.operation {
                case "INSERT": .inserts(table)
                case "UPDATE": .updates(table)
                case "DELETE": .deletes(table)
                default: .truncates(table)
                }
            }
        )
    }

    /// What it set out to write rows of: tables, those made in this migration too, and views, which have triggers of their own.
    var written: Set<UInt32> {
        let others = after.locks.filter { relation, modes in
            after.relations[relation] == nil && modes.contains("RowExclusiveLock")
                && before.locks[relation]?.contains("RowExclusiveLock") != true
        }
        return Set(newNotes.map(\.table)).union(others.keys)
    }

    private var drops: Set<MeasuredStatement.Effect> {
        var all: Set<MeasuredStatement.Effect> = []
        for (oid, relation) in before.relations where after.relations[oid] == nil && !relation.isOwned {
            guard let known = known.relations[oid], let kind = Self.kinds[known.kind] else { continue }
            all.insert(.drops(ObjectID(kind, schema: known.name.schema, name: known.name.name)))
        }
        for column in before.columns.keys where after.columns[column] == nil && after.relations[column.table] != nil {
            guard let name = known.columns[column], let table = knownTable(column.table) else { continue }
            all.insert(.drops(ObjectID(.column, schema: table.schema, name: "\(table.name).\(name)")))
        }
        for oid in before.types.keys where after.types[oid] == nil {
            if let type = known.types[oid] { all.insert(.drops(type)) }
        }
        for oid in before.schemas.keys where after.schemas[oid] == nil {
            if let name = known.schemas[oid] { all.insert(.drops(ObjectID(.schema, schema: nil, name: name))) }
        }
        return all
    }

    private static let kinds: [String: ObjectKind] = ["r": .table, "p": .table, "m": .materializedView, "S": .sequence]
}

/// Table locks as `pg_locks.mode` has them.
enum LockModes {
    static let weakest = "AccessShareLock"
    /// See <https://www.postgresql.org/docs/current/explicit-locking.html>.
    private static let order = [
        weakest, "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock", "ShareRowExclusiveLock",
        "ExclusiveLock", "AccessExclusiveLock",
    ]

    static func isWeaker(_ left: String, _ right: String) -> Bool {
        (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
    }
}
