internal import Crypto
package import FleetModel
package import Postgres

/// Versioned SQL files with `atlas.sum`, and Atlas's table of revisions.
///
/// As in Atlas (`sql/migrate/{migrate,dir}.go`, `cmd/atlas/internal/migrate/ent/schema/revision.go`): a version is what
/// stands before the first underscore, versions compare as text, and a file's hash is taken over all files up to it.
package struct AtlasFormat: HistoryFormat {
    package let name = "atlas"
    package let defaultSchema = "atlas_schema_revisions"
    package let defaultTable = "atlas_schema_revisions"
    package let columns = ["version", "type", "applied", "total", "executed_at", "error", "hash"]
    package let identifyingColumns = [0, 1, 2, 3, 6]
    package let timeColumn: Int? = 4

    package init() {}

    package func arrange(_ rows: [[String?]]) -> [[String?]] {
        rows.map { row in (row: row, at: row[4].flatMap(HistoryTime.init)) }
            .sorted {
                ($0.at?.microseconds ?? .max, $0.row[0] ?? "") < ($1.at?.microseconds ?? .max, $1.row[0] ?? "")
            }
            .map { row, at in
                var row = row
                row[4] = at.map { String($0.milliseconds) }
                return row
            }
    }

    /// Not `.atlas_cloud_identifier`, by which Atlas's cloud knows the database.
    package func isMigration(_ row: [String?]) -> Bool { row[0]?.hasPrefix(".") != true }

    package func creation(schema: String, table: String) -> [SQL] {
        making(schema) + [
            """
            CREATE TABLE IF NOT EXISTS \(schema: schema, name: table) (
                "version" character varying NOT NULL,
                "description" character varying NOT NULL,
                "type" bigint NOT NULL DEFAULT 2,
                "applied" bigint NOT NULL DEFAULT 0,
                "total" bigint NOT NULL DEFAULT 0,
                "executed_at" timestamptz NOT NULL,
                "execution_time" bigint NOT NULL,
                "error" text NULL,
                "error_stmt" text NULL,
                "hash" character varying NOT NULL,
                "partial_hashes" jsonb NULL,
                "operator_version" character varying NOT NULL,
                PRIMARY KEY ("version")
            )
            """
        ]
    }

    package func historyInsert(_ migration: Migration, run: HistoryRun) -> [HistoryCell] {
        let count = Int64(migration.statements.count)
        return [
            ("version", .text(migration.number)),
            ("description", .text(String(migration.tag.dropFirst(migration.number.count + 1)))),
            ("type", .integer(run.isAdoption ? Kind.resolved : Kind.executed)),
            ("applied", .integer(count)),
            ("total", .integer(count)),
            ("executed_at", .now),
            ("execution_time", .integer(run.milliseconds * 1_000_000)),
            ("error", .text("")),
            ("error_stmt", .text("")),
            ("hash", .text(migration.checksums.first ?? "")),
            ("operator_version", .text("reconcile")),
        ]
    }

    private enum Kind {
        static let baseline: Int64 = 1
        static let executed: Int64 = 2
        static let resolved: Int64 = 4
    }

    /// Of `migrate apply`; Atlas takes the FNV-1 hash of its name.
    package func lockKey(database: String, schema: String, table: String) -> Int64? {
        Int64(FNV1.hash(of: "atlas_migrate_execute".utf8))
    }

    package func account(_ folder: MigrationFolder, rows: HistoryRows, upTo declared: Int) -> Accounting {
        let positions = Dictionary(
            folder.migrations.indices.map { (folder.migrations[$0].number, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var matches: [Accounting.RowMatch] = []
        var unfinished: [Accounting.Unfinished] = []
        var differing: [(place: Int, position: Int, hash: String)] = []
        for row in rows.rows where isMigration(row) {
            let version = row[0] ?? "NULL"
            let type = row[1].flatMap { Int64($0) } ?? Kind.executed
            if type & Kind.baseline != 0 {
                matches += folder.migrations.indices.filter { folder.migrations[$0].number <= version }.map {
                    .applied($0)
                }
                continue
            }
            guard let position = positions[version] else {
                matches.append(.unknown("version \(version)"))
                continue
            }
            let isWhole = row[2] == row[3] && (row[5] ?? "").isEmpty
            if !isWhole, type & Kind.resolved == 0 {
                unfinished.append(
                    .init(
                        object: folder.migrations[position].tag,
                        message: "came as far as statement \(row[2] ?? "?") of \(row[3] ?? "?") when Atlas ran it",
                        hint:
                            "mend what stopped it and run `atlas migrate apply`, which goes on from there, or put it right "
                            + "by hand and run `atlas migrate set`"
                    )
                )
                continue
            }
            let hash = row[6] ?? ""
            if !hash.isEmpty, !folder.migrations[position].checksums.contains(hash) {
                differing.append((matches.count, position, hash))
            }
            matches.append(.applied(position))
        }
        // A hash covers all files before too: only the first that cannot be explained says which file was edited.
        if let first = differing.sorted(by: { $0.position < $1.position }).first(where: { differing in
            !explains(folder, matches[..<differing.place], differing.position, differing.hash)
        }) {
            matches[first.place] = .edited(first.position)
        }
        var accounting = Accounting(folder, matches: matches, upTo: declared, lastChange: lastChange(rows.rows))
        accounting.unfinished = unfinished
        return accounting
    }

    /// Whether the file ran before others were merged in front of it: with those that were there its hash is another.
    private func explains(
        _ folder: MigrationFolder,
        _ earlier: ArraySlice<Accounting.RowMatch>,
        _ position: Int,
        _ hash: String
    ) -> Bool {
        var there: Set<Int> = [position]
        for match in earlier { if case .applied(let before) = match, before < position { there.insert(before) } }
        var chain = Chain()
        for place in there.sorted() {
            let migration = folder.migrations[place]
            if let sum = chain.add(migration.path, Self.bytes(of: migration)), place == position { return sum == hash }
        }
        return false
    }

    /// A file as it is, with the byte order mark that is left out of what runs.
    private static func bytes(of migration: Migration) -> [UInt8] {
        let bytes = Array(migration.text.utf8)
        return Fingerprint(of: bytes).hex == migration.sha256 ? bytes : [0xEF, 0xBB, 0xBF] + bytes
    }

    package func checksums(of files: [(migration: ListedMigration, bytes: [UInt8])]) -> [[String]] {
        var chain = Chain()
        return files.map { file in chain.add(file.migration.file, file.bytes).map { [$0] } ?? [] }
    }

    /// The hash that goes on from file to file.
    struct Chain {
        private var hash = SHA256()

        /// The file's sum, in Base64; nil for a file that asks to be left out.
        mutating func add(_ name: String, _ bytes: [UInt8]) -> String? {
            hash.update(data: Array(name.utf8))
            let first = TextLines(bytes).first { _ in true }.flatMap { AtlasFormat.directive(in: $0) }
            if first?.name == "sum", first?.value == "ignore" { return nil }
            hash.update(data: bytes)
            return Base64.encoded(Array(hash.finalize()))
        }
    }
}
