package import FleetModel
package import Postgres

/// `V1_2__name.sql` and `R__name.sql`, with Flyway's schema history.
///
/// As in Flyway 13 (`PostgreSQLDatabase.java`, `ChecksumCalculator.java`, `PostgreSQLAdvisoryLockTemplate.java`): versions
/// compare part by part as numbers, a repeatable migration runs after all versioned ones and again when its checksum
/// changes, and a baseline stands for every version up to its own.
package struct FlywayFormat: HistoryFormat {
    package let name = "flyway"
    package let defaultSchema = "public"
    package let defaultTable = "flyway_schema_history"
    package let columns = [
        "installed_rank", "version", "description", "type", "script", "checksum", "installed_on", "success",
    ]
    package let identifyingColumns = [1, 2, 3, 5, 7]
    package let timeColumn: Int? = 6

    package init() {}

    package func arrange(_ rows: [[String?]]) -> [[String?]] {
        rows.sorted { ($0[0].flatMap { Int64($0) } ?? .max) < ($1[0].flatMap { Int64($0) } ?? .max) }.map { row in
            var row = row
            row[6] = row[6].flatMap(HistoryTime.init).map { String($0.milliseconds) }
            return row
        }
    }

    package func creation(schema: String, table: String) -> [SQL] {
        making(schema) + [
            """
            CREATE TABLE IF NOT EXISTS \(schema: schema, name: table) (
                "installed_rank" INT NOT NULL,
                "version" VARCHAR(50),
                "description" VARCHAR(200) NOT NULL,
                "type" VARCHAR(20) NOT NULL,
                "script" VARCHAR(1000) NOT NULL,
                "checksum" INTEGER,
                "installed_by" VARCHAR(100) NOT NULL,
                "installed_on" TIMESTAMP NOT NULL DEFAULT now(),
                "execution_time" INTEGER NOT NULL,
                "success" BOOLEAN NOT NULL,
                CONSTRAINT \(identifier: table + "_pk") PRIMARY KEY ("installed_rank")
            )
            """,
            """
            CREATE INDEX IF NOT EXISTS \(identifier: table + "_s_idx") ON \(schema: schema, name: table) ("success")
            """,
        ]
    }

    package func historyInsert(_ migration: Migration, run: HistoryRun) -> [HistoryCell] {
        [
            ("installed_rank", .next),
            ("version", migration.isRepeatable ? .null : .text(migration.number)),
            ("description", .text(Self.description(of: migration.tag))),
            ("type", .text("SQL")),
            ("script", .text(migration.path)),
            ("checksum", migration.checksums.first.flatMap { Int64($0) }.map { .integer($0) } ?? .null),
            ("installed_by", .sessionUser),
            ("execution_time", .integer(run.milliseconds)),
            ("success", .boolean(true)),
        ]
    }

    /// The letters F, l, y, w, a, y as bytes of a number, plus what Java makes of the table's quoted name.
    package func lockKey(database: String, schema: String, table: String) -> Int64? {
        func quoted(_ name: String) -> String { "\"" + name.replacing(each: "\"", with: "\"\"") + "\"" }
        let hash = "\(quoted(schema)).\(quoted(table))".utf16.reduce(Int32(0)) { $0 &* 31 &+ Int32($1) }
        return "Flyway".utf8.reduce(Int64(0)) { $0 << 8 + Int64($1) } + Int64(hash)
    }

    // MARK: the folder

    /// Flyway looks below the folder too, but what is below tells nothing of the folder itself.
    package func likeness(of folder: borrowing FolderListing) -> FolderLikeness {
        folder.sqlFiles.contains { Self.version(of: $0) != nil || $0.hasPrefix("R__") } ? .certain : .none
    }

    package func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]> {
        var versioned: [(number: MigrationNumber, migration: ListedMigration)] = []
        var repeatable: [ListedMigration] = []
        var diagnostics: [Diagnostic] = []
        let below = folder.filesBelow()
        diagnostics += below.diagnostics
        for file in below.value ?? [] where file.hasSuffix(".sql") {
            let name = String(file.split(separator: "/").last ?? "")
            let tag = String(name.dropLast(4))
            if let version = Self.version(of: name), let number = MigrationNumber(version) {
                if version.utf8.count > 50 {
                    diagnostics.append(
                        Diagnostic(
                            .error,
                            .migrationFile,
                            "the version has more than 50 characters, and Flyway's table takes no more",
                            at: .beginning(of: folder.path(of: file)),
                            hint: "a timestamp to the millisecond has 17"
                        )
                    )
                }
                let runs = settings(of: file, in: folder, &diagnostics)
                versioned.append(
                    (number, ListedMigration(tag: tag, number: version, file: file, isTransactional: runs))
                )
            } else if name.hasPrefix("R__"), tag.count > 3 {
                let runs = settings(of: file, in: folder, &diagnostics)
                repeatable.append(
                    ListedMigration(tag: tag, number: "", file: file, isRepeatable: true, isTransactional: runs)
                )
            } else if !name.hasPrefix("U") || !tag.contains("__") {
                diagnostics.append(Self.unused(name, at: .beginning(of: folder.path(of: file))))
            }
        }
        versioned.sort { $0.number < $1.number }
        repeatable.sort { Self.description(of: $0.tag) < Self.description(of: $1.tag) }
        func twin(_ second: ListedMigration, _ first: ListedMigration) {
            diagnostics.append(
                Diagnostic(
                    .error,
                    .migrationOrder,
                    "\"\(second.file)\" has the same version as \"\(first.file)\"",
                    at: .beginning(of: folder.path(of: second.file)),
                    hint: "give the newer one the next version; 1.0 and 1 are one"
                )
            )
        }
        for (first, second) in zip(versioned, versioned.dropFirst()) where first.number == second.number {
            twin(second.migration, first.migration)
        }
        for (first, second) in zip(repeatable, repeatable.dropFirst())
        where Self.description(of: first.tag) == Self.description(of: second.tag) {
            twin(second, first)
        }
        return Diagnosed(versioned.map(\.migration) + repeatable, diagnostics)
    }

    private static func unused(_ name: String, at range: SourceRange) -> Diagnostic {
        if name.hasPrefix("B"), name.contains("__") {
            return Diagnostic(
                .warning,
                .migrationFile,
                "a baseline script, which is not run here: an empty database gets the versioned migrations",
                at: range
            )
        }
        let isCallback = name.hasPrefix("before") || name.hasPrefix("after")
        return Diagnostic(
            .warning,
            .migrationFile,
            isCallback
                ? "a callback of Flyway, which is not run here"
                : "the name is not that of a migration, so this file never runs",
            at: range,
            hint: isCallback ? nil : "name it V1_2__name.sql or R__name.sql, or move it elsewhere"
        )
    }

    /// What a file's `.conf` beside it says: whether Flyway runs it in a transaction.
    private func settings(
        of file: String,
        in folder: borrowing FolderListing,
        _ diagnostics: inout [Diagnostic]
    ) -> Bool {
        let name = file + ".conf"
        let bytes: [UInt8]
        do throws(FileFault) {
            bytes = try folder.reader.read(name)
        } catch .missing {
            return true
        } catch {
            diagnostics.append(error.diagnostic(.migrationFile, file: folder.path(of: name), at: nil))
            return true
        }
        var isTransactional = true
        for line in TextLines(bytes) where !line.text.hasPrefix("#") {
            let words = line.text.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
            guard words.count == 2 else { continue }
            switch (words[0], words[1]) {
            case ("executeInTransaction", let value): isTransactional = value != "false"
            case ("encoding", "UTF-8"), ("placeholderReplacement", "false"): break
            default:
                diagnostics.append(
                    Diagnostic(
                        .error,
                        .notSupported,
                        "\"\(words[0])\" of a script's configuration is not honoured here",
                        at: .beginning(of: folder.path(of: name)),
                        hint: "\"executeInTransaction\" is"
                    )
                )
            }
        }
        return isTransactional
    }

    package func part(of bytes: [UInt8], _ migration: ListedMigration) -> FilePart {
        var part = FilePart(bytes)
        for line in TextLines(bytes) {
            guard let place = line.text.firstRange(of: #/\$\{[A-Za-z_][A-Za-z0-9_:.\-]*\}/#) else { continue }
            let start = line.range.lowerBound + line.text[..<place.lowerBound].utf8.count
            part.report(
                .error,
                "a placeholder, which Flyway fills in and reconcile does not",
                at: start..<(start + line.text[place].utf8.count),
                hint: "write the value itself"
            )
        }
        // Flyway knows such statements too, and runs the file without a transaction.
        let outside = part.statementsOutsideTransactions
        if outside.count > 0, outside.count == outside.of { part.isTransactional = false }
        return part
    }

    /// The CRC-32 of the lines without their ends, as a signed number; `\n`, `\r` and both end a line.
    package func checksums(of files: [(migration: ListedMigration, bytes: [UInt8])]) -> [[String]] {
        files.map { file in
            let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
            var sum = CRC32()
            sum.add(
                (file.bytes.starts(with: mark) ? file.bytes[3...] : file.bytes[...]).filter { $0 != 10 && $0 != 13 }
            )
            return ["\(Int32(bitPattern: sum.value))"]
        }
    }

    /// `1.2` of `V1_2__name.sql`.
    private static func version(of name: String) -> String? {
        guard name.hasPrefix("V"), name.hasSuffix(".sql"), let end = name.firstRange(of: "__") else { return nil }
        let version = String(name[..<end.lowerBound].dropFirst()).replacing("_", with: ".")
        return MigrationNumber(version) == nil ? nil : version
    }

    static func description(of tag: String) -> String {
        guard let start = tag.firstRange(of: "__") else { return "" }
        return String(tag[start.upperBound...]).replacing("_", with: " ")
    }
}
