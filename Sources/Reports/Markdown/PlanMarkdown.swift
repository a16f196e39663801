package import FleetModel

/// A plan as a comment on a pull request: the verdict first, then what is refused, what would be done, and its SQL folded.
package struct PlanMarkdown: Sendable {
    private let plan: Plan

    package init(_ plan: Plan) {
        self.plan = plan
    }

    package func rendered(limit: Int = MarkdownPage.limit) -> String {
        var page = MarkdownPage(whole: "All of it: `plan --format json`, or `show` of the saved plan.")
        page.add("## \(Self.headline(plan.environments))")
        page.overview(plan.environments)
        for environment in plan.environments { page.environment(environment) }
        page.add(foot)
        return page.rendered(limit: limit)
    }

    /// What a reader must know if nothing else is read.
    private static func headline(_ plans: [EnvironmentPlan]) -> String {
        let verdicts = Set(plans.map(\.verdict))
        guard let gravest = Verdict.allCases.first(where: verdicts.contains) else {
            return "No environment is declared"
        }
        let names = plans.filter { $0.verdict == gravest }.map(\.name)
        let place = MarkdownText.list(names, first: 3)
        return switch gravest {
        case .unknown: "? Not every instance was reached in \(place)"
        case .failing: "✗ A check fails in \(place)"
        case .refused: "✗ Refused in \(place): nothing would be applied"
        case .owed: "~ Changes are owed in \(place)"
        case .converged: "✓ Nothing to do: all is as declared"
        }
    }

    private var foot: String {
        let digest = PlanDocument(plan).contentDigest.prefix(12)
        let commit = plan.gitCommit.map { " from commit \(MarkdownText.code(String($0.prefix(12))))" } ?? ""
        let time = Timestamp(seconds: plan.createdAt)
        return "Plan `\(digest)`, made `\(time)`\(commit) by reconcile \(MarkdownText.code(plan.toolVersion))."
    }
}

extension MarkdownPage {
    fileprivate mutating func overview(_ plans: [EnvironmentPlan]) {
        guard !plans.isEmpty else { return }
        add(
            """
            | environment | verdict | databases | to do | SQL statements | refused |
            |---|---|--:|---|--:|--:|
            """
        )
        for plan in plans {
            let verdict = plan.verdict
            let summary = plan.summary
            let cells = [
                MarkdownText.name(plan.name), "\(verdict.symbol) \(verdict.words)", "\(summary.databases)",
                plan.toDo.isEmpty ? "–" : plan.toDo.joined(separator: ", "), "\(summary.statements)",
                plan.refused.isEmpty ? "–" : "\(plan.refused.count)",
            ]
            add(.frame, Form(Self.row(cells)), Form("", leaving: [.environments: 1]), attached: true)
        }
    }

    mutating func environment(_ plan: EnvironmentPlan) {
        var head = "### \(MarkdownText.name(plan.name))"
        if plan.name != plan.role.rawValue { head += " (\(plan.role.rawValue))" }
        let instances = plan.instances.map { instance in
            let state = instance.isRetired ? ", retired" : instance.state == .retiring ? ", retiring" : ""
            let server = instance.serverVersion.map { "PostgreSQL \(MarkdownText.prose($0))" } ?? "**out of reach**"
            return "- \(MarkdownText.name(instance.name)): \(server)\(state), at \(MarkdownText.code(instance.address))"
        }
        add(.frame, Form(head), Form(""))
        if !plan.narrowed.isEmpty {
            let flags = MarkdownText.code(plan.narrowed.joined(separator: " "))
            add(.frame, Form("**Narrowed:** \(flags). What else there is was not looked at."), Form(""))
        }
        add(.table, Form(instances.joined(separator: "\n")), Form(""))
        if !plan.granted.isEmpty {
            let all = plan.granted.count == Hazard.allCases.count
            let hazards = plan.granted.sorted().map { "`\($0.rawValue)`" }.joined(separator: ", ")
            add(.table, Form("Granted: \(all ? "every hazard" : hazards)."), Form(""))
        }
        refusals(plan)
        for cohort in plan.cohorts { self.cohort(cohort, in: plan) }
        steps(of: plan)
        findings(plan.findingsBesideCohorts, of: plan)
    }

