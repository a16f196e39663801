internal import Effects
internal import FleetModel
internal import Planning
internal import Postgres

/// Carries an approved plan out: cohort after cohort, canaries first, then the rest in parallel, within `maxFailures`.
package struct RollOut: Sendable {
    private let context: ApplyContext
    private let receipts = Receipts()
    private let tally = Tally()

    package init(_ context: ApplyContext) {
        self.context = context
    }

    /// Does all of it and says of each database how it ended; never throws, since one database's failure is no other's.
    ///
    /// While it works, the sessions that hold the environment are asked every five seconds whether they still do. Once one
    /// does not, what runs is cancelled on its server and nothing more is started.
    package func run() async -> [DatabaseOutcome] {
        await withTaskGroup(of: [DatabaseOutcome]?.self) { group in
            group.addTask { await rollOut() }
            group.addTask {
                await watch()
                return nil
            }
            var outcomes: [DatabaseOutcome] = []
            for await result in group {
                // Whoever ends first ends the other: the work because it is done, the watch because the hold is lost.
                if let result { outcomes = result }
                group.cancelAll()
            }
            return outcomes
        }
    }

    private func watch() async {
        while (try? await Task.sleep(for: .seconds(5))) != nil {
            for control in context.controls.values where await !tally.hasLetGo(of: control.instance) {
                do {
                    try await control.ping()
                } catch {
                    // Let go of while it was asked.
                    if await tally.hasLetGo(of: control.instance) { continue }
                    await tally.add(error)
                    return
                }
            }
        }
    }

    private func rollOut() async -> [DatabaseOutcome] {
        var outcomes: [DatabaseOutcome] = []
        for cohort in context.plan.cohorts where !cohort.steps.isEmpty {
            outcomes += await work(cohort)
        }
        let drops = DropWork(context: context, receipts: receipts)
        for step in context.plan.steps where step.kind == .dropDatabase {
            guard let instance = step.instance, let database = step.database else { continue }
            let key = DatabaseKey(instance: instance, database: database)
            outcomes.append(await attempt(key) { try await drops.run(step, key) })
        }
        for step in context.plan.steps where step.kind == .retireInstance {
            guard let instance = step.instance else { continue }
            outcomes.append(await retire(instance, step, after: outcomes))
        }
        // Only moves take archives that they do not keep.
        if context.plan.cohorts.contains(where: { $0.source != nil }) { context.backups.desk.leave() }
        return outcomes
    }

    /// Last of all: what holds something that was not moved stays.
    private func retire(_ instance: String, _ step: Step, after outcomes: [DatabaseOutcome]) async -> DatabaseOutcome {
        let key = DatabaseKey(instance: instance, database: "")
        let moved = context.plan.cohorts.filter { $0.source == instance }.flatMap { cohort in
            cohort.databases.map { DatabaseKey(instance: cohort.instance, database: $0) }
        }
        if let left = outcomes.first(where: { $0.outcome != .converged && moved.contains($0.database) }) {
            let reason = "\(left.database) was to be moved away from it and did not converge"
            context.report(.skipped(key, reason: reason))
            return DatabaseOutcome(key, .notAttempted, message: reason)
        }
        let work = RetireWork(context: context, tally: tally)
        return await attempt(key) { try await work.run(step, key) }
    }

    private func work(_ cohort: Cohort) async -> [DatabaseOutcome] {
        let canaries = cohort.databases.prefix(context.policy.canary)
        var outcomes: [DatabaseOutcome] = []
        for name in canaries { outcomes.append(await work(name, cohort)) }
        // A canary that failed speaks for its whole cohort, whatever `maxFailures` says.
        let rest = cohort.databases.dropFirst(canaries.count)
        if let failed = outcomes.first(where: { $0.outcome != .converged }) {
            return outcomes
                + rest.map { name in
                    let key = DatabaseKey(instance: cohort.instance, database: name)
                    let reason = "the canary \"\(failed.database.database)\" did not converge"
                    context.report(.skipped(key, reason: reason))
                    return DatabaseOutcome(key, .notAttempted, message: reason)
                }
        }
        return outcomes + (await rest.concurrentMap(limit: context.policy.parallel) { await work($0, cohort) })
    }

    private func work(_ name: String, _ cohort: Cohort) async -> DatabaseOutcome {
        let key = DatabaseKey(instance: cohort.instance, database: name)
        return await attempt(key) {
            try await DatabaseWork(context: context, cohort: cohort, database: name, receipts: receipts).run()
        }
    }

    private func attempt(_ key: DatabaseKey, _ body: () async throws -> Void) async -> DatabaseOutcome {
        if let reason = await tally.reasonToStop(after: context.policy.maxFailures) {
            context.report(.skipped(key, reason: reason))
            return DatabaseOutcome(key, .notAttempted, message: reason)
        }
        do {
            try await body()
            return DatabaseOutcome(key, .converged)
        } catch {
            let cause = (error as? StepError)?.underlying ?? error
            await tally.add(cause)
            var message = "\(error)"
            if Task.isCancelled {
                // What we say ourselves may be how a database was left.
                message = "interrupted; run apply again to continue" + (cause is ApplyError ? " (\(message))" : "")
            }
            context.report(.failed(key, (error as? StepError)?.step, message: message))
            return DatabaseOutcome(key, .failed, message: message)
        }
    }
}

/// How many failed so far, and whether anything more may be started.
actor Tally {
    private var failures = 0
    private var lost: String?
    private var released: Set<String> = []

    /// An instance is about to be stopped, so that nothing more is expected of it.
    func letGo(of instance: String) { released.insert(instance) }
    func hasLetGo(of instance: String) -> Bool { released.contains(instance) }

    var hasFailures: Bool { failures > 0 }

    func add(_ error: any Error) {
        failures += 1
        switch error {
        case let error as ApplyError:
            switch error {
            case .lockLost, .fenced: lost = "\(error)"
            case .locked, .stale, .failed, .foreign: break
            }
        default: break
        }
    }

    func reasonToStop(after allowed: Int) -> String? {
        if let lost { return lost }
        if Task.isCancelled { return "interrupted" }
        return failures > allowed ? "\(failures) failed, and rollout.maxFailures is \(allowed)" : nil
    }
}
