internal import FleetModel
internal import Postgres

extension DatabaseWork {
    /// Runs the cohort's steps on a restored copy, as they will run on the original.
    func rehearse(on copy: RestoredCopy) async throws {
        guard let classContext = context.classes[cohort.className] else { return }
        try await handOver(copy)
        let settings = context.settings("rehearsal")
        let session = try await Session.open(copy.target, settings: settings, proof: .byCaller)
        let foothold = try await DatabaseLock.take(on: session, settings: settings)
        let worker = Worker(
            key: key,
            session: session,
            settings: settings,
            foothold: foothold,
            fence: Fence(epoch: .max, runID: context.run.id),
            control: nil,
            report: { _ in }
        )
        do {
            let state = try await worker.inspect(classContext, context.pool)
            var mark = HistoryMark(state.history, classContext.format)
            for step in cohort.steps where step.isRehearsable {
                do {
                    mark = try await worker.perform(
                        step,
                        classContext,
                        mark: mark,
                        context.pool,
                        within: rehearsedLossLimit(of: step)
                    )
                } catch {
                    throw ApplyError.failed("on a restored copy, step \(step.id) (\(step.summary)) failed: \(error)")
                }
            }
            // Where something is left out of the rehearsal, the copy does not end where the original will.
            if cohort.steps.allSatisfy({ $0.isRehearsable || $0.kind == .backup }) {
                try verify(try await worker.inspect(classContext, context.pool).catalog)
            }
            await session.close()
        } catch {
            await session.close()
            throw error
        }
    }

    /// Gives our own schema in the copy to the login of the copy, as on the original it is the login's: the guard that
    /// keeps us from using a schema of somebody else's must hold there too.
    private func handOver(_ copy: RestoredCopy) async throws {
        guard let login = copy.target.parameters.first(where: { $0.keyword == "user" })?.value else { return }
        let session = try await Session.open(copy.superuser, settings: context.settings("rehearsal"))
        do {
            try await session.run(
                """
                DO $rcl$
                DECLARE statement text;
                BEGIN
                    FOR statement IN
                        SELECT format('ALTER SCHEMA reconcile OWNER TO %I', \(literal: login))
                        FROM pg_namespace WHERE nspname = 'reconcile'
                        UNION ALL
                        SELECT format('ALTER TABLE reconcile.%I OWNER TO %I', c.relname, \(literal: login))
                        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname = 'reconcile' AND c.relkind IN ('r', 'p')
                    LOOP EXECUTE statement; END LOOP;
                END $rcl$
                """,
                label: "rehearsal, own schema"
            )
            await session.close()
        } catch {
            await session.close()
            throw error
        }
    }
}

extension Step {
    /// Invalid indexes are in no dump, so mending them can be tried on the original only.
    fileprivate var isRehearsable: Bool {
        switch kind {
        case .migrate: !migrations.isEmpty
        case .adopt, .initialize, .quarantineTables, .check: true
        case .createDatabase, .rebuildDatabase, .moveDatabase, .dropDatabase, .retireInstance, .backup: false
        }
    }
}
