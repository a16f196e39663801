package import FleetModel
package import Postgres

/// Folders of drizzle-kit with a journal, and the history table of drizzle-orm's migrator.
///
/// As in drizzle-orm 0.45 (`src/migrator.ts`, `src/pg-core/dialect.ts`): the journal's order is the order, the hash is
/// taken over the file's bytes and stored but never compared, and an entry is due where its `when` is above the largest
/// `created_at`. So an entry merged late is due for nobody but us, and a file edited after it ran goes unnoticed by drizzle.
package struct DrizzleFormat: HistoryFormat {
    package let name = "drizzle"
    package let defaultSchema = "drizzle"
    package let defaultTable = "__drizzle_migrations"
    package let columns = ["id", "hash", "created_at"]
    // Not the id: a transaction that was rolled back leaves a gap behind.
    package let identifyingColumns = [1, 2]
    package let timeColumn: Int? = 2
    package let statementBreak: String? = "--> statement-breakpoint"

    package init() {}

    /// By number: as text 10 would come before 9.
    package func arrange(_ rows: [[String?]]) -> [[String?]] {
        rows.sorted { ($0[0].flatMap { Int64($0) } ?? .max) < ($1[0].flatMap { Int64($0) } ?? .max) }
    }

    package func creation(schema: String, table: String) -> [SQL] {
        [
            "CREATE SCHEMA IF NOT EXISTS \(identifier: schema)",
            """
            CREATE TABLE IF NOT EXISTS \(schema: schema, name: table) (
            \tid SERIAL PRIMARY KEY,
            \thash text NOT NULL,
            \tcreated_at bigint
            )
            """,
        ]
    }

    package func historyInsert(_ migration: Migration, run: HistoryRun) -> [HistoryCell] {
        guard let when = migration.when else { preconditionFailure("a drizzle migration without its journal's time") }
        return [("hash", .text(migration.sha256)), ("created_at", .integer(when))]
    }

    package func likeness(of folder: borrowing FolderListing) -> FolderLikeness {
        folder.reader.hasFile(DrizzleJournal.file) ? .certain : .none
    }

    package func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]> {
        DrizzleJournal.list(folder)
    }

    package func account(_ folder: MigrationFolder, rows: HistoryRows, upTo declared: Int) -> Accounting {
        let rows = rows.rows.map(Row.init)
        return Accounting(
            folder,
            matches: match(rows, with: folder.migrations),
            upTo: declared,
            lastChange: rows.compactMap(\.createdAt).max()
        )
    }

    /// Positions that drizzle-orm's own migrator would run on this history: those above the largest `created_at`.
    package func dueByOwnRule(_ folder: MigrationFolder, rows: HistoryRows) -> [Int] {
        // ORDER BY created_at DESC puts NULL first, and JavaScript's Number(null) is 0.
        let times = rows.rows.map { Row($0).createdAt }
        let last = times.contains(nil) ? 0 : times.compactMap(\.self).max()
        return folder.migrations.indices.filter { position in
            guard let last, !times.isEmpty else { return true }
            return last < folder.migrations[position].when ?? 0
        }
    }

    private struct Row {
        var id: String
        var hash: String
        /// The `when` of the journal entry at the time of applying.
        var createdAt: Int64?

        init(_ values: [String?]) {
            id = values[0] ?? ""
            hash = values[1] ?? ""
            createdAt = values[2].flatMap { Int64($0) }
        }

        var description: String {
            let time = createdAt.map { "created_at \($0)" } ?? "no created_at"
            return "row \(id): hash \(hash.prefix(12)), \(time)"
        }
    }

    /// Both columns first, then the hash alone (the journal was written anew), then the time alone (the file was edited).
    private func match(_ rows: [Row], with migrations: [Migration]) -> [Accounting.RowMatch] {
        let byHash = Dictionary(grouping: migrations.indices) { migrations[$0].sha256 }
        let byTime = Dictionary(grouping: migrations.indices) { migrations[$0].when }
        var matches = [Accounting.RowMatch?](repeating: nil, count: rows.count)
        var held: Set<Int> = []
        func settle(_ index: Int, _ match: (Int) -> Accounting.RowMatch, among candidates: [Int]?) {
            guard matches[index] == nil, let position = candidates?.first(where: { !held.contains($0) }) else { return }
            held.insert(position)
            matches[index] = match(position)
        }
        for (index, row) in rows.enumerated() {
            let exact = byHash[row.hash]?.filter { migrations[$0].when == row.createdAt }
            settle(index, { .applied($0) }, among: exact)
            if matches[index] == nil, let position = exact?.first { matches[index] = .repeated(position) }
        }
        for (index, row) in rows.enumerated() {
            settle(index, { .applied($0) }, among: byHash[row.hash])
        }
        for (index, row) in rows.enumerated() where row.createdAt != nil {
            settle(index, { .edited($0) }, among: byTime[row.createdAt])
        }
        return zip(rows, matches).map { row, match in
            if let match { return match }
            if let position = byHash[row.hash]?.first { return .repeated(position) }
            if row.createdAt != nil, let position = byTime[row.createdAt]?.first { return .edited(position) }
            return .unknown(row.description)
        }
    }
}

extension MigrationSource.Format {
    package static let drizzle = DrizzleFormat().format
}
