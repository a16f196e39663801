package import FleetModel

/// What exists, for a reader: instance by instance, database by database, with what was found.
package struct InventoryText: Sendable {
    private let plan: Plan

    package init(_ plan: Plan) {
        self.plan = plan
    }

    package func rendered(width: Int, style: Style) -> String {
        var page = TextPage(width: width, style: style)
        for environment in plan.environments {
            page.blank()
            page.inventory(environment)
        }
        return page.text
    }
}

extension TextPage {
    fileprivate mutating func inventory(_ plan: EnvironmentPlan) {
        line(
            Span(Printable.name(plan.name), .strong),
            Span(plan.name == plan.role.rawValue ? "" : " (\(plan.role.rawValue))"),
            Span(
                plan.narrowed.isEmpty ? "" : "  narrowed: " + Printable.clean(plan.narrowed.joined(separator: " ")),
                .warning
            )
        )
        for instance in plan.instances {
            blank()
            head(instance)
            databases(plan.databases.filter { $0.instance == instance.name })
            let groups = FindingGroup.groups(of: plan.findings.filter { $0.instance == instance.name })
            // What the table's own columns say needs no second word.
            let (told, untold) = FindingGroup.abridged(
                groups.filter { $0.severity != .info || $0.code == .notInspected || $0.code == .schemaDrift }
            )
            if !told.isEmpty { blank() }
            for (index, group) in told.enumerated() {
                let isLast = !told[(index + 1)...].contains { $0.hint == group.hint }
                let place = group.places.isEmpty ? nil : Printable.list(group.places)
                finding(group, indent: 4, place: place, showsHint: isLast)
            }
            self.untold(untold, indent: 4)
        }
        blank()
        counts(plan)
    }

    private mutating func head(_ instance: PlannedInstance) {
        var facts: [String] = []
        if let version = instance.serverVersion { facts.append("PostgreSQL \(Printable.clean(version))") }
        if let size = instance.sizeBytes { facts.append(Printable.size(size)) }
        if instance.state == .retiring { facts.append("retiring") }
        line(
            Span("  \(Printable.name(instance.name))", .strong),
            Span(
                "  " + (instance.reachable ? facts.joined(separator: ", ") : "out of reach"),
                instance.reachable ? nil : .error
            ),
            Span("  \(Printable.clean(instance.address))", .faint)
        )
    }

    private mutating func databases(_ databases: [PlannedDatabase]) {
        guard !databases.isEmpty else {
            line(Span("    no databases", .faint))
            return
        }
        let heads = ["database", "class", "version", "state", "tables", "size", "last change"]
        let rows = databases.map { database in
            [
                Printable.name(database.name), database.className.map(Printable.name) ?? "–",
                Self.version(database), database.status.rawValue, database.tables.map(String.init) ?? "–",
                Printable.size(database.sizeBytes),
                database.lastChange.map { Timestamp(milliseconds: $0).day } ?? "–",
            ]
        }
        var widths = heads.indices.map { column in
            ([heads] + rows).map { Printable.width($0[column]) }.max() ?? 0
        }
        // Names give way first; nothing else can be cut without losing its meaning.
        for column in [2, 0] {
            let excess = 6 + widths.reduce(0, +) + 2 * (widths.count - 1) - width
            if excess > 0 { widths[column] = max(12, widths[column] - excess) }
        }
        line(Span("      " + Self.cells(heads, widths), .faint))
        for (database, row) in zip(databases, rows) {
            let status = database.status
            let cells = Self.cells(row, widths)
            line(
                Span("    "),
                Span(status.symbol + " ", status.tint),
                Span(cells, status == .converged ? nil : status.tint)
            )
        }
    }

    private static func version(_ database: PlannedDatabase) -> String {
        let observed = database.observedVersion.map(Printable.name)
        let expected = database.expectedVersion.map(Printable.name)
        if observed == expected { return observed ?? "–" }
        guard let expected else { return observed ?? "–" }
        return
            "\(database.observedVersion.map { number($0, beside: database.expectedVersion) } ?? (database.status == .unknown ? "?" : "none")) → \(expected)"
    }

    /// The number alone where it tells two versions apart.
    private static func number(_ tag: String, beside other: String?) -> String {
        let number = tag.prefix { $0.isNumber }
        return number.isEmpty || other?.hasPrefix(number) == true ? Printable.name(tag) : String(number)
    }

    /// Numbers stand at the right of their column.
    private static func cells(_ cells: [String], _ widths: [Int]) -> String {
        zip(cells, widths).enumerated().map { index, cell in
            let text = Printable.shortened(cell.0, to: cell.1)
            guard index == 4 || index == 5 else { return Printable.padded(text, to: cell.1) }
            return String(repeating: " ", count: max(0, cell.1 - Printable.width(text))) + text
        }.joined(separator: "  ")
    }

    private mutating func counts(_ plan: EnvironmentPlan) {
        let words = DatabaseStatus.allCases.compactMap { status -> String? in
            let count = plan.databases.count { $0.status == status }
            return count == 0 ? nil : "\(count) \(status.rawValue)"
        }
        line(
            Span("\(Printable.name(plan.name)): ", .strong),
            Span(words.isEmpty ? "no databases" : words.joined(separator: ", ")),
            Span(".")
        )
    }
}

extension DatabaseStatus {
    var symbol: String {
        switch self {
        case .converged: "✓"
        case .pending, .empty: "~"
        case .missing: "+"
        case .drifted, .corrupted: "✗"
        case .unmanaged: "!"
        case .aside: "·"
        case .unknown: "?"
        }
    }

    var tint: Tint {
        switch self {
        case .converged, .missing: .good
        case .pending, .empty, .unmanaged: .warning
        case .drifted, .corrupted, .unknown: .error
        case .aside: .faint
        }
    }
}
