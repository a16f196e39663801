package import FleetModel
internal import Migrations
internal import Planning
internal import Postgres
internal import Servers

#if MUTATIONS
internal import Effects
#endif

/// The work on one database of a cohort, from its lock to its verification.
struct DatabaseWork: Sendable {
    let context: ApplyContext
    let cohort: Cohort
    let database: String
    /// Receipts taken in this run, so that a rehearsed database is not dumped twice.
    let receipts: Receipts

    var key: DatabaseKey { DatabaseKey(instance: cohort.instance, database: database) }
    var planned: PlannedDatabase? {
        context.plan.databases.first { DatabaseKey(instance: $0.instance, database: $0.name) == key }
    }

    /// Does every step and looks again; returns only where the database is what the plan says.
    ///
    /// - Throws: `ApplyError`, `PostgresError`, and what backups throw; what was done before is in the journal.
    func run() async throws {
        let control = try context.control(cohort.instance)
        guard let classContext = context.classes[cohort.className] else {
            throw ApplyError.failed("class \"\(cohort.className)\" is not declared")
        }
        var owed = cohort.steps[...]
        if let step = owed.first, step.kind == .createDatabase {
            try await journalled(step, control) {
                try await control.createDatabase(database, classContext.databaseClass.create)
            }
            owed = owed.dropFirst()
        }
        let isNew = owed.count < cohort.steps.count
        var isMoved = false
        if let source = cohort.source, let move = owed.firstIndex(where: { $0.kind == .moveDatabase }) {
            let origin = DatabaseKey(instance: source, database: database)
            try await MoveWork(work: self, source: origin).run(owed[...move], classContext, control)
            owed = owed[(move + 1)...]
            isMoved = true
        }
        var worker = try await open(control, isNew: isNew || isMoved)
        do {
            let state = try await worker.inspect(classContext, context.pool)
            if isNew {
                try await worker.prepareNew(classContext)
            } else {
                // What was moved was looked at where it was, and is the same here.
                if !isMoved { try expect(state, as: planned, key) }
                if owed.contains(where: { $0.kind == .initialize }), state.initMark == .none {
                    try await worker.markInitPending()
                }
            }
            var mark = HistoryMark(state.history, classContext.format)
            for step in owed {
                try Task.checkCancellation()
                try await control.ping()
                try await journalled(step, control) {
                    mark = try await perform(step, worker, classContext, mark: mark, control)
                }
                // What bears the name now is another database, which wants a session of its own.
                if step.kind == .rebuildDatabase { worker = try await open(control, isNew: true) }
            }
            try verify(try await worker.inspect(classContext, context.pool).catalog)
            await worker.session.close()
            context.report(.verified(key))
        } catch {
            await worker.session.close()
            guard error.isLostConnection, !Task.isCancelled else { throw error }
            try await settle(error, classContext, control)
        }
    }

    /// Looks what became of the work when the connection went away in the midst of it.
    ///
    /// Whether a `COMMIT` that was never answered took effect is not guessed: the database's lock is granted only once the
    /// old session has ended on the server, and then the database itself tells.
    private func settle(_ error: any Error, _ classContext: ClassContext, _ control: Control) async throws {
        try await control.ping()
        let worker = try await open(control, isNew: true)
        do {
            let state = try await worker.inspect(classContext, context.pool)
            let written = cohort.steps.filter {
                $0.kind == .migrate || $0.kind == .adopt || $0.kind == .rebuildDatabase
            }
            .flatMap(\.migrations)
            let isWhole =
                cohort.to == rules.fingerprint(of: state.catalog) && state.initMark != .pending
                && (state.history.rows.count >= written.count || classContext.format.keepsOneRow)
            guard isWhole, try await worker.failedCheck(classContext) == nil else {
                throw ApplyError.failed(
                    "\(error); of \(written.count) migrations its history holds \(state.history.rows.count) now, "
                        + "none of them half: run apply again to continue"
                )
            }
            await worker.session.close()
            context.report(.verified(key))
        } catch {
            await worker.session.close()
            throw error
        }
    }

