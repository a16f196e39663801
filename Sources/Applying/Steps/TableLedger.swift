internal import FleetModel
internal import Postgres

/// A database's tables as a transaction sees them: read at its beginning and again before its end, the two tell what it
/// took away.
///
/// Scratch has no rows, so what a statement does only where there are some cannot be measured there: a branch that
/// depends on data, a cascade, a trigger for each row. Here the server counts it while it happens.
struct TableLedger: Sendable {
    struct Table: Sendable {
        var name: TableName
        /// Tables have rows, partitioned ones only parts that have.
        var hasStorage: Bool
        var file: String
        /// Whether there is anything in its file: where not, it has no rows for certain.
        var isFilled: Bool
        /// By this session so far; counters never go back, but to nought where a table is truncated.
        var deleted: Int
        var inserted: Int
        var droppedColumns: Int
        var parents: [UInt32]
    }

    let tables: [UInt32: Table]

    /// To be run under the search_path `pg_catalog`.
    static let query: SQL = """
        SELECT c.oid AS rcl_table, n.nspname, c.relname, c.relkind, coalesce(pg_relation_filenode(c.oid), 0),
            coalesce(pg_relation_size(c.oid), 0) > 0,
            CASE WHEN current_setting('track_counts')::bool THEN pg_stat_get_xact_tuples_deleted(c.oid) END,
            pg_stat_get_xact_tuples_inserted(c.oid),
            (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attisdropped),
            (SELECT string_agg(i.inhparent::oid::text, ',') FROM pg_inherits i WHERE i.inhrelid = c.oid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'
            AND n.nspname NOT IN ('information_schema', 'reconcile')
        """

    /// Finds itself among answers; nil where the query is not among them, or the server counts nothing.
    init?(_ answer: Answer) {
        guard let rows = answer.rows, rows.columns.first == "rcl_table", rows.columns.count == 10 else { return nil }
        var tables: [UInt32: Table] = [:]
        for row in rows {
            guard let oid = row[0].flatMap({ UInt32($0) }), let deleted = row[6].flatMap({ Int($0) }) else {
                return nil
            }
            tables[oid] = Table(
                name: TableName(schema: row[1] ?? "", name: row[2] ?? ""),
                hasStorage: row[3] == "r",
                file: row[4] ?? "",
                isFilled: row[5] == "t",
                deleted: deleted,
                inserted: row[7].flatMap { Int($0) } ?? 0,
                droppedColumns: row[8].flatMap { Int($0) } ?? 0,
                parents: (row[9] ?? "").split(separator: ",").compactMap { UInt32($0) }
            )
        }
        self.tables = tables
    }

    /// What is gone since this was read, of tables that had something in them.
    ///
    /// - Parameters:
    ///   - after: the same database later in the same transaction.
    ///   - known: the tables that count, by OID.
    ///   - isMadeAnew: of which tables the plan says that all their rows are written anew.
    /// - Returns: a loss for each table and kind, by the table's name.
    func losses(until after: TableLedger, of known: Set<UInt32>, isMadeAnew: (Set<TableName>) -> Bool) -> [Loss] {
        var losses: [Loss] = []
        // A row that goes from one partition to another is deleted in one and inserted in the other.
        var balance: [UInt32: Int] = [:]
        for (oid, before) in tables where known.contains(oid) && before.hasStorage && before.isFilled {
            let names = self.names(of: oid).union(after.names(of: oid))
            func lost(_ what: Loss.What) { losses.append(Loss(table: before.name, names: names, what: what)) }
            guard let now = after.tables[oid] else {
                lost(.dropped)
                continue
            }
            if now.droppedColumns > before.droppedColumns { lost(.columns(now.droppedColumns - before.droppedColumns)) }
            if now.file != before.file {
                if !now.isFilled { lost(.emptied) } else if !isMadeAnew(names) { lost(.replaced) }
            } else if now.deleted > before.deleted {
                let root = self.root(of: oid)
                let gone = now.deleted - before.deleted
                if root == oid { lost(.deleted(gone)) } else { balance[root, default: 0] += gone }
            }
        }
        for (root, gone) in balance {
            // Parts that were empty, or were made since, may have taken them in.
            let arrived = after.tables.reduce(0) { sum, part in
                guard part.key != root, after.root(of: part.key) == root || self.root(of: part.key) == root else {
                    return sum
                }
                return sum + part.value.inserted - (tables[part.key]?.inserted ?? 0)
            }
            guard gone > arrived, let name = (tables[root] ?? after.tables[root])?.name else { continue }
            losses.append(Loss(table: name, names: names(of: root), what: .deleted(gone - arrived)))
        }
        return losses.sorted { $0.table < $1.table }
    }

    /// Its own and those of all that it is a part of.
    private func names(of oid: UInt32) -> Set<TableName> {
        guard let table = tables[oid] else { return [] }
        return table.parents.reduce(into: [table.name]) { $0.formUnion(names(of: $1)) }
    }

    /// The partitioned table that a partition belongs to in the end; a plain table itself.
    private func root(of oid: UInt32) -> UInt32 {
        guard let parent = tables[oid]?.parents.first, tables[parent]?.hasStorage == false else { return oid }
        return root(of: parent)
    }
}

/// What a transaction took from one table.
struct Loss: Sendable, CustomStringConvertible {
    enum What: Sendable {
        case deleted(Int)
        /// Truncated, or made anew without its rows.
        case emptied
        /// Its rows were written anew: whether those are the same nobody knows.
        case replaced
        case columns(Int)
        case dropped
    }

    var table: TableName
    /// Those it had and has, and of what it is a part.
    var names: Set<TableName>
    var what: What

    var description: String {
        switch what {
        case .deleted(1): "deletes 1 row of \(table)"
        case .deleted(let count): "deletes \(count) rows of \(table)"
        case .emptied: "empties \(table)"
        case .replaced: "replaces all rows of \(table)"
        case .columns(1): "drops a column of \(table)"
        case .columns(let count): "drops \(count) columns of \(table)"
        case .dropped: "drops \(table)"
        }
    }
}
