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
    var rows: [Row]
}

extension TextPage {
    mutating func table(_ table: TextTable) {
        var table = table
        var widths = widths(of: table)
        func excess() -> Int { 6 + widths.reduce(0, +) + 2 * (widths.count - 1) - width }
        func narrow(_ column: Int) {
            if excess() > 0 { widths[column] = min(widths[column], max(12, widths[column] - excess())) }
        }
        for column in table.yielding.dropLast() { narrow(column) }
        // Before a name is cut the last column goes, and the others have its room.
        if excess() > 0 {
            table.heads.removeLast()
            for row in table.rows.indices { table.rows[row].cells.removeLast() }
            widths = self.widths(of: table)
            for column in table.yielding { narrow(column) }
        }
        line(Span("      " + Self.aligned(table.heads, widths, table.numbers), .faint))
        for row in table.rows {
            line(Span("    "), row.mark, Span(Self.aligned(row.cells, widths, table.numbers), row.tint))
            if let note = row.note { paragraph([Span("        ")], note, .faint) }
        }
    }

    private func widths(of table: TextTable) -> [Int] {
        let all = [table.heads] + table.rows.map(\.cells)
        return table.heads.indices.map { column in all.map { Printable.width($0[column]) }.max() ?? 0 }
    }

    private static func aligned(_ cells: [String], _ widths: [Int], _ numbers: ClosedRange<Int>) -> String {
        zip(cells, widths).enumerated().map { index, cell in
            let text = Printable.shortened(cell.0, to: cell.1)
            guard numbers.contains(index) else { return Printable.padded(text, to: cell.1) }
            return String(repeating: " ", count: max(0, cell.1 - Printable.width(text))) + text
        }.joined(separator: "  ")
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
