internal import FleetModel
internal import Planning

extension EnvironmentPlan {
    /// Whether the plan is to create this database.
    func creates(_ key: DatabaseKey) -> Bool {
        cohorts.contains { cohort in
            cohort.instance == key.instance && cohort.databases.contains(key.database)
                && cohort.steps.contains { $0.kind == .createDatabase || $0.kind == .moveDatabase }
        }
    }

    /// Only what a saved plan would touch; what came up since then waits for a plan of its own.
    func restricted(to saved: EnvironmentPlan) -> EnvironmentPlan {
        var plan = self
        let touched = Set(
            saved.cohorts.flatMap { cohort in
                cohort.databases.map { DatabaseKey(instance: cohort.instance, database: $0) }
            }
        )
        for index in plan.cohorts.indices {
            let instance = plan.cohorts[index].instance
            plan.cohorts[index].databases.removeAll { !touched.contains(DatabaseKey(instance: instance, database: $0)) }
        }
        plan.cohorts.removeAll { $0.databases.isEmpty }
        let steps = Set(
            saved.steps.compactMap { step in
                step.instance.flatMap { instance in
                    step.database.map { DatabaseKey(instance: instance, database: $0) }
                }
            }
        )
        let retired = Set(saved.steps.filter { $0.kind == .retireInstance }.compactMap(\.instance))
        plan.steps.removeAll { step in
            if step.kind == .retireInstance { return step.instance.map(retired.contains) != true }
            guard let instance = step.instance, let database = step.database else { return true }
            return !steps.contains(DatabaseKey(instance: instance, database: database))
        }
        return plan
    }
}
