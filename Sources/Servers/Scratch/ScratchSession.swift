internal import Migrations
internal import Postgres

/// Sessions on a scratch database, and how a migration runs in one.
struct ScratchSession {
    static let statementLimit = Duration.seconds(120)
    let session: Session

    /// A fresh session for each migration: what one sets must not reach the next.
    static func open(_ target: ConnectionTarget, searchPath: String? = nil) async throws(PostgresError)
        -> ScratchSession
    {
        let settings = SessionSettings(
            access: .readWrite,
            statementTimeout: statementLimit,
            applicationName: "reconcile/scratch"
        )
        let session = try await Session.open(target, settings: settings)
        if let searchPath {
            try await session.run(
                "SELECT pg_catalog.set_config('search_path', \(literal: searchPath), false)",
                label: "search path"
            )
        }
        return ScratchSession(session: session)
    }

    /// Runs one statement, its data lines with it.
    func run(_ statement: StatementText) async throws(PostgresError) {
        let sql = SQL(writtenByUser: statement.sql)
        if let data = statement.copyData {
            try await session.copyIn(sql, data: Array(data.utf8), label: "migration")
        } else {
            try await session.run(sql, parameters: [], label: "migration")
        }
    }

    /// Runs a migration as it will run for good: as a whole in one transaction, or statement by statement in none.
    func run(_ migration: Migration) async throws(ReplayFault) {
        var current: StatementText?
        do throws(PostgresError) {
            guard migration.isTransactional else {
                for statement in migration.statements {
                    current = statement
                    try await run(statement)
                }
                return
            }
            try await session.run("BEGIN", label: "begin")
            if migration.statements.contains(where: { $0.copyData != nil }) {
                for statement in migration.statements {
                    current = statement
                    try await run(statement)
                }
            } else if !migration.statements.isEmpty {
                // What runs within a function can end no transaction, whatever it says.
                let body = migration.statements.map(\.sql).joined(separator: "\n;\n")
                try await session.run("SELECT pg_catalog.set_config('reconcile.body', $1, true)", parameters: [body])
                try await session.run(
                    "DO $$ BEGIN EXECUTE pg_catalog.current_setting('reconcile.body'); END $$",
                    label: "migration"
                )
            }
            current = nil
            try await session.run("COMMIT", label: "commit")
        } catch {
            throw ReplayFault(error, at: current, of: migration)
        }
    }
}
