package import FleetModel
package import Postgres

/// One folder per migration, `YYYYMMDDHHMMSS_name/migration.sql`, with the history of Prisma Migrate.
///
/// As in prisma-engines (`checksum.rs`, `sql_migration_persistence.rs`, `flavour/postgres.rs`): the checksum is held against
/// the file with either kind of line end, and a row that was begun and neither ended nor rolled back stops everything.
package struct PrismaFormat: HistoryFormat {
    package let name = "prisma"
    package let defaultSchema = "public"
    package let defaultTable = "_prisma_migrations"
    /// The middle two are turned into whether they are set, the last into milliseconds.
    package let columns = ["migration_name", "checksum", "finished_at", "rolled_back_at", "started_at"]
    package let identifyingColumns = [0, 1, 2, 3]
    package let timeColumn: Int? = 4

    package init() {}

    package func arrange(_ rows: [[String?]]) -> [[String?]] {
        rows.map { row in (row: row, at: row[4].flatMap(HistoryTime.init)) }
            .sorted {
                ($0.at?.microseconds ?? .max, $0.row[0] ?? "") < ($1.at?.microseconds ?? .max, $1.row[0] ?? "")
            }
            .map { row, start in
                let end = row[2].flatMap(HistoryTime.init) ?? start
                return [row[0], row[1], row[2].map { _ in "set" }, row[3].map { _ in "set" }]
                    + [end.map { String($0.milliseconds) }]
            }
    }

    package func creation(schema: String, table: String) -> [SQL] {
        making(schema) + [
            """
            CREATE TABLE IF NOT EXISTS \(schema: schema, name: table) (
                id                      VARCHAR(36) PRIMARY KEY NOT NULL,
                checksum                VARCHAR(64) NOT NULL,
                finished_at             TIMESTAMPTZ,
                migration_name          VARCHAR(255) NOT NULL,
                logs                    TEXT,
                rolled_back_at          TIMESTAMPTZ,
                started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
                applied_steps_count     INTEGER NOT NULL DEFAULT 0
            )
            """
        ]
    }

    /// As `prisma migrate deploy` leaves it; for a schema that is already there as `prisma migrate resolve --applied` does.
    package func historyInsert(_ migration: Migration, run: HistoryRun) -> [HistoryCell] {
        [
            ("id", .uuid),
            ("checksum", .text(migration.checksums.first ?? migration.sha256)),
            ("finished_at", run.isAdoption ? .now : .clock),
            ("migration_name", .text(migration.tag)),
            ("logs", run.isAdoption ? .text("") : .null),
            ("started_at", .now),
            ("applied_steps_count", .integer(run.isAdoption ? 0 : 1)),
        ]
    }

    package func lockKey(database: String, schema: String, table: String) -> Int64? { 72_707_369 }

    package func account(_ folder: MigrationFolder, rows: HistoryRows, upTo declared: Int) -> Accounting {
        let positions = Dictionary(
            folder.migrations.indices.map { (folder.migrations[$0].tag, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var seen: Set<Int> = []
        var matches: [Accounting.RowMatch] = []
        var unfinished: [Accounting.Unfinished] = []
        for row in rows.rows where row[3] == nil {
            let name = row[0] ?? "NULL"
            if row[2] == nil {
                unfinished.append(
                    .init(
                        object: name,
                        message: "was begun by Prisma and did not come to its end, and Prisma goes no further (P3009)",
                        hint: "see what of it took effect, then run `prisma migrate resolve` with --applied or "
                            + "--rolled-back and its name"
                    )
                )
            } else if let position = positions[name] {
                if !seen.insert(position).inserted {
                    matches.append(.repeated(position))
                } else {
                    let isSame = Self.allows(row[1] ?? "", for: folder.migrations[position])
                    matches.append(isSame ? .applied(position) : .edited(position))
                }
            } else {
                matches.append(.unknown(name))
            }
        }
        var accounting = Accounting(folder, matches: matches, upTo: declared, lastChange: lastChange(rows.rows))
        accounting.unfinished = unfinished
        return accounting
    }

    /// Old versions left out the zero in front of a byte below 16.
    private static func allows(_ stored: String, for migration: Migration) -> Bool {
        guard stored.utf8.count != 64, !stored.isEmpty else { return migration.checksums.contains(stored) }
        return migration.checksums.contains { whole in
            let digits = Array(whole.utf8)
            let short = stride(from: 0, to: digits.count, by: 2).flatMap { place in
                digits[place] == UInt8(ascii: "0") ? [digits[place + 1]] : [digits[place], digits[place + 1]]
            }
            return short.elementsEqual(stored.utf8)
        }
    }

    // MARK: the folder

    private static let lockFile = "migration_lock.toml"
    private static let script = "migration.sql"

    package func likeness(of folder: borrowing FolderListing) -> FolderLikeness {
        folder.reader.hasFile(Self.lockFile) ? .certain : .none
    }

    package func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]> {
        var diagnostics = provider(folder)
        var listed: [ListedMigration] = []
        for entry in folder.entries where entry.kind == .folder && !entry.name.hasPrefix(".") {
            let file = "\(entry.name)/\(Self.script)"
            guard folder.reader.hasFile(file) else {
                diagnostics.append(
                    Diagnostic(
                        .error,
                        .migrationFile,
                        "a migration's folder without \"\(Self.script)\", which Prisma refuses (P3015)",
                        at: .beginning(of: folder.path(of: entry.name)),
                        hint: "bring the file back, or delete the folder"
                    )
                )
                continue
            }
            let number = MigrationNumber.prefix(of: entry.name)
            listed.append(ListedMigration(tag: entry.name, number: number, file: file))
        }
        for file in folder.sqlFiles {
            diagnostics.append(
                Diagnostic(
                    .warning,
                    .migrationFile,
                    "a file beside the migrations' folders never runs",
                    at: .beginning(of: folder.path(of: file)),
                    hint: "prisma migrate dev --create-only makes a folder for it"
                )
            )
        }
        return Diagnosed(listed, diagnostics)
    }

    private func provider(_ folder: borrowing FolderListing) -> [Diagnostic] {
        guard let bytes = try? folder.reader.read(Self.lockFile) else { return [] }
        for line in TextLines(bytes) where line.text.hasPrefix("provider") {
            let value = line.text.split(separator: "=").last.map { $0.filter { !$0.isWhitespace && $0 != "\"" } } ?? ""
            if value == "postgresql" { return [] }
            let range = LineIndex(bytes).range(line.range, in: folder.path(of: Self.lockFile))
            return [
                Diagnostic(
                    .error,
                    .migrationFolder,
                    "the migrations are for \"\(value)\"",
                    at: range,
                    hint: "only \"postgresql\" can be applied here"
                )
            ]
        }
        return []
    }

    /// A file is sent to the server as one message.
    package func part(of bytes: [UInt8], _ migration: ListedMigration) -> FilePart {
        var part = FilePart(bytes)
        part.dropOwnTransaction()
        part.freeLoneStatement()
        return part
    }

    package func checksums(of files: [(migration: ListedMigration, bytes: [UInt8])]) -> [[String]] {
        files.map { file in
            var unix: [UInt8] = []
            var windows: [UInt8] = []
            for (index, byte) in file.bytes.enumerated() {
                let isEnd = byte == 13 && index + 1 < file.bytes.count && file.bytes[index + 1] == 10
                if !isEnd { unix.append(byte) }
                windows += byte == 10 ? [13, 10] : [byte]
            }
            return [file.bytes, unix, windows].map { Fingerprint(of: $0).hex }
        }
    }
}
