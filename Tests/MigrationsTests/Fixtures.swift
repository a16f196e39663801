import FleetModel
import Migrations

/// Places in a manifest that no test looks at.
let somewhere = SourceRange.beginning(of: "manifests/tenant.yaml")

func source(_ format: MigrationSource.Format, directory: String = "/nowhere") -> MigrationSource {
    MigrationSource(
        directory: Located(directory, at: somewhere),
        format: format,
        historySchema: nil,
        historyTable: nil,
        role: .owner,
        searchPath: MigrationSource.defaultSearchPath
    )
}

func databaseClass(_ format: MigrationSource.Format, directory: String) -> DatabaseClass {
    DatabaseClass(
        name: Located("tenant", at: somewhere),
        description: nil,
        migrations: source(format, directory: directory),
        tables: nil,
        create: CreationOptions(),
        initScripts: [],
        checks: []
    )
}

/// A migration whose hash stands for its text.
func migration(_ tag: String, when: Int64? = nil, text: String? = nil) -> Migration {
    let text = text ?? "SELECT '\(tag)';"
    return Migration(
        tag: tag,
        number: String(tag.prefix { $0.isNumber }),
        text: text,
        sha256: Fingerprint(of: text).hex,
        when: when,
        isTransactional: true,
        statements: StatementSplitter.split(text),
        // Fourteen digits in front make it one of drizzle's second layout.
        file: tag.prefix { $0.isNumber }.count == 14 ? "migrations/\(tag)/migration.sql" : "migrations/\(tag).sql"
    )
}

func folder(_ format: MigrationSource.Format, _ migrations: Migration...) -> MigrationFolder {
    MigrationFolder(className: "tenant", source: source(format), migrations: migrations)
}

/// The rows that a format writes for migrations applied in this order, as a server would give them back.
func rows(of migrations: [Migration], _ format: MigrationSource.Format) -> [[String?]] {
    migrations.enumerated().map { index, migration in
        let written = format.history.historyInsert(
            migration,
            run: HistoryRun(id: "run", duration: .milliseconds(7))
        )
        let values = Dictionary(uniqueKeysWithValues: written.map { ($0.column, $0.value.asText) })
        let columns = format.history.columns + format.history.optionalColumns
        return columns.enumerated().map { place, column in
            if place == format.history.timeColumn, values[column] == "now" { return "\(1000 + index)" }
            return column == "id" ? "\(index + 1)" : values[column] ?? nil
        }
    }
}

extension HistoryValue {
    var asText: String? {
        switch self {
        case .text(let text): text
        case .integer(let number): "\(number)"
        case .boolean(let isTrue): isTrue ? "t" : "f"
        case .texts(let texts): "{\(texts.joined(separator: ","))}"
        case .null: nil
        case .now, .clock: "now"
        case .uuid: "uuid"
        case .next: "next"
        case .sessionUser: "someone"
        }
    }
}

extension Diagnostic {
    /// `error[code] file:line:column`, and what it says on lines of its own.
    var asRecorded: String {
        let place = range.map { "\($0.file):\($0.start.line):\($0.start.column)" } ?? "nowhere"
        return "\(severity.rawValue)[\(code.rawValue)] \(place)\n  \(message)" + (hint.map { "\n  hint: \($0)" } ?? "")
    }
}
