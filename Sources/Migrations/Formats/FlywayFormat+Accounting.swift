package import FleetModel

extension FlywayFormat {
    private struct Row {
        var version: MigrationNumber?
        var versionText: String?
        var description: String
        var type: String
        var script: String
        var checksum: String?
        var succeeded: Bool

        init(_ values: [String?]) {
            versionText = values[1]
            version = values[1].flatMap { MigrationNumber($0) }
            description = values[2] ?? ""
            type = values[3] ?? ""
            script = values[4] ?? ""
            checksum = values[5]
            succeeded = values[7] == "t"
        }

        var isBaseline: Bool { type == "BASELINE" || type.hasSuffix("_BASELINE") }
        /// What takes a row back: an undo, or the mark of `repair` for a file that is gone.
        var takesBack: Bool { type.hasPrefix("UNDO_") || type == "DELETE" }
        /// What tells a row's migration from others.
        var key: String { version.map { "\($0)" } ?? "R \(description)" }
        var name: String { versionText.map { "version \($0): \(script)" } ?? script }
    }

    package func account(_ folder: MigrationFolder, rows: HistoryRows, upTo declared: Int) -> Accounting {
        let numbers = folder.migrations.map { MigrationNumber($0.number) }
        var positions: [MigrationNumber: Int] = [:]
        var repeatable: [String: Int] = [:]
        for (position, migration) in folder.migrations.enumerated() {
            if migration.isRepeatable {
                repeatable[Self.description(of: migration.tag)] = position
            } else if let number = numbers[position] {
                positions[number] = position
            }
        }
        var held: [(row: Row, matches: [Accounting.RowMatch])] = []
        var unfinished: [Accounting.Unfinished] = []
        var repeating: Set<Int> = []
        for row in rows.rows.map(Row.init) where row.type != "SCHEMA" {
            if row.takesBack {
                held.removeAll { $0.row.key == row.key }
            } else if !row.succeeded {
                unfinished.append(Self.failed(row))
            } else if row.isBaseline {
                let below = numbers.indices.filter { position in
                    guard let number = numbers[position], let baseline = row.version else { return false }
                    return number <= baseline
                }
                held.append((row, below.map { .applied($0) }))
            } else if let version = row.version, let position = positions[version] {
                let isSame = row.checksum.map(folder.migrations[position].checksums.contains) ?? true
                held.append((row, [isSame ? .applied(position) : .edited(position)]))
            } else if row.version == nil, let position = repeatable[row.description] {
                // Only the newest run of it counts.
                held.removeAll { $0.row.key == row.key }
                let isSame = row.checksum.map(folder.migrations[position].checksums.contains) ?? true
                if isSame { repeating.remove(position) } else { repeating.insert(position) }
                held.append((row, isSame ? [.applied(position)] : []))
            } else {
                held.append((row, [.unknown(row.name)]))
            }
        }
        var accounting = Accounting(
            folder,
            matches: held.flatMap(\.matches),
            upTo: declared,
            lastChange: lastChange(rows.rows)
        )
        accounting.unfinished = unfinished
        accounting.repeating = accounting.pending.filter(repeating.contains)
        return accounting
    }

    private static func failed(_ row: Row) -> Accounting.Unfinished {
        Accounting.Unfinished(
            object: row.name,
            message: "is recorded as failed: Flyway ran it outside a transaction and it did not come to its end",
            hint: "see what of it took effect, undo or finish that by hand, then run `flyway repair`"
        )
    }
}
