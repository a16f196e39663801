internal import FleetModel
internal import Migrations
internal import Planning
internal import Postgres

#if MUTATIONS
internal import Effects
#endif

/// Where a migration outside a transaction stands, as it is written in the database before each of its statements.
struct Intent: Sendable {
    static let key = "intent"

    /// SHA-256 of the migration's file.
    var digest: String
    /// The statement that is about to run.
    var index: Int
    /// The catalog before it; nil where the statement has not begun.
    var before: Fingerprint?
    /// Indexes that were invalid before it, by OID: those are not ours to clear.
    var invalid: [UInt32]

    var text: String {
        "\(digest) \(index) \(before?.hex ?? "-") \(invalid.map(String.init).joined(separator: ","))"
    }

    init(digest: String, index: Int, before: Fingerprint?, invalid: [UInt32]) {
        self.digest = digest
        self.index = index
        self.before = before
        self.invalid = invalid
    }

    init?(_ text: String?) {
        guard let words = text?.split(separator: " ", omittingEmptySubsequences: false), words.count == 4,
            let index = Int(words[1])
        else { return nil }
        digest = String(words[0])
        self.index = index
        before = Fingerprint(hex: String(words[2]))
        invalid = words[3].split(separator: ",").compactMap { UInt32($0) }
    }
}

extension Worker {
    /// Runs a migration statement by statement outside a transaction, each taking effect once whatever dies and when.
    ///
    /// A statement that may run inside a transaction does, together with the note that it is done. What must not (SQLSTATE
    /// 25001: concurrent index builds, VACUUM …) runs between a note of the catalog before it and the next note; after a
    /// death the catalog says whether it took effect, and what it left half-done is cleared first.
    func migrateOutsideTransaction(
        _ migration: Migration,
        _ context: ClassContext,
        mark: HistoryMark,
        guarding destroyed: Destroyed? = nil,
        within limit: LossLimit? = nil,
        inspect: @Sendable (Session) async throws -> DatabaseState
    ) async throws {
        var next = 0
        if let intent = try await readIntent() {
            guard intent.digest == migration.sha256 else {
                throw ApplyError.failed(
                    "a migration outside a transaction was begun here and is not finished, and it is not "
                        + "\"\(migration.tag)\": put its file back as it was and run apply again"
                )
            }
            next = try await settle(intent, inspect)
        }
        while next < migration.statements.count {
            // What an earlier statement of the file changed cannot be what the backup holds.
            let guarding = next == 0 ? destroyed : nil
            try await runOutside(migration.statements[next], at: next, migration, context, guarding, limit, inspect)
            next += 1
        }
        let history = HistoryTable(context, owner: foothold.owner, database: key.database)
        try await transaction(
            "migration \(migration.tag)",
            [
                .sql(history.opening(expecting: mark)),
                .sql(history.row(of: migration, run: HistoryRun(id: fence.runID, duration: .zero))),
                .sql("DELETE FROM reconcile.marks WHERE key = \(literal: Intent.key)"),
            ]
        )
    }

