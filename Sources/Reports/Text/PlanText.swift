package import FleetModel

/// A plan for a reader: what, where, how many, why, how dangerous, what is refused and what would grant it.
package struct PlanText: Sendable {
    private let plan: Plan

    package init(_ plan: Plan) {
        self.plan = plan
    }

    package func rendered(width: Int, style: Style, detail: Detail = .folded) -> String {
        var page = TextPage(width: width, style: style, detail: detail)
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
        isCrowded = folds(plan)
        heading(plan)
        for group in alike(plan) {
            blank()
            self.cohort(group[0], in: plan)
            likewise(Array(group.dropFirst()))
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

    /// Whether there is more than a reader reads one by one.
    func folds(_ plan: EnvironmentPlan) -> Bool { detail == .folded && plan.databases.count > mostUnfolded }

    mutating func title(_ plan: EnvironmentPlan) {
        flow(
            [
                Span(Printable.name(plan.name), .strong),
                Span(plan.name == plan.role.rawValue ? "" : " (\(plan.role.rawValue))"),
                Span(
                    plan.narrowed.isEmpty ? "" : "  narrowed: " + Printable.clean(plan.narrowed.joined(separator: " ")),
                    .warning
                ),
            ],
            indent: 4
        )
    }

    mutating func heading(_ plan: EnvironmentPlan) {
        title(plan)
        let longest = plan.instances.map { Printable.width(Printable.name($0.name)) }.max() ?? 0
        for instance in plan.instances {
            let state = instance.isRetired ? ", retired" : instance.state == .retiring ? ", retiring" : ""
            let server =
                instance.serverVersion.map { "PostgreSQL \(Printable.clean($0))\(state)" } ?? "out of reach\(state)"
            flow(
                [
                    Span("  " + Printable.padded(Printable.name(instance.name), to: longest)),
                    Span("  " + server, instance.reachable ? nil : .error),
                ],
                indent: 4,
                last: Span("  " + Printable.clean(instance.address), .faint)
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
        flow(
            [
                Span("\(Printable.clean(cohort.id)) ", .faint), Span("\(symbol) ", tint), Span(what, .strong),
                Span(kind.map { " \(refusals.isEmpty ? "will" : "would") be \($0.participle)" + same } ?? ""),
                Span(refusals.isEmpty ? "" : kind == nil ? " refused" : ", refused", .error),
                Span(cohort.source.map { "  from \(Printable.name($0))" } ?? "", .faint),
                Span("  \(Printable.name(cohort.className)) on \(Printable.name(cohort.instance))", .faint),
            ],
            indent: 5
        )
        if names.count > 1 { paragraph([Span("     ")], list(names, first: 5)) }
        reasons(FindingGroup.groups(of: plan.findings(of: cohort)), cohort, isRefused: !refusals.isEmpty)
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

    private mutating func reasons(_ groups: [FindingGroup], _ cohort: Cohort, isRefused: Bool) {
        let (groups, untold, _) = abridged(groups, folds: false)
        // Among many, what would mend it is said where it is refused.
        let isGranted = isCrowded && isRefused
        for (index, group) in groups.enumerated() {
            // A hint that several findings share is given once; what the steps do anyway is no hint.
            let isLast = !groups[(index + 1)...].contains { $0.hint == group.hint }
            let some = group.places.count == cohort.databases.count ? nil : list(group.places)
            finding(
                group,
                indent: 5,
                place: some,
                showsHint: isLast && !isGranted && (cohort.steps.isEmpty || !group.code.isMendedBySteps)
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
            let (groups, untold, folded) = abridged(
                FindingGroup.groups(of: findings.filter { $0.instance == instance.name }),
                folds: folds(plan)
            )
            for (index, group) in groups.enumerated() {
                let name = Printable.name(instance.name)
                finding(
                    group,
                    indent: 2,
                    place: group.places.isEmpty ? name : "\(name)/\(list(group.places))",
                    // A hint that follows again is given once.
                    showsHint: groups.dropFirst(index + 1).first?.hint != group.hint
                )
            }
            self.folded(folded, indent: 2)
            self.untold(untold, indent: 2)
        }
    }

    private mutating func summary(_ plan: EnvironmentPlan) {
        let summary = plan.summary
        let name = Printable.name(plan.name)
        let words = plan.toDo
        if words.isEmpty, plan.refused.isEmpty, plan.hasUnreachable {
            let missing = counted(plan.instances.count { !$0.reachable }, "instance is", "instances are")
            let seen = summary.databases == 0 ? "" : "; what was seen is as declared"
            flow(
                [
                    Span("No changes known. ", .strong),
                    Span("\(name): \(missing) out of reach, and what is there is unknown\(seen)."),
                ],
                indent: 4
            )
            return
        }
        if words.isEmpty {
            let all = counted(summary.databases, "database is", "databases are")
            flow(
                [
                    Span(plan.refused.isEmpty ? "No changes. " : "No changes possible. ", .strong),
                    Span(
                        plan.refused.isEmpty
                            ? "\(name): \(summary.databases == 0 ? "no database is declared here" : "\(all) as declared")."
                            : "\(name): \(counted(plan.refused.count, "refusal", "refusals"))."
                    ),
                ],
                indent: 4
            )
            return
        }
        let refusals = counted(plan.refused.count, "refusal", "refusals")
        flow(
            [
                Span("Plan for \(name): ", .strong), Span(words.joined(separator: ", ")),
                Span(" of \(counted(summary.databases, "database", "databases"))"),
                Span(
                    summary.statements > 0
                        ? "; \(counted(summary.statements, "statement", "statements"))" : ""
                ),
                Span(plan.refused.isEmpty ? "" : "; \(refusals), so nothing will be applied", .error), Span("."),
            ],
            indent: 4
        )
    }
}
