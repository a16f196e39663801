package import FleetModel
package import Postgres

/// `NNNN_name.sql` with `-- migrate:up` and `-- migrate:down` in it, and dbmate's table of versions.
///
/// As in dbmate 2 (`pkg/dbmate/migration.go`, `db.go`, `pkg/driver/postgres/postgres.go`): files run in the order of their
/// names, and a version that is not in the table is pending, wherever it stands.
package struct DbmateFormat: HistoryFormat {
    package let name = "dbmate"
    package let defaultSchema = "public"
    package let defaultTable = "schema_migrations"
    package let columns = ["version"]
    package let identifyingColumns = [0]

    package init() {}

    /// The table knows no order but the versions' own.
    package func arrange(_ rows: [[String?]]) -> [[String?]] { VersionRows.arranged(rows) }

    package func creation(schema: String, table: String) -> [SQL] {
        making(schema) + ["CREATE TABLE IF NOT EXISTS \(schema: schema, name: table) (version varchar primary key)"]
    }

    package func historyInsert(_ migration: Migration, run: HistoryRun) -> [HistoryCell] {
        [("version", .text(migration.number))]
    }

    package func account(_ folder: MigrationFolder, rows: HistoryRows, upTo declared: Int) -> Accounting {
        VersionRows.account(folder, rows, upTo: declared) { $0.number }
    }

    package func likeness(of folder: borrowing FolderListing) -> FolderLikeness {
        folder.numberedFile { Self.mark($0) != nil } ? .certain : .none
    }

    package func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]> {
        var files = NumberedFiles(folder, form: "NNNN_name.sql", needsName: false)
        files.rejectTwins(in: folder) { $0.number }
        return files.diagnosed
    }

    package func part(of bytes: [UInt8], _ migration: ListedMigration) -> FilePart {
        var part = FilePart(bytes)
        var up: TextLines.Line?
        var down: TextLines.Line?
        var before: TextLines.Line?
        for line in TextLines(bytes) {
            switch Self.mark(line.text) {
            case .up where up == nil:
                up = line
                if line.text.split(whereSeparator: \.isWhitespace).contains("transaction:false") {
                    part.isTransactional = false
                }
            case .down where down == nil: down = line
            case .up, .down: break
            case nil
            where up == nil && down == nil && !line.text.allSatisfy(\.isWhitespace)
                && !line.text.drop(while: \.isWhitespace).hasPrefix("--"):
                before = before ?? line
            case nil: break
            }
        }
        guard let up else {
            part.report(
                .error,
                "there is no line \"-- migrate:up\"",
                at: 0..<0,
                hint: "dbmate runs what stands below it, up to \"-- migrate:down\""
            )
            return part
        }
        if let before {
            part.report(
                .error,
                "a statement before \"-- migrate:up\", which dbmate refuses",
                at: before.range,
                hint: "put it after that line"
            )
        }
        if let down {
            if down.range.lowerBound < up.range.lowerBound {
                part.report(
                    .error,
                    "\"-- migrate:down\" before \"-- migrate:up\", which dbmate refuses",
                    at: down.range
                )
            }
            part.blank(down.range.lowerBound..<bytes.count)
        } else {
            part.report(
                .warning,
                "there is no line \"-- migrate:down\", without which dbmate refuses the file",
                at: 0..<0
            )
        }
        return part
    }

    private enum Mark { case up, down }

    private static func mark(_ line: String) -> Mark? {
        guard let text = line.commentText else { return nil }
        return switch text.prefix(while: { !$0.isWhitespace }) {
        case "migrate:up": .up
        case "migrate:down": .down
        default: nil
        }
    }
}
