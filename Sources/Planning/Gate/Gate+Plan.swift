internal import FleetModel

// What a plan's parts are to the gate.

extension Refusal {
    /// The rules that stand for it: what is refused is a step, by its id, or a finding, by its code.
    var rules: [GateRule] {
        let head = String(what.prefix { $0 != ":" })
        if let code = FindingCode(rawValue: head) { return [.finding(code)] }
        if why.hasPrefix("maxDestroy") { return [.own(.maxDestroy)] }
        let hazards = grant?.split(separator: " ").last?.split(separator: ",").compactMap {
            Hazard(rawValue: String($0))
        }
        return (hazards ?? []).map { .hazard($0) }
    }

    /// Whether it is what was found that is refused, and not what would be done.
    var isOfFinding: Bool { FindingCode(rawValue: String(what.prefix { $0 != ":" })) != nil }

    /// What was found and what policy makes of it.
    func text(of rule: GateRule, in plan: EnvironmentPlan) -> String {
        let finding = plan.findings.first { finding in
            finding.severity == .error && rule == .finding(finding.code)
                && finding.database.map(databases.contains) == true
        }
        guard cohort != nil, let finding else { return why }
        return (finding.object.map { "\($0): " } ?? "") + "\(finding.message); \(why)"
    }

    /// `code: instance` or `code: instance/database`, of what no cohort holds.
    func instance(in plan: EnvironmentPlan) -> String? {
        let place = what.drop { $0 != ":" }.dropFirst(2)
        return plan.instances.map(\.name).first { place == $0 || place.hasPrefix($0 + "/") }
    }

    func location(of rule: GateRule, in plan: EnvironmentPlan) -> FilePosition? {
        let own = plan.findings.first { finding in
            finding.object.map { what == "\(finding.code.rawValue): \(finding.instance)/\($0)" } ?? false
        }
        if let own { return own.location }
        return plan.findings.first { finding in
            rule == .finding(finding.code) && finding.location != nil
                && (databases.isEmpty || finding.database.map(databases.contains) == true)
        }?.location ?? plan.location
    }
}

extension StepKind {
    /// Whether it only adds: it repairs, moves, drops and retires nothing.
    var isHarmless: Bool {
        switch self {
        case .createDatabase, .adopt, .migrate, .initialize, .backup, .check: true
        case .quarantineTables, .rebuildDatabase, .moveDatabase, .dropDatabase, .retireInstance: false
        }
    }
}

extension Step {
    /// The finding that it answers first of all.
    var rule: GateRule {
        switch kind {
        case .adopt: .finding(.historyMissing)
        case .quarantineTables: .finding(.tableMisplaced)
        case .moveDatabase, .retireInstance: .finding(.instanceRetiringInUse)
        case .dropDatabase: .finding(.databaseUnmanaged)
        case .createDatabase, .migrate, .initialize, .rebuildDatabase, .backup, .check:
            .finding(
                [.databaseMissing, .databaseEmpty, .migrationsPending, .migrationOutOfOrder, .indexInvalid]
                    .first { kind != .rebuildDatabase && because.contains($0) } ?? because.first ?? .migrationsPending
            )
        }
    }

    /// What is owed by it, with what it risks.
    var owedText: String {
        hazards.isEmpty ? summary : "\(summary) (\(hazards.sorted().map(\.rawValue).joined(separator: ", ")))"
    }

    /// What of it is hazardous, as a reader would say it.
    func text(of hazard: Hazard) -> String {
        let name = migrations.count == 1 ? migrations[0] : kind.rawValue
        let statements = statements.filter { $0.hazards.contains(hazard) }
        guard let first = statements.first else { return "\(name): \(summary)" }
        let more =
            statements.count == 1 ? "" : " and \(counted(statements.count - 1, "more statement", "more statements"))"
        return "\(name): \(first.note ?? first.sql.oneLine)\(more)"
    }
}

extension String {
    /// The beginning of a statement without its line breaks.
    var oneLine: String {
        let line = split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count > 80 ? line.prefix(79) + "…" : line
    }
}

extension FindingCode {
    /// What the gate ends with where a finding of this code alone stands in the way.
    var gateStatus: GateObjection.Status {
        switch self {
        case .instanceUnreachable, .checkFailed: .failed
        case .codeAhead: .owed
        case .instanceRetiringInUse, .databaseMissing, .databaseEmpty, .databaseUnmanaged, .migrationsPending,
            .migrationEdited, .migrationUnknown, .migrationUnfinished, .migrationOutOfOrder, .historyMissing,
            .versionAhead, .tableMisplaced,
            .tableMissing, .tableUnexpected, .schemaDrift, .indexInvalid, .migrationFails, .notInspected:
            .refused
        }
    }
}

