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
        guard !context.databaseClass.checks.isEmpty else { return [] }
        let role = context.runAs(owner: owner)
        let login = try await session.run("SELECT session_user", label: "login").first?.rows?.scalar
        let searchPath = context.searchPath(as: role ?? login ?? "")
        let confinement = Confinement(role: role, login: login ?? "", searchPath: searchPath)
        var failures: [(name: String, reason: String)] = []
        for check in context.databaseClass.checks {
            let (answers, error) = try await session.runKeepingAnswers(
                confinement.map { confined($0, check) } ?? asked(check, role, searchPath),
                label: "check"
            )
            _ = try await session.runKeepingAnswers("ROLLBACK", label: "check done")
            if let error {
                failures.append((check.name, "could not be asked: \(error)"))
                continue
            }
            // The first rows are those of our own set_config.
            let rows = answers.compactMap(\.rows).dropFirst().last
            let said = confinement == nil ? Self.said(rows) : Self.confinedSaid(rows)
            if said != "t" { failures.append((check.name, "was answered with \(said) instead of true")) }
        }
        return failures
    }

    /// Nothing comes of its transaction, which can write until the function is there that asks.
    private static func confined(_ confinement: Confinement, _ check: DatabaseCheck) -> SQL {
        """
        \(Worker.reset);
        BEGIN READ WRITE;
        \(confinement.opening);
        \(confinement.ask(check.sql))
        """
    }

    private static func asked(_ check: DatabaseCheck, _ role: String?, _ searchPath: String) -> SQL {
        """
        \(Worker.reset);
        BEGIN READ ONLY;
        SELECT set_config('role', \(literal: role ?? "none"), true),
            set_config('search_path', \(literal: searchPath), true);
        \(SQL(writtenByUser: check.sql))
        """
    }

    private static func said(_ rows: Rows?) -> String {
        guard let rows else { return "nothing" }
        return rows.count == 1 ? (rows.scalar ?? "null") : "\(rows.count) rows"
    }

    private static func confinedSaid(_ rows: Rows?) -> String {
        guard let row = rows?.first, row.count == 3 else { return "nothing" }
        guard row[0] == "t" else { return "0 rows" }
        guard row[2] == "0" else { return "\((row[2].flatMap { Int($0) } ?? 0) + 1) rows" }
        return switch row[1] {
        case "true": "t"
        case "false": "f"
        case let text: text ?? "null"
        }
    }
}
