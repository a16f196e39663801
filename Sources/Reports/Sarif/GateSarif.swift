package import FleetModel
package import Planning

/// What the gate holds against a fleet in SARIF, each at the line of the manifest or migration that causes it.
package struct GateSarif: Sendable {
    private let plan: Plan
    private let report: GateReport
    private let place: RepositoryPlace

    package init(_ plan: Plan, _ report: GateReport, in place: RepositoryPlace) {
        self.plan = plan
        self.report = report
        self.place = place
    }

    package var document: JSONValue {
        SarifLog(
            toolVersion: plan.toolVersion,
            prefix: place.prefix,
            handbook: place.handbook,
            automation: (["gate"] + report.verdicts.compactMap(\.environment)).joined(separator: "+"),
            rules: GateRule.allCases.map { rule in
                SarifLog.Rule(
                    id: rule.code,
                    meaning: rule.meaning,
                    remedy: rule.remedy,
                    level: .error,
                    page: "gate.md#\(rule.code)"
                )
            },
            results: report.verdicts.flatMap { verdict in
                verdict.objections.compactMap { result($0, of: verdict) }
            },
            properties: [.init("passes", .bool(report.status == nil))]
        ).document
    }

    private func result(_ objection: GateObjection, of verdict: GateVerdict) -> SarifLog.Result? {
        // What a manifest has turned off is not to mark a line.
        guard let level = objection.weight.severity else { return nil }
        let environment = plan.environments.first { $0.name == verdict.environment }
        let fallback = environment?.location ?? FilePosition(file: "environments")
        let owner = [verdict.environment, objection.className.map { "class \($0)" }, objection.instance]
            .compactMap(\.self).map(Printable.name).joined(separator: " / ")
        let who = objection.databases.isEmpty ? "" : " / \(Printable.list(objection.databases))"
        let about = objection.object.map { "\(Printable.name($0)): " } ?? ""
        let why = objection.reason.map { " (\(objection.weight.rawValue): \($0))" } ?? ""
        return SarifLog.Result(
            rule: objection.rule.code,
            level: level,
            message: "\(owner)\(who): \(about)\(objection.message)\(why)" + (objection.hint.map { " → \($0)" } ?? ""),
            location: objection.location ?? fallback,
            places: objection.databases.map {
                [verdict.environment, objection.instance, $0].compactMap(\.self).joined(separator: "/")
            },
            // What scratch says of a migration names its line, and the line may move.
            identity: [
                verdict.environment ?? "", objection.rule.code, objection.className ?? "", objection.instance ?? "",
                objection.object ?? "", objection.object == nil ? objection.message : "",
            ],
            properties: [.init("databases", JSONValue(objection.databases))]
        )
    }
}

extension GateObjection.Weight {
    fileprivate var severity: Severity? {
        switch self {
        case .error: .error
        case .warning: .warning
        case .accepted: .info
        case .off: nil
        }
    }
}

extension GateRule {
    /// What it finds, in one sentence.
    package var meaning: String {
        switch self {
        case .finding(let code): code.explanation.meaning
        case .hazard(let hazard): hazard.meaning
        case .own(let own): own.meaning
        }
    }

    /// What to do about it.
    fileprivate var remedy: String? {
        switch self {
        case .finding(let code): code.explanation.remedy
        case .hazard, .own: nil
        }
    }
}

extension GateRule.Own {
    fileprivate var meaning: String {
        switch self {
        case .maxDestroy: "more databases would be rebuilt or dropped than policy allows"
        case .replayFails: "a migration does not run on scratch, from empty"
        case .replayUnassessed: "scratch cannot run a migration, so nothing is proved of it and of what comes after it"
        case .rowsFail: "a migration fails wherever a table that it changes holds a row"
        case .migrationsCollide: "two branches made a migration for the same place"
        case .tablesDiffer: "a class lists other tables than its migrations create"
        case .claimedTwice: "two environments claim one database"
        }
    }
}
