internal import FleetModel
internal import Planning
internal import Postgres
internal import Servers

/// The part of a move in which nobody can write: freeze, copy, shut, compare, switch; or everything as it was.
struct MoveSwitch: Sendable {
    let context: ApplyContext
    let key: DatabaseKey
    let source: DatabaseKey
    /// In the database where it is: it holds the database's lock, and for a while every table's.
    let worker: Worker
    let here: Control
    let there: Control
    let copy: MoveCopy
    let dumpers: PostgresPrograms
    /// As it was when the plan was made.
    let planned: Catalog

    private var old: (name: String, oid: UInt32) { (source.database, worker.foothold.identity.oid) }

    /// - Returns: how long writers were stopped.
    /// - Throws: what went wrong; then the database is open where it was, or the error says how to go on.
    func run() async throws -> Duration {
        let clock = ContinuousClock()
        let start = clock.now
        do {
            try await here.freeze(old, movingTo: key.instance)
        } catch let error as PostgresError {
            // It may have taken effect all the same.
            throw await undone(error)
        }
        let made: MoveCopy.Made
        do {
            made = try await copyFrozen()
            try await copy.takeFence()
            await worker.session.close()
        } catch {
            throw await undone(error)
        }
        try await putInPlace(made)
        let stopped = clock.now - start
        do {
            try await here.setAside(old, movedTo: key.instance, by: context.run.id)
        } catch {
            throw ApplyError.failed(
                "it is in place on \"\(key.instance)\", and the old one on \"\(source.instance)\" is shut but not put aside yet "
                    + "(\(error)): run apply again"
            )
        }
        return stopped
    }

    /// What stands still, copied and compared twice: with its receipt, and with itself once nobody else can be in it.
    private func copyFrozen() async throws -> MoveCopy.Made {
        let desk = context.backups.desk
        let pid = await worker.session.backendPID
        let ender = try await SessionEnder(old.oid, keeping: pid, sparing: .run(context.run), here)
        let archive: StoredBackup
        let made: MoveCopy.Made
        do {
            try await ender.waitUntilGone()
            try await lockTables()
            archive = try await desk.dump(
                source,
                target: try context.target(source),
                DumpTools(.here(dumpers)),
                as: .move
            )
            do {
                made = try await copy.make(archive)
            } catch {
                desk.discard(archive)
                throw error
            }
            await ender.stop()
        } catch {
            await ender.stop()
            throw error
        }
        try await here.shut(old)
        try await requireAlone(pid)
        // Nobody else is in it and nobody can come: the locks have done what they were for.
        try await worker.session.run("ROLLBACK", label: "unlock tables")
        try await compare(archive, made)
        if context.policy.backupWhen == .never {
            desk.discard(archive)
        } else {
            let proved = try archive.raised(to: .restore)
            context.report(.backup(source, level: proved.receipt.verified.rawValue, archive: proved.path))
        }
        return made
    }

    private func requireAlone(_ pid: Int) async throws {
        let ender = try await SessionEnder(old.oid, keeping: pid, sparing: .alone, here)
        do {
            try await ender.waitUntilGone()
            await ender.stop()
        } catch {
            await ender.stop()
            throw error
        }
    }

    /// Locks every table against writers, tried again where somebody's lock does not go in time.
    private func lockTables() async throws {
        for attempt in 1...5 {
            do throws(PostgresError) {
                return try await tryToLockTables()
            } catch {
                _ = try await worker.session.runKeepingAnswers("ROLLBACK", label: "stop writers, rollback")
                guard error.sqlState == "55P03", attempt < 5 else { throw error }
            }
        }
    }

    /// Until no new table has come up meanwhile.
    private func tryToLockTables() async throws(PostgresError) {
        let session = worker.session
        try await session.run("BEGIN", label: "stop writers")
        var locked: Set<[String?]> = []
        while true {
            let answers = try await session.run(
                """
                SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384
                    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
                ORDER BY c.oid
                """,
                label: "tables"
            )
            let new = (answers.first?.rows?.values ?? []).filter { !locked.contains($0) }
            guard !new.isEmpty else { return }
            let names = new.map { "ONLY \(schema: $0[0] ?? "", name: $0[1] ?? "")" as SQL }
            try await session.run("LOCK TABLE \(SQL(joining: names)) IN SHARE MODE", label: "lock tables")
            locked.formUnion(new)
        }
    }

    /// Through the session that was in it all along: `CREATE TABLE`, `nextval` and large objects heed no table's lock.
    private func compare(_ archive: StoredBackup, _ made: MoveCopy.Made) async throws {
        let (catalog, content) = try await RestoredContent.read(worker.session, BackupDesk.reader(context.pool))
        var differences = content.differences(in: made.content)
        // A dump's sequences may be ahead of what was measured before it; here both stand still.
        differences += content.sequences.filter { mine in
            !made.content.sequences.contains { $0.name == mine.name && $0 == mine }
        }.map { .sequence($0.name) }
        if catalog.fingerprint != archive.receipt.fingerprint {
            differences.append(.schema(expected: archive.receipt.fingerprint, found: catalog.fingerprint))
        }
        guard differences.isEmpty else { throw BackupError.differs(differences) }
        guard catalog.fingerprint == planned.fingerprint else {
            throw ApplyError.stale(["\(source): its schema changed while it was being moved"])
        }
        let isSameMajor = await there.session.serverVersionNumber / 10_000 == here.session.serverVersionNumber / 10_000
        guard !isSameMajor || made.catalog.privileges == catalog.privileges else {
            throw ApplyError.failed("owners or privileges in the copy are not those of the database")
        }
    }

    /// Renames the copy; where nobody knows whether that took effect, nothing more is done.
    private func putInPlace(_ made: MoveCopy.Made) async throws {
        do {
            try await there.putInPlace((copy.name, made.oid), as: key.database, movedFrom: source.instance)
        } catch {
            let found: UInt32?
            do {
                found = try await there.oid(of: key.database)
            } catch {
                throw ApplyError.failed(
                    "nobody knows whether it is in place on \"\(key.instance)\" (\(error)), so it stays shut on "
                        + "\"\(source.instance)\": run apply again, which looks and finishes or undoes it"
                )
            }
            if found != made.oid { throw await undone(error) }
        }
    }

    /// Lets everyone in again where it was; what is left then is what was there before.
    private func undone(_ error: any Error) async -> any Error {
        await worker.session.close()
        let (here, copy, old) = (here, copy, old)
        let outcome = Outcome()
        await uncancelled {
            try? await copy.drop()
            do { try await here.thaw(old) } catch { await outcome.set("\(error)") }
        }
        guard let reason = await outcome.reason else {
            return ApplyError.failed(
                "\(error). It is open again where it was, on \"\(source.instance)\"; nothing was moved"
            )
        }
        return ApplyError.failed(
            "\(error). It is frozen on \"\(source.instance)\" by run \(context.run.id) (\(reason)): run apply again, which "
                + "opens it first"
        )
    }

    private actor Outcome {
        private(set) var reason: String?
        func set(_ reason: String) { self.reason = reason }
    }
}
