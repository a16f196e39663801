package import FleetModel

/// A plan for a reader: what, where, how many, why, how dangerous, what is refused and what would grant it.
package struct PlanText: Sendable {
    private let plan: Plan

    package init(_ plan: Plan) {
        self.plan = plan
    }

    package func rendered(width: Int, style: Style) -> String {
        var page = TextPage(width: width, style: style)
        for environment in plan.environments {
            page.blank()
            page.environment(environment)
        }
        return page.text
    }
}

extension TextPage {
    mutating func environment(_ plan: EnvironmentPlan) {
        shown = [:]
        heading(plan)
        for cohort in plan.cohorts {
            blank()
            self.cohort(cohort, in: plan)
        }
        for step in plan.steps where step.kind != .backup {
            blank()
            self.step(of: step, in: plan)
        }
        rest(of: plan)
        refusals(plan)
        blank()
        summary(plan)
    }

    mutating func heading(_ plan: EnvironmentPlan) {
        line(
            Span(Printable.name(plan.name), .strong),
            Span(plan.name == plan.role.rawValue ? "" : " (\(plan.role.rawValue))"),
            Span(
                plan.narrowed.isEmpty ? "" : "  narrowed: " + Printable.clean(plan.narrowed.joined(separator: " ")),
                .warning
            )
        )
        let longest = plan.instances.map { Printable.width(Printable.name($0.name)) }.max() ?? 0
        for instance in plan.instances {
            let state = instance.isRetired ? ", retired" : instance.state == .retiring ? ", retiring" : ""
            let server =
                instance.serverVersion.map { "PostgreSQL \(Printable.clean($0))\(state)" } ?? "out of reach\(state)"
            line(
                Span("  " + Printable.padded(Printable.name(instance.name), to: longest)),
                Span("  " + server, instance.reachable ? nil : .error),
                Span("  " + Printable.clean(instance.address), .faint)
            )
        }
        if !plan.granted.isEmpty {
            let all = plan.granted.count == Hazard.allCases.count
            paragraph(
                [Span("  granted: ", .faint)],
                all ? "every hazard" : plan.granted.sorted().map(\.rawValue).joined(separator: ", "),
                .faint
            )
        }
    }

    private mutating func cohort(_ cohort: Cohort, in plan: EnvironmentPlan) {
        let refusals = plan.refused.filter { $0.cohort == cohort.id }
        let kind = cohort.steps.first { $0.kind.isMain }?.kind
        let symbol = kind.map(\.symbol) ?? (refusals.isEmpty ? "·" : "✗")
        let tint = kind.map(\.tint) ?? .error
        let names = cohort.databases
        let what = names.count == 1 ? Printable.name(names[0]) : "\(names.count) databases"
        let same = names.count == 1 || cohort.steps.isEmpty ? "" : " by the same \(steps(cohort.steps.count))"
        line(
            Span("\(Printable.clean(cohort.id)) ", .faint),
            Span("\(symbol) ", tint),
            Span(what, .strong),
            Span(kind.map { " \(refusals.isEmpty ? "will" : "would") be \($0.participle)" + same } ?? ""),
            Span(refusals.isEmpty ? "" : kind == nil ? " refused" : ", refused", .error),
            Span(cohort.source.map { "  from \(Printable.name($0))" } ?? "", .faint),
            Span("  \(Printable.name(cohort.className)) on \(Printable.name(cohort.instance))", .faint)
        )
        if names.count > 1 { paragraph([Span("     ")], Printable.list(names, first: 5)) }
        reasons(FindingGroup.groups(of: plan.findings(of: cohort)), cohort)
        let isNew = cohort.from == nil || cohort.startsEmpty(in: plan)
        let kinds = cohort.steps.map { $0.kind.rawValue.utf8.count }.max() ?? 0
        for step in cohort.steps {
            self.step(step, isNew: isNew, kindWidth: kinds)
            if step.kind == .moveDatabase { movedSize(of: cohort, in: plan) }
        }
    }

