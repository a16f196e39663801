package import FleetModel

// A plan says everything; the gate says whether it may pass, and what stands in the way by the name of a rule. There are
// three kinds of it. What policy refused is refused here as well, whatever is owed besides. What is owed shuts the gate
// unless the command line accepts it and it is harmless: nobody refuses it, it is no repair, no move and no drop, and it
// neither loses rows nor may do so unseen, unless just that was granted on the command line too. A grant that stands in a
// policy is no acceptance: development grants everything for ever. And what was found and calls for no step (a check that
// fails, privileges that differ) counts by its severity. Then the manifest's levels are applied.

/// Judges one environment's plan.
package struct Gate: Sendable {
    let settings: GateSettings
    /// Whether harmless work may be owed.
    let allowsPending: Bool
    /// Hazards granted on the command line, for this run alone.
    let granted: Set<Hazard>

    package init(settings: GateSettings, allowsPending: Bool, granted: Set<Hazard>) {
        self.settings = settings
        self.allowsPending = allowsPending
        self.granted = granted
    }

    /// The verdict on a reviewed plan and on what else is known of the environment.
    ///
    /// - Parameters:
    ///   - plan: as `Policy.review` leaves it.
    ///   - others: what was found besides: in folders, on scratch, between environments.
    /// - Returns: what stands in the way, and whether it passes.
    package func judge(_ plan: EnvironmentPlan, others: [GateObjection] = []) -> GateVerdict {
        var objections = others
        objections += plan.refused.flatMap { refusal in refused(refusal, in: plan) }
        for cohort in plan.cohorts {
            objections += owed(cohort.steps, of: cohort, in: plan)
        }
        objections += plan.steps.flatMap { owed([$0], of: nil, in: plan) }
        objections += found(in: plan)
        objections += plan.cohorts.compactMap { hidden(behind: $0, in: plan) }
        return GateVerdict(
            environment: plan.name,
            role: plan.role,
            narrowed: plan.narrowed,
            lowered: settings.lowered,
            objections: objections.map(weighed)
        )
    }

    /// The verdict where nothing is known of the servers; nil: on classes that no environment uses.
    package func judge(_ environment: Environment?, others: [GateObjection]) -> GateVerdict {
        GateVerdict(
            environment: environment?.name.value,
            role: environment?.role,
            lowered: settings.lowered,
            objections: others.map(weighed)
        )
    }

    /// The manifest's level instead of the usual one; what is accepted already stays so.
    private func weighed(_ objection: GateObjection) -> GateObjection {
        guard let setting = settings.rules[objection.rule], objection.weight != .accepted else { return objection }
        var objection = objection
        objection.reason = setting.reason
        objection.weight =
            switch setting.level {
            case .error: .error
            case .warning: .warning
            case .off: .off
            }
        return objection
    }

    // MARK: Refused

    private func refused(_ refusal: Refusal, in plan: EnvironmentPlan) -> [GateObjection] {
        let cohort = plan.cohorts.first { $0.id == refusal.cohort }
        let step = (cohort?.steps ?? plan.steps).first { refusal.what.hasPrefix($0.id + ":") }
        var rules = refusal.rules
        // A cohort is refused once for all that is wrong with it, and each error has a level of its own.
        if let cohort, refusal.isOfFinding {
            rules += plan.errors(of: cohort).map(GateRule.finding).filter { !rules.contains($0) }
        }
        return rules.map { rule in
            var message = refusal.text(of: rule, in: plan)
            var grant = refusal.grant
            if let step, case .hazard(let hazard) = rule {
                message = step.text(of: hazard) + ", and nobody granted it"
                grant = "`--allow \(hazard.rawValue)`, or policy `allow`"
            }
            var objection = GateObjection(
                rule,
                rule == .finding(.notInspected) && plan.isOfUnseen(refusal) ? .failed : .refused,
                message,
                hint: grant.map { "would be granted by \($0)" } ?? "nothing can grant it"
            )
            objection.place(cohort, step, in: plan)
            if let step, case .hazard(let hazard) = rule { objection.locate(hazard, of: step) }
            objection.databases = refusal.databases
            if cohort == nil, step == nil { objection.instance = refusal.instance(in: plan) }
            if objection.location == nil { objection.location = refusal.location(of: rule, in: plan) }
            return objection
        }
    }

    // MARK: Owed

    private func owed(_ steps: [Step], of cohort: Cohort?, in plan: EnvironmentPlan) -> [GateObjection] {
        let isRefused = steps.contains { step in plan.refused.contains { $0.what.hasPrefix(step.id + ":") } }
        let isHarmless =
            !isRefused
            && steps.allSatisfy { step in
                step.kind.isHarmless && !risks(of: step, plan).contains { isError($0) }
            }
        let main = steps.filter { $0.kind != .backup && $0.kind != .check }
        var objections: [GateObjection] = []
        var rules: [GateRule] = []
        let ruleOf = Dictionary(uniqueKeysWithValues: main.map { ($0.id, rule(of: $0, cohort, in: plan)) })
        for rule in main.compactMap({ ruleOf[$0.id] }) where !rules.contains(rule) { rules.append(rule) }
        for rule in rules {
            let own = main.filter { ruleOf[$0.id] == rule }
            var objection = GateObjection(
                rule,
                .owed,
                own.map(\.owedText).joined(separator: "; "),
                hint: "reconcile apply \(plan.name)"
            )
            objection.place(cohort, own.first, in: plan)
            if isHarmless, allowsPending { objection.weight = .accepted }
            objections.append(objection)
        }
        // A repair says itself that rows stay behind.
        for step in main where !isRefused && step.kind.isHarmless {
            for hazard in risks(of: step, plan) {
                var objection = GateObjection(
                    .hazard(hazard),
                    .owed,
                    step.text(of: hazard) + "; policy grants it, and still it is not harmless",
                    hint: "accept it for one run: --allow-pending --allow \(hazard.rawValue)"
                )
                objection.place(cohort, step, in: plan)
                objection.locate(hazard, of: step)
                objections.append(objection)
            }
        }
        return objections
    }

    /// What a step is owed for; a repair is owed for all that is wrong, so for what the manifest leaves an error.
    private func rule(of step: Step, _ cohort: Cohort?, in plan: EnvironmentPlan) -> GateRule {
        guard step.kind == .rebuildDatabase || step.kind == .quarantineTables, let cohort else { return step.rule }
        let rules = plan.errors(of: cohort).filter(step.because.contains).map(GateRule.finding)
        return rules.first(where: isError) ?? step.rule
    }

    /// Whether the manifest leaves a rule as it is.
    private func isError(_ rule: GateRule) -> Bool { settings.rules[rule].map { $0.level == .error } ?? true }

    private func isError(_ hazard: Hazard) -> Bool { isError(.hazard(hazard)) }

    /// What makes a step more than owed though its policy grants it.
    private func risks(of step: Step, _ plan: EnvironmentPlan) -> [Hazard] {
        step.hazards.intersection([.dataLoss, .unassessed]).intersection(plan.granted).subtracting(granted).sorted()
    }

    // MARK: Found

    /// A history that no file explains leaves nothing to hold a schema against; a level for it says nothing of the schema.
    private func hidden(behind cohort: Cohort, in plan: EnvironmentPlan) -> GateObjection? {
        let hiding = plan.errors(of: cohort).filter(\.hidesSchema)
        guard !hiding.isEmpty, !hiding.contains(where: { isError(.finding($0)) }) else { return nil }
        var objection = GateObjection(
            .finding(.notInspected),
            .refused,
            "its history is not that of the files, so nothing tells what its schema should be, and nothing else was judged",
            hint: "mend the history, or give `not-inspected` a level too"
        )
        objection.place(cohort, nil, in: plan)
        objection.location =
            plan.findings.first {
                $0.code == hiding[0] && $0.database.map(cohort.databases.contains) == true
            }?.location
        return objection
    }

    /// What no step and no refusal speaks of; what is said of several databases is said once.
    private func found(in plan: EnvironmentPlan) -> [GateObjection] {
        var objections: [GateObjection] = []
        for finding in plan.findings where finding.concernsGate && !plan.isSettled(finding) {
            let alike = objections.firstIndex {
                $0.rule == .finding(finding.code) && $0.message == finding.message && $0.instance == finding.instance
                    && $0.object == finding.object && !$0.databases.isEmpty && finding.database != nil
            }
            if let alike {
                objections[alike].databases += finding.database.map { [$0] } ?? []
                continue
            }
            var objection = GateObjection(
                .finding(finding.code),
                finding.code.gateStatus,
                finding.message,
                hint: finding.hint
            )
            objection.weight = finding.severity == .error || finding.code == .codeAhead ? .error : .warning
            objection.instance = finding.instance
            objection.databases = finding.database.map { [$0] } ?? []
            objection.object = finding.object
            objection.location = finding.location
            objections.append(objection)
        }
        return objections
    }
}

extension GateObjection {
    /// A hazard is where its statement is, whatever came before it.
    fileprivate mutating func locate(_ hazard: Hazard, of step: Step) {
        location = step.statements.first { $0.hazards.contains(hazard) }?.location ?? location
    }

    fileprivate mutating func place(_ cohort: Cohort?, _ step: Step?, in plan: EnvironmentPlan) {
        self.cohort = cohort?.id
        className = cohort?.className
        instance = cohort?.instance ?? step?.instance
        databases = cohort?.databases ?? step?.database.map { [$0] } ?? []
        let because = step?.because ?? []
        location =
            plan.findings.first { finding in
                finding.instance == instance && because.contains(finding.code)
                    && (finding.database.map(databases.contains) ?? databases.isEmpty)
            }?.location
    }
}
