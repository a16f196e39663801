internal import FleetModel
internal import Migrations
internal import Planning
internal import Postgres

#if MUTATIONS
internal import Effects
#endif

extension Worker {
    /// Runs one transactional migration and writes its history row, both or neither.
    ///
    /// The file goes to the server as a whole and is run by `EXECUTE` inside a `DO` block: the server splits it, a syntax
    /// error anywhere runs nothing, and transaction control inside it is an error instead of an escape.
    /// See <https://www.postgresql.org/docs/current/plpgsql-transactions.html>.
    /// - Parameters:
    ///   - migration: one whose file runs in a transaction.
    ///   - context: the class's: whom it runs as, with which search_path, and where its history is.
    ///   - mark: where the history stands before.
    ///   - destroyed: what is held against the backup before anything else, in the same transaction.
    ///   - limit: how much it may take away; nil in a new database.
    /// - Throws: what `transaction` throws; a refusal by the migration's own SQL is a `PostgresError`.
    func migrate(
        _ migration: Migration,
        _ context: ClassContext,
        mark: HistoryMark,
        guarding destroyed: Destroyed? = nil,
        within limit: LossLimit? = nil
    ) async throws {
        let history = HistoryTable(context, owner: foothold.owner, database: key.database)
        let run = fence.runID
        #if MUTATIONS
        if Mutation.historyInItsOwnTransaction.isOn {
            let text = pieces(of: migration.text, migration.statements, context)
            try await transaction("migration \(migration.tag)", [.sql(history.opening(expecting: mark))] + text)
            let row = history.row(of: migration, run: HistoryRun(id: run, duration: .zero))
            return try await transaction("history \(migration.tag)", [.sql(row)])
        }
        #endif
        try await transaction(
            "migration \(migration.tag)",
            [.sql(history.opening(expecting: mark))] + pieces(of: migration.text, migration.statements, context),
            guarding: destroyed,
            within: limit
        ) { took in
            history.row(of: migration, run: HistoryRun(id: run, duration: took))
        }
    }

    /// Writes history rows for migrations whose schema is already there, and nothing else.
    func adopt(_ migrations: [Migration], _ context: ClassContext, mark: HistoryMark) async throws {
        let history = HistoryTable(context, owner: foothold.owner, database: key.database)
        let run = HistoryRun(id: fence.runID, duration: .zero, isAdoption: true)
        let written = migrations.map { history.row(of: $0, run: run) }
        try await transaction(
            "adopt",
            [.sql(history.opening(expecting: mark))] + written.map { .sql($0) }
        )
    }

    /// Runs a class's init scripts and marks them done, all in one transaction.
    func initialize(_ context: ClassContext) async throws {
        var work: [Piece] = []
        for text in context.initTexts {
            work += pieces(of: text, StatementSplitter.split(text), context)
        }
        work.append(.sql(OwnSchema.mark("init", "done")))
        try await transaction("init", work)
    }

    /// Notes that init scripts are owed, so that a run killed before them is completed by the next.
    func markInitPending() async throws {
        try await transaction("mark init", [.sql(OwnSchema.mark("init", "pending"))])
    }

    /// Runs statements of our own making as the login, in one transaction.
    func runStatements(_ statements: [SQL], label: String) async throws {
        try await transaction(label, statements.map { .sql($0) })
    }

    /// A file's text as the class's role with the class's search_path, `COPY` data fed where it stands.
    func pieces(of text: String, _ statements: [StatementText], _ context: ClassContext) -> [Piece] {
        let confinement = confinement(context, statements)
        let run: (String) -> Piece = { text in .sql(confinement?.run(text) ?? Self.wrapped(text)) }
        var pieces: [Piece] = [.sql(confinement?.opening ?? opening(context))]
        if statements.contains(where: { $0.copyData != nil }) {
            var plain: [String] = []
            func flush() {
                if !plain.isEmpty { pieces.append(run(plain.joined(separator: ";\n"))) }
                plain = []
            }
            for statement in statements {
                if let data = statement.copyData {
                    flush()
                    pieces.append(.copy(SQL(writtenByUser: statement.sql), data: Array(data.utf8)))
                } else {
                    plain.append(statement.sql)
                }
            }
            flush()
        } else {
            pieces.append(run(text))
        }
        // What was put off to the end is done while we are still the role that put it off, and before losses are counted.
        pieces.append(.sql(confinement?.settled ?? "SET CONSTRAINTS ALL IMMEDIATE"))
        return pieces + [.sql(Confinement.closing)]
    }

    /// Nil where statements run as the login, or say themselves who they run as.
    private func confinement(_ context: ClassContext, _ statements: [StatementText]) -> Confinement? {
        statements.contains(where: \.setsRole)
            ? nil
            : Confinement(
                role: context.runAs(owner: foothold.owner),
                login: foothold.login,
                searchPath: searchPath(context)
            )
    }

    private func opening(_ context: ClassContext) -> SQL {
        """
        SELECT set_config('role', \(literal: context.runAs(owner: foothold.owner) ?? "none"), true),
            set_config('search_path', \(literal: searchPath(context)), true)
        """
    }

    func searchPath(_ context: ClassContext) -> String {
        context.searchPath(as: context.runAs(owner: foothold.owner) ?? foothold.login)
    }

    private static func wrapped(_ text: String) -> SQL {
        """
        SELECT pg_catalog.set_config('reconcile.body', \(literal: text), true);
        DO $rcl$ BEGIN EXECUTE pg_catalog.current_setting('reconcile.body'); END $rcl$
        """
    }
}
