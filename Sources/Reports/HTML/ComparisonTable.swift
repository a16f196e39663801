/// Components × columns (the code, the migrations, each environment), side by side, as a page shows them.
package struct ComparisonTable: Sendable {
    package enum Cell: String, Sendable { case present, missing, differs, unknown }

    package struct Row: Sendable {
        package var className: String
        package var component: String
        package var kind: String
        /// One for each column.
        package var cells: [Cell]

        package init(className: String, component: String, kind: String, cells: [Cell]) {
            self.className = className
            self.component = component
            self.kind = kind
            self.cells = cells
        }

        /// Whether something is not everywhere the same.
        var isOdd: Bool { cells.contains { $0 != .present } }
    }

    package var columns: [String]
    package var rows: [Row]

    package init(columns: [String], rows: [Row]) {
        self.columns = columns
        self.rows = rows
    }

    var html: HTML {
        let odd = rows.filter(\.isOdd)
        let same = rows.filter { !$0.isOdd }
        return Tag.section(.class("comparison"), .id(.comparison), .labelled(by: .heading(of: .comparison)), .target) {
            Tag.h2(.id(.heading(of: .comparison))) {
                "Comparison"
                HTML.permalink(.comparison, "the comparison")
            }
            if rows.isEmpty { Tag.p { "Nothing was compared." } }
            if !odd.isEmpty { table(odd, "What is not the same everywhere") }
            if !same.isEmpty {
                Tag.details(.class("group"), .open(if: odd.isEmpty && same.count <= 30)) {
                    Tag.summary {
                        Cell.present.chip
                        " \(Printable.counted(same.count, "component is", "components are")) the same everywhere"
                    }
                    table(same, "What is the same everywhere")
                }
            }
        }
    }

    private func table(_ rows: [Row], _ title: String) -> HTML {
        HTML.scrolled(title) {
            Tag.table(.class("matrix", "compared")) {
                Tag.caption(.class("spoken")) { title }
                Tag.thead {
                    Tag.tr {
                        for head in ["Component", "Kind", "Class"] { Tag.th(.scope(.column)) { head } }
                        for column in columns { Tag.th(.scope(.column)) { HTML.name(column) } }
                    }
                }
                Tag.tbody {
                    for row in rows {
                        Tag.tr(.class("item"), .states(row.cells.map(\.rawValue).uniqued)) {
                            Tag.th(.scope(.row)) { HTML.name(row.component) }
                            Tag.td { row.kind }
                            Tag.td { HTML.name(row.className) }
                            for cell in row.cells { Tag.td(.class("cell", cell.tone.rawValue)) { cell.chip } }
                        }
                    }
                }
            }
        }
    }
}

extension ComparisonTable.Cell {
    fileprivate var symbol: String {
        switch self {
        case .present: "✓"
        case .missing: "–"
        case .differs: "≠"
        case .unknown: "?"
        }
    }

    fileprivate var tone: Tone {
        switch self {
        case .present: .good
        case .missing, .differs: .error
        case .unknown: .warning
        }
    }

    fileprivate var chip: HTML { HTML.chip(symbol, rawValue, tone) }
}

extension [String] {
    /// Each once, in their order.
    fileprivate var uniqued: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
