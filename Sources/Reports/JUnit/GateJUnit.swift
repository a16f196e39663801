package import FleetModel
package import Planning

/// What the gate says as test results: a suite for each environment, a case for each database and each rule.
///
/// Cases keep their names from run to run, whether they pass or not, so that a pipeline can tell what is new.
package struct GateJUnit: Sendable {
    private let plan: Plan
    private let report: GateReport

    package init(_ plan: Plan, _ report: GateReport) {
        self.plan = plan
        self.report = report
    }

    package var text: String {
        JUnitReport(
            suites: report.verdicts.map { verdict in
                let environment = plan.environments.first { $0.name == verdict.environment }
                return JUnitReport.Suite(
                    name: verdict.environment ?? "classes",
                    time: Timestamp(seconds: plan.createdAt).description,
                    cases: Self.cases(of: verdict, environment)
                )
            }
        ).text
    }

    private struct Key: Hashable {
        var rule: GateRule
        var instance: String?
        var database: String?
    }

    private static func cases(of verdict: GateVerdict, _ plan: EnvironmentPlan?) -> [JUnitReport.Case] {
        let suite = verdict.environment ?? "classes"
        let databases = (plan?.databases ?? []).filter { $0.status != .aside }
        let known = Dictionary(grouping: databases, by: \.name)
        var objections: [Key: [GateObjection]] = [:]
        for objection in verdict.objections {
            let places = objection.databases.flatMap { name in
                (known[name] ?? []).filter { objection.instance == nil || $0.instance == objection.instance }
            }
            // What concerns no database that is listed concerns the environment.
            let keys =
                places.isEmpty
                ? [Key(rule: objection.rule)]
                : places.map { Key(rule: objection.rule, instance: $0.instance, database: $0.name) }
            for key in keys { objections[key, default: []].append(objection) }
        }
        let whole = GateRule.allCases.map { rule in
            let found = objections[Key(rule: rule)] ?? []
            var one = item(suite, rule.code, found)
            if plan == nil, found.isEmpty, rule.needsServers { one.outcome = .skipped("no server was asked") }
            return one
        }
        return whole
            + databases.flatMap { database in
                GateRule.allCases.filter(\.concernsDatabases).map { rule in
                    let key = Key(rule: rule, instance: database.instance, database: database.name)
                    return item(
                        "\(suite).\(database.instance)",
                        "\(database.name): \(rule.code)",
                        objections[key] ?? []
                    )
                }
            }
    }

    private static func item(_ place: String, _ name: String, _ objections: [GateObjection]) -> JUnitReport.Case {
        var item = JUnitReport.Case(place: place, name: name)
        let errors = objections.filter { $0.weight == .error }
        item.location = (errors.first ?? objections.first)?.location
        item.notes = objections.filter { $0.weight != .error }.map { "\($0.weight.rawValue): \(words($0))" }
        guard let first = errors.first else { return item }
        let text = errors.map(words).joined(separator: "; ")
        let isUnseen = first.rule == .finding(.instanceUnreachable) || first.rule == .finding(.notInspected)
        item.outcome = isUnseen ? .error(text) : .failure(text)
        return item
    }

    private static func words(_ objection: GateObjection) -> String {
        (objection.object.map { "\(Printable.name($0)): " } ?? "") + objection.message
            + (objection.reason.map { " (\($0))" } ?? "") + (objection.hint.map { " → \($0)" } ?? "")
    }
}

extension GateRule {
    /// What no migration folder and no scratch server tells.
    fileprivate var needsServers: Bool {
        switch self {
        case .finding(let code): code != .codeAhead
        case .own(let own): own == .maxDestroy
        case .hazard: false
        }
    }

    /// What is asked of each database; the rest is asked of an environment, its instances or its migrations.
    fileprivate var concernsDatabases: Bool {
        switch self {
        case .finding(let code): code.concernsDatabases
        case .hazard: true
        case .own: false
        }
    }
}
