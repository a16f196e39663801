package import FleetModel
package import Migrations
package import Planning
package import Postgres
package import Servers

/// Looks at an environment, asks scratch what its migrations do, and makes the plan; changes nothing anywhere.
package struct EnvironmentSurvey: Sendable {
    package var fleet: DesiredFleet
    /// By class name.
    package var folders: [String: MigrationFolder]
    package var initTexts: [String: [String]]
    package var observer: FleetObserver
    package var scratch: Scratch
    package var narrowing: Narrowing
    package var allowed: Set<Hazard>

    package init(
        fleet: DesiredFleet, folders: [String: MigrationFolder], initTexts: [String: [String]], observer: FleetObserver,
        scratch: Scratch, narrowing: Narrowing, allowed: Set<Hazard>
    ) {
        self.fleet = fleet
        self.folders = folders
        self.initTexts = initTexts
        self.observer = observer
        self.scratch = scratch
        self.narrowing = narrowing
        self.allowed = allowed
    }

    /// What was seen, and the plan that follows.
    package struct Result: Sendable {
        package var observed: ObservedEnvironment
        /// Faults that show only where servers are: two environments that claim one database.
        package var conflicts: [Diagnostic]
        package var review: Review
        package var plan: EnvironmentPlan { review.plan }
    }

    /// How much is asked of scratch.
    package enum Depth: Sendable { case inventory, plan }

    package var contexts: [String: ClassContext] {
        var contexts: [String: ClassContext] = [:]
        for databaseClass in fleet.classes {
            let name = databaseClass.name.value
            guard let folder = folders[name] else { continue }
            contexts[name] = ClassContext(
                databaseClass: databaseClass, folder: folder, initTexts: initTexts[name] ?? [])
        }
        return contexts
    }
}
