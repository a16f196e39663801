package import FleetModel
internal import Migrations

/// Makes the plan of one environment: what is, what should be, and the steps between; no clock, no input, no output.
package enum Planner {
    /// The plan before `Policy.review`: `refused` holds only what nothing but a changed manifest or server can mend.
    package static func plan(_ input: PlanningInput) -> EnvironmentPlan { draft(input).plan }

    /// The plan, and what servers and scratch should still be asked so that it can say how each difference reads.
    ///
    /// Nothing is asked where nothing differs; with the answers in the input the same plan is made with more words.
    package static func draft(_ input: PlanningInput) -> (plan: EnvironmentPlan, needs: [DefinitionNeed]) {
        var survey = Survey(input)
        survey.lookAtInstances()
        survey.compareCode()
        let cohorts = CohortBuilder(input, survey).cohorts()
        var plan = EnvironmentPlan(
            name: input.environment.name.value,
            role: input.environment.role,
            instances: survey.instances,
            findings: Locations(input).located(survey.findings),
            granted: input.environment.policy.allow,
            narrowed: input.narrowing.flags,
            location: FilePosition(input.environment.name.range)
        )
        plan.cohorts = cohorts.map(\.cohort)
        var cohortOf: [DatabaseKey: String] = [:]
        for cohort in plan.cohorts {
            for name in cohort.databases {
                cohortOf[DatabaseKey(instance: cohort.instance, database: name)] = cohort.id
            }
        }
        plan.databases = survey.subjects.map { subject in
            var row = subject.row
            row.cohort = cohortOf[subject.key]
            return row
        }
        plan.steps = drops(input, survey)
        plan.steps += retirements(input, survey, after: plan)
        plan.refused = survey.refusals + cohorts.flatMap(\.refusals)
        return (plan, survey.needs)
    }

    /// Instances on their way out that hold nothing claimed any more once the plan's moves are done.
    private static func retirements(_ input: PlanningInput, _ survey: Survey, after plan: EnvironmentPlan) -> [Step] {
        // Whoever looks at some databases only cannot tell that none is left.
        guard input.narrowing.databases.isEmpty else { return [] }
        var steps: [Step] = []
        for (instance, claims) in zip(input.environment.instances, input.claims.instances) {
            let name = instance.name.value
            guard instance.state == .retiring, input.narrowing.includes(instance: name),
                !survey.obstructed.contains(name),
                // What other environments claim there, or may claim, goes down with it.
                claims.ofOthers.isEmpty, !claims.mayBeClaimed,
                // A query whose answer is not known may claim what is left there.
                !input.claims.instances.contains(where: { $0.state == .active && !$0.unanswered.isEmpty }),
                input.environment.entries.allSatisfy({ input.isSeen($0.instance.value) })
            else { continue }
            let claimed = claims.rows.filter { if case .claimed = $0.standing { true } else { false } }.map(\.name)
            let moved = Set(
                plan.cohorts.filter { $0.source == name }.flatMap(\.databases).map { ExactName($0) }
            )
            guard claimed.allSatisfy({ moved.contains(ExactName($0)) }) else { continue }
            guard !claimed.isEmpty || !plan.instances.contains(where: { $0.name == name && $0.isRetired }) else {
                continue
            }
            steps.append(retirement(of: instance, leaving: claims, number: plan.steps.count + steps.count + 1))
        }
        return steps
    }

    private static func retirement(of instance: Instance, leaving claims: Claims.InstanceClaims, number: Int) -> Step {
        let left = claims.rows.filter { if case .claimed = $0.standing { false } else { true } }.map(\.name)
        let what: String
        var hazards: Set<Hazard> = []
        if case .docker(let container) = instance.via.last {
            what = "stop container \(container) and turn its restart policy off; container and data are kept"
            hazards = [.disconnects]
        } else {
            what = "note that it is retired and say what to type to stop it; nothing is stopped or removed"
        }
        return Step(
            id: "s\(number)",
            kind: .retireInstance,
            summary: what,
            objects: left,
            hazards: hazards,
            because: [.instanceRetiringInUse],
            instance: instance.name.value
        )
    }

    /// Databases nobody claims, where policy has them dropped.
    private static func drops(_ input: PlanningInput, _ survey: Survey) -> [Step] {
        guard input.environment.policy.unmanaged == .drop else { return [] }
        var policy = input.environment.policy
        // There is nothing to rehearse on a copy of what goes away.
        if policy.backupVerify == .rehearse { policy.backupVerify = .restore }
        var steps: [Step] = []
        for subject in survey.subjects where subject.mayBeDropped {
            let name = subject.row.name
            let hazards: Set<Hazard> = [.dataLoss, .disconnects]
            if policy.demandsBackup(before: hazards, role: input.environment.role) {
                steps.append(
                    Step(
                        id: "s\(steps.count + 1)",
                        kind: .backup,
                        summary: policy.backupSummary(of: 1, before: hazards),
                        because: [.databaseUnmanaged],
                        instance: subject.row.instance,
                        database: name
                    )
                )
            }
            steps.append(
                Step(
                    id: "s\(steps.count + 1)",
                    kind: .dropDatabase,
                    summary: "drop it: no entry claims it",
                    hazards: hazards,
                    because: [.databaseUnmanaged],
                    instance: subject.row.instance,
                    database: name
                )
            )
        }
        return steps
    }
}

/// One database of the plan with what is to be done about it.
struct Subject {
    var row: PlannedDatabase
    var entry: Int?
    var state: DatabaseState?
    var assessment: Assessment?
    var assessor: Assessor?
    var mayBeDropped = false
    /// The retiring instance that holds it; `state` and `assessment` are of what is there.
    var source: String?
    /// The major it is moved to, where that is another than the one it was judged on.
    var otherMajor: Int?
    /// What its schema will be called on that other major; nil where nobody knows.
    var arrival: Fingerprint?

    var key: DatabaseKey { DatabaseKey(instance: row.instance, database: row.name) }
}
