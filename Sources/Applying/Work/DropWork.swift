internal import FleetModel
internal import Planning
internal import Postgres

/// Drops a database nobody claims: backed up where policy says so, renamed out of reach, compared, and only then dropped.
struct DropWork: Sendable {
    let context: ApplyContext
    let receipts: Receipts

    func run(_ step: Step, _ key: DatabaseKey) async throws {
        let control = try context.control(key.instance)
        guard
            let planned = context.plan.databases.first(where: {
                DatabaseKey(instance: $0.instance, database: $0.name) == key
            }),
            let oid = planned.oid, let target = context.targets[key.instance]
        else { throw ApplyError.failed("\(key) was not looked at") }
        context.report(.started(key, step))
        try await control.record(step, database: key.database, state: "started")
        let clock = ContinuousClock()
        let start = clock.now
        do {
            try await control.ping()
            let receipt = try await backup(key, oid, control)
            let aside = RunName.aside(key.database, run: context.run.id)
            try await control.setAside((key.database, oid), as: aside, reason: "to be dropped", target: target)
            if let receipt { try await compare(aside, key, receipt) }
            try await control.dropAside(aside, oid: oid)
        } catch {
            try? await control.record(step, database: key.database, state: "failed", detail: "\(error)")
            throw StepError(step: step, underlying: error)
        }
        try await control.record(step, database: key.database, state: "finished")
        context.report(.finished(key, step, took: clock.now - start))
    }

    private func backup(_ key: DatabaseKey, _ oid: UInt32, _ control: Control) async throws -> String? {
        let isAsked = context.plan.steps.contains {
            $0.kind == .backup && DatabaseKey(instance: $0.instance ?? "", database: $0.database ?? "") == key
        }
        let settings = context.settings("drop")
        let session = try await Session.open(try context.target(key), settings: settings, proof: .byCaller)
        do {
            let foothold = try await DatabaseLock.take(on: session, settings: settings)
            guard let facts = context.facts[key.instance],
                foothold.identity
                    == DatabaseIdentity(systemIdentifier: facts.systemIdentifier, timeline: facts.timeline, oid: oid)
            else { throw ApplyError.stale(["\(key): is not the database the plan was made for"]) }
            var receipt: String?
            if isAsked {
                let level = min(context.policy.backupVerify, .restore)
                receipt = try await context.backups.take(
                    key,
                    session: session,
                    target: try context.target(key),
                    level: level,
                    rehearse: { _ in }
                )
                if let receipt { context.report(.backup(key, level: level.rawValue, archive: receipt)) }
            }
            await session.close()
            return receipt
        } catch {
            await session.close()
            throw error
        }
    }

    /// Nobody reaches it under its new name: rows written after the backup are seen now, and then nothing is dropped.
    private func compare(_ aside: String, _ key: DatabaseKey, _ receipt: String) async throws {
        let session = try await Session.open(
            try context.target(DatabaseKey(instance: key.instance, database: aside)),
            settings: context.settings("compare")
        )
        do {
            try await context.backups.compare(receipt, session: session)
            await session.close()
        } catch {
            await session.close()
            throw ApplyError.failed(
                "\(error); it was not dropped and is kept as \"\(aside)\": rename it back, or purge it"
            )
        }
    }
}
