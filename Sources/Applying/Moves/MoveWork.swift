internal import FleetModel
internal import Planning
internal import Postgres
internal import Servers

// Moving one database, so that at every moment one complete copy of it is open to applications or, for as long as the
// plan says, none; and never two. docs/decisions/0013-moving-a-database.md tells what each moment leaves behind.
//
//   rehearse      dump, restore and compare, while everyone works on
//   freeze        noted in the journal; no new sessions, the others ended, every table locked by our own session
//   copy          dump of what stands still, restored under a temporary name, shut, compared with its receipt
//   shut          not even superusers come in; ours is the only session left, and both sides are compared once more
//   switch        opened in place there, with the settings of this moment; renamed aside here

/// Brings one database from a retiring instance to where it is to be.
struct MoveWork: Sendable {
    let work: DatabaseWork
    /// Where it is.
    let source: DatabaseKey

    private var context: ApplyContext { work.context }
    private var key: DatabaseKey { work.key }
    private var planned: PlannedDatabase? {
        context.plan.databases.first { DatabaseKey(instance: $0.instance, database: $0.name) == source }
    }

    /// Does the steps up to and including the move.
    func run(_ steps: ArraySlice<Step>, _ classContext: ClassContext, _ there: Control) async throws {
        let here = try context.control(source.instance)
        let worker = try await open(here)
        do {
            let state = try await worker.inspect(classContext, context.pool)
            try work.expect(state, as: planned, source)
            // From now on no earlier run can act in it.
            try await worker.transaction("fence", [])
            for step in steps {
                try Task.checkCancellation()
                try await here.ping()
                try await there.ping()
                try await work.journalled(step, there) {
                    switch step.kind {
                    case .backup: try await backup(worker)
                    default: try await move(worker, state, here, there)
                    }
                }
            }
            await worker.session.close()
        } catch {
            await worker.session.close()
            throw error
        }
    }

    private func open(_ here: Control) async throws -> Worker {
        // Dumps and counts take as long as they take.
        let settings = SessionSettings(
            access: .readWrite,
            lockTimeout: context.policy.lockTimeout,
            applicationName: context.run.applicationName("move")
        )
        let session = try await Session.open(try context.target(source), settings: settings, proof: .byCaller)
        do {
            let foothold = try await DatabaseLock.take(on: session, settings: settings, attempts: 12)
            guard let facts = context.facts[source.instance], let oid = planned?.oid,
                foothold.identity
                    == DatabaseIdentity(systemIdentifier: facts.systemIdentifier, timeline: facts.timeline, oid: oid)
            else { throw ApplyError.stale(["\(source): is not the database the plan was made for"]) }
            return Worker(
                key: source,
                session: session,
                settings: settings,
                foothold: foothold,
                fence: Fence(epoch: await here.epoch, runID: context.run.id),
                control: here,
                report: context.report
            )
        } catch {
            await session.close()
            throw error
        }
    }

    /// Taken and proved where it is; what else the plan does is rehearsed where it will be done.
    private func backup(_ worker: Worker) async throws {
        let level = min(context.policy.backupVerify, .restore)
        let receipt = try await context.backups.take(
            source,
            session: worker.session,
            target: try context.target(source),
            level: level,
            rehearse: { _ in }
        )
        await work.receipts.add(receipt, of: source)
        context.report(.backup(source, level: level.rawValue, archive: receipt))
    }

    private func move(_ worker: Worker, _ state: DatabaseState, _ here: Control, _ there: Control) async throws {
        let needs = try await Self.needs(of: source, context)
        let missing = try await needs.missing(on: there.session, database: key.database)
        guard missing.isEmpty else {
            throw ApplyError.failed(
                "it cannot be moved to \"\(key.instance)\": \(missing.joined(separator: "; ")). Nothing was changed"
            )
        }
        if let tablespace = needs.tablespace {
            context.report(.note(key, "it goes to the default tablespace there; here it is in \"\(tablespace)\""))
        }
        for note in needs.notes { context.report(.note(key, note)) }
        let desk = context.backups.desk
        // What a dump holds loads into newer servers; a pg_dump of another major may not know all that an older one stores.
        let dumpers = try await desk.clients(forMajor: needs.version.major)
        let copy = MoveCopy(
            context: context,
            control: there,
            database: key.database,
            oid: worker.foothold.identity.oid,
            clients: try await desk.clients(forMajor: await there.session.serverVersionNumber / 10_000)
        )
        try await rehearse(copy, dumpers, needs) { made in
            try await MoveSwitch.requirePrivileges(of: state.catalog, in: made.catalog, here, there)
            try await there.trySettings(needs.settings, on: (copy.name, made.oid))
        }
        let move = MoveSwitch(
            context: context,
            key: key,
            source: source,
            worker: worker,
            here: here,
            there: there,
            copy: copy,
            dumpers: dumpers,
            planned: state.catalog
        )
        let stopped = try await move.run()
        context.report(.moved(key, from: source.instance, stopped: stopped))
    }

    static func needs(of source: DatabaseKey, _ context: ApplyContext) async throws -> MoveNeeds {
        let session = try await Session.open(
            try context.target(source),
            settings: SessionSettings(access: .readOnly, applicationName: context.run.applicationName("look"))
        )
        do {
            let needs = try await MoveNeeds.read(session, name: source.database)
            await session.close()
            return needs
        } catch {
            await session.close()
            throw error
        }
    }

    /// All of it while everyone works on: what the other server has not, or cannot, shows now, and how long it takes.
    private func rehearse(
        _ copy: MoveCopy,
        _ dumpers: PostgresPrograms,
        _ needs: MoveNeeds,
        _ check: (MoveCopy.Made) async throws -> Void
    ) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let desk = context.backups.desk
        let archive = try await desk.dump(
            source,
            target: try context.target(source),
            DumpTools(.here(dumpers)),
            as: .rehearsal
        )
        do {
            let made = try await copy.make(archive)
            try await check(made)
            // In earnest the database itself is read once more, about as long as its copy was.
            let took = clock.now - start + made.reading
            try await copy.drop()
            desk.discard(archive)
            if let before = needs.source.locale.collationVersion, let now = made.collationVersion, before != now {
                let what = "text is sorted there by version \(now) of its rules instead of \(before)"
                context.report(.note(key, "\(what); indexes are built anew"))
            }
            context.report(.rehearsed(key, took: took))
        } catch {
            desk.discard(archive)
            await uncancelled { try? await copy.drop() }
            throw ApplyError.failed("the rehearsal of the move failed, and nothing was changed: \(error)")
        }
    }
}
