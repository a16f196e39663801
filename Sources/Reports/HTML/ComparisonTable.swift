/// Components × columns (the code, the migrations, each environment), side by side, as a page shows them.
package struct ComparisonTable: Sendable {
    package enum State: String, Sendable, CaseIterable {
        case present, missing, differs, unexpected, unknown
        /// Not there, and it should not be.
        case absent
    }

    /// How a component stands in a column.
    package struct Cell: Sendable {
        package var state: State
        /// A number of tables, versions, or how many databases stand how; nil where the state says all.
        package var text: String?

        package init(_ state: State, text: String? = nil) {
            self.state = state
            self.text = text
        }
    }

    package struct Row: Sendable {
        package var className: String
        package var component: String
        package var kind: String
        /// The table it is a part of.
        package var table: String?
        /// The class whose migrations make it, where this one's do not.
        package var owner: String?
        /// One for each column; nil where a column holds no database of the class.
        package var cells: [Cell?]
        /// Whether any column departs from what it should be.
        package var differs: Bool
        /// Whether it tells of the class as a whole.
        package var isHead: Bool

        package init(
            className: String,
            component: String,
            kind: String,
            table: String? = nil,
            owner: String? = nil,
            cells: [Cell?],
            differs: Bool,
            isHead: Bool = false
        ) {
            self.isHead = isHead
            self.className = className
            self.component = component
            self.kind = kind
            self.table = table
            self.owner = owner
            self.cells = cells
            self.differs = differs
        }
    }

    package var columns: [String]
    package var rows: [Row]
    /// What a reader should know of the columns, and who stands behind one that holds several states.
    package var notes: [String]

    package init(columns: [String], rows: [Row], notes: [String] = []) {
        self.columns = columns
        self.rows = rows
        self.notes = notes
    }

    /// How many components depart from what they should be.
    var oddities: Int { rows.count(where: \.differs) }

    var html: HTML {
        Tag.section(.class("comparison"), .id(.comparison), .labelled(by: .heading(of: .comparison)), .target) {
            Tag.h2(.id(.heading(of: .comparison))) {
                "Comparison"
                HTML.permalink(.comparison, "the comparison")
            }
            if rows.isEmpty { Tag.p { "Nothing was compared." } }
            for name in classNames { tables(name, rows.filter { $0.className == name }) }
            if !notes.isEmpty {
                Tag.ul(.class("reasons"), .list) {
                    for note in notes { Tag.li { note } }
                }
            }
        }
    }

    var classNames: [String] {
        var seen: Set<String> = []
        return rows.map(\.className).filter { seen.insert($0).inserted }
    }

    private func tables(_ name: String, _ rows: [Row]) -> HTML {
        let odd = rows.filter { $0.differs || $0.isHead }
        let same = rows.filter { !$0.differs && !$0.isHead }
        let count = rows.count(where: \.differs)
        return Tag.section(.class("part"), .id(.compared(name)), .labelled(by: .heading(of: .compared(name))), .target)
        {
            Tag.h3(.id(.heading(of: .compared(name)))) {
                HTML.name(name)
                " "
                Tag.span(.class("count")) { count == 0 ? "nothing differs" : "\(count) differ" }
                HTML.permalink(.compared(name), "class \(name)")
            }
            if !odd.isEmpty { table(odd, "What differs in class \(name)") }
            if !same.isEmpty {
                Tag.details(.class("group"), .open(if: same.count <= 8)) {
                    Tag.summary {
                        State.present.chip(nil)
                        same.count == 1
                            ? " 1 component is as it should be" : " \(same.count) components are as they should be"
                    }
                    table(same, "What is as it should be in class \(name)")
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
                        for head in ["Component", "Kind"] { Tag.th(.scope(.column)) { head } }
                        for column in columns { Tag.th(.scope(.column)) { HTML.name(column) } }
                    }
                }
                Tag.tbody { HTML(rows.map { row($0) }) }
            }
        }
    }

    private func row(_ row: Row) -> HTML {
        let states = State.allCases.filter { state in row.cells.contains { $0?.state == state } }.map(\.rawValue)
        return Tag.tr(.class("item"), .states(states + (row.differs ? ["odd"] : []))) {
            Tag.th(.scope(.row)) {
                HTML.name(row.component)
                if let table = row.table {
                    Tag.span(.class("note")) {
                        "of "
                        HTML.name(table)
                    }
                }
                if let owner = row.owner {
                    Tag.span(.class("note")) {
                        "of class "
                        HTML.name(owner)
                    }
                }
            }
            Tag.td { row.kind }
            for cell in row.cells {
                if let cell {
                    Tag.td(.class("cell", cell.state.tone.rawValue)) { cell.state.chip(cell.text) }
                } else {
                    Tag.td(.class("none")) {
                        Tag.span(.decorative) { "–" }
                        Tag.span(.class("spoken")) { "no database" }
                    }
                }
            }
        }
    }
}

extension ComparisonTable.State {
    fileprivate var symbol: String {
        switch self {
        case .present: "✓"
        case .missing: "✗"
        case .differs: "≠"
        case .unexpected: "!"
        case .unknown: "?"
        case .absent: "–"
        }
    }

    fileprivate var tone: Tone {
        switch self {
        case .present: .good
        case .missing: .error
        case .differs, .unexpected: .warning
        case .unknown, .absent: .faint
        }
    }

    fileprivate func chip(_ text: String?) -> HTML { HTML.chip(symbol, text ?? rawValue, tone) }
}
