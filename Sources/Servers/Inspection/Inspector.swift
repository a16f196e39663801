package import FleetModel
package import Postgres

/// Looks into one database in one round trip.
///
/// The server is asked for raw catalog rows, never for their words (`pg_get_*`), which cost it ten times as much; they are
/// made canonical here. Everything is read in one snapshot; the history comes last, so that a missing table loses nothing
/// else. Only where a database turns out to hold what most have not is it asked a second time, for that as well; the pool
/// remembers, and the databases that follow are asked for all of it at once.
package enum Inspector {
    /// The state of the database that the session is in.
    ///
    /// Within a transaction of the caller's the caller's own snapshot counts.
    /// `history` is nil where no class is known to live here; `settings` are what the session was opened with, where they
    /// are still to be proved within this round trip. Throws where the server fails or the session is lost.
    package static func inspect(
        _ session: isolated Session,
        history: HistoryQuery?,
        pool: CatalogPool,
        proving settings: SessionSettings? = nil
    ) async throws(PostgresError) -> DatabaseState {
        try await look(session, history: history, pool: pool, proving: settings).state
    }

    /// As `inspect`, with what the user's relations take on disk.
    ///
    /// All of it happens where the session is: every change of queue would wake a thread.
    static func look(
        _ session: isolated Session,
        history: HistoryQuery?,
        pool: CatalogPool,
        proving settings: SessionSettings?
    ) async throws(PostgresError) -> (state: DatabaseState, bytes: Int64) {
        var settings = settings
        var needed: Set<CatalogTable.Identifier> = []
        while true {
            let layout = pool.layout(major: session.serverVersionNumber / 10_000, adding: needed)
            let (reading, rows) = try await read(session, layout, history, settings)
            let canonical = reading.canonical(pool)
            let missing = reading.needs(canonical).subtracting(layout.wanted)
            if !missing.isEmpty {
                pool.want(missing)
                needed.formUnion(missing)
                settings = nil
                continue
            }
            let (catalog, relations) = canonical.pooled(in: pool, of: reading)
            let marks = try await marks(session, reading)
            let state = DatabaseState(
                catalog: catalog,
                history: history.flatMap { query in rows.map { pool.history($0, query) } } ?? .missing,
                nonEmptyTables: reading.nonEmpty(relations),
                initMark: marks.initMark,
                unfinished: marks.unfinished
            )
            return (state, reading.relationBytes)
        }
    }

    /// One round trip; a second one only for a history within a transaction of the caller's.
    private static func read(
        _ session: isolated Session,
        _ layout: CatalogLayout,
        _ history: HistoryQuery?,
        _ settings: SessionSettings?
    ) async throws(PostgresError) -> (reading: CatalogReading, history: [[String?]]?) {
        let isWithin = session.isInTransaction
        var sql: SQL = isWithin ? Self.pinPath : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
        if let settings { sql = sql + settings.proof + "; " }
        sql = sql + layout.statements
        // Within the caller's transaction an error would be the caller's: ask for the history once it is known to be there.
        if let history = history?.asked, !isWithin { sql = sql + "; " + history.statement }
        sql = sql + (isWithin ? Self.restorePath : "; COMMIT")
        let (all, error) = try session.runKeepingAnswers(sql, label: "inspect")
        if error != nil, !isWithin { try await session.run("ROLLBACK", label: "end of inspection") }
        var answers = all.filter { answer in
            if case .done = answer { return false }
            return true
        }[...]
        if isWithin, case .none = answers.popFirst() {
            throw error ?? .unexpectedAnswer("the search path was not pinned")
        }
        if let settings {
            try session.verify(answers)
            answers = answers.dropFirst(settings.proofCount)
        }
        var rows: [CopyRows] = []
        for entry in layout.entries {
            guard case .copy(let bytes)? = answers.popFirst() else {
                throw error ?? .unexpectedAnswer("a catalog is missing")
            }
            let read = CopyRows(bytes, width: entry.table.columns.count)
            guard read.isWellFormed else { throw .unexpectedAnswer("a catalog's rows are cut short") }
            rows.append(read)
        }
        if let error, !error.isMissingTable { throw error }
        let reading = CatalogReading(
            layout,
            rows,
            history: history?.tables ?? []
        )
        guard let history = history?.asked else { return (reading, nil) }
        if isWithin {
            guard reading.hasTable(history) else { return (reading, nil) }
            answers = try await session.run(history.statement, label: "history")[...]
        }
        guard let answer = answers.popFirst() else { return (reading, nil) }
        return (reading, try history.rows(answer, of: reading))
    }

    /// A caller's transaction may have a `search_path` of its own, on which it depends how the server names things.
    private static let pinPath: SQL = """
        SELECT set_config('reconcile.search_path', current_setting('search_path'), true), \
        set_config('search_path', 'pg_catalog, pg_temp', true);
        """
    private static let restorePath: SQL = """
        ; SELECT set_config('search_path', current_setting('reconcile.search_path'), true)
        """

    /// What runs of ours wrote down in the database: whether init scripts are owed, and which migration outside a
    /// transaction was begun (its digest is the first word of the note).
    private static func marks(
        _ session: isolated Session,
        _ reading: CatalogReading
    ) async throws(PostgresError) -> (initMark: DatabaseState.InitMark, unfinished: String?) {
        guard reading.hasTrustedMarks else { return (.none, nil) }
        // COPY runs nothing that the table's owner may have planted.
        let answers = try await session.run("COPY reconcile.marks (key, value) TO STDOUT", label: "marks")
        guard case .copy(let bytes)? = answers.first else { return (.none, nil) }
        let rows = CopyRows(bytes, width: 2)
        var values: [String: String] = [:]
        for row in 0..<rows.count {
            values[String(decoding: rows.cell(row, 0), as: UTF8.self)] = String(
                decoding: rows.cell(row, 1),
                as: UTF8.self
            )
        }
        return (
            values["init"].flatMap(DatabaseState.InitMark.init) ?? .none,
            values["intent"]?.split(separator: " ").first.map(String.init)
        )
    }
}

