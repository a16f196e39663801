internal import FleetModel
package import Postgres

#if MUTATIONS
internal import Effects
#endif

/// The session on an instance's maintenance database that holds the environment's lock.
///
/// It alone creates, renames and drops databases there, and it writes the journal: what protects the work is held by the
/// session that does it. It is never reconnected; once it is lost, nothing more is started.
package actor Control {
    package nonisolated let instance: String
    nonisolated let session: Session
    nonisolated let run: Run
    /// Of this very server: another one that answers at its address is refused.
    package nonisolated let target: ConnectionTarget
    /// What every worked-on database's fence is raised to; 0 before the lease is taken.
    private(set) var epoch: Int64 = 0
    private var journal: [(entry: SQL, done: CheckedContinuation<Void, any Error>)] = []
    private var isWriting = false

    private init(instance: String, session: Session, run: Run, target: ConnectionTarget) {
        self.instance = instance
        self.target = target
        self.session = session
        self.run = run
    }

    /// Connects and takes the environment's lock on one instance; writes nothing.
    ///
    /// Never waits: blocking on an advisory lock would hold a snapshot that `CREATE INDEX CONCURRENTLY` waits for.
    /// - Throws: `ApplyError.locked`, `PostgresError`.
    package static func open(instance: String, target: ConnectionTarget, run: Run) async throws -> Control {
        let settings = SessionSettings(
            access: .readWrite,
            lockTimeout: .seconds(30),
            applicationName: run.applicationName("control")
        )
        let session = try await Session.open(target, settings: settings)
        let target = target.pinned(to: await session.serverStartedAt)
        let key = AdvisoryKey.environment(run.environment)
        #if MUTATIONS
        if Mutation.blockingLock.isOn { try await session.run("SELECT pg_advisory_lock(\(key.value))") }
        #endif
        let taken = try await session.run("SELECT pg_try_advisory_lock(\(key.value))", label: "environment lock")
        guard taken.first?.rows?.scalar == "t" else {
            let holder = try await LockHolder.of(key, on: session)
            await session.close()
            throw ApplyError.locked(
                holder ?? LockHolder(applicationName: "reconcile/unknown", since: "a moment ago")
            )
        }
        return Control(instance: instance, session: session, run: run, target: target)
    }

    /// Writes down who we are and takes a new epoch, after which no earlier run can act any more.
    package func takeLease(planDigest: String, toolVersion: String) async throws {
        // Milliseconds keep epochs growing also where a database comes from another server or a restored dump.
        let answers = try await session.run(
            """
            BEGIN;
            \(OwnSchema.guardStatement)
            \(OwnSchema.inMaintenanceDatabase)
            INSERT INTO reconcile.lease AS l (environment, epoch, run_id, os_user, host, pid)
            VALUES (\(literal: run.environment), (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
                \(literal: run.id), \(literal: run.user), \(literal: run.host), \(run.pid))
            ON CONFLICT (environment) DO UPDATE SET epoch = greatest(l.epoch + 1, excluded.epoch),
                run_id = excluded.run_id, os_user = excluded.os_user, host = excluded.host, pid = excluded.pid,
                taken_at = now()
            RETURNING epoch;
            UPDATE reconcile.runs SET outcome = 'interrupted', finished_at = now()
            WHERE environment = \(literal: run.environment) AND finished_at IS NULL;
            INSERT INTO reconcile.runs (run_id, environment, plan_digest, outcome, databases, os_user, host, tool_version)
            VALUES (\(literal: run.id), \(literal: run.environment), \(literal: planDigest), 'running', '{}',
                \(literal: run.user), \(literal: run.host), \(literal: toolVersion));
            COMMIT
            """,
            label: "lease"
        )
        guard let text = answers.compactMap(\.rows).last?.scalar, let epoch = Int64(text) else {
            throw PostgresError.unexpectedAnswer("no epoch")
        }
        self.epoch = epoch
    }

    /// Whether the lock is still ours; asked before each step.
    func ping() async throws {
        do {
            _ = try await session.runKeepingAnswers("SELECT 1", label: "ping")
        } catch {
            throw ApplyError.lockLost(instance: instance, reason: "\(error)")
        }
    }

    /// Appends to the journal; returns when it is on disk.
    ///
    /// Entries that wait for each other share one transaction.
    func record(_ step: Step, database: String?, state: String, detail: String? = nil) async throws {
        let entry: SQL = """
            INSERT INTO reconcile.steps (run_id, database, step, kind, state, detail)
            VALUES (\(literal: run.id), \(literal: database), \(literal: step.id), \(literal: step.kind.rawValue),
                \(literal: state), \(literal: detail));
            """
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            journal.append((entry, done))
            if !isWriting {
                isWriting = true
                Task { await self.writeJournal() }
            }
        }
    }

    private func writeJournal() async {
        while !journal.isEmpty {
            let batch = journal
            journal = []
            let text = SQL(joining: batch.map(\.entry), separator: "\n")
            do throws(PostgresError) {
                let (_, error) = try await session.runKeepingAnswers("BEGIN;\n\(text)\nCOMMIT", label: "journal")
                if let error {
                    _ = try await session.runKeepingAnswers("ROLLBACK", label: "journal rollback")
                    throw error
                }
                for item in batch { item.done.resume() }
            } catch {
                let lost = ApplyError.lockLost(instance: instance, reason: "the journal cannot be written: \(error)")
                for item in batch { item.done.resume(throwing: lost) }
            }
        }
        isWriting = false
    }

    /// Closes what dead runs left open in the journal: we hold the environment's lock, so none of them lives.
    func closeAbandonedRuns() async {
        let exists = try? await session.run("SELECT to_regclass('reconcile.runs') IS NOT NULL", label: "journal exists")
        guard exists?.first?.rows?.scalar == "t" else { return }
        let (_, error) =
            (try? await session.runKeepingAnswers(
                """
                BEGIN;
                \(OwnSchema.guardStatement)
                UPDATE reconcile.runs SET outcome = 'interrupted', finished_at = now()
                WHERE environment = \(literal: run.environment) AND finished_at IS NULL;
                COMMIT
                """,
                label: "abandoned runs"
            )) ?? ([], nil)
        // A role that may only read leaves them as they are.
        if error != nil { _ = try? await session.runKeepingAnswers("ROLLBACK", label: "abandoned runs, rollback") }
    }

    /// Closes the run in the journal.
    ///
    /// To be called however the run ends.
    package func finish(outcome: String, databases: String) async {
        guard epoch != 0 else { return }
        _ = try? await session.runKeepingAnswers(
            """
            UPDATE reconcile.runs SET finished_at = now(), outcome = \(literal: outcome), databases = \(literal: databases)
            WHERE run_id = \(literal: run.id)
            """,
            label: "run finished"
        )
    }

    package func close() async { await session.close() }
}