    /// Opens the session that works, takes its lock, and makes sure it is in the database the plan was made for.
    func open(_ control: Control, isNew: Bool) async throws -> Worker {
        let settings = context.settings("work")
        let session = try await Session.open(try context.target(key), settings: settings, proof: .byCaller)
        do {
            #if MUTATIONS
            var holder = session
            if Mutation.lockInAnotherSession.isOn {
                holder = try await Session.open(try context.target(key), settings: settings)
                // Held as long as the program lives.
                _ = Unmanaged.passRetained(holder)
            }
            let foothold = try await DatabaseLock.take(on: holder, settings: settings, attempts: 12)
            #else
            let foothold = try await DatabaseLock.take(on: session, settings: settings, attempts: 12)
            #endif
            try identify(foothold.identity, isNew: isNew)
            return Worker(
                key: key,
                session: session,
                settings: settings,
                foothold: foothold,
                fence: Fence(epoch: await control.epoch, runID: context.run.id),
                control: control,
                report: context.report
            )
        } catch {
            await session.close()
            throw error
        }
    }

    private func identify(_ found: DatabaseIdentity, isNew: Bool) throws {
        guard let facts = context.facts[cohort.instance], facts.systemIdentifier == found.systemIdentifier,
            facts.timeline == found.timeline
        else {
            throw ApplyError.stale(["\(key): another server answers than the plan was made for"])
        }
        guard isNew || planned?.oid == found.oid else {
            throw ApplyError.stale(["\(key): was replaced by another database of that name"])
        }
    }

    /// Under the lock everything that decided the plan must still be so.
    func expect(_ state: DatabaseState, as planned: PlannedDatabase?, _ key: DatabaseKey) throws {
        if state.catalog.fingerprint != cohort.from {
            throw ApplyError.stale(["\(key): its schema changed since the plan was made"])
        }
        if state.history.digest != planned?.historyDigest {
            throw ApplyError.stale(["\(key): its migration history changed since the plan was made"])
        }
        if state.catalog.privileges != planned?.privileges {
            throw ApplyError.stale(["\(key): owners or privileges in it changed since the plan was made"])
        }
        // Rows make no plan stale, but they may make a step dangerous in a way that nobody granted.
        let filled = Set(state.nonEmptyTables.map { state.catalog.tables[$0] })
        for empty in cohort.assumedEmpty where filled.contains(empty.table) {
            let missing = empty.hazards.subtracting(context.plan.granted)
            guard !missing.isEmpty else { continue }
            let names = missing.sorted().map(\.rawValue).joined(separator: ",")
            throw ApplyError.failed(
                "\(empty.table) was empty when the plan was made and holds rows now, so the plan has hazards that nobody "
                    + "granted: plan again, or give --allow \(names)"
            )
        }
    }

    /// What does not count for this database's class here, which counts no more after the work than before.
    private var rules: DriftRules {
        context.environment.drift.of(
            cohort.className,
            and: context.classes[cohort.className]?.databaseClass.drift ?? .none
        )
    }

    func verify(_ catalog: Catalog) throws {
        let found = rules.fingerprint(of: catalog)
        guard let expected = cohort.to, expected != found else { return }
        throw ApplyError.failed(
            "all steps were done, and the schema is not what they made of it on scratch "
                + "(\(found.short) instead of \(expected.short)): plan again to see what differs"
        )
    }

    func journalled(_ step: Step, _ control: Control, _ body: () async throws -> Void) async throws {
        context.report(.started(key, step))
        try await control.record(step, database: database, state: "started")
        let clock = ContinuousClock()
        let start = clock.now
        do {
            try await body()
        } catch {
            try? await control.record(step, database: database, state: "failed", detail: "\(error)")
            throw StepError(step: step, underlying: error)
        }
        try await control.record(step, database: database, state: "finished")
        context.report(.finished(key, step, took: clock.now - start))
    }

