internal import Planning
internal import FleetModel
internal import Postgres

#if MUTATIONS
internal import Effects
#endif

/// The session that works on one database: it holds the database's lock, and every change it makes is one transaction
/// that begins with the fence.
actor Worker {
    nonisolated let key: DatabaseKey
    nonisolated let session: Session
    nonisolated let settings: SessionSettings
    let foothold: Foothold
    let fence: Fence
    private let control: Control?
    private var fenceIsRaised = false
    /// Tables that were there before the first migration; what the plan itself makes, it may take away again.
    private var known: Set<UInt32>?
    private let report: @Sendable (ApplyEvent) -> Void

    init(
        key: DatabaseKey,
        session: Session,
        settings: SessionSettings,
        foothold: Foothold,
        fence: Fence,
        control: Control?,
        report: @escaping @Sendable (ApplyEvent) -> Void
    ) {
        self.key = key
        self.session = session
        self.settings = settings
        self.foothold = foothold
        self.fence = fence
        self.control = control
        self.report = report
    }

    /// One piece of a transaction's work.
    enum Piece: Sendable {
        case sql(SQL)
        /// One `COPY … FROM stdin` and its lines.
        case copy(SQL, data: [UInt8])
        /// Locks tables and holds them against a backup: rows written after it must not be lost.
        case compare([TableName], receipt: String)
    }

    /// Runs pieces and commits, or leaves nothing behind; a lock timeout is retried as a whole.
    ///
    /// - Parameters:
    ///   - label: what traces call it.
    ///   - limits: statements at its very beginning, before the fence is looked at.
    ///   - pieces: the work, in order.
    ///   - limit: what it may take away; nil where that is not watched.
    ///   - closing: the last statement before the commit, made anew for each attempt, given how long the pieces took.
    /// - Throws: `ApplyError.fenced`, `.stale`, `.foreign`, `PostgresError`; `BackupError` where a table is no longer
    ///   what the backup holds; `ExcessiveLoss` where it took more than the limit.
    func transaction(
        _ label: String,
        limits: SQL = "",
        _ pieces: [Piece],
        within limit: LossLimit? = nil,
        closing: @Sendable (Duration) -> SQL = { _ in "" }
    ) async throws {
        for attempt in 1... {
            do {
                return try await attemptTransaction(label, limits, pieces, limit, closing)
            } catch let error as PostgresError where error.sqlState == "55P03" && attempt < 10 {
                // Backoff with jitter: whoever waits behind us gets the lock in between.
                let ceiling = min(8_000, 100 << attempt)
                try await Task.sleep(for: .milliseconds(Int.random(in: ceiling / 2...ceiling)))
            }
        }
    }

    private func attemptTransaction(
        _ label: String,
        _ limits: SQL,
        _ pieces: [Piece],
        _ limit: LossLimit?,
        _ closing: @Sendable (Duration) -> SQL
    ) async throws {
        #if MUTATIONS
        if Mutation.discardAll.isOn { try await session.run("DISCARD ALL", label: label) }
        #endif
        var text: SQL = """
            \(Self.reset);
            BEGIN;
            \(limits)
            \(fenceIsRaised ? fence.check : fence.raising(schemaExists: foothold.hasFence))
            \(lockCheck)

            """
        if limit != nil { text = text + TableLedger.query + ";\n" }
        var ledgers: [TableLedger] = []
        do {
            let clock = ContinuousClock()
            let start = clock.now
            // Asked for before the statement: the session answers nothing while it runs one.
            let pid = await session.backendPID
            // Cancelled when this scope ends.
            async let _ = nameBlockers(of: pid)
            for piece in pieces {
                switch piece {
                case .sql(let sql): text = text + sql + ";\n"
                case .compare(let tables, let receipt):
                    ledgers += try await session.run(text, label: label).compactMap(TableLedger.init)
                    text = ""
                    try await compare(tables, with: receipt)
                case .copy(let sql, let data):
                    ledgers += try await session.run(text, label: label).compactMap(TableLedger.init)
                    text = ""
                    try await session.copyIn(sql, data: data, label: label)
                }
            }
            if limit != nil { text = text + TableLedger.query + ";\n" }
            if text.text.contains(where: { !$0.isWhitespace }) {
                ledgers += try await session.run(text, label: label).compactMap(TableLedger.init)
            }
            let losses = try losses(ledgers, limit)
            try await session.run(
                "\(closing(clock.now - start))\n\(lockCheck)\nCOMMIT;\n\(Self.forgetting)",
                label: "\(label), commit"
            )
            fenceIsRaised = true
            if !losses.isEmpty { tell("\(label) \(ExcessiveLoss(losses: losses)), of which its plan said nothing") }
        } catch {
            throw await undone(error)
        }
    }

    private var lockCheck: SQL { DatabaseLock.check(foothold.identity.oid) }

    /// Makes sure of the lock before what no transaction holds together.
    ///
    /// - Throws: `ApplyError.foreign` where code of the database's own let go of it.
    func requireLock() async throws {
        do {
            try await session.run(lockCheck, label: "lock")
        } catch {
            throw meaning(of: error)
        }
    }

    static let reset: SQL = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL"

    /// What a file left in the session is forgotten before anything else is asked there, and what the session pinned at
    /// its start comes back.
    ///
    /// A search_path would lead us to a tenant's functions, a temporary table would stand before a real one of its name,
    /// and the next transaction would begin by the defaults that the file set.
    private static let forgetting: SQL = "\(reset); DISCARD TEMP; DEALLOCATE ALL; CLOSE ALL; UNLISTEN *"

    /// What is gone and nobody foresaw, where that is accepted.
    private func losses(_ ledgers: [TableLedger], _ limit: LossLimit?) throws -> [Loss] {
        guard let limit else { return [] }
        guard let before = ledgers.first, let after = ledgers.last, ledgers.count > 1 else {
            if case .accept = limit.excess { return [] }
            throw ApplyError.failed(
                "what it took away could not be told, as track_counts is off in its database: it was rolled back"
            )
        }
        let known = self.known ?? Set(before.tables.keys)
        self.known = known
        let losses = limit.unforeseen(before, after, of: known)
        if case .accept = limit.excess { return losses }
        guard losses.isEmpty else { throw ExcessiveLoss(losses: losses) }
        return []
    }

    /// Says something that a person should know and that stops nothing.
    func tell(_ text: String) { report(.note(key, text)) }

    private func compare(_ tables: [TableName], with receipt: String) async throws {
        do throws(BackupError) {
            try await DataGuard.compare(session, with: try StoredBackup.read(receipt), tables: tables)
        } catch {
            // A lock that did not come in time is waited for again, as any other.
            if case .server(let refused) = error { throw refused }
            throw error
        }
    }

    /// Rolls back and says what an error of ours means.
    private func undone(_ error: any Error) async -> any Error {
        _ = try? await session.runKeepingAnswers("ROLLBACK;\n\(Self.forgetting)", label: "rollback")
        return meaning(of: error)
    }

    private func meaning(of error: any Error) -> any Error {
        guard let error = error as? PostgresError, case .server(let message) = error else { return error }
        switch message.sqlState {
        case "RC001": return ApplyError.fenced(database: key.database)
        case "RC002": return ApplyError.stale(["\"\(key.database)\": \(message.primary)"])
        case "RC003", "RC004", "RC005": return ApplyError.foreign("\"\(key.database)\": \(message.primary)")
        default: return error
        }
    }

    /// Asks again and again who is in the way of a statement that waits as long as it takes.
    func nameBlockersRepeatedly(of pid: Int) async {
        var told: String?
        while (try? await Task.sleep(for: .seconds(3))) != nil {
            guard let blockers = await control?.blockers(of: pid), blockers != told else { continue }
            told = blockers
            report(.waiting(key, "waits for \(blockers)"))
        }
    }

    /// Asks, shortly before a lock wait times out, who is in the way.
    private func nameBlockers(of pid: Int) async {
        guard let wait = settings.lockTimeout, (try? await Task.sleep(for: wait * 0.7)) != nil else { return }
        guard let blockers = await control?.blockers(of: pid) else { return }
        report(.waiting(key, "waits for a lock held by \(blockers)"))
    }
}

extension Control {
    /// Who holds up a session of this server, as a person would recognise them; nil where nobody does.
    func blockers(of pid: Int) async -> String? {
        let answers = try? await session.run(
            """
            SELECT string_agg(format('process %s (%s%s, %s)', a.pid, a.usename,
                CASE WHEN a.application_name = '' THEN '' ELSE ', ' || a.application_name END, a.state), '; ')
            FROM pg_stat_activity a WHERE a.pid = ANY (pg_blocking_pids(\(pid)))
            """,
            label: "blockers"
        )
        return answers?.first?.rows?.scalar
    }
}
