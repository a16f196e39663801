internal import FleetModel
internal import Planning
internal import Postgres

extension DatabaseWork {
    /// Builds a new database beside the old one, looks at it, and swaps the two names; the old one is kept aside.
    func rebuild(_ step: Step, _ worker: Worker, _ classContext: ClassContext, _ control: Control) async throws {
        let name = RunName.build(database, run: context.run.id)
        var options = classContext.databaseClass.create
        // What is rebuilt keeps its owner, its settings and its privileges; only what is in it is new.
        options.owner = worker.foothold.owner
        let oid = try await control.createBuild(name, replacing: database, options)
        try await DatabaseProperties.copy(from: database, to: name, on: control.session)

        let key = DatabaseKey(instance: cohort.instance, database: name)
        let settings = context.settings("build")
        let session = try await Session.open(try context.target(key), settings: settings, proof: .byCaller)
        do {
            let foothold = try await DatabaseLock.take(on: session, settings: settings)
            guard foothold.identity.oid == oid else {
                throw ApplyError.stale(["\(key): is not the database just made"])
            }
            let builder = Worker(
                key: key,
                session: session,
                settings: settings,
                foothold: foothold,
                fence: worker.fence,
                control: control,
                report: context.report
            )
            try await builder.prepareNew(classContext)
            var mark = HistoryMark.none
            for tag in step.migrations {
                mark = try await builder.run(tag, classContext, mark: mark, context.pool)
            }
            if !classContext.initTexts.isEmpty { try await builder.initialize(classContext) }
            if let failure = try await builder.failedCheck(classContext) { throw ApplyError.failed(failure) }
            try verify(try await builder.inspect(classContext, context.pool).catalog)
            try await session.run("ANALYZE", label: "analyze")
            await session.close()
        } catch {
            await session.close()
            throw error
        }
        // A rename needs the database without sessions, ours included; the environment's lock keeps other runs out.
        await worker.session.close()
        try await control.swap(
            live: (database, worker.foothold.identity.oid),
            build: (name, oid),
            aside: RunName.aside(database, run: context.run.id),
            reason: "rebuilt",
            target: control.target
        )
    }
}
