internal import FleetModel
internal import Migrations
internal import Postgres

/// Runs one migration in the database that is measured, statement by statement.
struct MigrationMeter {
    let scratch: ScratchSession
    let migration: Migration
    let trap: @Sendable ([UInt32: TableName]) -> LockTrap
    private let known: TransactionState
    private var state: TransactionState
    private var procedures: (Procedures, catalogs: TransactionState.CatalogVersion)?

    /// Notes what is there before the migration; `trap` makes the trap for statements that cannot run in a transaction.
    init(
        _ migration: Migration,
        in scratch: ScratchSession,
        trap: @escaping @Sendable ([UInt32: TableName]) -> LockTrap
    ) async throws(PostgresError) {
        self.scratch = scratch
        self.migration = migration
        self.trap = trap
        // So that what could be found by an index is not read as a whole only because the table is empty.
        try await scratch.session.run("SET enable_seqscan = off", label: "measure")
        known = try await TransactionState.read(in: scratch.session)
        state = known
    }

    /// Runs it and gives what each statement did.
    mutating func run() async throws(ReplayFault) -> MeasuredMigration {
        var measured: [MeasuredStatement] = []
        if migration.isTransactional {
            try await control("BEGIN")
            // What was counted before it may be forgotten since.
            try await refreshed()
        }
        for statement in migration.statements {
            do throws(PostgresError) {
                measured.append(
                    migration.isTransactional ? try await measure(statement) : try await measureAlone(statement)
                )
            } catch {
                throw ReplayFault(error, at: statement, of: migration)
            }
            if migration.isTransactional, await !scratch.session.isInTransaction {
                throw .failed(line: statement.line, message: "the statement ends the transaction that the file runs in")
            }
        }
        if migration.isTransactional { try await control("COMMIT") }
        try await refreshed()
        return MeasuredMigration(tag: migration.tag, statements: measured, renamed: renamed)
    }

    private var renamed: [TableName: TableName] {
        var all: [TableName: TableName] = [:]
        for (oid, relation) in known.relations where ["r", "p", "m"].contains(relation.kind) {
            if let now = state.relations[oid], now.name != relation.name { all[relation.name] = now.name }
        }
        return all
    }

    private func control(_ sql: SQL) async throws(ReplayFault) {
        do throws(PostgresError) {
            try await scratch.session.run(sql, label: "transaction")
        } catch {
            throw ReplayFault(error, at: nil, of: migration)
        }
    }

    private mutating func refreshed() async throws(ReplayFault) {
        do throws(PostgresError) {
            try await refresh()
        } catch {
            throw ReplayFault(error, at: nil, of: migration)
        }
    }

    private mutating func refresh() async throws(PostgresError) {
        guard !known.isEmpty else { return }
        state = try await TransactionState.read(in: scratch.session, last: state)
        if !state.silenced.isEmpty {
            try await RowTriggers.wake(state.silenced.compactMap { state.relations[$0]?.name }, in: scratch.session)
        }
    }

    /// Runs a statement in the transaction that is open.
    private mutating func measure(_ statement: StatementText) async throws(PostgresError) -> MeasuredStatement {
        guard !known.isEmpty else {
            try await scratch.run(statement)
            return MeasuredStatement(sql: statement.sql, locks: [], effects: [])
        }
        let procedures = try await currentProcedures()
        let before = state
        try await scratch.run(statement)
        try await refresh()
        let difference = StatementDifference(known: known, before: before, after: state)
        return measured(statement, difference, procedures)
    }

    /// Runs a statement of a file without a transaction: in one of its own where that can be, so that it can be looked at.
    private mutating func measureAlone(_ statement: StatementText) async throws(PostgresError) -> MeasuredStatement {
        let session = scratch.session
        try await session.run("BEGIN", label: "transaction")
        // Also forgets the locks of the transaction before.
        try await refresh()
        do throws(PostgresError) {
            var result = try await measure(statement)
            try await session.run("COMMIT", label: "transaction")
            result.effects.insert(.notTransactional)
            return result
        } catch {
            try await session.run("ROLLBACK", label: "transaction")
            // It cannot run in a transaction, or ends the one it runs in.
            guard ["25001", "2D000"].contains(error.sqlState) else { throw error }
        }
        try await refresh()
        let before = state
        let procedures = try await currentProcedures()
        var tables: [UInt32: TableName] = [:]
        for (oid, relation) in known.relations where ["r", "p"].contains(relation.kind) {
            if let now = state.relations[oid] { tables[oid] = now.name }
        }
        let caught = try await trap(tables).spring(on: session, SQL(writtenByUser: statement.sql))
        try await refresh()
        // Counted since the session began or not at all: outside a transaction the counters tell nothing.
        state.scans = before.scans
        let difference = StatementDifference(known: known, before: before, after: state, outside: caught)
        var result = measured(statement, difference, procedures)
        result.effects.insert(.notTransactional)
        return result
    }

    private func measured(
        _ statement: StatementText,
        _ difference: StatementDifference,
        _ procedures: Procedures
    ) -> MeasuredStatement {
        var effects = difference.effects
        if let reason = opacity(statement, difference, procedures) { effects.insert(.opaque(reason)) }
        return MeasuredStatement(sql: statement.sql, locks: difference.locks, effects: effects)
    }

    /// Functions change seldom, statements come by the hundred.
    private mutating func currentProcedures() async throws(PostgresError) -> Procedures {
        if let (found, catalogs) = procedures, catalogs == state.catalogs { return found }
        let found = try await Procedures.read(in: scratch.session)
        procedures = (found, state.catalogs)
        return found
    }

    /// Why the statement's effect on rows cannot be told; nil where it can.
    private func opacity(
        _ statement: StatementText,
        _ difference: StatementDifference,
        _ procedures: Procedures
    ) -> String? {
        let words = WrittenWords(statement.sql)
        if words.words.first == "do", let what = words.writing(procedures.callable) {
            return "a DO block with \(what)"
        }
        if !words.onlyDefines, let name = words.call(of: procedures.callable) {
            return "it calls \(name), which may write rows"
        }
        let called = procedures.writers.filter {
            difference.after.calls[$0.key] ?? 0 > difference.before.calls[$0.key] ?? 0
        }
        if let name = called.values.min() { return "it runs \(name), which may write rows" }
        if let name = difference.written.compactMap({ procedures.rowTriggers[$0] }).min() {
            return "it sets off the trigger function \(name), which may write rows"
        }
        return nil
    }
}
