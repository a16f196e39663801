internal import Postgres

/// The server that replays run on: one of our own, or one that the user named.
enum ScratchServer: Sendable {
    case ours(EmbeddedServer)
    /// Everything is done as the login of the target, who must be no superuser.
    case given(ConnectionTarget)

    /// Who makes databases, roles, extensions and triggers.
    func administrator(database: String? = nil) -> ConnectionTarget {
        switch self {
        case .ours(let server): server.target(database: database ?? "postgres")
        case .given(let target): database.map { target.with(database: $0) } ?? target
        }
    }

    /// Who runs the migrations: by a login of its own, never by `SET ROLE` from a superuser, who could be got back.
    func runner(_ role: String, database: String) -> ConnectionTarget {
        switch self {
        case .ours(let server): server.target(database: database, user: role)
        case .given(let target): target.with(database: database)
        }
    }

    /// Looks whether a server that the user named can serve.
    ///
    /// - Returns: its version as libpq counts it, or why it cannot serve.
    static func examine(_ target: ConnectionTarget) async -> Result<Int, Unfit> {
        do throws(PostgresError) {
            let session = try await ScratchSession.open(target).session
            defer { Task { await session.close() } }
            let row = try await session.run(
                "SELECT rolsuper, rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER",
                label: "scratch login"
            ).first?.rows?.first
            guard row?[0] == "f", row?[1] == "t" else {
                return .failure(
                    Unfit(
                        reason:
                            "--scratch must log in as a role that may create databases (CREATEDB) and is no superuser"
                    )
                )
            }
            return .success(await session.serverVersionNumber)
        } catch {
            return .failure(Unfit(reason: "the server given by --scratch: \(error)"))
        }
    }

    struct Unfit: Error { var reason: String }
}