extension Finding {
    /// Information explains a step or a limit; only that an entry's names are unknown, or whether a class's code is ahead,
    /// leaves room for more to be owed, and that names which.
    var concernsGate: Bool { severity != .info || (code == .notInspected && database == nil && object != nil) }
}

extension FindingCode {
    /// Whether it is an error of a cohort as such, which its repair or its refusal speaks of.
    fileprivate var isOfState: Bool {
        switch self {
        case .migrationEdited, .migrationUnknown, .migrationUnfinished, .migrationOutOfOrder, .historyMissing,
            .versionAhead, .tableMisplaced, .tableMissing, .tableUnexpected, .schemaDrift, .migrationFails:
            true
        case .instanceUnreachable, .instanceRetiringInUse, .databaseMissing, .databaseEmpty, .databaseUnmanaged,
            .migrationsPending, .indexInvalid, .codeAhead, .checkFailed, .notInspected:
            false
        }
    }

    /// Whether nobody can tell, because of it, what a schema should be.
    var hidesSchema: Bool {
        switch self {
        case .migrationEdited, .migrationUnknown, .migrationUnfinished: true
        case .migrationOutOfOrder, .historyMissing, .versionAhead, .tableMisplaced, .tableMissing, .tableUnexpected,
            .schemaDrift, .migrationFails, .instanceUnreachable, .instanceRetiringInUse, .databaseMissing,
            .databaseEmpty, .databaseUnmanaged, .migrationsPending, .indexInvalid, .codeAhead, .checkFailed,
            .notInspected:
            false
        }
    }
}

extension EnvironmentPlan {
    /// What is wrong with the state that a cohort is in, in the order found.
    func errors(of cohort: Cohort) -> [FindingCode] {
        let databases = Set(cohort.databases)
        var codes: [FindingCode] = []
        for finding in findings where finding.severity == .error && finding.code.isOfState {
            guard finding.instance == cohort.instance || finding.instance == cohort.source,
                finding.database.map(databases.contains) == true, !codes.contains(finding.code)
            else { continue }
            codes.append(finding.code)
        }
        return codes
    }

    /// Whether a refusal is of a database that nobody could look into: the look failed, and policy has no say in it.
    func isOfUnseen(_ refusal: Refusal) -> Bool {
        refusal.cohort == nil
            && findings.contains { finding in
                finding.code == .notInspected && finding.severity == .error
                    && finding.database.map { refusal.databases == [$0] } == true
            }
    }

    /// Whether a step or a refusal speaks of what was found.
    func isSettled(_ finding: Finding) -> Bool {
        switch finding.code {
        case .instanceUnreachable, .checkFailed, .codeAhead: return false
        case .databaseUnmanaged, .notInspected:
            let place = finding.database.map { "\(finding.instance)/\($0)" } ?? finding.instance
            let unusable = finding.object.map { "\(finding.instance)/\($0)" }
            return refused.contains { refusal in
                refusal.rules.contains(.finding(finding.code))
                    && [place, unusable].contains(String(refusal.what.drop { $0 != ":" }.dropFirst(2)))
            }
                || steps.contains {
                    $0.instance == finding.instance && $0.database == finding.database && $0.database != nil
                }
        case .instanceRetiringInUse where finding.database == nil: return false
        case .instanceRetiringInUse, .databaseMissing, .databaseEmpty, .migrationsPending, .migrationEdited,
            .migrationUnknown, .migrationUnfinished, .migrationOutOfOrder, .historyMissing, .versionAhead,
            .tableMisplaced, .tableMissing,
            .tableUnexpected, .schemaDrift, .indexInvalid, .migrationFails:
            return cohorts.contains { cohort in
                guard cohort.instance == finding.instance || cohort.source == finding.instance,
                    finding.database.map(cohort.databases.contains) == true
                else { return false }
                // Privileges that differ are neither owed nor refused.
                guard finding.severity == .error else { return finding.code != .schemaDrift }
                return cohort.steps.contains { $0.because.contains(finding.code) }
                    || refused.contains { $0.cohort == cohort.id && $0.isOfFinding }
            }
                || refused.contains { refusal in
                    refusal.rules.contains(.finding(finding.code)) && refusal.cohort == nil
                        && finding.database.map(refusal.databases.contains) == true
                }
        }
    }
}
