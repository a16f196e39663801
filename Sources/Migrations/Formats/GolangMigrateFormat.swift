package import FleetModel
package import Postgres

/// `NNNN_name.up.sql`, with the one row of golang-migrate's table.
///
/// As in golang-migrate v4 (`source/parse.go`, `migrate.go`, `database/postgres/postgres.go`, `database/util.go`): the
/// table says only at which version a database is and whether the step there failed half-way (`dirty`). A file of a lower
/// number that came later is therefore applied for it, and shows only by what it left out of the schema.
package struct GolangMigrateFormat: HistoryFormat {
    package let name = "golang-migrate"
    package let defaultSchema = "public"
    package let defaultTable = "schema_migrations"
    package let columns = ["version", "dirty"]
    package let identifyingColumns = [0, 1]
    package let keepsOneRow = true

    package init() {}

    package func arrange(_ rows: [[String?]]) -> [[String?]] { rows }

    package func creation(schema: String, table: String) -> [SQL] {
        making(schema) + [
            """
            CREATE TABLE IF NOT EXISTS \(schema: schema, name: table) \
            (version bigint not null primary key, dirty boolean not null)
            """
        ]
    }

    package func historyInsert(_ migration: Migration, run: HistoryRun) -> [HistoryCell] {
        guard let version = Int64(migration.number) else { preconditionFailure("a migration without its number") }
        return [("version", .integer(version)), ("dirty", .boolean(false))]
    }

    /// CRC-32 of the three names with NULs between them, the database's last, times Rails' own salt, as an unsigned number of 32 bits.
    package func lockKey(database: String, schema: String, table: String) -> Int64? {
        let names = [schema, table, database].map { Array($0.utf8) }
        return Int64(CRC32.checksum(of: Array(names.joined(separator: [0]))) &* 1_486_364_155)
    }

    package func account(_ folder: MigrationFolder, rows: HistoryRows, upTo declared: Int) -> Accounting {
        var matches: [Accounting.RowMatch] = []
        var unfinished: [Accounting.Unfinished] = []
        for row in rows.rows {
            let version = row[0] ?? "NULL"
            let position = folder.migrations.firstIndex { Int64($0.number) == row[0].flatMap { Int64($0) } }
            let isDirty = row[1] != "f"
            if isDirty {
                let tag = position.map { folder.migrations[$0].tag }
                unfinished.append(
                    .init(
                        object: tag ?? "version \(version)",
                        message: "is marked dirty: a step of golang-migrate failed half-way, and it goes no further",
                        hint: "see what of it took effect, bring the schema to a version by hand, then run "
                            + "`migrate force` with that version"
                    )
                )
            }
            if let position {
                // What is half-done is neither applied nor to be run.
                matches += (0..<(isDirty ? position : position + 1)).map { .applied($0) }
            } else if !isDirty {
                matches.append(.unknown("version \(version)"))
            }
        }
        var accounting = Accounting(folder, matches: matches, upTo: declared, lastChange: nil)
        accounting.unfinished = unfinished
        return accounting
    }

    package func likeness(of folder: borrowing FolderListing) -> FolderLikeness {
        folder.sqlFiles.contains { Self.isForward($0) && $0.hasSuffix(Self.ending) } ? .certain : .none
    }

    package func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]> {
        var files = NumberedFiles(
            folder,
            ending: Self.ending,
            isIgnored: { $0.hasSuffix(".down.sql") || Self.isForward($0) && !$0.hasSuffix(Self.ending) },
            form: "NNNN_name.up.sql"
        )
        for entry in folder.entries
        where entry.kind != .folder && Self.isForward(entry.name) && !entry.name.hasSuffix(Self.ending) {
            files.report(
                .error,
                .migrationFile,
                "golang-migrate takes this file for a migration, and reconcile only what ends in \"\(Self.ending)\"",
                entry.name,
                in: folder,
                hint: "name it NNNN_name.up.sql, or move it elsewhere"
            )
        }
        files.sortByNumber()
        files.rejectTwins(in: folder) { String($0.number.drop { $0 == "0" }) }
        return files.diagnosed
    }

    /// A file is sent to the server as one message.
    package func part(of bytes: [UInt8], _ migration: ListedMigration) -> FilePart {
        var part = FilePart(bytes)
        part.dropOwnTransaction()
        part.freeLoneStatement()
        return part
    }

    private static let ending = ".up.sql"

    /// For the tool any ending will do, and the last `.up.` or `.down.` says which way.
    private static func isForward(_ file: String) -> Bool {
        let number = MigrationNumber.prefix(of: file)
        guard !number.isEmpty, file.dropFirst(number.count).hasPrefix("_") else { return false }
        let parts = file.split(separator: ".", omittingEmptySubsequences: false)
        return parts.dropFirst().dropLast().last { $0 == "up" || $0 == "down" } == "up"
    }
}

extension HistoryFormat {
    /// The statements that make the schema of a history; `public` is there, and to ask would need a privilege.
    func making(_ schema: String) -> [SQL] {
        schema == "public" ? [] : ["CREATE SCHEMA IF NOT EXISTS \(identifier: schema)"]
    }
}
