/// Rows under heads, aligned by the columns that a terminal needs for them.
struct TextTable {
    struct Row {
        var mark: Span
        var cells: [String]
        var tint: Tint?
        /// Said below the row: why it cannot be told, or whom a folded one stands for.
        var note: String?
    }

    var heads: [String]
    /// Numbers stand to the right of their column.
    var numbers: ClosedRange<Int>
    /// Columns that are cut where the width does not do, the first one first; others lose their meaning if cut.
    var yielding: [Int]
    /// Columns that go, the first one first, before a name is cut.
    var leaving: [Int]
    var rows: [Row]
}

extension TextPage {
    mutating func table(_ table: TextTable) {
        var columns = Array(table.heads.indices)
        var widths = widths(of: table)
        func excess() -> Int {
            6 + columns.reduce(0) { $0 + widths[$1] } + 2 * (columns.count - 1) - width
        }
        func narrow(_ column: Int, to least: Int = 12) {
            if excess() > 0 { widths[column] = min(widths[column], max(least, widths[column] - excess())) }
        }
        for column in table.yielding.dropLast() { narrow(column) }
        // Before a name is cut another column goes, and those that stay have its room.
        for column in table.leaving where excess() > 0 {
            columns.removeAll { $0 == column }
            widths = self.widths(of: table)
            for column in table.yielding where columns.contains(column) { narrow(column) }
        }
        for column in table.yielding where columns.contains(column) { narrow(column, to: 10) }
        func aligned(_ cells: [String]) -> String {
            columns.map { column in
                let text = Printable.shortened(cells[column], to: widths[column])
                guard table.numbers.contains(column) else { return Printable.padded(text, to: widths[column]) }
                return String(repeating: " ", count: max(0, widths[column] - Printable.width(text))) + text
            }.joined(separator: "  ")
        }
        line(Span("      " + aligned(table.heads), .faint))
        for row in table.rows {
            line(Span("    "), row.mark, Span(aligned(row.cells), row.tint))
            if let note = row.note { paragraph([Span("        ")], note, .faint) }
        }
    }

    private func widths(of table: TextTable) -> [Int] {
        let all = [table.heads] + table.rows.map(\.cells)
        return table.heads.indices.map { column in all.map { Printable.width($0[column]) }.max() ?? 0 }
    }
}

extension Collection {
    /// Those of one key together, in the order in which the keys first appear.
    func grouped<Key: Hashable>(by key: (Element) -> Key) -> [[Element]] {
        var positions: [Key: Int] = [:]
        var groups: [[Element]] = []
        for element in self {
            let key = key(element)
            if let position = positions[key] {
                groups[position].append(element)
            } else {
                positions[key] = groups.count
                groups.append([element])
            }
        }
        return groups
    }
}

extension [Int] {
    /// `7`, or `7–12` where they differ.
    var span: String {
        guard let least = self.min(), let most = self.max() else { return "–" }
        return least == most ? "\(least)" : "\(least)–\(most)"
    }
}