    /// How long writers will be stopped is not known before apply has tried it; how much there is to copy is.
    private mutating func movedSize(of cohort: Cohort, in plan: EnvironmentPlan) {
        let members = Set(cohort.databases)
        let sizes = plan.databases.filter { $0.instance == cohort.source && members.contains($0.name) }
            .compactMap(\.sizeBytes)
        let all = Printable.size(sizes.reduce(0, +))
        let largest = sizes.count > 1 ? ", the largest \(Printable.size(sizes.max() ?? 0))" : ""
        paragraph(
            [Span("         ")],
            "\(all) to copy\(largest). Writers of each are stopped while it is dumped, restored and compared: apply does that "
                + "once beforehand, and says how long it took before it stops them.",
            .faint
        )
    }

    private func steps(_ count: Int) -> String { count == 1 ? "step" : "\(count) steps" }

    private mutating func reasons(_ groups: [FindingGroup], _ cohort: Cohort) {
        let (groups, untold) = FindingGroup.abridged(groups)
        for (index, group) in groups.enumerated() {
            // A hint that several findings share is given once; what the steps do anyway is no hint.
            let isLast = !groups[(index + 1)...].contains { $0.hint == group.hint }
            let some = group.places.count == cohort.databases.count ? nil : Printable.list(group.places)
            finding(
                group,
                indent: 5,
                place: some,
                showsHint: isLast && (cohort.steps.isEmpty || !group.code.isMendedBySteps)
            )
        }
        self.untold(untold, indent: 5)
    }

    /// What was found about databases that no cohort holds.
    private mutating func rest(of plan: EnvironmentPlan) {
        let findings = plan.findingsBesideCohorts
        guard !findings.isEmpty else { return }
        blank()
        line(Span("Also found", .strong))
        for instance in plan.instances {
            let (groups, untold) = FindingGroup.abridged(
                FindingGroup.groups(of: findings.filter { $0.instance == instance.name })
            )
            for (index, group) in groups.enumerated() {
                let name = Printable.name(instance.name)
                finding(
                    group,
                    indent: 2,
                    place: group.places.isEmpty ? name : "\(name)/\(Printable.list(group.places))",
                    // A hint that follows again is given once.
                    showsHint: groups.dropFirst(index + 1).first?.hint != group.hint
                )
            }
            self.untold(untold, indent: 2)
        }
    }

    private mutating func refusals(_ plan: EnvironmentPlan) {
        guard !plan.refused.isEmpty else { return }
        blank()
        line(Span("Refused", .strong))
        for refusal in plan.refused {
            let who =
                refusal.databases.count > 1
                ? "  " + Printable.counted(refusal.databases.count, "database", "databases")
                : refusal.cohort != nil ? refusal.databases.first.map { "  " + Printable.name($0) } ?? "" : ""
            line(Span("  ✗ ", .error), Span(Printable.clean(refusal.what), .error), Span(who))
            paragraph([Span("      because  ", .faint)], Printable.clean(refusal.why))
            paragraph(
                [Span("      grant    ", .faint)],
                refusal.grant.map(Printable.clean) ?? "nothing can grant it",
                .strong
            )
        }
    }

    private mutating func summary(_ plan: EnvironmentPlan) {
        let summary = plan.summary
        let name = Printable.name(plan.name)
        let words = plan.toDo
        if words.isEmpty {
            let all = Printable.counted(summary.databases, "database is", "databases are")
            line(
                Span(plan.refused.isEmpty ? "No changes. " : "No changes possible. ", .strong),
                Span(
                    plan.refused.isEmpty
                        ? "\(name): \(summary.databases == 0 ? "no database is declared here" : "\(all) as declared")."
                        : "\(name): \(Printable.counted(plan.refused.count, "refusal", "refusals"))."
                )
            )
            return
        }
        let refusals = Printable.counted(plan.refused.count, "refusal", "refusals")
        line(
            Span("Plan for \(name): ", .strong),
            Span(words.joined(separator: ", ")),
            Span(" of \(Printable.counted(summary.databases, "database", "databases"))"),
            Span(summary.statements > 0 ? "; \(Printable.counted(summary.statements, "statement", "statements"))" : ""),
            Span(plan.refused.isEmpty ? "" : "; \(refusals), so nothing will be applied", .error),
            Span(".")
        )
    }
}
