internal import FleetModel
package import Postgres

extension Worker {
    /// Asks a class's checks; gives the first that is not answered with `true`, with what was answered.
    func failedCheck(_ context: ClassContext) async throws -> String? {
        try await DatabaseChecks.firstFailure(on: session, context, owner: foothold.owner)
    }
}

/// The questions a class's manifest asks of every database, each in a read-only transaction as the class's role.
package enum DatabaseChecks {
    package static func firstFailure(
        on session: Session, _ context: ClassContext, owner: String
    ) async throws -> String? {
        let role = context.runAs(owner: owner) ?? "none"
        for check in context.databaseClass.checks {
            let (answers, error) = try await session.runKeepingAnswers(
                """
                RESET SESSION AUTHORIZATION; RESET ALL;
                BEGIN READ ONLY;
                SELECT set_config('role', \(literal: role), true),
                    set_config('search_path', \(literal: context.source.searchPath), true);
                \(SQL(writtenByUser: check.sql))
                """, label: "check")
            _ = try await session.runKeepingAnswers("ROLLBACK", label: "check done")
            if let error { return "check \"\(check.name)\" failed: \(error)" }
            // The first rows are those of our own set_config.
            let rows = answers.compactMap(\.rows).dropFirst().last
            guard rows?.scalar == "t" else {
                let said = rows.map { $0.count == 1 ? ($0.scalar ?? "null") : "\($0.count) rows" } ?? "nothing"
                return "check \"\(check.name)\" was not answered with true but with \(said)"
            }
        }
        return nil
    }
}
