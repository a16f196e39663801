internal import FleetModel

extension TextPage {
    /// The cohorts, those together that only the states of their databases tell apart; each alone where they are few.
    ///
    /// What is refused comes first: it is what somebody has to do something about.
    func alike(_ plan: EnvironmentPlan) -> [[Cohort]] {
        guard folds(plan) else { return plan.cohorts.map { [$0] } }
        var refused: [String: [Refusal]] = [:]
        for refusal in plan.refused {
            if let cohort = refusal.cohort { refused[cohort, default: []].append(refusal) }
        }
        let cohorts =
            plan.cohorts.filter { refused[$0.id] != nil } + plan.cohorts.filter { refused[$0.id] == nil }
        guard cohorts.count > 2 * mostListed else { return cohorts.map { [$0] } }
        let groups = cohorts.grouped { cohort in
            Shape(
                className: cohort.className,
                instance: cohort.instance,
                steps: cohort.steps.map { Shape.Step(kind: $0.kind, migrations: $0.migrations, hazards: $0.hazards) },
                refused: (refused[cohort.id] ?? []).map(Alike.init)
            )
        }
        return groups.flatMap { $0.count > mostListed ? [$0] : $0.map { [$0] } }
    }

    /// What makes cohorts read alike.
    private struct Shape: Hashable {
        struct Step: Hashable {
            var kind: StepKind
            var migrations: [String]
            var hazards: Set<Hazard>
        }

        var className: String
        var instance: String
        var steps: [Step]
        var refused: [Alike]
    }

    /// Cohorts of which as good as the same would be said as of the one above.
    mutating func likewise(_ cohorts: [Cohort]) {
        guard let first = cohorts.first, let last = cohorts.last else { return }
        let databases = cohorts.flatMap(\.databases)
        let ids = cohorts.count == 1 ? first.id : "\(first.id) … \(last.id)"
        let what = "\(counted(databases.count, "more database", "more databases")) likewise, "
        paragraph(
            [Span("     ")],
            what + "in \(counted(cohorts.count, "other state", "other states")) "
                + "(\(Printable.clean(ids))): \(list(databases)); --verbose shows each",
            .faint
        )
    }

    /// What policy does not let happen, and what would let it.
    mutating func refusals(_ plan: EnvironmentPlan) {
        guard !plan.refused.isEmpty else { return }
        blank()
        line(Span("Refused", .strong))
        let groups = folds(plan) ? plan.refused.grouped(by: Alike.init) : plan.refused.map { [$0] }
        for group in groups {
            let isFolded = group.count > mostListed
            for refusal in isFolded ? Array(group.prefix(1)) : group { self.refusal(refusal) }
            guard isFolded else { continue }
            let more = group.dropFirst().map { refusal in
                // The code has been said.
                let place = refusal.what.split(separator: ":", maxSplits: 1).last.map { $0.drop { $0 == " " } }
                return Printable.clean(refusal.cohort == nil ? place.map(String.init) ?? refusal.what : refusal.what)
            }
            let named = more.prefix(mostListed).joined(separator: ", ")
            let rest = more.count > mostListed ? " and \(more.count - mostListed) more" : ""
            paragraph([Span("      likewise ", .faint)], named + rest + "; --verbose shows each")
        }
    }

    /// What refusals share that are told once.
    private struct Alike: Hashable {
        /// The finding's code; nil where it is a step of a cohort, whose reason is the policy's.
        var code: String?
        var why: String?
        var grant: String?

        init(_ refusal: Refusal) {
            let isStep = refusal.cohort != nil && refusal.what.contains(".")
            code = isStep ? nil : refusal.what.split(separator: ":").first.map(String.init)
            why = refusal.cohort == nil ? nil : refusal.why
            grant = refusal.grant
        }
    }

    private mutating func refusal(_ refusal: Refusal) {
        let who =
            refusal.databases.count > 1
            ? "  " + counted(refusal.databases.count, "database", "databases")
            : refusal.cohort != nil ? refusal.databases.first.map { "  " + Printable.name($0) } ?? "" : ""
        flow([Span("  ✗ ", .error), Span(Printable.clean(refusal.what), .error), Span(who)], indent: 6)
        paragraph([Span("      because  ", .faint)], Printable.clean(refusal.why))
        paragraph(
            [Span("      grant    ", .faint)],
            refusal.grant.map(Printable.clean) ?? "nothing can grant it",
            .strong
        )
    }
}