extension HistoryQuery {
    fileprivate var asked: HistoryQuery? { columns.isEmpty ? nil : self }

    /// `COPY` of a table is refused for anything that would run code of its owner's, as a view does, and is not planned.
    ///
    /// Where a column may be missing all are taken: the catalogs of the same snapshot say which they are.
    fileprivate var statement: SQL {
        guard optionalColumns.isEmpty else { return "COPY \(schema: schema, name: table) TO STDOUT" }
        let list = SQL(joining: columns.map { SQL("\(identifier: $0)") })
        return "COPY \(schema: schema, name: table) (\(list)) TO STDOUT"
    }

    /// What the statement answered, as the history's format wants it.
    fileprivate func rows(_ answer: Answer, of reading: CatalogReading) throws(PostgresError) -> [[String?]] {
        guard case .copy(let bytes) = answer else { throw .unexpectedAnswer("the history is missing") }
        let there = optionalColumns.isEmpty ? columns : reading.columnNames(of: self)
        let places = (columns + optionalColumns).map { there.firstIndex(of: $0) }
        if let missing = zip(columns, places).first(where: { $1 == nil }) {
            throw .unexpectedAnswer("the history \(schema).\(table) has no column \"\(missing.0)\"")
        }
        let read = CopyRows(bytes, width: there.count)
        guard read.isWellFormed else { throw .unexpectedAnswer("the history's rows are cut short") }
        return arrange(
            (0..<read.count).map { row in
                places.map { place in
                    guard let place, !read.isNull(row, place) else { return nil }
                    return String(decoding: read.unescaped(row, place), as: UTF8.self)
                }
            }
        )
    }
}

extension PostgresError {
    /// No such table, or no such schema.
    fileprivate var isMissingTable: Bool { sqlState == "42P01" || sqlState == "3F000" }
}
