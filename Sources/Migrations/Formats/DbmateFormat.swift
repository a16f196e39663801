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

    /// The table knows no order but the versions' own, which are text.
    package func arrange(_ rows: [[String?]]) -> [[String?]] { VersionRows.arrangedAsText(rows) }

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
            case .up(let words):
                let options = Self.options(words, line, &part)
                if up == nil {
                    up = line
                    part.isTransactional = options["transaction"] != "false"
                } else {
                    part.report(
                        .error,
                        "a second \"-- migrate:up\": dbmate runs what stands below each, reconcile only below the first",
                        at: line.range,
                        hint: "put all that runs under the first, or make another file of it"
                    )
                }
            case .down(let words):
                _ = Self.options(words, line, &part)
                if up != nil, down != nil {
                    part.report(.error, "a second \"-- migrate:down\", which dbmate refuses", at: line.range)
                }
                down = down ?? line
            case .almost:
                part.report(
                    .error,
                    "this looks like a mark, and is a comment for dbmate",
                    at: line.range,
                    hint: "a mark begins its line, in lower case, with plain spaces: \"-- migrate:up\""
                )
            case nil
            where up == nil && down == nil && !line.text.allSatisfy(Self.isSpace)
                && !line.text.drop(while: Self.isSpace).hasPrefix("--"):
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
                .error,
                "there is no line \"-- migrate:down\", without which dbmate refuses the file",
                at: 0..<0,
                hint: "add it at the end; nothing need follow it"
            )
        }
        return part
    }

    /// A line that dbmate takes for a mark, with the words behind it, or that a person would take for one.
    private enum Mark {
        case up([Substring])
        case down([Substring])
        case almost
    }

    private static func mark(_ line: String) -> Mark? {
        let start = line.drop(while: \.isWhitespace)
        guard start.hasPrefix("--") else { return nil }
        let gap = start.dropFirst(2).prefix(while: \.isWhitespace)
        let text = start[gap.endIndex...]
        let lowered = text.prefix(12).lowercased()
        guard let name = names.first(where: { lowered.hasPrefix($0) }) else { return nil }
        let rest = text.dropFirst(name.count)
        // "migrate:upgrades" is a word like others.
        if let next = rest.first, next.isLetter || next.isNumber || next == "_" || next == "-" { return nil }
        guard start.startIndex == line.startIndex, gap.allSatisfy(isSpace), text.hasPrefix(name),
            rest.first.map(isSpace) ?? true
        else { return .almost }
        let words = rest.split(whereSeparator: isSpace)
        return name == names[0] ? .up(words) : .down(words)
    }

    private static let names = ["migrate:up", "migrate:down"]

    /// What Go's patterns take for white space.
    private static func isSpace(_ character: Character) -> Bool { " \t\n\u{0C}\r".contains(character) }

    /// The `name:value` behind a mark; dbmate drops other words, and what was meant as a comment cuts the file.
    private static func options(
        _ words: [Substring],
        _ line: TextLines.Line,
        _ part: inout FilePart
    ) -> [Substring: Substring] {
        var options: [Substring: Substring] = [:]
        for word in words {
            let pair = word.split(separator: ":", omittingEmptySubsequences: false)
            guard pair.count == 2 else {
                part.report(
                    .error,
                    "dbmate takes this comment for a mark, though what follows is no option",
                    at: line.range,
                    hint: "options are name:value; a comment goes to a line of its own"
                )
                break
            }
            options[pair[0]] = pair[1]
        }
        return options
    }
}
