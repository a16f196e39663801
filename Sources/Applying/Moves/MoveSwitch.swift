internal import FleetModel
internal import Planning
internal import Postgres
internal import Servers

/// The part of a move in which nobody can write: freeze, copy, shut, compare, switch; or everything as it was.
struct MoveSwitch: Sendable {
    let context: ApplyContext
    let key: DatabaseKey
    let source: DatabaseKey
    /// In the database where it is: it holds the database's lock, and every table's from the freeze to the switch.
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
        let settings: DatabaseSettings
        do {
            (made, settings) = try await copyFrozen()
            try Task.checkCancellation()
        } catch {
            throw await undone(error)
        }
        // An interruption comes too late from here on: half of this would leave the database shut on both sides.
        return try await Task {
            try await putInPlace(made, settings)
            let stopped = clock.now - start
            await worker.session.close()
            try await setAside()
            return stopped
        }.value
    }

    private func setAside() async throws {
        do {
            try await here.setAside(old, movedTo: key.instance, by: context.run.id)
        } catch {
            throw ApplyError.failed(
                "it is in place on \"\(key.instance)\", and the old one on \"\(source.instance)\" is shut but not put aside yet "
                    + "(\(error)): run apply again"
            )
        }
    }

    /// What stands still, copied and compared twice: with its receipt, and with itself once nobody else can be in it.
    private func copyFrozen() async throws -> (MoveCopy.Made, DatabaseSettings) {
        let desk = context.backups.desk
        let pid = await worker.session.backendPID
        let (archive, made) = try await SessionEnder.whileAlone(
            on: old.oid,
            keeping: pid,
            sparing: .run(context.run),
            here
        ) { _ in
            try await lockTables()
            try await requireThatItCanGo()
            let archive = try await desk.dump(
                source,
                target: try context.target(source),
                DumpTools(.here(dumpers)),
                as: .move
            )
            do {
                return (archive, try await copy.make(archive))
            } catch {
                desk.discard(archive)
                throw error
            }
        }
        do {
            try await here.shut(old)
            // The locks of the tables stay: they also stop a session that nobody sees yet because it has just begun.
            try await SessionEnder.whileAlone(on: old.oid, keeping: pid, sparing: .alone, here) { ender in
                try await compare(archive, made)
                try await ender.requireNobodyCame()
            }
            let left = try await here.whatNoDumpHolds(old)
            guard left.isEmpty else { throw Self.cannotGo(left) }
            // As they are now: they may have changed for as long as it was possible.
            let settings = try await here.settings(ofFrozen: old)
            if context.policy.backupWhen == .never {
                desk.discard(archive)
            } else {
                let proved = try await archive.raised(to: .restore)
                context.report(.backup(source, level: proved.receipt.verified.rawValue, archive: proved.path))
            }
            return (made, settings)
        } catch {
            desk.discard(archive)
            throw error
        }
    }

    /// Asked before the rehearsal too; what came about meanwhile would be left behind.
    private func requireThatItCanGo() async throws {
        let needs = try await MoveWork.needs(of: source, context)
        let missing = try await needs.missing(on: there.session, database: key.database)
        guard missing.isEmpty else { throw Self.cannotGo(missing) }
    }

    private static func cannotGo(_ reasons: [String]) -> ApplyError {
        .failed("it cannot be moved since the rehearsal: \(reasons.joined(separator: "; "))")
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
        let (catalog, content) = try await RestoredContent.readWithin(worker.session, BackupDesk.reader(context.pool))
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
        try await Self.requirePrivileges(of: catalog, in: made.catalog, here, there)
    }

    /// Between majors they are written differently.
    static func requirePrivileges(of catalog: Catalog, in copy: Catalog, _ here: Control, _ there: Control) async throws
    {
        guard await there.session.serverVersionNumber / 10_000 == here.session.serverVersionNumber / 10_000 else {
            return
        }
        let differing = catalog.privilegesDiffering(in: copy)
        guard !differing.isEmpty else { return }
        let names = differing.prefix(5).map(\.description).joined(separator: ", ")
        throw ApplyError.failed("owners or privileges in the copy are not those of the database: \(names)")
    }

    /// Renames the copy; where nobody knows whether that took effect, nothing more is done.
    private func putInPlace(_ made: MoveCopy.Made, _ settings: DatabaseSettings) async throws {
        do {
            try await there.putInPlace((copy.name, made.oid), as: key.database, movedFrom: source.instance, settings)
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
        let isInterruption = error is CancellationError || (error as? PostgresError)?.sqlState == "57014"
        let cause = isInterruption && Task.isCancelled ? "the move was interrupted" : "\(error)"
        await worker.session.close()
        let (here, copy, old) = (here, copy, old)
        let outcome = Outcome()
        await uncancelled {
            try? await copy.drop()
            do { try await here.thaw(old) } catch { await outcome.set("\(error)") }
        }
        guard let reason = await outcome.reason else {
            return ApplyError.failed(
                "\(cause). It is open again where it was, on \"\(source.instance)\"; nothing was moved"
            )
        }
        return ApplyError.failed(
            "\(cause). It is frozen on \"\(source.instance)\" by run \(context.run.id) (\(reason)): run apply again, which "
                + "opens it first"
        )
    }

    private actor Outcome {
        private(set) var reason: String?
        func set(_ reason: String) { self.reason = reason }
    }
}
