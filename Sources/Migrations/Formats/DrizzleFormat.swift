package import FleetModel
package import Postgres

/// Folders of drizzle-kit in both layouts, and the history table of drizzle-orm's migrators.
///
/// First layout, as in drizzle-orm 0.45 (`src/migrator.ts`, `src/pg-core/dialect.ts`): the journal's order is the order,
/// the hash is taken over the file's bytes and stored but never compared, and an entry is due where its `when` is above the
/// largest `created_at`. So an entry merged late is due for nobody but us, and a file edited after it ran goes unnoticed by
/// drizzle.
///
/// Second layout, as in drizzle-orm 1.0 (the same file, `src/migrator.utils.ts`, `src/pg-core/async/session.ts`, branch
/// beta): the order of the folders' names is the order, and a folder is due where the table does not hold its name. One
/// merged late is due, and runs after what is newer. Either may be met on a table of the other's.
package struct DrizzleFormat: HistoryFormat {
    package let name = "drizzle"
    package let defaultSchema = "drizzle"
    package let defaultTable = "__drizzle_migrations"
    package let columns = ["id", "hash", "created_at"]
    package let optionalColumns = ["name", "applied_at"]
    // Not the id: a transaction that was rolled back leaves a gap behind.
    package let identifyingColumns = [1, 2, 3]
    package let timeColumn: Int? = 2
    package let statementBreak: String? = "--> statement-breakpoint"

    package init() {}

    package func arrange(_ rows: [[String?]]) -> [[String?]] { DrizzleRow.arranged(rows) }

    /// As drizzle 0.45 makes it; what drizzle 1.0 adds `upgrade` adds, so that both ways end in the same table.
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

    /// Only for the second layout: drizzle 0.45 knows nothing of the new columns, and needs none.
    package func upgrade(schema: String, table: String, folder: MigrationFolder) -> [SQL] {
        switch DrizzleLayout(folder.migrations) {
        case .journal: []
        case .folders: [DrizzleUpgrade(schema: schema, table: table, folder: folder).guarded]
        }
    }

    /// The name is written wherever the table has the column, for the first layout too: drizzle 1.0 runs again what it
    /// does not find by its name, and drizzle 0.45 never looks at it.
    package func historyInsert(_ migration: Migration, run: HistoryRun) -> [HistoryCell] {
        guard let when = migration.when else { preconditionFailure("a drizzle migration without its time") }
        return [
            ("hash", .text(migration.sha256)), ("created_at", .integer(when)),
            ("name", .text(DrizzleLayout.name(of: migration))),
        ]
    }

    package func likeness(of folder: borrowing FolderListing) -> FolderLikeness {
        if folder.reader.hasFile(DrizzleJournal.file) { return .certain }
        // Other tools keep a migration.sql in a folder of such a name as well.
        let names = DrizzleFolders.names(in: folder)
        return names.contains { folder.reader.hasFile("\($0)/\(DrizzleFolders.snapshot)") } ? .certain : .none
    }

    package func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]> {
        let names = DrizzleFolders.names(in: folder)
        guard let first = names.first else { return DrizzleJournal.list(folder) }
        guard folder.reader.kind(of: DrizzleJournal.file) == nil else {
            let diagnostic = Diagnostic(
                .error,
                .migrationFolder,
                "both of drizzle's layouts at once: a journal, and a folder of its own for \"\(first)\"",
                at: .beginning(of: folder.path(of: DrizzleJournal.file)),
                hint:
                    "drizzle 1.0 stops here, and older versions pass over the folders: let drizzle-kit up (1.0) turn the "
                    + "journal's files into folders, or generate the folders' migrations anew with the older drizzle-kit"
            )
            return Diagnosed(nil, [diagnostic])
        }
        return DrizzleFolders.list(names, in: folder)
    }

    package func account(_ folder: MigrationFolder, rows: HistoryRows, upTo declared: Int) -> Accounting {
        let layout = DrizzleLayout(folder.migrations)
        let parsed = rows.rows.map(DrizzleRow.init)
        let matching = DrizzleMatching(parsed, folder.migrations, layout: layout)
        var accounting = Accounting(
            folder,
            matches: matching.matches,
            upTo: declared,
            lastChange: parsed.compactMap { [$0.createdAt, $0.appliedAt].compactMap(\.self).max() }.max()
        )
        switch layout {
        case .journal:
            let due = Set(dueByOwnRule(folder, rows: rows))
            accounting.passedOver = accounting.pending.filter { !due.contains($0) }
        case .folders:
            accounting.unnamed = matching.unnamed
            let source = folder.source
            accounting.upgrade = DrizzleUpgrade(
                schema: source.historySchema,
                table: source.historyTable,
                folder: folder
            )
            .owed(by: parsed)
        }
        return accounting
    }

    /// Positions that drizzle-orm's own migrator would run on this history: of the first layout those above the largest
    /// `created_at`, of the second those whose name is not there.
    package func dueByOwnRule(_ folder: MigrationFolder, rows: HistoryRows) -> [Int] {
        let parsed = rows.rows.map(DrizzleRow.init)
        switch DrizzleLayout(folder.migrations) {
        case .journal:
            // ORDER BY created_at DESC puts NULL first, and JavaScript's Number(null) is 0.
            let times = parsed.map(\.createdAt)
            let last = times.contains(nil) ? 0 : times.compactMap(\.self).max()
            return folder.migrations.indices.filter { position in
                guard let last, !times.isEmpty else { return true }
                return last < folder.migrations[position].when ?? 0
            }
        case .folders:
            var names = Set(parsed.compactMap(\.name))
            if parsed.allSatisfy({ $0.name == nil }) {
                // Its upgrade of the table comes first.
                for match in DrizzleMatching(parsed, folder.migrations, layout: .folders).matches {
                    switch match {
                    case .applied(let position), .edited(let position), .repeated(let position):
                        names.insert(folder.migrations[position].tag)
                    case .unknown: break
                    }
                }
            }
            return folder.migrations.indices.filter { !names.contains(folder.migrations[$0].tag) }
        }
    }
}

extension MigrationSource.Format {
    package static let drizzle = DrizzleFormat().format
}
