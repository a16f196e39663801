import FleetModel
package import Postgres

#if MUTATIONS
internal import Effects
#endif

/// Counts and hashes what a database holds, without running anything that belongs to a tenant.
///
/// Only storage is read: ordinary tables with `ONLY`, never a view or a foreign table. Rows become text by `record_out`,
/// since `t::text` runs a cast that the table's owner may have made; column by column in the order of names, since a
/// restored table may have them in another physical order.
/// Text depends on settings; those that `SessionSettings` does not pin are pinned here for the transaction.
package struct ContentMeasure: Sendable {
    let session: Session

    package init(_ session: Session) {
        self.session = session
    }

    /// To be run within the measuring transaction, first.
    static let pins: SQL = """
        SELECT set_config('lc_monetary', 'C', true), set_config('quote_all_identifiers', 'off', true),
               CASE WHEN current_setting('restrict_nonsystem_relation_kind', true) IS NOT NULL
                    THEN set_config('restrict_nonsystem_relation_kind', 'view, foreign-table', true) END
        """

    private static let seeds = [4_171_933_021, 9_214_364_837_600_034_815]
    private static let tablesAtOnce = 50

    /// Everything; the session is in the transaction whose snapshot counts.
    package func all() async throws(BackupError) -> DatabaseContent {
        let sequences = try await sequences()
        return try await all(sequences: sequences)
    }

    func all(sequences: [SequenceContent]) async throws(BackupError) -> DatabaseContent {
        let tables = try await readableTables()
        let (probe, largeObjects) = try await probeAndLargeObjects()
        let content = DatabaseContent(
            probe: probe,
            tables: try await self.tables(tables),
            sequences: sequences,
            largeObjects: largeObjects
        )
        guard content.isWellFormed else { throw .measurement("the answers are not hashes") }
        return content
    }

    struct ReadableTable: Sendable, Hashable {
        var name: TableName
        var columns: [String]
    }

    /// Ordinary tables and leaf partitions, and those tables of extensions whose rows a dump holds.
    func readableTables() async throws(BackupError) -> [ReadableTable] {
        // Names sort by their bytes in the catalog, whatever the database's collation.
        let rows = try await rows(
            """
            SELECT n.nspname, c.relname, a.attname
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_attribute a
                ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
            WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND (\(Self.isUserRelation) OR \(Self.isDumpedOfExtension))
            ORDER BY n.nspname, c.relname, a.attname
            """,
            label: "tables"
        )
        var tables: [ReadableTable] = []
        for row in rows {
            let name = TableName(schema: row[0] ?? "", name: row[1] ?? "")
            if tables.last?.name.bytes != name.bytes { tables.append(ReadableTable(name: name, columns: [])) }
            if let column = row[2] { tables[tables.count - 1].columns.append(column) }
        }
        return tables
    }

    /// Those tables of extensions whose rows a dump holds.
    func tablesOfExtensions() async throws(BackupError) -> [TableName] {
        let rows = try await rows(
            """
            SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND \(Self.isDumpedOfExtension)
            """,
            label: "tables of extensions"
        )
        return rows.map { TableName(schema: $0[0] ?? "", name: $0[1] ?? "") }
    }

    /// Read before the dump reads them, since they do not heed its snapshot: the dump's are these or later.
    func sequences() async throws(BackupError) -> [SequenceContent] {
        let named = try await rows(
            """
            SELECT n.nspname, c.relname, s.seqincrement, s.seqcycle
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
            WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND \(Self.isUserRelation)
            """,
            label: "sequences"
        )
        var all: [SequenceContent] = []
        for batch in named.batches(of: Self.tablesAtOnce) {
            let parts = batch.enumerated().map { index, row -> SQL in
                "SELECT \(index), last_value, is_called FROM \(schema: row[0] ?? "", name: row[1] ?? "")"
            }
            let values = try await rows(SQL(joining: parts, separator: " UNION ALL "), label: "sequence values")
            for value in values {
                guard let index = value[0].flatMap(Int.init), batch.indices.contains(batch.startIndex + index),
                    let last = value[1].flatMap(Int64.init)
                else { throw .measurement("a sequence without a value") }
                let row = batch[batch.startIndex + index]
                all.append(
                    SequenceContent(
                        name: TableName(schema: row[0] ?? "", name: row[1] ?? ""),
                        lastValue: last,
                        isCalled: value[2] == "t",
                        increment: row[2].flatMap(Int64.init) ?? 1,
                        cycles: row[3] == "t"
                    )
                )
            }
        }
        guard all.count == named.count else { throw .measurement("not every sequence answered") }
        return all.sorted { $0.name < $1.name }
    }

    func tables(_ tables: [ReadableTable]) async throws(BackupError) -> [TableContent] {
        var all: [TableContent] = []
        for batch in tables.batches(of: Self.tablesAtOnce) {
            let parts = batch.enumerated().map { Self.count($0.offset, $0.element) }
            let rows = try await rows(SQL(joining: parts, separator: " UNION ALL "), label: "rows")
            for row in rows {
                guard let index = row[0].flatMap(Int.init), batch.indices.contains(batch.startIndex + index),
                    let count = row[1].flatMap(Int64.init)
                else { throw .measurement("a table without a count") }
                all.append(
                    TableContent(
                        name: batch[batch.startIndex + index].name,
                        rows: count,
                        hashes: row[2...].map { $0 ?? "" }
                    )
                )
            }
        }
        guard all.count == tables.count else { throw .measurement("not every table answered") }
        return all.sorted { $0.name < $1.name }
    }

    private static func count(_ index: Int, _ table: ReadableTable) -> SQL {
        let columns = SQL(joining: table.columns.map { "x.\(identifier: $0)" as SQL })
        return """
            SELECT \(index), count(*), \(hashes(of: "r"))
            FROM (SELECT textin(record_out(ROW(\(columns)))) AS r
                  FROM ONLY \(schema: table.name.schema, name: table.name.name) x) y
            """
    }

    func probeAndLargeObjects() async throws(BackupError) -> ([String], LargeObjectContent) {
        let rows = try await rows(
            """
            SELECT \(SQL(joining: Self.seeds.map { "hashtextextended('reconcile', \($0))" as SQL })), count(*)
            FROM pg_largeobject_metadata
            """,
            label: "probe"
        )
        guard let row = rows.first, row.count == 3, let count = row[2].flatMap(Int64.init) else {
            throw .measurement("no answer")
        }
        let probe = row[0..<2].map { $0 ?? "" }
        guard count > 0 else {
            return (probe, LargeObjectContent(count: 0, hashes: ["0", "0"], privileges: ["0", "0"]))
        }
        // Piece by piece: one may be larger than a value can be. A page is 2048 bytes, 512 of them a piece.
        let hashed = try await self.rows(
            """
            SELECT \(Self.hashes(of: "r"))
            FROM (SELECT m.oid || ':' || c || ':' || encode(lo_get(m.oid, c * 1048576, 1048576), 'hex') AS r
                  FROM pg_largeobject_metadata m,
                       LATERAL generate_series(0, (SELECT coalesce(max(p.pageno), 0) FROM pg_largeobject p
                                                   WHERE p.loid = m.oid)::bigint / 512) c) y
            """,
            label: "large objects"
        )
        let privileges = try await self.rows(
            """
            SELECT \(Self.hashes(of: "r"))
            FROM (SELECT m.oid || ':' || quote_ident(pg_get_userbyid(m.lomowner)) || ':'
                         || (SELECT string_agg(g.text, ',' ORDER BY g.text COLLATE "C") FROM (
                                SELECT concat_ws(' ', CASE a.grantee WHEN 0 THEN 'PUBLIC'
                                                      ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                                                 a.privilege_type, a.is_grantable,
                                                 quote_ident(pg_get_userbyid(a.grantor))) AS text
                                FROM aclexplode(coalesce(m.lomacl, acldefault('L', m.lomowner))) a) g) AS r
                  FROM pg_largeobject_metadata m) y
            """,
            label: "privileges of large objects"
        )
        return (
            probe,
            LargeObjectContent(
                count: count,
                hashes: (hashed.first ?? []).map { $0 ?? "" },
                privileges: (privileges.first ?? []).map { $0 ?? "" }
            )
        )
    }

    private static func hashes(of text: SQL) -> SQL {
        SQL(
            joining: seeds.map { seed -> SQL in
                #if MUTATIONS
                if Mutation.xorHash.isOn {
                    return "coalesce(bit_xor(hashtextextended(\(text) COLLATE \"C\", \(seed))), 0)"
                }
                #endif
                return "coalesce(sum(hashtextextended(\(text) COLLATE \"C\", \(seed))::numeric), 0)"
            }
        )
    }

    /// What a user made, and no extension.
    private static let isUserRelation: SQL = """
        c.oid >= 16384 AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
        AND NOT EXISTS (SELECT FROM pg_depend e
                        WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
        """

    /// Marked by `pg_extension_config_dump` without a condition; of others a dump holds some rows or none.
    private static let isDumpedOfExtension: SQL = """
        EXISTS (SELECT FROM pg_extension x, LATERAL unnest(x.extconfig, x.extcondition) AS marked (oid, condition)
                WHERE marked.oid = c.oid AND coalesce(marked.condition, '') = '')
        """

    private func rows(_ sql: SQL, label: String) async throws(BackupError) -> Rows {
        let answers = try await session.ask(sql, label: label)
        guard let rows = answers.last?.rows else { throw .measurement("no rows were answered") }
        return rows
    }
}

extension RandomAccessCollection {
    fileprivate func batches(of size: Int) -> [SubSequence] {
        stride(from: 0, to: count, by: size).map { start in
            self[index(startIndex, offsetBy: start)..<index(startIndex, offsetBy: Swift.min(start + size, count))]
        }
    }
}
