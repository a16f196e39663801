internal import FleetModel
internal import Postgres

/// What a transaction sees, holds and has counted at one moment: two of them tell what happened in between.
struct TransactionState {
    struct Relation: Hashable {
        var name: TableName
        /// `pg_class.relkind`.
        var kind: String
        /// 0 where it has no storage of its own.
        var storage: UInt32
        /// Belongs to a column, as the sequence of a serial one does.
        var isOwned: Bool
    }
    struct Column: Hashable {
        var table: UInt32
        var number: Int
    }

    var relations: [UInt32: Relation] = [:]
    /// The table of each index.
    var indexes: [UInt32: UInt32] = [:]
    var columns: [Column: String] = [:]
    var types: [UInt32: ObjectID] = [:]
    var schemas: [UInt32: String] = [:]
    /// Tables of the foreign keys that were found to hold, by constraint.
    var validForeignKeys: [UInt32: (from: UInt32, to: UInt32)] = [:]
    /// Modes granted to this transaction, by relation.
    var locks: [UInt32: Set<String>] = [:]
    /// Scans begun since the session began, by table.
    var scans: [UInt32: Int] = [:]
    /// User-defined functions called since the session began.
    var calls: [UInt32: Int] = [:]
    /// What the planted triggers noted since it was last asked.
    var rowNotes: Set<RowNote> = []
    /// Tables whose planted trigger was switched off.
    var silenced: [UInt32] = []
    /// While it stays, so do the catalogs read here.
    var catalogs = CatalogVersion()

    /// Whether there is nothing whose loss, lock or scan could matter.
    var isEmpty: Bool { relations.isEmpty && types.isEmpty }

    /// Rows that a transaction has written to the catalogs.
    ///
    /// The server counts them in the session, and forgets between two transactions, once a second, what it counted
    /// (<https://www.postgresql.org/docs/current/monitoring-stats.html>): numbers of two transactions say nothing.
    struct CatalogVersion: Hashable {
        var transaction = ""
        var writes = 0
    }

    struct RowNote: Hashable {
        var table: UInt32
        var operation: String
    }

    /// Reads what differs from moment to moment, and the catalogs only where they were written since `last`.
    static func read(in session: Session, last: TransactionState? = nil) async throws(PostgresError) -> TransactionState
    {
        var state = last ?? TransactionState()
        try state.takeMoment(try await session.run(momentQuestion, label: "measure").compactMap(\.rows))
        guard last == nil || last?.catalogs != state.catalogs else { return state }
        try state.takeCatalogs(try await session.run(catalogQuestion, label: "measure").compactMap(\.rows))
        return state
    }

    // Everything is named by its schema: the text being measured may have set any search path.
    private static let momentQuestion: SQL = """
        SELECT pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_inserted(c) OPERATOR(pg_catalog.+)
            pg_catalog.pg_stat_get_xact_tuples_updated(c) OPERATOR(pg_catalog.+)
            pg_catalog.pg_stat_get_xact_tuples_deleted(c)),
            (SELECT virtualtransaction FROM pg_catalog.pg_locks
             WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'virtualxid')
            FROM pg_catalog.unnest(ARRAY['pg_catalog.pg_class', 'pg_catalog.pg_index', 'pg_catalog.pg_attribute',
                'pg_catalog.pg_type', 'pg_catalog.pg_namespace', 'pg_catalog.pg_constraint', 'pg_catalog.pg_trigger',
                'pg_catalog.pg_proc']::pg_catalog.regclass[]) c;
        SELECT relation, mode FROM pg_catalog.pg_locks
            WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'relation' AND granted AND relation >= 16384;
        SELECT relid, seq_scan FROM pg_catalog.pg_stat_xact_user_tables WHERE seq_scan > 0;
        SELECT funcid, calls FROM pg_catalog.pg_stat_xact_user_functions WHERE funcid >= 16384;
        SELECT pg_catalog.current_setting('reconcile.rows', true);
        SELECT pg_catalog.set_config('reconcile.rows', '', true)
        """