    private func runOutside(
        _ statement: StatementText,
        at index: Int,
        _ migration: Migration,
        _ context: ClassContext,
        _ destroyed: Destroyed?,
        _ limit: LossLimit?,
        _ inspect: @Sendable (Session) async throws -> DatabaseState
    ) async throws {
        let label = "\(migration.tag), statement \(index + 1)"
        let done = Intent(digest: migration.sha256, index: index + 1, before: nil, invalid: [])
        let role = context.runAs(owner: foothold.owner) ?? "none"
        #if MUTATIONS
        let isLenient = Mutation.indexIfNotExists.isOn && statement.sql.hasPrefix("CREATE")
        let sql = statement.sql.replacing(
            "CONCURRENTLY ",
            with: isLenient ? "CONCURRENTLY IF NOT EXISTS " : "CONCURRENTLY "
        )
        let text = SQL(writtenByUser: sql)
        #else
        let text = SQL(writtenByUser: statement.sql)
        #endif
        do {
            try await transaction(
                label,
                pieces(of: statement.sql, [statement], context) + [.sql(OwnSchema.mark(Intent.key, done.text))],
                guarding: destroyed,
                within: limit
            )
            return
        } catch let error as PostgresError where error.sqlState == "25001" {
            // It must not run inside a transaction.
        }
        let before = try await inspect(session).catalog.fingerprint
        let intent = Intent(digest: migration.sha256, index: index, before: before, invalid: try await invalidIndexes())
        try await transaction("\(label), intent", [.sql(OwnSchema.mark(Intent.key, intent.text))])
        do throws(PostgresError) {
            // A concurrent build waits for every transaction that began before it: no lock timeout, but the statement's own.
            try await session.run(
                """
                SELECT set_config('role', \(literal: role), false),
                    set_config('search_path', \(literal: searchPath(context)), false), set_config('lock_timeout', '0', false)
                """,
                label: "\(label), settings"
            )
            let pid = await session.backendPID
            // Cancelled when this scope ends.
            async let _ = nameBlockersRepeatedly(of: pid)
            try await session.run(text, parameters: [], label: label)
            try await session.run(
                Self.reset,
                label: "\(label), settings back"
            )
        } catch {
            guard case .server = error else { throw error }
            _ = try await session.runKeepingAnswers(
                Self.reset,
                label: "\(label), settings back"
            )
            try await clearHalfDone(intent)
            throw error
        }
        try await transaction("\(label), done", [.sql(OwnSchema.mark(Intent.key, done.text))])
    }

    /// Decides by the catalog whether the statement an intent names took effect; gives the statement to go on with.
    private func settle(
        _ intent: Intent,
        _ inspect: @Sendable (Session) async throws -> DatabaseState
    ) async throws -> Int {
        guard let before = intent.before else { return intent.index }
        #if MUTATIONS
        if Mutation.resumeByJournal.isOn { return intent.index }
        #endif
        try await clearHalfDone(intent)
        let now = try await inspect(session).catalog.fingerprint
        return now == before ? intent.index : intent.index + 1
    }

    /// Clears what an interrupted statement left: invalid indexes are dropped, those of TOAST tables too, a pending detach
    /// is finished.
    ///
    /// See <https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY> and
    /// <https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DETACH-PARTITION>.
    private func clearHalfDone(_ intent: Intent) async throws {
        #if MUTATIONS
        if Mutation.indexIfNotExists.isOn { return }
        #endif
        try await requireLock()
        let left = try await session.run(
            """
            SELECT format('DROP INDEX CONCURRENTLY %I.%I', n.nspname, c.relname), i.indexrelid
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT i.indisvalid AND c.relkind = 'i'
            UNION ALL
            SELECT format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', inhparent::regclass, inhrelid::regclass), 0
            FROM pg_inherits WHERE inhdetachpending
            """,
            label: "what was left half-done"
        )
        for row in left.first?.rows ?? Rows(columns: [], values: []) {
            guard let text = row[0], let oid = row[1].flatMap({ UInt32($0) }), !intent.invalid.contains(oid) else {
                continue
            }
            // One statement a message: it may not run inside a transaction.
            try await session.run(SQL(writtenByUser: text), parameters: [], label: "clear what was left half-done")
        }
    }

    private func invalidIndexes() async throws -> [UInt32] {
        let answers = try await session.run(
            "SELECT indexrelid FROM pg_index WHERE NOT indisvalid",
            label: "invalid indexes"
        )
        return (answers.first?.rows ?? Rows(columns: [], values: [])).compactMap { $0[0].flatMap { UInt32($0) } }
    }

    private func readIntent() async throws -> Intent? {
        let exists = try await session.run("SELECT to_regclass('reconcile.marks') IS NOT NULL", label: "intent")
        guard exists.first?.rows?.scalar == "t" else { return nil }
        let answers = try await session.run(
            "SELECT value FROM reconcile.marks WHERE key = \(literal: Intent.key)",
            label: "intent"
        )
        return Intent(answers.first?.rows?.scalar)
    }
}
