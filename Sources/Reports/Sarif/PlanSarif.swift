package import FleetModel

/// A plan's findings and refusals in SARIF, each at the line of the manifest or migration that causes it.
package struct PlanSarif: Sendable {
    private let plan: Plan
    private let place: RepositoryPlace

    package init(_ plan: Plan, in place: RepositoryPlace) {
        self.plan = plan
        self.place = place
    }

    package var document: JSONValue {
        SarifLog(
            toolVersion: plan.toolVersion,
            prefix: place.prefix,
            handbook: place.handbook,
            automation: plan.environments.map(\.name).joined(separator: "+"),
            rules: Self.rules,
            results: plan.environments.flatMap(Self.results),
            properties: [.init("content_digest", .string(PlanDocument(plan).contentDigest))]
        ).document
    }

    private static let refused = "refused"

    private static var rules: [SarifLog.Rule] {
        FindingCode.allCases.map { code in
            let (meaning, remedy) = code.explanation
            return SarifLog.Rule(
                id: code.rawValue,
                meaning: meaning,
                remedy: remedy,
                level: code.usualSeverity,
                page: "findings.md#\(code.rawValue)"
            )
        } + [
            SarifLog.Rule(
                id: refused,
                meaning: "policy does not allow what would be done",
                remedy: "grant what is named, or change what would be done",
                level: .error,
                page: "policy.md"
            )
        ]
    }

    private static func results(_ plan: EnvironmentPlan) -> [SarifLog.Result] {
        let fallback = plan.location ?? FilePosition(file: "environments/\(plan.name).yaml")
        return groups(of: plan.findings).map { result($0, plan, fallback) } + refusals(plan, fallback)
    }

    /// Findings that say the same at the same place, so that a line is marked once for a thousand databases.
    private static func groups(of findings: [Finding]) -> [[Finding]] {
        struct Key: Hashable {
            var finding: Finding
        }
        var order: [Key] = []
        var groups: [Key: [Finding]] = [:]
        for finding in findings {
            var shared = finding
            shared.database = nil
            let key = Key(finding: shared)
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(finding)
        }
        return order.compactMap { groups[$0] }
    }

    private static func result(_ group: [Finding], _ plan: EnvironmentPlan, _ fallback: FilePosition) -> SarifLog.Result
    {
        let finding = group[0]
        let databases = group.compactMap(\.database)
        let who = databases.isEmpty ? "" : " / \(Printable.list(databases))"
        let about = finding.object.map { "\(Printable.name($0)): " } ?? ""
        let hint = finding.hint.map { " → \($0)" } ?? ""
        // What scratch says of a migration names its line, and the line may move.
        let said = finding.code == .migrationFails ? "" : finding.message
        return SarifLog.Result(
            rule: finding.code.rawValue,
            level: finding.severity,
            message: "\(Printable.name(plan.name)) / \(Printable.name(finding.instance))\(who): \(about)"
                + "\(finding.message)\(hint)",
            location: finding.location ?? fallback,
            places: databases.isEmpty
                ? ["\(plan.name)/\(finding.instance)"]
                : databases.map { "\(plan.name)/\(finding.instance)/\($0)" },
            identity: [plan.name, finding.code.rawValue, finding.instance, finding.object ?? "", said],
            properties: [
                .init("environment", .string(plan.name)), .init("instance", .string(finding.instance)),
                .init("databases", JSONValue(databases)),
            ]
        )
    }

    /// What policy refuses, but for what a finding says as gravely.
    private static func refusals(_ plan: EnvironmentPlan, _ fallback: FilePosition) -> [SarifLog.Result] {
        plan.refused.filter { refusal in
            !plan.findings.contains { $0.severity == .error && refusal.what.hasPrefix($0.code.rawValue) }
        }.map { refusal in
            let databases = Set(refusal.databases)
            let cause = plan.findings.first { $0.database.map(databases.contains) == true }
            let grant = refusal.grant.map { "; granted by \($0)" } ?? "; nothing can grant it"
            return SarifLog.Result(
                rule: refused,
                level: .error,
                message: "\(Printable.name(plan.name)): \(refusal.what) is refused because of \(refusal.why)\(grant)",
                location: statement(behind: refusal, in: plan)?.location ?? cause?.location ?? fallback,
                places: refusal.databases.isEmpty
                    ? [plan.name] : refusal.databases.map { "\(plan.name)/\(cause?.instance ?? "?")/\($0)" },
                identity: [plan.name, refused, refusal.what, refusal.why],
                properties: [
                    .init("environment", .string(plan.name)), .init("databases", JSONValue(refusal.databases)),
                ]
            )
        }
    }
}

extension PlanSarif {
    /// The first statement that would need the grant, where a step is refused for what its statements do.
    private static func statement(behind refusal: Refusal, in plan: EnvironmentPlan) -> PlannedStatement? {
        let steps = plan.cohorts.flatMap(\.steps)
        let step = steps.first { refusal.what.hasPrefix("\($0.id):") }
        return step?.statements.first { !$0.hazards.subtracting(plan.granted).isEmpty }
    }
}

/// Where the manifests stand in their repository, and where the handbook is.
package struct RepositoryPlace: Sendable {
    /// The folder of the manifests within the repository: empty, or ending in a slash.
    package var prefix: String
    package var handbook: String?

    package init(prefix: String = "", handbook: String? = nil) {
        self.prefix = prefix
        var handbook = handbook
        while handbook?.hasSuffix("/") == true { handbook?.removeLast() }
        self.handbook = handbook
    }
}

extension FindingCode {
    /// What it is where it may be of several.
    fileprivate var usualSeverity: Severity {
        switch self {
        case .migrationsPending, .databaseMissing, .databaseEmpty, .migrationOutOfOrder, .notInspected: .info
        case .historyMissing, .indexInvalid, .databaseUnmanaged, .codeAhead, .instanceRetiringInUse: .warning
        case .instanceUnreachable, .migrationEdited, .migrationUnknown, .migrationUnfinished, .versionAhead,
            .tableMisplaced, .tableMissing,
            .tableUnexpected, .schemaDrift, .migrationFails, .checkFailed:
            .error
        }
    }
}
