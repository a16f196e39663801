internal import FleetModel
internal import Migrations
internal import Postgres
internal import Servers

extension Worker {
    func inspect(_ context: ClassContext, _ pool: CatalogPool) async throws -> DatabaseState {
        try await Inspector.inspect(session, history: context.historyQuery, pool: pool)
    }

    /// Does one step that needs nothing but this session; gives where the history stands afterwards.
    func perform(
        _ step: Step,
        _ context: ClassContext,
        mark: HistoryMark,
        _ pool: CatalogPool,
        guarding destroyed: Destroyed? = nil,
        within limit: LossLimit? = nil
    ) async throws -> HistoryMark {
        switch step.kind {
        case .migrate:
            var mark = mark
            for tag in step.migrations {
                mark = try await run(tag, context, mark: mark, pool, guarding: destroyed, within: limit)
            }
            return mark
        case .adopt:
            let migrations = try step.migrations.map { try known($0, context) }
            try await adopt(migrations, context, mark: mark)
            return mark.after(migrations, context.format)
        case .initialize: try await initialize(context)
        case .quarantineTables: try await quarantine(step)
        case .check:
            if let failure = try await failedCheck(context) { throw ApplyError.failed(failure) }
        case .createDatabase, .rebuildDatabase, .moveDatabase, .dropDatabase, .retireInstance, .backup:
            preconditionFailure("step \(step.kind.rawValue) needs more than a session in the database")
        }
        return mark
    }

    /// Runs the migration with this tag in the way its file asks for; gives where the history stands afterwards.
    func run(
        _ tag: String,
        _ context: ClassContext,
        mark: HistoryMark,
        _ pool: CatalogPool,
        guarding destroyed: Destroyed? = nil,
        within limit: LossLimit? = nil
    ) async throws -> HistoryMark {
        let migration = try known(tag, context)
        if migration.isTransactional {
            try await migrate(migration, context, mark: mark, guarding: destroyed, within: limit)
        } else {
            try await migrateOutsideTransaction(migration, context, mark: mark, guarding: destroyed, within: limit) {
                _ in
                try await self.inspect(context, pool)
            }
        }
        return mark.after([migration], context.format)
    }

    /// What a new database gets before its first migration.
    func prepareNew(_ context: ClassContext) async throws {
        var statements = context.databaseClass.create.extensions.map { name -> SQL in
            "CREATE EXTENSION IF NOT EXISTS \(identifier: name) SCHEMA public"
        }
        if !context.initTexts.isEmpty { statements.append(OwnSchema.mark("init", "pending")) }
        if !statements.isEmpty { try await runStatements(statements, label: "new database") }
    }

    /// Statements of the plan's own making: extensions made, invalid indexes rebuilt or dropped, one by one.
    func mend(_ statements: [PlannedStatement]) async throws {
        for statement in statements {
            try await requireLock()
            try await session.run("SELECT set_config('lock_timeout', '0', false)", label: "mend, settings")
            try await session.run(SQL(writtenByUser: statement.sql), parameters: [], label: "mend")
            try await session.run("RESET ALL", label: "mend, settings back")
        }
    }

    /// Moves what is misplaced into a schema of its own, all in one transaction; no row is touched.
    private func quarantine(_ step: Step) async throws {
        let schema = try await quarantineSchema()
        try await runStatements(
            ["CREATE SCHEMA \(identifier: schema)"]
                + step.statements.map { SQL(writtenByUser: $0.placed(in: schema)) },
            label: "quarantine"
        )
    }

    /// One that is new: what was put aside earlier on the same day may have the same names.
    private func quarantineSchema() async throws -> String {
        let name = "quarantine_\(fence.day)"
        let answers = try await session.run(
            "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, \(literal: name))",
            label: "quarantines"
        )
        let taken = Set((answers.last?.rows ?? Rows(columns: [], values: [])).compactMap { $0[0] })
        guard taken.contains(name) else { return name }
        return (2...).lazy.map { "\(name)_\($0)" }.first { !taken.contains($0) } ?? name
    }

    private func known(_ tag: String, _ context: ClassContext) throws -> Migration {
        guard let migration = context.migration(tagged: tag) else {
            throw ApplyError.stale(["migration \"\(tag)\" is not in its folder any more"])
        }
        return migration
    }
}

/// Tables that a step takes rows from, and the receipt of the backup that holds those rows.
struct Destroyed: Sendable {
    let tables: [TableName]
    let receipt: String

    /// Rows written after the backup must not be lost: what is to be destroyed is locked and compared first.
    var pieces: [Worker.Piece] { tables.isEmpty ? [] : [.compare(tables, receipt: receipt)] }
}

extension Fence {
    /// The day the run began, from its id: `20261122`.
    fileprivate var day: String { "20" + runID.prefix(6) }
}
