package import FleetModel
package import Postgres

/// How one migration tool lays out its folder and keeps its history; everything that differs between tools is here.
///
/// A further tool is one more file in `Formats/` and one line in `HistoryFormats.all`. Most of the requirements have an
/// answer below that fits tools without a peculiarity in that place.
package protocol HistoryFormat: Sendable {
    /// What `format` in a manifest says.
    var name: String { get }
    /// Where the history is kept when the manifest is silent.
    var defaultSchema: String { get }
    var defaultTable: String { get }

    // MARK: reading the history

    /// Which of the history table's columns are read; `HistoryRows` holds them in this order.
    var columns: [String] { get }
    /// Columns that older tables of the tool lack: they come after `columns`, all nil where the table has none.
    var optionalColumns: [String] { get }
    /// Other tables that the tool keeps beside its history, in the same schema: no part of what a class owns.
    var companions: [String] { get }
    /// Rows as `HistoryRows` has them, in the order in which the migrations ran, from rows as the table has them.
    ///
    /// As many as there were: who writes the next one makes sure that no other came between, by their number. The server is
    /// not asked to sort or to convert: of a table it gives away as it stands it plans nothing.
    func arrange(_ rows: [[String?]]) -> [[String?]]
    /// Whether a row says that a migration was applied, and is not for the tool itself.
    func isMigration(_ row: [String?]) -> Bool
    /// Which of `columns` say what was applied, and not when or by whom.
    var identifyingColumns: [Int] { get }
    /// Which of `columns` holds milliseconds since 1970 once it is arranged.
    var timeColumn: Int? { get }
    /// Matches files and rows both ways; `declared` is the position of the last migration that should be applied.
    func account(_ folder: MigrationFolder, rows: HistoryRows, upTo declared: Int) -> Accounting

    // MARK: writing the history

    /// The statements that create schema and table just as the format's own tool does.
    func creation(schema: String, table: String) -> [SQL]
    /// The statements that bring a table of an older version of the tool up to date, run before anything is written and
    /// safe to run again: under the table's lock, as the table's owner.
    func upgrade(schema: String, table: String, folder: MigrationFolder) -> [SQL]
    /// The rows that the tool writes into a table it has just made.
    var firstRows: [[HistoryCell]] { get }
    /// The row to write when a migration was applied.
    func historyInsert(_ migration: Migration, run: HistoryRun) -> [HistoryCell]
    /// Whether the table holds one row, which the next one replaces.
    var keepsOneRow: Bool { get }
    /// The key of the advisory lock under which the tool itself migrates, as `pg_advisory_lock` takes it.
    func lockKey(database: String, schema: String, table: String) -> Int64?

    // MARK: reading the folder

    /// Whether a folder is of this tool; what `auto`, `init` and `discover` go by.
    func likeness(of folder: borrowing FolderListing) -> FolderLikeness
    /// Which files of the folder are migrations, in their order.
    func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]>
    /// What of a migration's file runs, and how.
    func part(of bytes: [UInt8], _ migration: ListedMigration) -> FilePart
    /// A line comment that ends a statement for the format's own tool; nil where only semicolons do.
    var statementBreak: String? { get }
    /// The tool's own checksums of all files, in their order; none where it keeps none.
    ///
    /// The first of a file's is the one that is written, the others are what the tool lets pass as well.
    func checksums(of files: [(migration: ListedMigration, bytes: [UInt8])]) -> [[String]]
}

/// A column of a history row, and what is written there.
package typealias HistoryCell = (column: String, value: HistoryValue)

extension HistoryFormat {
    package var optionalColumns: [String] { [] }
    package var companions: [String] { [] }
    package func isMigration(_ row: [String?]) -> Bool { true }
    package var timeColumn: Int? { nil }
    package func upgrade(schema: String, table: String, folder: MigrationFolder) -> [SQL] { [] }
    package var firstRows: [[HistoryCell]] { [] }
    package var keepsOneRow: Bool { false }
    package func lockKey(database: String, schema: String, table: String) -> Int64? { nil }
    package func part(of bytes: [UInt8], _ migration: ListedMigration) -> FilePart { FilePart(bytes) }
    package var statementBreak: String? { nil }
    package func checksums(of files: [(migration: ListedMigration, bytes: [UInt8])]) -> [[String]] { [] }

    /// Names the format, with what a manifest need not say.
    package var format: MigrationSource.Format {
        MigrationSource.Format(name: name, defaultSchema: defaultSchema, defaultTable: defaultTable)
    }

    /// The newest time the rows know, in milliseconds since 1970.
    package func lastChange(_ rows: [[String?]]) -> Int64? {
        guard let timeColumn else { return nil }
        return rows.filter(isMigration).compactMap { $0[timeColumn].flatMap { Int64($0) } }.max()
    }

    /// Equal for two histories that hold the same migrations, applied in the same order.
    package func digest(rows: [[String?]]) -> Fingerprint {
        var bytes: [UInt8] = []
        for row in rows where isMigration(row) {
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

/// What a history row may say of the run that wrote it.
package struct HistoryRun: Sendable, Hashable {
    package var id: String
    /// How long the migration took.
    package var duration: Duration
    /// Whether nothing ran: the row is written for a schema that is already there.
    package var isAdoption: Bool

    package init(id: String, duration: Duration, isAdoption: Bool = false) {
        self.id = id
        self.duration = duration
        self.isAdoption = isAdoption
    }

    package var milliseconds: Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}

/// A value of a history row, to be written as a literal or as the server's own answer.
package enum HistoryValue: Sendable, Hashable {
    case text(String)
    case integer(Int64)
    case boolean(Bool)
    case texts([String])
    case null
    /// `now()`: the time of the transaction that commits the migration.
    case now
    /// `clock_timestamp()`: the time at which the row is written.
    case clock
    /// `session_user`: who logged in, whatever role the statements run as.
    case sessionUser
    /// A random UUID as text.
    case uuid
    /// One more than the largest value of the column.
    case next
}
