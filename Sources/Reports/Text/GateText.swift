internal import FleetModel
package import Planning

/// What the gate says, for a reader: the verdict first, then for each environment what stands in the way, by its rule.
package struct GateText: Sendable {
    private let report: GateReport

    package init(_ report: GateReport) {
        self.report = report
    }

    package func rendered(width: Int, style: Style) -> String {
        var page = TextPage(width: width, style: style)
        page.verdict(report)
        for verdict in report.verdicts {
            page.blank()
            page.verdict(verdict)
        }
        if let offline = report.offline {
            page.blank()
            page.classes(offline)
        }
        if report.verdicts.contains(where: { !$0.objections.isEmpty }) {
            page.blank()
            page.line(Span("Each rule, its causes and its cure: docs/gate.md", .faint))
        }
        return page.text
    }
}

extension GateVerdict {
    /// How many objections of one weight are shown before a screen is full.
    fileprivate static let shown = 12

    fileprivate var title: String { environment.map(Printable.name) ?? "classes of no environment" }

    fileprivate func objections(_ weight: GateObjection.Weight) -> [GateObjection] {
        objections.filter { $0.weight == weight }
    }
}

extension GateObjection.Status {
    var word: String {
        switch self {
        case .failed: "failed"
        case .owed: "owed"
        case .refused: "refused"
        case .invalid: "invalid"
        }
    }
}

extension TextPage {
    fileprivate mutating func verdict(_ report: GateReport) {
        guard let status = report.status else {
            line(
                Span("✓ passes", .good),
                Span(": " + counted(report.verdicts.count, "environment", "environments"))
            )
            source(report.offline)
            return
        }
        let shut = report.verdicts.filter { $0.status != nil }
        let words = shut.map { "\($0.title) \($0.status?.word ?? "")" }
        paragraph([Span("✗ blocked (\(status.rawValue))", .error), Span(": ")], words.joined(separator: ", "))
        source(report.offline)
    }

    private mutating func source(_ offline: GateReport.Offline?) {
        guard let offline else { return }
        guard let baseline = offline.baseline else {
            line(Span("  offline: no server but scratch was asked, so nothing is known of what is owed", .faint))
            return
        }
        paragraph(
            [Span("  offline: ", .faint)],
            "planned from \(Printable.clean(baseline.file)), recorded \(Timestamp(seconds: baseline.recordedAt)), "
                + "\(Self.age(baseline.age)) ago",
            .faint
        )
    }

    static func age(_ seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(max(0, seconds)) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) hours"
        default: "\(seconds / 86_400) days"
        }
    }

    fileprivate mutating func verdict(_ verdict: GateVerdict) {
        line(
            Span(verdict.title, .strong),
            Span(verdict.role.map { $0.rawValue == verdict.environment ? "" : " (\($0.rawValue))" } ?? ""),
            Span("  "),
            verdict.status.map { Span("\($0.word) (\($0.rawValue))", .error) } ?? Span("passes", .good),
            Span(
                verdict.narrowed.isEmpty
                    ? "" : "  narrowed: " + Printable.clean(verdict.narrowed.joined(separator: " ")),
                .warning
            )
        )
        for weight in [GateObjection.Weight.error, .warning, .accepted] {
            let objections = verdict.objections(weight)
            for objection in objections.prefix(GateVerdict.shown) { self.objection(objection) }
            if objections.count > GateVerdict.shown {
                line(Span("  … and \(objections.count - GateVerdict.shown) more; --format json has all", .faint))
            }
        }
        off(verdict.objections(.off))
    }

    private mutating func objection(_ objection: GateObjection) {
        let code = Printable.padded(objection.rule.code, to: 24)
        let margin = String(repeating: " ", count: 4 + 24)
        paragraph(
            [
                Span("  "), Span(objection.weight.symbol + " ", objection.weight.tint),
                Span(code, objection.weight.tint),
            ],
            place(objection) + Printable.clean(objection.message)
        )
        if objection.weight == .accepted {
            line(Span(margin), Span("owed, harmless, and accepted by --allow-pending", .faint))
            return
        }
        if let hint = objection.hint { paragraph([Span(margin)], "→ " + Printable.clean(hint), .faint) }
        if let reason = objection.reason {
            paragraph(
                [Span(margin)],
                "\(objection.weight == .error ? "an error" : "a warning") here: \(Printable.clean(reason))",
                .faint
            )
        }
    }

    /// Who is meant, as short as it can be told.
    private func place(_ objection: GateObjection) -> String {
        let who: String? =
            switch objection.databases.count {
            case 0: objection.className.map { "class \(Printable.name($0))" }
            case 1: Printable.name(objection.databases[0])
            case 2...3: Printable.list(objection.databases)
            default: "\(objection.databases.count) databases"
            }
        let parts = [objection.databases.isEmpty ? objection.instance.map(Printable.name) : nil, who]
            .compactMap(\.self)
        let object = objection.object.flatMap { name in
            objection.message.hasPrefix(name) || objection.className != nil ? nil : Printable.name(name)
        }
        return (parts + [object].compactMap(\.self)).map { $0 + ": " }.joined()
    }

    /// What is off is not shown, but that something is, and why.
    private mutating func off(_ objections: [GateObjection]) {
        var rules: [GateRule] = []
        for objection in objections where !rules.contains(objection.rule) { rules.append(objection.rule) }
        for rule in rules {
            let own = objections.filter { $0.rule == rule }
            paragraph(
                [Span("  - ", .faint), Span(Printable.padded(rule.code, to: 24), .faint)],
                "off here: \(Printable.clean(own[0].reason ?? "")) (\(own.count) not shown)",
                .faint
            )
        }
    }

    fileprivate mutating func classes(_ offline: GateReport.Offline) {
        for one in offline.classes {
            let whole = one.replayed == one.migrations
            line(
                Span("class \(Printable.name(one.name))", .strong),
                Span(
                    whole
                        ? "  \(counted(one.migrations, "migration", "migrations")) replayed on PostgreSQL \(one.major)"
                        : "  \(one.replayed) of \(one.migrations) migrations replayed on PostgreSQL \(one.major)",
                    whole ? nil : .error
                )
            )
            // With a baseline the real tables have decided already.
            guard offline.baseline == nil else { continue }
            for risk in one.risks.prefix(5) {
                paragraph(
                    [Span("  · ", .info)],
                    "\(Printable.name(risk.tag)) on tables with rows: "
                        + risk.hazards.sorted().map(\.rawValue).joined(separator: ", ")
                        + " (\(Printable.clean(risk.message)))"
                )
            }
            if one.risks.count > 5 { line(Span("  … and \(one.risks.count - 5) earlier ones", .faint)) }
        }
    }
}

extension GateObjection.Weight {
    var symbol: String {
        switch self {
        case .error: "✗"
        case .warning: "!"
        case .accepted: "~"
        case .off: "-"
        }
    }

    var tint: Tint {
        switch self {
        case .error: .error
        case .warning: .warning
        case .accepted: .info
        case .off: .faint
        }
    }
}