    private mutating func refusals(_ plan: EnvironmentPlan) {
        guard !plan.refused.isEmpty else { return }
        add(.frame, Form("#### Refused"), Form(""))
        add(
            .frame,
            Form(
                """
                | what | databases | because | what would grant it |
                |---|---|---|---|
                """
            ),
            Form("")
        )
        for refusal in plan.refused {
            let cells = [
                MarkdownText.prose(clipped(refusal.what)), MarkdownText.list(refusal.databases.map(clipped), first: 3),
                MarkdownText.code(clipped(refusal.why)),
                refusal.grant.map(Self.grant) ?? "nothing",
            ]
            add(.refusals, Form(Self.row(cells)), Form("", leaving: [.refusals: 1]), attached: true)
        }
    }

    /// A flag is shown as it is typed.
    private static func grant(_ text: String) -> String {
        text.hasPrefix("--") ? MarkdownText.code(clipped(text)) : MarkdownText.prose(clipped(text))
    }

    /// Steps of the environment as a whole.
    private mutating func steps(of plan: EnvironmentPlan) {
        let steps = plan.steps.filter { $0.kind != .backup }
        guard !steps.isEmpty else { return }
        add(.frame, Form("#### Once, for the whole environment"), Form(""))
        for step in steps {
            let isBackedUp = plan.steps.contains {
                $0.kind == .backup && $0.instance == step.instance && $0.database == step.database
            }
            // A minus would begin a list in the list.
            var line = "- "
            line += [step.instance, step.database].compactMap(\.self).map(MarkdownText.name).joined(separator: " / ")
            line += " will be **\(step.kind.participle)**: \(MarkdownText.prose(clipped(step.summary)))"
            if isBackedUp { line += ", after a backup" }
            if !step.hazards.isEmpty { line += " (\(Self.hazards(step.hazards)))" }
            if !step.objects.isEmpty {
                line += "; left on it: \(MarkdownText.list(step.objects.map(clipped), first: 3))"
            }
            add(.cohort, Form(line), Form("", leaving: [.steps: 1]), attached: step.id != steps[0].id)
        }
    }

    /// What was found about instances and databases that no cohort holds.
    mutating func findings(_ findings: [Finding], of plan: EnvironmentPlan) {
        guard !findings.isEmpty else { return }
        add(.frame, Form("#### Also found"), Form(""))
        var isFirst = true
        for instance in plan.instances {
            for group in FindingGroup.groups(of: findings.filter { $0.instance == instance.name }) {
                let name = MarkdownText.name(clipped(instance.name))
                let places = MarkdownText.list(group.places.map(clipped), first: 3)
                let line = Self.finding(group, place: group.places.isEmpty ? name : "\(name) / \(places)")
                add(.findings, Form(line), Form("", leaving: [.findings: 1]), attached: !isFirst)
                isFirst = false
            }
        }
    }

    /// A group of findings as an item of a list.
    static func finding(_ group: FindingGroup, place: String?, showsHint: Bool = true) -> String {
        let objects = MarkdownText.list(group.objects.map(clipped), first: 3)
        let about = [place, objects.isEmpty ? nil : objects].compactMap(\.self).joined(separator: ": ")
        var line = "- \(group.severity.symbol) `\(group.code.rawValue)` "
        line += about.isEmpty ? "" : "\(about): "
        line += MarkdownText.prose(clipped(group.message))
        if showsHint, let hint = group.hint { line += " → \(MarkdownText.prose(clipped(hint)))" }
        return line
    }

    static func hazards(_ hazards: Set<Hazard>) -> String {
        hazards.sorted().map { "**!** `\($0.rawValue)`" }.joined(separator: ", ")
    }

    static func row(_ cells: [String]) -> String {
        "| " + cells.map(MarkdownText.cell).joined(separator: " | ") + " |"
    }
}

/// Nothing of a stranger's is longer than a screen.
func clipped(_ text: String) -> String { Printable.shortened(text, to: 600) }
