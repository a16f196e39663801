package import FleetModel
package import Postgres

/// `db/migrate/YYYYMMDDHHMMSS_name.rb`, each with its SQL beside it, and Active Record's table of versions.
///
/// As in Rails (`activerecord/lib/active_record/{migration,schema_migration,internal_metadata}.rb`). Ruby is not run: what a
/// migration does stands in a file of the same name that ends in `.sql`, which `rails db:migrate` is made to run as well.
package struct RailsFormat: HistoryFormat {
    package let name = "rails"
    package let defaultSchema = "public"
    package let defaultTable = "schema_migrations"
    package let companions = ["ar_internal_metadata"]
    package let columns = ["version"]
    package let identifyingColumns = [0]

    package init() {}

    package func arrange(_ rows: [[String?]]) -> [[String?]] { VersionRows.arranged(rows) }

    package func creation(schema: String, table: String) -> [SQL] {
        making(schema) + [
            "CREATE TABLE IF NOT EXISTS \(schema: schema, name: table) (\"version\" character varying NOT NULL PRIMARY KEY)",
            """
            CREATE TABLE IF NOT EXISTS \(schema: schema, name: "ar_internal_metadata") (
                "key" character varying NOT NULL PRIMARY KEY,
                "value" character varying,
                "created_at" timestamp(6) NOT NULL,
                "updated_at" timestamp(6) NOT NULL
            )
            """,
        ]
    }

    package func historyInsert(_ migration: Migration, run: HistoryRun) -> [HistoryCell] {
        [("version", .text(Self.version(migration.number)))]
    }

    /// The CRC-32 of the database's name times Active Record's salt.
    package func lockKey(database: String, schema: String, table: String) -> Int64? {
        2_053_462_845 * Int64(CRC32.checksum(of: database.utf8))
    }

    package func account(_ folder: MigrationFolder, rows: HistoryRows, upTo declared: Int) -> Accounting {
        VersionRows.account(
            folder,
            rows,
            upTo: declared,
            version: { Self.version($0.number) },
            stored: { MigrationNumber($0) == nil ? $0 : Self.version($0) }
        )
    }

    package func likeness(of folder: borrowing FolderListing) -> FolderLikeness {
        folder.entries.contains { Self.isMigration($0.name) } ? .certain : .none
    }

    package func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]> {
        var files = NumberedFiles(folder, form: "YYYYMMDDHHMMSS_name.sql, beside the .rb of that name")
        let withSQL = Set(files.listed.map(\.tag))
        for entry in folder.entries where Self.isMigration(entry.name) {
            let tag = String(entry.name.dropLast(3))
            if let index = files.listed.firstIndex(where: { $0.tag == tag }) {
                guard let ruby = try? folder.reader.read(entry.name) else { continue }
                files.listed[index].isTransactional = !TextLines(ruby).contains {
                    $0.text.drop(while: \.isWhitespace).hasPrefix("disable_ddl_transaction!")
                }
            } else if !withSQL.contains(tag) {
                files.report(
                    .error,
                    .migrationFile,
                    "a migration written in Ruby, which is not run here",
                    entry.name,
                    in: folder,
                    hint: "put the SQL that it runs into \"\(tag).sql\" beside it, and have it run that: "
                        + "execute File.read(__FILE__.sub(/rb$/, \"sql\"))"
                )
            }
        }
        let ruby = Set(folder.entries.map(\.name))
        for migration in files.listed where !ruby.contains("\(migration.tag).rb") {
            files.report(
                .warning,
                .migrationFile,
                "there is no \"\(migration.tag).rb\", so Rails does not know this migration",
                migration.file,
                in: folder,
                hint: "add one that runs this file"
            )
        }
        files.sortByNumber()
        files.rejectTwins(in: folder) { Self.version($0.number) }
        return files.diagnosed
    }

    private static func isMigration(_ name: String) -> Bool {
        let number = MigrationNumber.prefix(of: name)
        return !number.isEmpty && name.hasSuffix(".rb") && name.dropFirst(number.count).hasPrefix("_")
    }

    /// Rails takes it for a number: without the zeros in front.
    private static func version(_ number: String) -> String {
        let significant = number.drop { $0 == "0" }
        return significant.isEmpty ? "0" : String(significant)
    }
}
