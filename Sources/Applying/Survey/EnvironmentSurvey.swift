package import Expectations
package import FleetModel
package import Migrations
package import Planning
internal import Postgres
package import Servers

/// Looks at an environment, asks scratch what its migrations do, and makes the plan; changes nothing anywhere.
package struct EnvironmentSurvey: Sendable {
    package var fleet: DesiredFleet
    /// By class name.
    package var folders: [String: MigrationFolder]
    package var initTexts: [String: [String]]
    package var scratch: Scratch
    package var narrowing: Narrowing
    package var allowed: Set<Hazard>
    /// What the code of each class expects, by class name; a class that is not in it is not asked for.
    package var expectations: [String: ExpectedSource] = [:]

    package init(
        fleet: DesiredFleet,
        folders: [String: MigrationFolder],
        initTexts: [String: [String]],
        scratch: Scratch,
        narrowing: Narrowing,
        allowed: Set<Hazard>
    ) {
        self.fleet = fleet
        self.folders = folders
        self.initTexts = initTexts
        self.scratch = scratch
        self.narrowing = narrowing
        self.allowed = allowed
    }

    /// What was seen, and the plan that follows.
    package struct Result: Sendable {
        package var observed: ObservedEnvironment
        /// Faults that show only where servers are: two environments that claim one database.
        package var conflicts: [Diagnostic]
        package var plan: EnvironmentPlan

        /// OIDs of the databases the environment claims, by instance.
        package var claimedOIDs: [String: [UInt32]] {
            Dictionary(
                grouping: plan.databases.filter { $0.className != nil && $0.oid != nil },
                by: \.instance
            ).mapValues { $0.compactMap(\.oid) }
        }

        package var facts: [String: ServerFacts] {
            Dictionary(observed.instances.compactMap { instance in instance.facts.map { (instance.name, $0) } }) { $1 }
        }
    }

    /// What the work on each class's databases needs, by class name.
    package var contexts: [String: ClassContext] {
        var contexts: [String: ClassContext] = [:]
        for databaseClass in fleet.classes {
            let name = databaseClass.name.value
            guard let folder = folders[name] else { continue }
            contexts[name] = ClassContext(
                databaseClass: databaseClass,
                folder: folder,
                initTexts: initTexts[name] ?? []
            )
        }
        return contexts
    }

    /// Makes the plan from what was seen.
    ///
    /// - Parameters:
    ///   - environment: the one to plan for.
    ///   - observed: what was seen of it.
    ///   - others: what was seen of other environments, by name, where this run looked at them.
    ///   - define: asks databases how objects read, one for each state; what it cannot ask is left out.
    ///   - ask: asks the checks of databases that are converged, given their keys and class; gives what each said.
    /// - Returns: the plan as the environment's policy judges it, with the faults that came to light.
    /// - Throws: `CancellationError`, or what scratch could not even say as an answer.
    package func plan(
        _ environment: Environment,
        observed: ObservedEnvironment,
        others: [String: ObservedEnvironment] = [:],
        define: ([DefinitionNeed]) async -> Definitions = { _ in [:] },
        ask: ([(key: DatabaseKey, className: String)]) async -> [DatabaseKey: [CheckOutcome]]
    ) async throws -> Result {
        var input = input(environment, observed: observed, others: others)
        input.replays = try await scratch.answer(
            input.replayRequests,
            folders: folders,
            classes: fleet.classes,
            roles: Self.roles([observed])
        )
        input.expected = try await expected(
            by: fleet.classes.map(\.name.value).filter { name in
                environment.entries.contains { $0.className.value == name }
            },
            majors: Set(observed.instances.compactMap(\.facts?.version.major)),
            replays: input.replays,
            roles: Self.roles([observed])
        )
        var (plan, needs) = Planner.draft(input)
        if !needs.isEmpty {
            input.definitions = try await definitions(needs, Self.roles([observed]), define)
            plan = Planner.plan(input)
        }
        let converged = plan.databases.filter { $0.status == .converged }
        let outcomes = await ask(
            converged.compactMap { row in
                row.className.map { (DatabaseKey(instance: row.instance, database: row.name), $0) }
            }
        )
        if outcomes.values.contains(where: { $0.contains { !$0.holds } }) {
            input.checks = outcomes
            plan = Planner.plan(input)
        }
        return Result(
            observed: observed,
            conflicts: input.claims.conflicts + listedTables(input.replays),
            plan: environment.policy.review(plan, allowing: allowed).plan
        )
    }

    /// What a plan is made of, but for what scratch says.
    func input(
        _ environment: Environment,
        observed: ObservedEnvironment,
        others: [String: ObservedEnvironment]
    ) -> PlanningInput {
        let strangers = fleet.environments.filter { $0.name.value != environment.name.value }
            .map { OtherEnvironment(environment: $0, observed: others[$0.name.value]) }
        var input = PlanningInput(
            environment: environment,
            classes: fleet.classes,
            folders: folders,
            observed: observed,
            others: strangers,
            narrowing: narrowing
        ) { folder, history, declared in
            folder.source.format.history.account(folder, rows: history, upTo: declared)
        }
        input.initTexts = initTexts
        return input
    }

    /// Both sides of what differs: what is there is asked of one database in each state, what should be of scratch.
    private func definitions(
        _ needs: [DefinitionNeed],
        _ roles: [Int: [String]],
        _ define: ([DefinitionNeed]) async -> Definitions
    ) async throws -> Definitions {
        var definitions = await define(
            needs.filter { if case .database = $0.source { true } else { false } }
        )
        let replayed = needs.filter { if case .replay = $0.source { true } else { false } }
        guard !replayed.isEmpty else { return definitions }
        let expected = try await scratch.definitions(replayed, folders: folders, classes: fleet.classes, roles: roles)
        definitions.merge(expected) { $0.merging($1) { own, _ in own } }
        return definitions
    }

    /// Holds the tables that a class lists against those its migrations create.
    package func listedTables(_ replays: [ReplayRequest: Replay]) -> [Diagnostic] {
        fleet.classes.flatMap { databaseClass -> [Diagnostic] in
            guard let listed = databaseClass.tables, let folder = folders[databaseClass.name.value],
                let whole = replays.first(where: {
                    $0.key.className == folder.className && $0.key.sequence.elementsEqual(folder.migrations.indices)
                })?.value, whole.end == .complete, let created = whole.states.last?.tables
            else { return [] }
            let extra = listed.filter { !created.contains($0.value) }.map { table in
                Diagnostic(
                    .error,
                    .tablesDiffer,
                    "class \"\(folder.className)\" lists table \"\(table.value)\", which its migrations do not create",
                    at: table.range,
                    hint: "take it out of the list, or write the migration that creates it"
                )
            }
            let names = Set(listed.map(\.value))
            let dated = databaseClass.drift.dated
            let missing = created.filter { table in
                !names.contains(table) && !dated.contains { $0.names.matches(table) }
            }.map { table in
                Diagnostic(
                    .error,
                    .tablesDiffer,
                    "class \"\(folder.className)\" does not list table \"\(table)\", which its migrations create",
                    at: databaseClass.name.range,
                    hint: "add it to `tables`, or leave the whole list out"
                )
            }
            return extra + missing
        }
    }

    /// Names of the servers' roles, by major.
    static func roles(_ observed: [ObservedEnvironment]) -> [Int: [String]] {
        var roles: [Int: Set<String>] = [:]
        for facts in observed.flatMap(\.instances).compactMap(\.facts) {
            roles[facts.version.major, default: []].formUnion(facts.roles)
        }
        return roles.mapValues { $0.sorted() }
    }
}