    private static let catalogQuestion: SQL = """
        SELECT c.oid, n.nspname, c.relname, c.relkind, c.relfilenode, EXISTS (SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
            AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0)
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'm', 'i', 'S') AND c.relpersistence <> 't';
        SELECT indexrelid, indrelid FROM pg_catalog.pg_index WHERE indexrelid >= 16384;
        SELECT a.attrelid, a.attnum, a.attname FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
            WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped;
        SELECT t.oid, n.nspname, t.typname, t.typtype FROM pg_catalog.pg_type t
            JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
            WHERE t.oid >= 16384 AND t.typtype IN ('e', 'd', 'r', 'b', 'c') AND (t.typrelid = 0 OR c.relkind = 'c')
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid);
        SELECT oid, nspname FROM pg_catalog.pg_namespace
            WHERE (oid >= 16384 OR nspname = 'public') AND nspname NOT LIKE 'pg\\_%';
        SELECT oid, conrelid, confrelid FROM pg_catalog.pg_constraint
            WHERE oid >= 16384 AND contype = 'f' AND convalidated;
        SELECT tgrelid FROM pg_catalog.pg_trigger WHERE tgname = \(literal: RowTriggers.name) AND tgenabled = 'D'
        """

    private mutating func takeMoment(_ answers: [Rows]) throws(PostgresError) {
        guard answers.count == 6 else { throw .unexpectedAnswer("a measurement lacks an answer") }
        guard let row = answers[0].first, let writes = row[0].flatMap({ Int($0) }), let transaction = row[1] else {
            throw .unexpectedAnswer("a measurement lacks its transaction")
        }
        catalogs = CatalogVersion(transaction: transaction, writes: writes)
        locks = [:]
        for row in answers[1] { if let oid = row.oid(0), let mode = row[1] { locks[oid, default: []].insert(mode) } }
        scans = Self.counts(answers[2])
        calls = Self.counts(answers[3])
        rowNotes = Set((answers[4].scalar ?? "").split(separator: ";").compactMap(RowNote.init))
    }

    private mutating func takeCatalogs(_ answers: [Rows]) throws(PostgresError) {
        guard answers.count == 7 else { throw .unexpectedAnswer("a measurement lacks an answer") }
        relations = [:]
        for row in answers[0] {
            guard let oid = row.oid(0), let schema = row[1], let name = row[2], let kind = row[3] else { continue }
            relations[oid] = Relation(
                name: TableName(schema: schema, name: name),
                kind: kind,
                storage: row.oid(4) ?? 0,
                isOwned: row[5] == "t"
            )
        }
        indexes = [:]
        for row in answers[1] { if let index = row.oid(0), let table = row.oid(1) { indexes[index] = table } }
        columns = [:]
        for row in answers[2] {
            guard let table = row.oid(0), let number = row[1].flatMap({ Int($0) }) else { continue }
            columns[Column(table: table, number: number)] = row[2]
        }
        types = [:]
        for row in answers[3] {
            guard let oid = row.oid(0), let name = row[2], let kind = Self.typeKinds[row[3] ?? ""] else { continue }
            types[oid] = ObjectID(kind, schema: row[1], name: name)
        }
        schemas = [:]
        for row in answers[4] { if let oid = row.oid(0) { schemas[oid] = row[1] } }
        validForeignKeys = [:]
        for row in answers[5] {
            guard let oid = row.oid(0), let from = row.oid(1), let to = row.oid(2) else { continue }
            validForeignKeys[oid] = (from, to)
        }
        silenced = answers[6].compactMap { $0.oid(0) }
    }

    private static func counts(_ rows: Rows) -> [UInt32: Int] {
        var all: [UInt32: Int] = [:]
        for row in rows { if let oid = row.oid(0) { all[oid] = row[1].flatMap { Int($0) } } }
        return all
    }

    private static let typeKinds: [String: ObjectKind] = [
        "e": .enumeration, "d": .domain, "r": .rangeType, "b": .baseType, "c": .compositeType,
    ]
}

extension TransactionState.RowNote {
    /// Reads `16402 DELETE`.
    fileprivate init?(_ text: Substring) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let table = UInt32(parts[0]) else { return nil }
        self.init(table: table, operation: String(parts[1]))
    }
}

extension [String?] {
    func oid(_ index: Int) -> UInt32? { self[index].flatMap { UInt32($0) } }
}
