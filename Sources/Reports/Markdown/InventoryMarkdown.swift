package import FleetModel

/// What exists, for a comment or a wiki: how many databases stand how, then each instance with its databases.
package struct InventoryMarkdown: Sendable {
    private let plan: Plan

    package init(_ plan: Plan) {
        self.plan = plan
    }

    package func rendered(limit: Int = MarkdownPage.limit) -> String {
        var page = MarkdownPage(whole: "All of it: `inventory --format json`.")
        let databases = plan.environments.flatMap(\.databases)
        let counts = Self.counts(databases)
        let unreached = plan.environments.flatMap(\.instances).count { !$0.reachable }
        let unknown = unreached == 0 ? "" : "; \(counted(unreached, "instance", "instances")) out of reach"
        page.add("## \(databases.isEmpty ? "No databases" : counts)\(unknown)")
        for environment in plan.environments { page.inventory(of: environment) }
        return page.rendered(limit: limit)
    }

    /// `12 converged, 1 pending`.
    static func counts(_ databases: [PlannedDatabase]) -> String {
        DatabaseStatus.allCases.compactMap { status -> String? in
            let count = databases.count { $0.status == status }
            return count == 0 ? nil : "\(count) \(status.rawValue)"
        }.joined(separator: ", ")
    }
}

extension MarkdownPage {
    fileprivate mutating func inventory(of plan: EnvironmentPlan) {
        let role = plan.name == plan.role.rawValue ? "" : " (\(plan.role.rawValue))"
        add(.frame, Form("### \(MarkdownText.name(plan.name))\(role)"), Form("", leaving: [.environments: 1]))
        if !plan.narrowed.isEmpty {
            let flags = MarkdownText.code(plan.narrowed.joined(separator: " "))
            add(.frame, Form("**Narrowed:** \(flags). What else there is was not looked at."), Form(""))
        }
        for instance in plan.instances {
            var facts: [String] = []
            if let version = instance.serverVersion { facts.append("PostgreSQL \(MarkdownText.prose(version))") }
            if let size = instance.sizeBytes { facts.append(Printable.size(size)) }
            if instance.state == .retiring { facts.append(instance.isRetired ? "retired" : "retiring") }
            let state = instance.reachable ? facts.joined(separator: ", ") : "**out of reach**"
            let address = MarkdownText.code(clipped(instance.address))
            add(.frame, Form("#### \(MarkdownText.name(instance.name)): \(state), at \(address)"), Form(""))
            databases(plan.databases.filter { $0.instance == instance.name })
            let groups = FindingGroup.ordered(plan.findings.filter { $0.instance == instance.name })
            // What the table's own columns say needs no second word.
            let told = groups.filter { $0.severity != .info || $0.code == .notInspected }
            for (index, group) in told.enumerated() {
                let places = MarkdownText.list(group.places.map(clipped), first: 3)
                let line = Self.finding(
                    group,
                    place: places.isEmpty ? nil : places,
                    showsHint: !told[(index + 1)...].contains { $0.hint == group.hint }
                )
                add(.findings, Form(line), Form("", leaving: [.findings: 1]), attached: index > 0)
            }
        }
    }

    private mutating func databases(_ databases: [PlannedDatabase]) {
        guard !databases.isEmpty else { return add(.table, Form("No databases."), Form("")) }
        let exceptions = databases.filter { $0.status != .converged }
        let quiet = databases.count - exceptions.count
        let counts = "\(InventoryMarkdown.counts(databases))."
        let short = exceptions.isEmpty ? counts : "\(table(of: exceptions))\n\nBesides, \(quiet) converged."
        add(
            .table,
            Form(table(of: databases)),
            Form(quiet == 0 ? table(of: databases) : short, leaving: quiet == 0 ? [:] : [.databases: quiet]),
            Form(counts, leaving: [.databases: databases.count]),
            Form("", leaving: [.databases: databases.count])
        )
    }

    private func table(of databases: [PlannedDatabase]) -> String {
        let rows = databases.map { database in
            Self.row([
                MarkdownText.name(clipped(database.name)), database.className.map(MarkdownText.name) ?? "–",
                version(of: database), "\(database.status.symbol) \(database.status.rawValue)",
                database.tables.map(String.init) ?? "–", Printable.size(database.sizeBytes),
                database.lastChange.map { Timestamp(milliseconds: $0).day } ?? "–",
            ])
        }
        return
            (["| database | class | version | state | tables | size | last change |", "|---|---|---|---|--:|--:|---|"]
            + rows).joined(separator: "\n")
    }

    private func version(of database: PlannedDatabase) -> String {
        let observed = database.observedVersion.map(MarkdownText.name)
        guard let expected = database.expectedVersion.map(MarkdownText.name), expected != observed else {
            return observed ?? "–"
        }
        return "\(observed ?? (database.status == .unknown ? "?" : "none")) → \(expected)"
    }
}
