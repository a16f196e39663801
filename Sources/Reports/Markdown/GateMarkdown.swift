package import FleetModel
package import Planning

/// The gate's verdict as a comment on a pull request: what stands in the way by its rule, then the plan it judged.
package struct GateMarkdown: Sendable {
    private let plan: Plan
    private let report: GateReport

    package init(_ plan: Plan, _ report: GateReport) {
        self.plan = plan
        self.report = report
    }

    package func rendered(limit: Int = MarkdownPage.limit) -> String {
        var page = MarkdownPage(whole: "All of it: `gate --format json`.")
        page.add("## \(headline)")
        if let offline = report.offline { page.add(Self.source(offline)) }
        for verdict in report.verdicts { page.verdict(verdict) }
        for one in report.offline?.classes ?? [] { page.replayed(one, showsRisks: report.offline?.baseline == nil) }
        if !plan.environments.isEmpty { page.add(.frame, .init("## The plan"), .init("")) }
        for environment in plan.environments { page.environment(environment) }
        page.add("Each rule, its causes and its cure: `docs/gate.md`.")
        return page.rendered(limit: limit)
    }

    private var headline: String {
        guard let status = report.status else { return "✓ The gate passes" }
        let names = report.verdicts.filter { $0.status != nil }.compactMap(\.environment)
        let place = names.isEmpty ? "" : " for \(MarkdownText.list(names, first: 3))"
        return "✗ The gate is blocked (\(status.rawValue), \(status.word))\(place)"
    }

    private static func source(_ offline: GateReport.Offline) -> String {
        guard let baseline = offline.baseline else {
            return "Offline: no server but scratch was asked, so nothing is known of what is owed."
        }
        return "Offline: planned from \(MarkdownText.code(baseline.file)), recorded "
            + "`\(Timestamp(seconds: baseline.recordedAt))`, \(TextPage.age(baseline.age)) ago."
    }
}

extension MarkdownPage {
    fileprivate mutating func verdict(_ verdict: GateVerdict) {
        let name = verdict.environment.map(MarkdownText.name) ?? "Classes of no environment"
        let word = verdict.status.map { "✗ \($0.word) (\($0.rawValue))" } ?? "✓ passes"
        add(.frame, Form("### \(name): \(word)"), Form(""))
        if !verdict.narrowed.isEmpty {
            let flags = MarkdownText.code(verdict.narrowed.joined(separator: " "))
            add(.frame, Form("**Narrowed:** \(flags). What else there is was not looked at."), Form(""))
        }
        var isFirst = true
        for objection in verdict.objections {
            let rank: Rank = objection.weight == .error ? .refusals : .findings
            let kind: Kind = objection.weight == .error ? .refusals : .findings
            add(rank, Form(Self.item(objection)), Form("", leaving: [kind: 1]), attached: !isFirst)
            isFirst = false
        }
    }

    private static func item(_ objection: GateObjection) -> String {
        var line = "- \(objection.weight.symbol) `\(objection.rule.code)` "
        let who =
            objection.databases.isEmpty
            ? (objection.className ?? objection.instance).map { MarkdownText.name(clipped($0)) }
            : MarkdownText.list(objection.databases.map(clipped), first: 3)
        line += who.map { "\($0): " } ?? ""
        line += MarkdownText.prose(clipped(objection.message))
        switch objection.weight {
        case .accepted: line += " (owed, harmless, and accepted by `--allow-pending`)"
        case .error, .warning: if let hint = objection.hint { line += " → \(MarkdownText.prose(clipped(hint)))" }
        case .off: break
        }
        if let reason = objection.reason {
            let level = objection.weight == .off ? "Off" : objection.weight == .error ? "An error" : "A warning"
            line += " **\(level) here:** \(MarkdownText.prose(clipped(reason)))"
        }
        return line
    }

    fileprivate mutating func replayed(_ one: GateClass, showsRisks: Bool) {
        let symbol = one.replayed == one.migrations ? "✓" : "✗"
        var line = "\(symbol) Class \(MarkdownText.name(one.name)): \(one.replayed) of "
        line += "\(counted(one.migrations, "migration", "migrations")) replayed on PostgreSQL \(one.major)."
        add(.frame, Form(line), Form(""))
        guard showsRisks else { return }
        for (index, risk) in one.risks.enumerated() {
            let item =
                "- \(MarkdownText.name(risk.tag)) on tables with rows: \(Self.hazards(risk.hazards)), "
                + MarkdownText.prose(clipped(risk.message))
            add(.findings, Form(item), Form("", leaving: [.findings: 1]), attached: index > 0)
        }
    }
}
