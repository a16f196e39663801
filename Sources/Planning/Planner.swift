package import FleetModel
internal import Migrations

/// Makes the plan of one environment: what is, what should be, and the steps between; no clock, no input, no output.
package enum Planner {
    /// The plan before `Policy.review`: `refused` holds only what nothing but a changed manifest or server can mend.
    package static func plan(_ input: PlanningInput) -> EnvironmentPlan {
        var survey = Survey(input)
        survey.lookAtInstances()
        let cohorts = CohortBuilder(input, survey).cohorts()
        var plan = EnvironmentPlan(
            name: input.environment.name.value,
            role: input.environment.role,
            instances: survey.instances,
            findings: survey.findings,
            granted: input.environment.policy.allow,
            narrowed: input.narrowing.flags
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
        plan.refused = survey.refusals + cohorts.flatMap(\.refusals)
        return plan
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

    var key: DatabaseKey { DatabaseKey(instance: row.instance, database: row.name) }
}
