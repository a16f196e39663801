internal import FleetModel
package import Planning

/// A comparison for a reader: a table for each class, columns side by side, and what cannot be told.
package struct ComparisonText: Sendable {
    private let comparison: Comparison

    package init(_ comparison: Comparison) {
        self.comparison = comparison
    }

    package func rendered(width: Int, style: Style, detail: Detail = .folded) -> String {
        var page = TextPage(width: width, style: style, detail: detail)
        var classes: [String] = []
        for row in comparison.rows where !classes.contains(row.className) { classes.append(row.className) }
        for name in classes {
            page.blank()
            page.comparison(comparison.rows.filter { $0.className == name }, comparison)
        }
        if !comparison.notes.isEmpty {
            page.blank()
            for note in comparison.notes { page.paragraph([Span("· ", .faint)], Printable.clean(note)) }
        }
        page.blank()
        page.flow([Span("✓ there  ✗ missing  ≠ differs  ! not expected  ? unknown", .faint)], indent: 0)
        return page.text
    }
}

extension TextPage {
    /// The rows of one class.
    fileprivate mutating func comparison(_ rows: [Comparison.Row], _ comparison: Comparison) {
        guard let head = rows.first else { return }
        let columns = comparison.columns
        let labels = rows.map { Self.label($0) }
        let texts = rows.map { row in columns.map { Self.text(row.cells[$0], row) } }
        let most = max(24, width - 12 * columns.count)
        let whole = labels.map { Printable.width($0) }.max() ?? 0
        var first = min(most, whole)
        var widths = columns.indices.map { column in
            ([Printable.name(columns[column])] + texts.map { $0[column] }).map { Printable.width($0) }.max() ?? 0
        }
        if first + widths.reduce(0, { $0 + $1 + 2 }) > width {
            // A line that a terminal breaks is no row any more.
            first = min(first, max(16, width - widths.reduce(0) { $0 + $1 + 2 }))
            let room = max(6, (width - first) / columns.count - 2)
            if first + widths.reduce(0, { $0 + $1 + 2 }) > width {
                widths = widths.map { min($0, room) }
                first = min(whole, max(first, width - widths.reduce(0) { $0 + $1 + 2 }))
            }
        }
        func cell(_ text: String, _ width: Int) -> String {
            "  " + Printable.padded(Printable.shortened(text, to: width), to: width)
        }
        line(
            [Span(Printable.padded(Printable.shortened(Printable.name(head.className), to: first), to: first), .strong)]
                + zip(columns, widths).map { Span(cell(Printable.name($0), $1), .faint) }
        )
        for (index, row) in rows.enumerated() {
            let label = Printable.padded(Printable.shortened(labels[index], to: first), to: first)
            let cells = columns.indices.map { column in
                Span(cell(texts[index][column], widths[column]), Self.tint(row.cells[columns[column]], row))
            }
            let owner = row.belongsTo.map { "  of class \(Printable.name($0))" } ?? ""
            let fits = first + widths.reduce(0) { $0 + $1 + 2 } + Printable.width(owner) <= width
            line([Span(label)] + cells + (fits ? [Span(owner, .warning)] : []))
            if !fits, !owner.isEmpty { line(Span("    \(owner)", .warning)) }
        }
        folded(comparison.cohorts.filter { $0.className == head.className })
        guard !rows.contains(where: \.differs) else { return }
        flow(
            [
                Span("  nothing differs", .good),
                Span("; not compared: \(comparison.uncompared(in: head.className))", .faint),
            ],
            indent: 4
        )
    }

    /// Who stands behind a column in more than one state.
    private mutating func folded(_ cohorts: [Comparison.Cohort]) {
        for (index, cohort) in cohorts.enumerated() {
            let others = cohorts.filter { $0.environment == cohort.environment }
            guard others.count > 1 || cohort.unknown != nil else { continue }
            if index == cohorts.firstIndex(where: { $0.environment == cohort.environment }) {
                line(Span("  \(Printable.name(cohort.environment)):", .faint))
            }
            let state: String
            if let unknown = cohort.unknown {
                state = "unknown, \(Printable.clean(unknown))"
            } else if let tables = cohort.tables {
                let version = cohort.version.map { "at \(Printable.name($0))" } ?? "without a history"
                state = "\(counted(tables, "table", "tables")), \(version)"
            } else {
                state = "no database"
            }
            let most = detail == .whole ? cohort.databases.count : min(5, cohort.databases.count)
            let shown = cohort.databases.prefix(most).map { Self.place($0) }.joined(separator: ", ")
            let rest = cohort.databases.count - most
            paragraph([Span("    ")], "\(state): \(shown)\(rest > 0 ? " and \(rest) more" : "")", .faint)
        }
    }

    /// `instance/database`, where neither can be taken for more than a name.
    private static func place(_ text: String) -> String {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return parts.map { $0 == "*" ? $0 : Printable.name($0) }.joined(separator: "/")
    }

    private static func label(_ row: Comparison.Row) -> String {
        switch row.kind {
        case "class": return "  tables"
        case Comparison.migrations: return "  migrations"
        default: break
        }
        let name = row.component.hasPrefix("public.") ? String(row.component.dropFirst(7)) : row.component
        let text = Printable.clean(name)
        if row.table != nil { return "      \(row.kind) \(text)" }
        return row.kind == "table" ? "    \(text)" : "    \(row.kind) \(text)"
    }

    static func text(_ cell: Comparison.Cell?, _ row: Comparison.Row) -> String {
        guard let cell else { return "–" }
        if row.kind == "class" {
            let unknown = cell.counts[.unknown] != nil
            let missing = cell.counts[.missing].map { "\($0) ✗" }
            let numbers = cell.values.isEmpty ? nil : cell.values.joined(separator: " or ")
            return [numbers, missing, unknown ? "?" : nil].compactMap(\.self).joined(separator: ", ")
        }
        if row.kind == Comparison.migrations {
            guard cell.state != .unknown else { return "?" }
            // The code is at no version: either the newest migration is what it expects, or not.
            if cell.values.isEmpty { return cell.state == .missing ? "none" : symbol(cell.state, row) }
            let none = cell.counts[.missing] == nil ? [] : ["none"]
            return (none + cell.values.map(Printable.name)).joined(separator: ", ")
        }
        if cell.counts.count == 1 { return symbol(cell.state, row) }
        let order: [Comparison.State] = [.present, .missing, .differs, .unknown]
        return order.compactMap { state in cell.counts[state].map { "\($0) \(symbol(state, row))" } }.joined(
            separator: " "
        )
    }

    private static func symbol(_ state: Comparison.State, _ row: Comparison.Row) -> String {
        switch state {
        case .present: row.isUnexpected ? "!" : "✓"
        case .missing: row.isUnexpected ? "–" : "✗"
        case .differs: "≠"
        case .unknown: "?"
        }
    }

    private static func tint(_ cell: Comparison.Cell?, _ row: Comparison.Row) -> Tint? {
        guard let cell else { return .faint }
        if row.kind == "class" { return nil }
        return switch cell.state {
        case .present: row.isUnexpected ? .warning : nil
        case .missing: row.isUnexpected ? .faint : .error
        case .differs: .warning
        case .unknown: .faint
        }
    }
}
