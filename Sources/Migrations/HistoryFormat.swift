package import FleetModel

/// How one migration tool lays out its folder and keeps its history; everything that differs between tools is here.
///
/// A further tool is one more file in `Formats/`, its case in `MigrationSource.Format` and its line in `history` below.
package protocol HistoryFormat: Sendable {
    /// Where the history is kept when the manifest is silent.
    var defaultSchema: String { get }
    var defaultTable: String { get }

    /// Which of the history table's columns are read; `HistoryRows` holds them in this order.
    var columns: [String] { get }
    /// Rows as `HistoryRows` has them, in the order in which the migrations ran, from rows as the table has them.
    ///
    /// The server is not asked to sort or to convert: of a table it gives away as it stands it plans nothing.
    func arrange(_ rows: [[String?]]) -> [[String?]]
    /// Which of `columns` say what was applied, and not when or by whom.
    var identifyingColumns: [Int] { get }

    /// A line comment that ends a statement for the format's own tool; nil where only semicolons do.
    var statementBreak: String? { get }

    /// The statements that create schema and table just as the format's own tool does, from names already quoted.
    func creation(schema: String, table: String) -> [String]
    /// The row to write when a migration was applied.
    func historyInsert(_ migration: Migration, run: HistoryRun) -> [(column: String, value: HistoryValue)]
    /// Matches files and rows both ways; `declared` is the position of the last migration that should be applied.
    func account(_ folder: MigrationFolder, rows: HistoryRows, upTo declared: Int) -> Accounting

    /// Which files of the folder are migrations, in their order.
    func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]>
}

extension HistoryFormat {
    /// Equal for two histories that hold the same migrations, applied in the same order.
    package func digest(rows: [[String?]]) -> Fingerprint {
        var bytes: [UInt8] = []
        for row in rows {
            for column in identifyingColumns {
                // Lengths in front, so that no value can pass for two.
                guard let value = row[column] else {
                    bytes += Array("-;".utf8)
                    continue
                }
                bytes += Array("\(value.utf8.count):".utf8)
                bytes += Array(value.utf8)
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return Fingerprint(of: bytes)
    }

    /// The history as it was read, or nil for a table that does not exist.
    package func history(rows: [[String?]]?) -> HistoryRows {
        guard let rows else { return .missing }
        return HistoryRows(exists: true, rows: rows, digest: digest(rows: rows))
    }
}

extension MigrationSource.Format {
    package var history: any HistoryFormat {
        switch self {
        case .drizzle: DrizzleFormat()
        case .plain: PlainFormat()
        }
    }
}

/// What a history row may say of the run that wrote it.
package struct HistoryRun: Sendable, Hashable {
    package var id: String
    /// How long the migration took.
    package var duration: Duration

    package init(id: String, duration: Duration) {
        self.id = id
        self.duration = duration
    }
}

/// A value of a history row, to be written as a literal or as the server's own answer.
package enum HistoryValue: Sendable, Hashable {
    case text(String)
    case integer(Int64)
    case null
    /// `now()`: the time of the transaction that commits the migration.
    case now
    /// `session_user`: who logged in, whatever role the statements run as.
    case sessionUser
}

/// A migration's place in its folder, before its file is read.
package struct ListedMigration: Sendable, Hashable {
    package var tag: String
    package var number: String
    package var when: Int64?
    /// Relative to the migration folder.
    package var file: String
    /// Where the folder says that the file is a migration; nil where the file's name alone does.
    package var declaration: SourceRange?

    package init(tag: String, number: String, when: Int64?, file: String, declaration: SourceRange?) {
        self.tag = tag
        self.number = number
        self.when = when
        self.file = file
        self.declaration = declaration
    }
}
