package import FleetModel

/// What exists, for a reader: instance by instance, database by database, with what was found.
package struct InventoryText: Sendable {
    private let plan: Plan

    package init(_ plan: Plan) {
        self.plan = plan
    }

    package func rendered(width: Int, style: Style, detail: Detail = .folded) -> String {
        var page = TextPage(width: width, style: style, detail: detail)
        for environment in plan.environments {
            page.blank()
            page.inventory(environment)
        }
        return page.text
    }
}

extension TextPage {
    fileprivate mutating func inventory(_ plan: EnvironmentPlan) {
        title(plan)
        for instance in plan.instances {
            blank()
            head(instance)
            databases(plan.databases.filter { $0.instance == instance.name }, folds: folds(plan))
            let groups = FindingGroup.ordered(plan.findings.filter { $0.instance == instance.name })
            // What the table's own columns say needs no second word.
            let (told, untold, folded) = abridged(
                groups.filter { $0.severity != .info || $0.code == .notInspected || $0.code == .schemaDrift },
                folds: folds(plan)
            )
            if !told.isEmpty { blank() }
            for (index, group) in told.enumerated() {
                let isLast = !told[(index + 1)...].contains { $0.hint == group.hint }
                let place = group.places.isEmpty ? nil : list(group.places)
                finding(group, indent: 4, place: place, showsHint: isLast)
            }
            self.folded(folded, indent: 4)
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
        flow(
            [
                Span("  \(Printable.name(instance.name))", .strong),
                Span(
                    "  " + (instance.reachable ? facts.joined(separator: ", ") : "out of reach"),
                    instance.reachable ? nil : .error
                ),
            ],
            indent: 4,
            last: Span("  \(Printable.clean(instance.address))", .faint)
        )
    }

    private mutating func databases(_ databases: [PlannedDatabase], folds: Bool) {
        guard !databases.isEmpty else {
            line(Span("    no databases", .faint))
            return
        }
        table(
            TextTable(
                heads: ["database", "class", "version", "state", "tables", "size", "last change"],
                numbers: 4...5,
                yielding: [2, 0],
                rows: folds ? foldedRows(databases) : databases.map { row([$0]) }
            )
        )
    }

    /// What is alike as one row, what nobody wishes for first; few that are alike stand one by one.
    private func foldedRows(_ databases: [PlannedDatabase]) -> [TextTable.Row] {
        var groups = databases.grouped { [$0.status.rawValue, $0.className ?? "", Self.version($0)] }
        if groups.reduce(0, { $0 + ($1.count > mostListed ? 1 : $1.count) }) > mostUnfolded {
            // Every one in a state of its own: only how they stand is told of all.
            groups = databases.grouped { [$0.status.rawValue] }
        }
        let order = DatabaseStatus.gravestFirst
        return order.flatMap { status in
            groups.filter { $0[0].status == status }.flatMap { group in
                group.count > mostListed ? [row(group)] : group.map { row([$0]) }
            }
        }
    }

    /// One database, or several as if they were one.
    private func row(_ databases: [PlannedDatabase]) -> TextTable.Row {
        let first = databases[0]
        func common(_ values: [String], _ many: String) -> String {
            let different = Set(values)
            return different.count == 1 ? values[0] : "\(different.count) \(many)"
        }
        let sizes = databases.compactMap(\.sizeBytes)
        return TextTable.Row(
            mark: Span(first.status.symbol + " ", first.status.tint),
            cells: [
                databases.count == 1 ? Printable.name(first.name) : "\(databases.count) databases",
                common(databases.map { $0.className.map(Printable.name) ?? "–" }, "classes"),
                common(databases.map(Self.version), "versions"), first.status.rawValue,
                databases.compactMap(\.tables).span, Printable.size(sizes.isEmpty ? nil : sizes.reduce(0, +)),
                databases.compactMap(\.lastChange).max().map { Timestamp(milliseconds: $0).day } ?? "–",
            ],
            tint: first.status == .converged ? nil : first.status.tint,
            note: databases.count == 1 ? nil : list(databases.map(\.name))
        )
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

    private mutating func counts(_ plan: EnvironmentPlan) {
        let words = DatabaseStatus.allCases.compactMap { status -> String? in
            let count = plan.databases.count { $0.status == status }
            return count == 0 ? nil : "\(count) \(status.rawValue)"
        }
        flow(
            [
                Span("\(Printable.name(plan.name)): ", .strong),
                Span(words.isEmpty ? "no databases" : words.joined(separator: ", ")), Span("."),
            ],
            indent: 4
        )
    }
}

extension DatabaseStatus {
    /// As a reader wants them: what is wrong, what is owed, what is as it should be.
    fileprivate static let gravestFirst: [Self] = [
        .corrupted, .drifted, .unknown, .missing, .empty, .pending, .unmanaged, .aside, .converged,
    ]

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
