package import FleetModel

/// A plan held against a policy: what is granted, what is refused.
package struct Review: Sendable {
    /// With `granted` and `refused` as the policy and the flags have it.
    package let plan: EnvironmentPlan

    /// Whether all of a plan must be allowed before any of it is done.
    package enum Scope: Sendable, Hashable {
        case whole
        /// What is not refused (`--partial`).
        case partial
    }

    fileprivate init(plan: EnvironmentPlan) {
        self.plan = plan
    }

    /// What may be carried out; nothing where a part of the whole is refused.
    package func approve(_ scope: Scope) throws(Rejection) -> ApprovedPlan {
        guard !plan.refused.isEmpty else { return ApprovedPlan(plan, leftOut: []) }
        guard scope == .partial else { throw Rejection(refused: plan.refused) }
        var allowed = plan
        let cohorts = Set(plan.refused.compactMap(\.cohort))
        let refusedSteps = plan.steps.filter { step in plan.refused.contains { $0.concerns(step) } }
        allowed.cohorts.removeAll { cohorts.contains($0.id) }
        // An instance that keeps something stays.
        let staying = Set(plan.cohorts.filter { cohorts.contains($0.id) }.compactMap(\.source))
        allowed.steps.removeAll { step in
            step.kind == .retireInstance && step.instance.map(staying.contains) == true
        }
        // A backup for a drop that does not happen is work for nothing.
        allowed.steps.removeAll { step in
            refusedSteps.contains { $0.instance == step.instance && $0.database == step.database }
        }
        return ApprovedPlan(allowed, leftOut: plan.refused)
    }
}

/// Why a plan may not be carried out as a whole.
package struct Rejection: Error, Sendable, Hashable {
    package let refused: [Refusal]
}

/// A plan that policy allows; only a review makes one, and only this can be applied.
package struct ApprovedPlan: Sendable {
    package let plan: EnvironmentPlan
    /// What was refused and is not in `plan`; with anything here the run ends in "refused".
    package let leftOut: [Refusal]

    fileprivate init(_ plan: EnvironmentPlan, leftOut: [Refusal]) {
        self.plan = plan
        self.leftOut = leftOut
    }
}

extension Policy {
    /// Holds a plan against this policy and what was granted beside it; a plan reviewed before is reviewed anew.
    package func review(_ plan: EnvironmentPlan, allowing flags: Set<Hazard> = []) -> Review {
        var plan = plan
        plan.granted = allow.union(flags)
        let steps = plan.allSteps
        plan.refused.removeAll { refusal in steps.contains { refusal.concerns($0.step) } }
        for (step, cohort) in steps {
            let missing = step.hazards.subtracting(plan.granted).subtracting(ownGrant(of: step.kind))
            guard !missing.isEmpty else { continue }
            let names = missing.sorted().map(\.rawValue).joined(separator: ",")
            plan.refused.append(
                Refusal(
                    what: "\(step.id): \(step.title)",
                    why: "allow: \(text(of: plan.granted))",
                    grant: "--allow \(names)",
                    cohort: cohort?.id,
                    databases: cohort?.databases ?? step.database.map { [$0] } ?? []
                )
            )
        }
        refuseDestruction(&plan)
        // In the order of the plan: what concerns all of it, then cohort by cohort, each as it was found.
        let places = Dictionary(
            plan.cohorts.enumerated().map { ($1.id, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        plan.refused = plan.refused.enumerated().sorted { left, right in
            let leftPlace = left.element.cohort.flatMap { places[$0] } ?? -1
            let rightPlace = right.element.cohort.flatMap { places[$0] } ?? -1
            return (leftPlace, left.offset) < (rightPlace, right.offset)
        }.map(\.element)
        return Review(plan: plan)
    }

    /// Writing down that something is to be rebuilt or dropped says that the old may go.
    private func ownGrant(of kind: StepKind) -> Set<Hazard> {
        switch kind {
        case .rebuildDatabase: repair == .rebuild ? [.dataLoss] : []
        case .dropDatabase: unmanaged == .drop ? [.dataLoss] : []
        case .createDatabase, .adopt, .migrate, .initialize, .quarantineTables, .moveDatabase, .retireInstance,
            .backup, .check:
            []
        }
    }

    private func refuseDestruction(_ plan: inout EnvironmentPlan) {
        let destroying = plan.allSteps.filter { $0.step.kind == .rebuildDatabase || $0.step.kind == .dropDatabase }
        let count = destroying.reduce(0) { $0 + ($1.cohort?.databases.count ?? 1) }
        let claimed = plan.databases.count { $0.className != nil }
        guard count > maxDestroy.allowed(of: claimed) else { return }
        for (step, cohort) in destroying {
            plan.refused.append(
                Refusal(
                    what: "\(step.id): \(step.title)",
                    why:
                        "maxDestroy: \(maxDestroy.text); the plan would rebuild or drop \(count) of \(claimed) claimed",
                    grant: "policy `maxDestroy: \(count)`",
                    cohort: cohort?.id,
                    databases: cohort?.databases ?? step.database.map { [$0] } ?? []
                )
            )
        }
    }

    private func text(of hazards: Set<Hazard>) -> String {
        hazards.isEmpty ? "none" : hazards.sorted().map(\.rawValue).joined(separator: ", ")
    }
}

extension Policy.Limit {
    fileprivate var text: String {
        switch self {
        case .count(let count): "\(count)"
        case .percent(let percent): "\(percent)%"
        }
    }
}

extension EnvironmentPlan {
    /// Every step with its cohort; nil for those of an instance.
    fileprivate var allSteps: [(step: Step, cohort: Cohort?)] {
        cohorts.flatMap { cohort in cohort.steps.map { ($0, cohort) } } + steps.map { ($0, nil) }
    }
}

extension Step {
    /// What a person would call it: its kind and what it is about.
    fileprivate var title: String {
        if let database { return "\(kind.rawValue) \(database)" }
        if kind == .retireInstance, let instance { return "\(kind.rawValue) \(instance)" }
        return ([kind.rawValue] + migrations.prefix(kind == .migrate ? 1 : 0)).joined(separator: " ")
    }
}

extension Refusal {
    /// Refusals of steps begin with the step's id, those of findings with a code.
    fileprivate func concerns(_ step: Step) -> Bool { what.hasPrefix(step.id + ":") }
}
