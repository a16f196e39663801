internal import FleetModel

extension MarkdownPage {
    mutating func cohort(_ cohort: Cohort, in plan: EnvironmentPlan) {
        let refusals = plan.refused.filter { $0.cohort == cohort.id }
        let names = cohort.databases
        add(
            .cohort,
            Form(title(of: cohort, isRefused: !refusals.isEmpty)),
            Form("", leaving: [.cohorts: 1, .databases: names.count])
        )
        let groups = FindingGroup.groups(of: plan.findings(of: cohort))
        if !groups.isEmpty {
            let lines = groups.enumerated().map { index, group in
                // A hint that several findings share is given once; what the steps do anyway is no hint.
                let isLast = !groups[(index + 1)...].contains { $0.hint == group.hint }
                let isAll = group.places.count == names.count
                return Self.finding(
                    group,
                    place: isAll ? nil : MarkdownText.list(group.places.map(clipped), first: 3),
                    showsHint: isLast && (cohort.steps.isEmpty || !group.code.isMendedBySteps)
                )
            }
            add(.findings, Form(lines.joined(separator: "\n")), Form("", leaving: [.findings: groups.count]))
        }
        guard !cohort.steps.isEmpty else { return }
        add(
            .steps,
            Form(table(of: cohort.steps)),
            Form(inShort(cohort.steps)),
            Form("", leaving: [.steps: cohort.steps.count])
        )
        sql(of: cohort)
    }

    private func title(of cohort: Cohort, isRefused: Bool) -> String {
        let names = cohort.databases
        let kind = cohort.steps.first { $0.kind.isMain }?.kind
        let many = names.count > 1
        var text = "**\(MarkdownText.code(cohort.id))** \(kind?.symbol ?? (isRefused ? "✗" : "·")) "
        text +=
            many ? "**\(names.count) databases**" : names.first.map { MarkdownText.name(clipped($0)) } ?? "no database"
        if let kind {
            text += " \(isRefused ? "would" : "will") be **\(kind.participle)**"
            if many {
                text += cohort.steps.count == 1 ? " by the same step" : " by the same \(cohort.steps.count) steps"
            }
        }
        if isRefused { text += kind == nil ? " **refused**" : ", **refused**" }
        text += ": class \(MarkdownText.name(cohort.className)) on \(MarkdownText.name(cohort.instance))"
        if let source = cohort.source { text += ", from \(MarkdownText.name(source))" }
        if many { text += "<br>\(MarkdownText.list(names.map(clipped), first: 10))" }
        return text
    }

    private func table(of steps: [Step]) -> String {
        let rows = steps.map { step in
            let objects = step.objects.isEmpty ? "" : ": \(MarkdownText.list(step.objects.map(plainObject), first: 3))"
            let own = step.hazards.isEmpty ? "–" : Self.hazards(step.hazards)
            return Self.row([
                MarkdownText.code(number(of: step)), "\(step.kind.symbol) `\(step.kind.rawValue)`",
                MarkdownText.prose(clipped(step.summary)) + objects, own,
            ])
        }
        return (["| | step | what it does | hazards |", "|---|---|---|---|"] + rows).joined(separator: "\n")
    }

    private func plainObject(_ text: String) -> String {
        clipped(text.hasPrefix("table ") ? String(text.dropFirst(6)) : text)
    }

    private func inShort(_ steps: [Step]) -> String {
        let hazards = steps.reduce(into: Set<Hazard>()) { $0.formUnion($1.hazards) }
        let kinds = steps.map { "`\($0.kind.rawValue)`" }.joined(separator: ", ")
        return "Steps: \(kinds)\(hazards.isEmpty ? "" : "; \(Self.hazards(hazards))")"
    }

    private func number(of step: Step) -> String { step.id.split(separator: ".").last.map(String.init) ?? step.id }

    /// The statements behind a line that unfolds them; checks only read, and are not among them.
    private mutating func sql(of cohort: Cohort) {
        let steps = cohort.steps.filter { $0.kind != .check && !$0.statements.isEmpty }
        let statements = steps.flatMap(\.statements)
        guard !statements.isEmpty else { return }
        if let before = shown[statements.withoutPlaces] {
            let count = Kind.statements.words(statements.count)
            return add(
                .steps,
                Form("\(count): the same as those of \(MarkdownText.code(before))."),
                Form("", leaving: [.statements: statements.count])
            )
        }
        shown[statements.withoutPlaces] = cohort.id
        let quiet = statements.count { $0.hazards.isEmpty }
        let all = details(cohort, steps, of: statements.count) { _ in true }
        let dangerous =
            quiet == statements.count ? "" : details(cohort, steps, of: statements.count) { !$0.hazards.isEmpty }
        add(
            .sql,
            Form(all),
            Form(dangerous, leaving: [.statements: quiet]),
            Form("", leaving: [.statements: statements.count])
        )
    }

    private func details(_ cohort: Cohort, _ steps: [Step], of count: Int, _ isShown: (PlannedStatement) -> Bool)
        -> String
    {
        var lines: [String] = []
        for step in steps {
            let statements = step.statements.filter(isShown)
            guard !statements.isEmpty else { continue }
            if !lines.isEmpty { lines.append("") }
            lines.append("-- \(number(of: step)) \(step.kind.rawValue): \(step.summary)")
            for statement in statements { lines += self.lines(of: statement) }
        }
        let shown = steps.reduce(0) { $0 + $1.statements.count(where: isShown) }
        let what = shown == count ? Kind.statements.words(count) : "\(shown) of \(Kind.statements.words(count))"
        return """
            <details><summary>\(MarkdownText.html(code: cohort.id)): \(what)</summary>

            \(MarkdownText.fenced(lines, "sql"))

            </details>
            """
    }

    private func lines(of statement: PlannedStatement) -> [String] {
        var lines: [String] = []
        if !statement.hazards.isEmpty {
            lines.append("-- ! \(statement.hazards.sorted().map(\.rawValue).joined(separator: ", "))")
        }
        if !statement.locks.isEmpty {
            let how = statement.hazards.isDisjoint(with: [.blocksReads, .blocksWrites]) ? "locks briefly" : "locks"
            let locks = statement.locks.map { "\($0.table) \($0.modeInWords)" }
            lines.append("-- \(how): \(locks.joined(separator: ", "))")
        }
        if let note = statement.note { lines.append("-- \(note)") }
        var sql = statement.sql.split(omittingEmptySubsequences: false) { $0.isNewline }.map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).joined(separator: "    ")
        }
        while sql.last?.allSatisfy({ $0 == " " }) == true { sql.removeLast() }
        if let last = sql.last, !last.hasSuffix(";") { sql[sql.count - 1] = last + ";" }
        return lines + sql
    }
}
