package import FleetModel

/// A plan as test results: a suite for each environment, a case for each database and each rule that is asked of it.
package struct PlanJUnit: Sendable {
    private let plan: Plan

    package init(_ plan: Plan) {
        self.plan = plan
    }

    package var text: String {
        let time = Timestamp(seconds: plan.createdAt).description
        return JUnitReport(
            suites: plan.environments.map { environment in
                JUnitReport.Suite(
                    name: environment.name,
                    time: time,
                    cases: Self.instances(environment) + Self.databases(environment) + Self.refusals(environment)
                )
            }
        ).text
    }

    private static func databases(_ plan: EnvironmentPlan) -> [JUnitReport.Case] {
        struct Key: Hashable {
            var instance: String
            var database: String
            var code: FindingCode
        }
        var findings: [Key: [Finding]] = [:]
        for finding in plan.findings {
            guard let database = finding.database else { continue }
            findings[Key(instance: finding.instance, database: database, code: finding.code), default: []]
                .append(finding)
        }
        return plan.databases.filter { $0.status != .aside }.flatMap { database -> [JUnitReport.Case] in
            let place = "\(plan.name).\(database.instance)"
            let rules = FindingCode.allCases.filter(\.concernsDatabases).map { code in
                let key = Key(instance: database.instance, database: database.name, code: code)
                return item(
                    place,
                    "\(database.name): \(code.rawValue)",
                    findings[key] ?? [],
                    isUnknown: database.status == .unknown
                )
            }
            return rules + [refusal(of: database, in: plan, place)]
        }
    }

    private static func instances(_ plan: EnvironmentPlan) -> [JUnitReport.Case] {
        plan.instances.flatMap { instance in
            FindingCode.allCases.filter(\.concernsInstances).map { code in
                let found = plan.findings.filter {
                    $0.instance == instance.name && $0.database == nil && $0.code == code
                }
                let isUnknown = !instance.reachable && code != .instanceUnreachable
                return item(plan.name, "\(instance.name): \(code.rawValue)", found, isUnknown: isUnknown)
            }
        }
    }

    private static func item(_ place: String, _ name: String, _ findings: [Finding], isUnknown: Bool)
        -> JUnitReport.Case
    {
        var item = JUnitReport.Case(place: place, name: name)
        let errors = findings.filter { $0.severity == .error }
        item.location = (errors.first ?? findings.first)?.location
        item.notes = findings.filter { $0.severity != .error }.map { "\($0.severity.rawValue): \(words($0))" }
        if let first = errors.first {
            let text = errors.map(words).joined(separator: "; ")
            let isUnseen = first.code == .instanceUnreachable || first.code == .notInspected
            item.outcome = isUnseen ? .error(text) : .failure(text)
        } else if isUnknown, findings.isEmpty {
            item.outcome = .skipped("unknown: it could not be looked at")
        }
        return item
    }

    private static func words(_ finding: Finding) -> String {
        (finding.object.map { "\(Printable.name($0)): " } ?? "") + finding.message
            + (finding.hint.map { " → \($0)" } ?? "")
    }

    private static func refusal(of database: PlannedDatabase, in plan: EnvironmentPlan, _ place: String)
        -> JUnitReport.Case
    {
        let refusals = plan.refused.filter { refusal in
            refusal.cohort.map { $0 == database.cohort } ?? refusal.databases.contains(database.name)
        }
        var item = JUnitReport.Case(place: place, name: "\(database.name): refused")
        if !refusals.isEmpty { item.outcome = .failure(refusals.map(words).joined(separator: "; ")) }
        return item
    }

    /// What is refused of the environment as a whole.
    private static func refusals(_ plan: EnvironmentPlan) -> [JUnitReport.Case] {
        plan.refused.filter { $0.cohort == nil && $0.databases.isEmpty }.map { refusal in
            JUnitReport.Case(
                place: plan.name,
                name: "refused: \(refusal.what)",
                outcome: .failure(words(refusal)),
                location: plan.location
            )
        }
    }

    private static func words(_ refusal: Refusal) -> String {
        "\(refusal.what) is refused because of \(refusal.why)"
            + (refusal.grant.map { "; granted by \($0)" } ?? "; nothing can grant it")
    }
}

extension FindingCode {
    fileprivate var concernsInstances: Bool {
        switch self {
        case .instanceUnreachable, .instanceRetiringInUse, .notInspected: true
        default: false
        }
    }

    var concernsDatabases: Bool { self != .instanceUnreachable }
}
