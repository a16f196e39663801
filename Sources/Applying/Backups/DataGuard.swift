package import FleetModel
package import Postgres

/// Stands between a backup and what destroys the rows it holds.
package enum DataGuard {
    /// Locks tables against writers and compares them with a receipt, inside the transaction that is to destroy them.
    ///
    /// The locks come first and each statement of READ COMMITTED sees what is committed when it begins, so nothing
    /// written before the locks can be missed, and nothing can be written after them.
    ///
    /// Partitioned tables stand for their partitions; nil: the whole database, large objects included.
    ///
    /// - Throws: `BackupError.rowsChangedSinceBackup`, `wrongDatabase`, or what the server said.
    package static func compare(
        _ session: Session,
        with backup: StoredBackup,
        tables: [TableName]?
    ) async throws(BackupError) {
        // Proved it was; what was deleted or cut since would be missed when it is too late.
        let size = PrivateFolder.size(of: backup.archivePath)
        guard size == backup.receipt.sizeBytes else {
            throw .archive(
                path: backup.archivePath,
                size.map { .size(expected: backup.receipt.sizeBytes, found: $0) } ?? .missing
            )
        }
        let settings = try await checkIdentity(session, backup.receipt)
        try await compareLocked(session, with: backup, tables: tables)
        // What follows in the transaction may well read a view.
        try await session.ask("SELECT \(settings)", label: "settings back")
    }

    private static func compareLocked(
        _ session: Session,
        with backup: StoredBackup,
        tables: [TableName]?
    ) async throws(BackupError) {
        let measure = ContentMeasure(session)
        let names = try await leaves(of: tables, session, measure)
        for name in names {
            try await session.ask(
                "LOCK TABLE ONLY \(schema: name.schema, name: name.name) IN SHARE ROW EXCLUSIVE MODE",
                label: "lock"
            )
        }
        // Once more: a partition may have been attached, or a table made, before its parent was locked.
        let locked = Set(names.map(\.bytes))
        let recorded = backup.receipt.content
        let readable = try await measure.readableTables()
        if tables == nil, let new = readable.first(where: { !locked.contains($0.name.bytes) }) {
            throw .rowsChangedSinceBackup(new.name)
        }
        let found = try await measure.tables(readable.filter { locked.contains($0.name.bytes) })
        let expected = Dictionary(recorded.tables.map { ($0.name.bytes, $0) }) { first, _ in first }
        for table in found {
            guard let before = expected[table.name.bytes] else {
                if table.rows == 0 { continue }
                throw .rowsChangedSinceBackup(table.name)
            }
            guard table.rows == before.rows, table.hashes == before.hashes else {
                throw .rowsChangedSinceBackup(table.name)
            }
        }
        guard found.count == locked.count else { throw .measurement("not every locked table answered") }
        guard tables == nil else { return }
        let present = Set(found.map(\.name.bytes))
        if let gone = recorded.tables.first(where: { !present.contains($0.name.bytes) }) {
            throw .rowsChangedSinceBackup(gone.name)
        }
        let (probe, largeObjects) = try await measure.probeAndLargeObjects()
        guard probe == recorded.probe else { throw .measurement("the server hashes differently now") }
        guard largeObjects.holdsTheSame(as: recorded.largeObjects) else {
            throw .rowsChangedSinceBackup(TableName(schema: "pg_catalog", name: "pg_largeobject"))
        }
    }

    /// Pins what measuring pins.
    ///
    /// - Returns: what puts the settings back as they were.
    private static func checkIdentity(
        _ session: Session,
        _ receipt: BackupReceipt
    ) async throws(BackupError) -> SQL {
        guard await session.isInTransaction else {
            throw .wrongDatabase(
                reason: "rows are compared with a backup only inside the transaction that destroys them"
            )
        }
        let answers = try await session.ask(
            """
            SELECT current_setting('lc_monetary'), current_setting('quote_all_identifiers'),
                   current_setting('restrict_nonsystem_relation_kind', true);
            \(ContentMeasure.pins);
            SELECT (SELECT system_identifier FROM pg_control_system()), d.oid, current_setting('transaction_isolation')
            FROM pg_database d WHERE d.datname = current_database()
            """,
            label: "identity"
        )
        guard let before = answers.first?.rows?.first, before.count == 3, let row = answers.last?.rows?.first,
            row.count == 3
        else { throw .measurement("no identity") }
        guard row[2] == "read committed" else {
            throw .wrongDatabase(
                reason: "rows are compared in READ COMMITTED only: an older snapshot would miss writes"
            )
        }
        guard row[0] == receipt.source.systemIdentifier, row[1] == String(receipt.source.databaseOID) else {
            throw .wrongDatabase(
                reason: "the backup is of database \(receipt.source.databaseOID) of server "
                    + "\(receipt.source.systemIdentifier), this is \(row[1] ?? "?") of \(row[0] ?? "?")"
            )
        }
        let names = ["lc_monetary", "quote_all_identifiers", "restrict_nonsystem_relation_kind"]
        return SQL(
            joining: zip(names, before).compactMap { name, value in
                value.map { "set_config(\(literal: name), \(literal: $0), true)" }
            }
        )
    }

    /// Tables with rows of their own; a partitioned table itself is locked too, so that no partition joins it.
    private static func leaves(
        of tables: [TableName]?,
        _ session: Session,
        _ measure: ContentMeasure
    ) async throws(BackupError) -> [TableName] {
        guard let tables else { return try await measure.readableTables().map(\.name) }
        var all: [TableName] = []
        for table in tables.sorted() {
            let answers = try await session.ask(
                """
                LOCK TABLE \(schema: table.schema, name: table.name) IN SHARE ROW EXCLUSIVE MODE;
                SELECT n.nspname, c.relname
                FROM pg_partition_tree(\(literal: SQL("\(schema: table.schema, name: table.name)").text)::regclass) t
                JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE t.isleaf AND c.relkind = 'r'
                UNION
                SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = \(literal: table.schema) AND c.relname = \(literal: table.name) AND c.relkind = 'r'
                """,
                label: "partitions"
            )
            all += (answers.last?.rows ?? Rows(columns: [], values: [])).map {
                TableName(schema: $0[0] ?? "", name: $0[1] ?? "")
            }
        }
        return all
    }
}