    /// Does one step; gives where the history stands afterwards.
    private func perform(
        _ step: Step,
        _ worker: Worker,
        _ classContext: ClassContext,
        mark: HistoryMark,
        _ control: Control
    ) async throws -> HistoryMark {
        switch step.kind {
        case .backup: try await backup(worker)
        case .migrate where step.migrations.isEmpty: try await worker.mend(step.statements)
        case .migrate, .adopt, .initialize, .quarantineTables, .check:
            return try await worker.perform(
                step,
                classContext,
                mark: mark,
                context.pool,
                guarding: await destroyed(by: step),
                within: try await lossLimit(of: step)
            )
        case .rebuildDatabase: try await rebuild(step, worker, classContext, control)
        case .createDatabase: preconditionFailure("a database is created before a session can be in it")
        case .moveDatabase: preconditionFailure("a database is moved before a session can be in it")
        case .dropDatabase, .retireInstance:
            throw ApplyError.failed("step \(step.kind.rawValue) is not one of a cohort")
        }
        return mark
    }

    /// What a step destroys, where this run has a backup to hold it against.
    ///
    /// Tables that an earlier step of the plan has worked on are no longer what the backup holds, by our own doing.
    private func destroyed(by step: Step) async -> Destroyed? {
        guard let receipt = await receipts[key] else { return nil }
        let before = cohort.steps.prefix { $0.id != step.id }.flatMap(\.statements).flatMap(\.locks).map(\.table)
        let tables = Set(step.statements.flatMap(\.destroys)).subtracting(before)
        return tables.isEmpty ? nil : Destroyed(tables: tables.sorted(), receipt: receipt)
    }

    private func backup(_ worker: Worker) async throws {
        guard await receipts[key] == nil else { return }
        let level: Policy.BackupVerify =
            isRehearsed
            ? context.policy.backupVerify : min(context.policy.backupVerify, needsRestore ? .restore : .read)
        try await takeBackup(worker, level)
    }

    func takeBackup(_ worker: Worker, _ level: Policy.BackupVerify) async throws {
        let receipt = try await context.backups.take(
            key,
            session: worker.session,
            target: try context.target(key),
            level: level
        ) { copy in
            try await rehearse(on: copy)
        }
        await receipts.add(receipt, of: key)
        context.report(.backup(key, level: level.rawValue, archive: receipt))
    }

    /// Whether rows may go away, or a step cannot be undone by the server: each such database's backup is restored.
    private var needsRestore: Bool {
        cohort.steps.contains { !$0.hazards.isDisjoint(with: Hazard.needRestore) }
    }

    /// At level `rehearse` the plan is tried on copies of the canaries and of the largest; at `restore` each is restored.
    var isRehearsed: Bool {
        switch context.policy.backupVerify {
        case .none, .read, .restore: return true
        case .rehearse:
            if cohort.databases.prefix(max(1, context.policy.canary)).contains(where: {
                ExactName($0) == ExactName(database)
            }) {
                return true
            }
            // What is moved has its size where it is.
            let members = Set(cohort.databases)
            let sizes = context.plan.databases.filter {
                $0.instance == cohort.source ?? cohort.instance && members.contains($0.name)
            }
            let largest = sizes.max { ($0.sizeBytes ?? 0, $1.name) < ($1.sizeBytes ?? 0, $0.name) }
            return largest.map { ExactName($0.name) } == ExactName(database)
        }
    }
}

extension Policy.BackupVerify: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}

extension Error {
    /// Whether the session went away, so that nobody knows what became of its last statement.
    fileprivate var isLostConnection: Bool {
        let cause: any Error = (self as? StepError)?.underlying ?? self
        guard let error = cause as? PostgresError, case .connectionLost = error else { return false }
        return true
    }
}

/// A step that failed, with why.
struct StepError: Error, CustomStringConvertible {
    let step: Step
    let underlying: any Error

    var description: String { "\(underlying)" }
}

/// The receipts of this run by database.
actor Receipts {
    private var paths: [DatabaseKey: String] = [:]

    subscript(key: DatabaseKey) -> String? { paths[key] }

    func add(_ path: String, of key: DatabaseKey) { paths[key] = path }
}
