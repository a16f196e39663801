package import FleetModel
package import Postgres

/// `NNNN_name.sql`, in the order of the numbers, with a history of our own.
///
/// Its default schema `reconcile` holds other tables of ours in the same database, so nothing may be concluded from
/// the schema's existence; only the table says whether there is a history.
package struct PlainFormat: HistoryFormat {
    package let name = "plain"
    package let defaultSchema = "reconcile"
    package let defaultTable = "migrations"
    /// The last one `arrange` turns into milliseconds since 1970.
    package let columns = ["version", "name", "sha256", "applied_at"]
    package let identifyingColumns = [0, 1, 2]
    package let timeColumn: Int? = 3

    package init() {}

    package func arrange(_ rows: [[String?]]) -> [[String?]] {
        let timed = rows.map { row in (row: row, at: row[3].flatMap(HistoryTime.init)?.microseconds) }
        // What cannot be read comes last, as NULL does on the server.
        return timed.sorted { left, right in
            let (first, second) = (left.at ?? .max, right.at ?? .max)
            guard first == second else { return first < second }
            return (left.row[0].flatMap { Int64($0) } ?? .max) < (right.row[0].flatMap { Int64($0) } ?? .max)
        }.map { row, at in
            row.dropLast() + [at.map { String(HistoryTime(microseconds: $0).milliseconds) }]
        }
    }

    package func creation(schema: String, table: String) -> [SQL] {
        [
            "CREATE SCHEMA IF NOT EXISTS \(identifier: schema)",
            """
            CREATE TABLE IF NOT EXISTS \(schema: schema, name: table) (
                version bigint PRIMARY KEY,
                name text NOT NULL,
                sha256 text NOT NULL,
                applied_at timestamp with time zone NOT NULL,
                applied_by text NOT NULL,
                run_id text NOT NULL,
                duration_ms bigint NOT NULL
            )
            """,
        ]
    }

    package func historyInsert(_ migration: Migration, run: HistoryRun) -> [HistoryCell] {
        guard let version = Int64(migration.number) else { preconditionFailure("a plain migration without a number") }
        return [
            ("version", .integer(version)),
            ("name", .text(Self.name(of: migration))),
            ("sha256", .text(migration.sha256)),
            ("applied_at", .now),
            ("applied_by", .sessionUser),
            ("run_id", .text(run.id)),
            ("duration_ms", .integer(run.milliseconds)),
        ]
    }

    package func account(_ folder: MigrationFolder, rows: HistoryRows, upTo declared: Int) -> Accounting {
        var positions: [Int64: Int] = [:]
        for (position, migration) in folder.migrations.enumerated() {
            if let version = Int64(migration.number) { positions[version] = position }
        }
        let matches = rows.rows.map { row -> Accounting.RowMatch in
            guard let version = row[0].flatMap({ Int64($0) }), let position = positions[version] else {
                return .unknown("version \(row[0] ?? "NULL"): \(row[1] ?? "no name")")
            }
            return row[2] == folder.migrations[position].sha256 ? .applied(position) : .edited(position)
        }
        return Accounting(
            folder,
            matches: matches,
            upTo: declared,
            lastChange: lastChange(rows.rows)
        )
    }

    /// `add_users` of `0001_add_users`.
    private static func name(of migration: Migration) -> String {
        String(migration.tag.dropFirst(migration.number.count + 1))
    }

    /// Numbers in front of names are everybody's.
    package func likeness(of folder: borrowing FolderListing) -> FolderLikeness {
        folder.sqlFiles.contains { $0.hasSuffix(".sql") && $0.utf8.first?.isASCIIDigit == true } ? .possible : .none
    }

    package func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]> {
        var diagnostics: [Diagnostic] = []
        var listed: [ListedMigration] = []
        for file in folder.sqlFiles {
            switch Self.parse(file) {
            case .success(let migration): listed.append(migration)
            case .failure(let fault):
                diagnostics.append(fault.diagnostic(at: .beginning(of: folder.path(of: file))))
            }
        }
        let ordered = listed.map { (number: MigrationNumber($0.number), migration: $0) }
            .sorted { left, right in
                guard let first = left.number, let second = right.number else { return false }
                return first < second
            }
        for (before, after) in zip(ordered, ordered.dropFirst()) where before.number == after.number {
            let isReversal = [before, after].contains { $0.migration.tag.hasSuffix(".down") }
            diagnostics.append(
                Diagnostic(
                    .error,
                    .migrationsCollide,
                    "\"\(after.migration.file)\" has the same number as \"\(before.migration.file)\"",
                    at: .beginning(of: folder.path(of: after.migration.file)),
                    hint: isReversal
                        ? "migrations only go forward here: files that undo others belong elsewhere"
                        : "give the newer one the next number"
                )
            )
        }
        return Diagnosed(ordered.map(\.migration), diagnostics)
    }

    private enum NameFault: Error {
        case noNumber, malformed, numberTooLong

        func diagnostic(at range: SourceRange) -> Diagnostic {
            switch self {
            case .noNumber:
                Diagnostic(
                    .warning,
                    .migrationFile,
                    "the name has no number in front, so this file never runs",
                    at: range,
                    hint: "name it NNNN_name.sql, or move it elsewhere"
                )
            case .malformed:
                Diagnostic(
                    .error,
                    .migrationFile,
                    "the name begins with a number but is not NNNN_name.sql",
                    at: range,
                    hint: "a number, an underscore, a name, and .sql in lower case"
                )
            case .numberTooLong:
                Diagnostic(
                    .error,
                    .migrationFile,
                    "the number has more than 18 digits",
                    at: range,
                    hint: "a timestamp to the millisecond has 17"
                )
            }
        }
    }

    private static func parse(_ file: String) -> Result<ListedMigration, NameFault> {
        let number = MigrationNumber.prefix(of: file)
        guard !number.isEmpty else { return .failure(.noNumber) }
        let tag = String(file.dropLast(4))
        let name = tag.dropFirst(number.count)
        guard file.hasSuffix(".sql"), name.hasPrefix("_"), name.count > 1, tag.isSafeTag else {
            return .failure(.malformed)
        }
        // The history's version is a bigint.
        guard number.count <= 18 else { return .failure(.numberTooLong) }
        return .success(ListedMigration(tag: tag, number: number, file: file))
    }
}

extension MigrationSource.Format {
    package static let plain = PlainFormat().format
}
