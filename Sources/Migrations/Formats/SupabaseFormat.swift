package import FleetModel
package import Postgres

/// `supabase/migrations/YYYYMMDDHHMMSS_name.sql`, with the history of the Supabase CLI.
///
/// As in supabase/cli (`pkg/migration/{history,file,list}.go`, `pkg/parser/token.go`): versions compare as text, and a
/// row keeps the statements that ran, which nothing compares with the file.
package struct SupabaseFormat: HistoryFormat {
    package let name = "supabase"
    package let defaultSchema = "supabase_migrations"
    package let defaultTable = "schema_migrations"
    package let columns = ["version"]
    package let companions = ["seed_files"]
    package let identifyingColumns = [0]

    package init() {}

    /// Versions are told apart and put in order as text.
    package func arrange(_ rows: [[String?]]) -> [[String?]] { VersionRows.arrangedAsText(rows) }

    package func creation(schema: String, table: String) -> [SQL] {
        [
            "CREATE SCHEMA IF NOT EXISTS \(identifier: schema)",
            "CREATE TABLE IF NOT EXISTS \(schema: schema, name: table) (version text NOT NULL PRIMARY KEY)",
            "ALTER TABLE \(schema: schema, name: table) ADD COLUMN IF NOT EXISTS statements text[]",
            "ALTER TABLE \(schema: schema, name: table) ADD COLUMN IF NOT EXISTS name text",
        ]
    }

    package func historyInsert(_ migration: Migration, run: HistoryRun) -> [HistoryCell] {
        [
            ("version", .text(migration.number)),
            ("name", .text(String(migration.tag.dropFirst(migration.number.count + 1)))),
            ("statements", .texts(Self.statements(of: migration.text))),
        ]
    }

    package func account(_ folder: MigrationFolder, rows: HistoryRows, upTo declared: Int) -> Accounting {
        VersionRows.account(folder, rows, upTo: declared) { $0.number }
    }

    /// Only its place tells such a folder from any other of numbered files.
    package func likeness(of folder: borrowing FolderListing) -> FolderLikeness {
        "/\(folder.path)".hasSuffix("/supabase/migrations") && !folder.sqlFiles.isEmpty ? .certain : .none
    }

    package func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]> {
        var files = NumberedFiles(folder, form: "YYYYMMDDHHMMSS_name.sql")
        files.listed.sort { ($0.number, $0.file) < ($1.number, $1.file) }
        files.rejectTwins(in: folder) { $0.number }
        if let first = files.listed.first, first.tag.hasSuffix("_init"), first.number.count == 14,
            first.number < "20211209000000"
        {
            files.listed.removeFirst()
            files.report(
                .warning,
                .migrationFile,
                "the first migration of an early Supabase CLI, which the CLI skips, so this file never runs",
                first.file,
                in: folder,
                hint: "rename it where it should run"
            )
        }
        return files.diagnosed
    }

    package func part(of bytes: [UInt8], _ migration: ListedMigration) -> FilePart {
        var part = FilePart(bytes)
        part.freeLoneStatement()
        return part
    }

    /// As the CLI cuts them: each with the comments before it and without its semicolon, and what follows the last.
    static func statements(of text: String) -> [String] {
        let bytes = Array(text.utf8)
        var statements: [String] = []
        var start = 0
        func take(upTo end: Int, goingOnAt next: Int) {
            let slice = bytes[start..<end]
            start = next
            guard let first = slice.firstIndex(where: { !$0.isSQLSpace }),
                let last = slice.lastIndex(where: { !$0.isSQLSpace })
            else { return }
            statements.append(String(decoding: slice[first...last], as: UTF8.self))
        }
        /// Cuts at the semicolons between two statements, not at those of comments.
        func cut(_ gap: Range<Int>) {
            var lexer = SQLLexer(bytes, in: gap)
            while let token = lexer.next() {
                guard bytes[token.range.lowerBound] == UInt8(ascii: ";") else { continue }
                take(upTo: token.range.lowerBound, goingOnAt: token.range.upperBound)
            }
        }
        var end = 0
        for piece in StatementScan(bytes).pieces {
            cut(end..<piece.sql.lowerBound)
            end = piece.sql.upperBound
            if let data = piece.copyData {
                // Behind the line that ends the data; the CLI knows no such data.
                end = bytes[data.upperBound...].firstIndex(of: 0x0A) ?? bytes.count
                take(upTo: data.upperBound, goingOnAt: end)
            }
        }
        cut(end..<bytes.count)
        take(upTo: bytes.count, goingOnAt: bytes.count)
        return statements
    }
}
