internal import FleetModel

/// A history that holds nothing but versions as text, one a row.
enum VersionRows {
    static func arranged(_ rows: [[String?]]) -> [[String?]] {
        rows.sorted { left, right in
            let (first, second) = (left[0] ?? "", right[0] ?? "")
            if let one = MigrationNumber(first), let other = MigrationNumber(second), one != other {
                return one < other
            }
            return first < second
        }
    }

    static func account(
        _ folder: MigrationFolder,
        _ rows: HistoryRows,
        upTo declared: Int,
        version: (Migration) -> String
    ) -> Accounting {
        let positions = Dictionary(
            folder.migrations.indices.map { (version(folder.migrations[$0]), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let matches = rows.rows.map { row -> Accounting.RowMatch in
            let text = row[0] ?? "NULL"
            return positions[text].map { .applied($0) } ?? .unknown("version \(text)")
        }
        return Accounting(folder, matches: matches, upTo: declared, lastChange: nil)
    }
}
