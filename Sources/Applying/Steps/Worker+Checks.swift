internal import FleetModel
package import Postgres

extension Worker {
    /// Asks a class's checks; says of the first that is not answered with `true` what was answered.
    func failedCheck(_ context: ClassContext) async throws -> String? {
        let failures = try await DatabaseChecks.failures(on: session, context, owner: foothold.owner)
        return failures.first.map { "check \"\($0.name)\" \($0.reason)" }
    }
}

/// The questions a class's manifest asks of every database, each in a read-only transaction as the class's role.
package enum DatabaseChecks {
    /// Those that were not answered with `true`, each with what was answered.
    package static func failures(
        on session: Session,
        _ context: ClassContext,
        owner: String
    ) async throws -> [(name: String, reason: String)] {
        let role = context.runAs(owner: owner) ?? "none"
        var failures: [(name: String, reason: String)] = []
        for check in context.databaseClass.checks {
            let (answers, error) = try await session.runKeepingAnswers(
                """
                RESET SESSION AUTHORIZATION; RESET ALL;
                BEGIN READ ONLY;
                SELECT set_config('role', \(literal: role), true),
                    set_config('search_path', \(literal: context.source.searchPath), true);
                \(SQL(writtenByUser: check.sql))
                """,
                label: "check"
            )
            _ = try await session.runKeepingAnswers("ROLLBACK", label: "check done")
            if let error {
                failures.append((check.name, "could not be asked: \(error)"))
                continue
            }
            // The first rows are those of our own set_config.
            let rows = answers.compactMap(\.rows).dropFirst().last
            guard rows?.scalar != "t" else { continue }
            let said = rows.map { $0.count == 1 ? ($0.scalar ?? "null") : "\($0.count) rows" } ?? "nothing"
            failures.append((check.name, "was answered with \(said) instead of true"))
        }
        return failures
    }
}
