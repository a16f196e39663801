internal import FleetModel
internal import Postgres

#if MUTATIONS
internal import Effects
#endif

/// Who a database must be for work to go on in it.
package struct DatabaseIdentity: Sendable, Hashable {
    package var systemIdentifier: String
    package var timeline: Int
    package var oid: UInt32

    package init(systemIdentifier: String, timeline: Int, oid: UInt32) {
        self.systemIdentifier = systemIdentifier
        self.timeline = timeline
        self.oid = oid
    }
}

/// What the first round trip into a database says beside taking its lock.
struct Foothold: Sendable {
    var identity: DatabaseIdentity
    var owner: String
    /// Who logged in.
    var login: String
    /// Whether the login may act as the database's owner.
    var mayActAsOwner: Bool
    var hasFence: Bool
}

enum DatabaseLock {
    /// Proves the session's settings, takes the database's lock in this very session, and says where we are: one round trip.
    ///
    /// - Parameters:
    ///   - session: in the database; it holds the lock until it ends.
    ///   - settings: what the session was opened with.
    ///   - attempts: how often to ask, with pauses, before giving up; a lock is never blocked on.
    /// - Returns: which database this is, who owns it, and whether a fence of ours is there.
    /// - Throws: `ApplyError.locked` once the attempts are used up; `PostgresError`, also where a setting did not hold.
    static func take(on session: Session, settings: SessionSettings, attempts: Int = 1) async throws -> Foothold {
        #if MUTATIONS
        if Mutation.blockingLock.isOn {
            try await session.run("SELECT pg_advisory_lock(\(AdvisoryKey.database.value))")
        }
        #endif
        for attempt in 1...attempts {
            // Behind a pooler the lock would stay with a session that is not ours.
            let answers = try await session.run(
                """
                \(settings.proof);
                SELECT (pg_control_system()).system_identifier, \(SQL.timeline), d.oid,
                    pg_get_userbyid(d.datdba), pg_has_role(session_user, d.datdba, 'MEMBER'),
                    to_regclass('reconcile.fence') IS NOT NULL, session_user,
                    (SELECT min(format('%s calls a function of %s', e.evtname, pg_get_userbyid(p.proowner)))
                    FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_roles r ON r.oid = p.proowner
                    WHERE e.evtenabled <> 'D' AND NOT r.rolsuper AND r.rolname <> session_user)
                FROM pg_database d WHERE d.datname = current_database();
                SELECT CASE WHEN pg_backend_pid() = \(await session.backendPID)
                    THEN pg_try_advisory_lock(\(AdvisoryKey.database.value)) END
                """,
                label: "database lock"
            )
            try await session.verify(answers)
            let told = answers.dropFirst(settings.proofCount).map(\.rows)
            guard told.count == 2, let row = told[0]?.first, row.count == 8,
                let timeline = row[1].flatMap({ Int($0) }), let oid = row[2].flatMap({ UInt32($0) })
            else { throw PostgresError.unexpectedAnswer("no identity") }
            guard told[1]?.scalar == "t" else {
                if attempt < attempts {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 150...350)))
                    continue
                }
                let holder = try await LockHolder.of(.database, on: session)
                throw ApplyError.locked(holder ?? LockHolder(applicationName: "", since: "a moment ago"))
            }
            if let trap = row[7] {
                throw ApplyError.foreign(
                    "event trigger \(trap), whose code would run with our rights: let a superuser disable the trigger"
                )
            }
            return Foothold(
                identity: DatabaseIdentity(systemIdentifier: row[0] ?? "", timeline: timeline, oid: oid),
                owner: row[3] ?? "",
                login: row[6] ?? "",
                mayActAsOwner: row[4] == "t",
                hasFence: row[5] == "t"
            )
        }
        preconditionFailure("at least one attempt")
    }

    /// Raises SQLSTATE RC005 unless this very session still holds the database's lock.
    ///
    /// Whatever a tenant hung on its tables runs in our session and may call `pg_advisory_unlock_all()`. Asked at the
    /// beginning and at the end of each transaction: what was done meanwhile is rolled back, and until it is the fence's
    /// row keeps out whoever would take over.
    static func check(_ database: UInt32) -> SQL {
        #if MUTATIONS
        if Mutation.lockInAnotherSession.isOn { return "" }
        #endif
        return """
            DO $rcl$ BEGIN
                PERFORM FROM pg_catalog.pg_locks WHERE \(AdvisoryKey.database.inLocksView)
                    AND database = \(database) AND pid = pg_catalog.pg_backend_pid();
                IF NOT FOUND THEN
                    RAISE EXCEPTION 'code of the database''s own, run in our session, let go of the lock on it: nothing more is '
                        'done there' USING ERRCODE = 'RC005';
                END IF;
            END $rcl$;
            """
    }
}

extension DatabaseLock {
    /// Takes the lock of a database that this run alone knows, in a session that is to change it.
    ///
    /// Its only other holder can be a session of ours that the server has not ended yet.
    static func takeInCopy(_ session: Session) async throws(PostgresError) {
        for _ in 1...200 {
            let answers = try await session.run(
                "SELECT pg_try_advisory_lock(\(AdvisoryKey.database.value))",
                label: "lock of the copy"
            )
            if answers.last?.rows?.scalar == "t" { return }
            try? await Task.sleep(for: .milliseconds(50))
            if Task.isCancelled { break }
        }
        throw .unexpectedAnswer("another session holds the lock of a copy that is being made")
    }
}

/// The fence of one database: the newest epoch that acted in it.
///
/// A run with an older one can do nothing more.
struct Fence: Sendable {
    let epoch: Int64
    let runID: String

    /// Makes our schema where it is missing and raises the fence to our epoch; inside a transaction.
    ///
    /// What was not there at the first look may be a tenant's by the time we make it, so it is looked at again.
    func raising(schemaExists: Bool) -> SQL {
        """
        \(OwnSchema.guardStatement)
        \(schemaExists ? "" : OwnSchema.inDatabase + OwnSchema.guardStatement)
        INSERT INTO reconcile.fence AS f (id, epoch, run_id) VALUES (1, \(epoch), \(literal: runID))
        ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, run_id = excluded.run_id WHERE f.epoch < excluded.epoch;
        \(check)
        """
    }

    /// Raises SQLSTATE RC001 unless the fence is at our epoch, and keeps it there until the transaction ends: who takes
    /// over then waits for this transaction, and we find another epoch afterwards.
    var check: SQL {
        #if MUTATIONS
        if Mutation.noFence.isOn { return "" }
        #endif
        return """
            DO $rcl$ BEGIN
                PERFORM FROM reconcile.fence WHERE id = 1 AND epoch = \(epoch) FOR SHARE;
                IF NOT FOUND THEN RAISE EXCEPTION 'a later run took over' USING ERRCODE = 'RC001'; END IF;
            END $rcl$;
            """
    }
}