extension LockHolder {
    /// Who holds a key in the database a session is in; nil where nobody does.
    static func of(_ key: AdvisoryKey, on session: Session) async throws -> LockHolder? {
        let answers = try await session.run(
            """
            SELECT a.application_name, a.backend_start FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE \(key.inLocksView) AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """,
            label: "lock holder"
        )
        guard let row = answers.first?.rows?.first else { return nil }
        return LockHolder(applicationName: row[0] ?? "", since: row[1] ?? "")
    }

    /// Who works on one of these databases of the server, seen from any of them; a dead run's last statement counts.
    static func ofDatabases(_ oids: [UInt32], on session: Session) async throws -> LockHolder? {
        guard !oids.isEmpty else { return nil }
        let list = SQL(joining: oids.map { SQL("\($0)") })
        let answers = try await session.run(
            """
            SELECT a.application_name, a.backend_start FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE \(AdvisoryKey.database.inLocksView) AND l.database IN (\(list)) LIMIT 1
            """,
            label: "database locks"
        )
        guard let row = answers.first?.rows?.first else { return nil }
        return LockHolder(applicationName: row[0] ?? "", since: row[1] ?? "")
    }

    /// A run of the environment that is dead for us and whose transaction lives on the server.
    ///
    /// A dump's, say, whose client is behind a network that went away: it may hold locks on any table, for hours. To be
    /// asked where nobody else holds the environment, or by who does.
    static func ofTransactions(of environment: String, on session: Session) async throws -> LockHolder? {
        let exists = try await session.run("SELECT to_regclass('reconcile.runs') IS NOT NULL", label: "journal exists")
        guard exists.first?.rows?.scalar == "t" else { return nil }
        let answers = try await session.run(
            """
            SELECT CASE WHEN strpos(a.application_name, '@') > 0 THEN a.application_name
                    -- A dump's session does not say whose it is.
                    ELSE format('reconcile/%s %s@%s', r.run_id, r.os_user, r.host) END, a.backend_start
            FROM pg_stat_activity a
                JOIN reconcile.runs r ON split_part(a.application_name, ' ', 1) = 'reconcile/' || r.run_id
            WHERE r.environment = \(literal: environment) AND a.pid <> pg_backend_pid()
                AND (a.xact_start IS NOT NULL OR EXISTS (
                    SELECT FROM pg_locks l WHERE l.pid = a.pid AND \(AdvisoryKey.database.inLocksView)))
            LIMIT 1
            """,
            label: "transactions of dead runs"
        )
        guard let row = answers.first?.rows?.first else { return nil }
        return LockHolder(applicationName: row[0] ?? "", since: row[1] ?? "")
    }
}
