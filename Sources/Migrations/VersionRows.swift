internal import FleetModel

/// A history that holds nothing but versions as text, one a row.
enum VersionRows {
    /// By what stands there: 10 before 9.
    static func arrangedAsText(_ rows: [[String?]]) -> [[String?]] { rows.sorted { ($0[0] ?? "") < ($1[0] ?? "") } }

    static func arranged(_ rows: [[String?]]) -> [[String?]] {
        rows.sorted { left, right in
            let (first, second) = (left[0] ?? "", right[0] ?? "")
            if let one = MigrationNumber(first), let other = MigrationNumber(second), one != other {
                return one < other
            }
            return first < second
        }
    }

    /// Matches rows and files: `version` is what a row says of a file, `stored` what a row's text is for the tool.
    static func account(
        _ folder: MigrationFolder,
        _ rows: HistoryRows,
        upTo declared: Int,
        version: (Migration) -> String,
        stored: (String) -> String = { $0 }
    ) -> Accounting {
        let positions = Dictionary(
            folder.migrations.indices.map { (version(folder.migrations[$0]), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var applied: [Int] = []
        var unknown: [Accounting.RowMatch] = []
        for row in rows.rows {
            let text = row[0] ?? "NULL"
            if let position = positions[stored(text)] {
                applied.append(position)
            } else {
                unknown.append(.unknown("version \(text)"))
            }
        }
        // Such a table keeps no order, so none can be wrong.
        let matches = applied.sorted().map { Accounting.RowMatch.applied($0) } + unknown
        return Accounting(folder, matches: matches, upTo: declared, lastChange: nil)
    }
}
