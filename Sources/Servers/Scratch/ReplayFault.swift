internal import Migrations
internal import Postgres

/// Why a replay ended before its end.
enum ReplayFault: Error, Sendable, Hashable {
    /// The migration is at fault, whichever server runs it.
    case failed(line: Int?, message: String)
    /// Scratch could not run it; a real server may.
    case unassessed(String)

    /// Judges what the server said about a statement.
    init(_ error: PostgresError, at statement: StatementText?, of migration: Migration) {
        guard case .server(let message) = error else {
            self = .unassessed("the scratch server: \(error)")
            return
        }
        let said = "\(message.primary) (SQLSTATE \(message.sqlState))"
        switch message.sqlState {
        case "0A000" where message.primary.contains("extension"), "58P01":
            self = .unassessed("\(said); scratch runs with the extensions that are installed on this machine")
        case "42501":
            self = .unassessed("\(said); scratch runs migrations as an owner that is no superuser")
        case "42704" where Self.ofTheServer.contains { message.primary.hasPrefix($0) }:
            self = .unassessed("\(said); the scratch server does not have it")
        case "57014":
            self = .unassessed(
                "\(said); scratch gives a statement \(ScratchSession.statementLimit.components.seconds) s"
            )
        // Integrity, data and cardinality faults, and what procedures raise.
        case let state where ["21", "22", "23", "P0"].contains { state.hasPrefix($0) }:
            self = .unassessed("\(said); scratch holds no rows, and this may depend on those a real database holds")
        case let state
        where state.hasPrefix("53") || state.hasPrefix("57") || state.hasPrefix("58") || state == "XX000":
            self = .unassessed("the scratch server: \(said)")
        default:
            self = .failed(
                line: statement?.line,
                message: said + (Self.advice(message, migration).map { ": \($0)" } ?? "")
            )
        }
    }

    /// Objects that belong to a server or a machine and not to a database.
    private static let ofTheServer = ["role \"", "collation \"", "tablespace \""]

    private static func advice(_ message: ServerMessage, _ migration: Migration) -> String? {
        switch message.sqlState {
        case "25001" where migration.isTransactional:
            "begin the file with the comment \"-- reconcile: no-transaction\", best with this statement alone in it"
        case "55P04":
            "a new value of an enum can be used once it is committed: add it in a migration of its own before this one"
        case "42883", "42704":
            "where an extension provides it, name that under create.extensions of the class"
        default: nil
        }
    }
}
