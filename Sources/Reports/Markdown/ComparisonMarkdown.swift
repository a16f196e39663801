internal import FleetModel
package import Planning

/// A comparison for a comment or a wiki: a table for each class, and what stands behind its columns.
package struct ComparisonMarkdown: Sendable {
    private let comparison: Comparison

    package init(_ comparison: Comparison) {
        self.comparison = comparison
    }

    package func rendered(limit: Int = MarkdownPage.limit) -> String {
        var page = MarkdownPage(whole: "All of it: `compare --format json`.")
        var classes: [String] = []
        for row in comparison.rows where !classes.contains(row.className) { classes.append(row.className) }
        let differing = classes.filter { name in comparison.rows.contains { $0.className == name && $0.differs } }
        let head =
            classes.isEmpty
            ? "No class is declared"
            : differing.isEmpty
                ? "✓ Nothing differs of what was compared" : "≠ Differs: \(MarkdownText.list(differing, first: 3))"
        page.add("## \(comparison.isIncomplete ? "? Not everything could be looked at; " : "")\(head)")
        for name in classes { page.comparison(of: name, in: comparison) }
        if !comparison.notes.isEmpty {
            // A note may begin as an item of another list would.
            let notes = comparison.notes.map { "- · \(MarkdownText.prose(clipped($0)))" }
            page.add(.findings, MarkdownPage.Form(notes.joined(separator: "\n")), MarkdownPage.Form(""))
        }
        page.add("✓ there, ✗ missing, ≠ differs, ! not expected, ? unknown")
        return page.rendered(limit: limit)
    }
}

extension MarkdownPage {
    fileprivate mutating func comparison(of className: String, in comparison: Comparison) {
        let columns = comparison.columns
        add(.frame, Form("### \(MarkdownText.name(clipped(className)))"), Form(""))
        let head = Self.row(["component"] + columns.map { MarkdownText.name(clipped($0)) })
        add(.frame, Form("\(head)\n|\(String(repeating: "---|", count: columns.count + 1))"), Form(""))
        for row in comparison.rows where row.className == className {
            let cells = columns.map { column in
                let text = TextPage.text(row.cells[column], row)
                return row.kind == Comparison.migrations ? MarkdownText.prose(clipped(text)) : text
            }
            add(
                .steps,
                Form(Self.row([Self.label(row)] + cells)),
                Form("", leaving: [.components: 1]),
                attached: true
            )
        }
        let cohorts = comparison.cohorts.filter { cohort in
            cohort.className == className
                && (cohort.unknown != nil
                    || comparison.cohorts.count { $0.className == className && $0.environment == cohort.environment }
                        > 1)
        }
        for (index, cohort) in cohorts.enumerated() {
            let state =
                cohort.unknown.map { "unknown, \(MarkdownText.prose(clipped($0)))" }
                ?? cohort.tables.map { tables in
                    let version = cohort.version.map { "at \(MarkdownText.name(clipped($0)))" } ?? "without a history"
                    return "\(counted(tables, "table", "tables")), \(version)"
                } ?? "no database"
            let databases = MarkdownText.list(cohort.databases.map(clipped), first: 5)
            add(
                .cohort,
                Form("- \(MarkdownText.name(clipped(cohort.environment))): \(state): \(databases)"),
                Form("", leaving: [.cohorts: 1]),
                attached: index > 0
            )
        }
    }

    private static func label(_ row: Comparison.Row) -> String {
        let owner = row.belongsTo.map { ", of class \(MarkdownText.name(clipped($0)))" } ?? ""
        switch row.kind {
        case "class": return "tables"
        case Comparison.migrations: return "migrations"
        default: return "\(MarkdownText.prose(row.kind)) \(MarkdownText.code(clipped(row.component)))\(owner)"
        }
    }
}
