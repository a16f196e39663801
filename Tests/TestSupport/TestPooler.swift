internal import Effects
internal import Glibc
package import Servers

/// PgBouncer in front of a server: private, on a Unix socket, gone when the test is.
package struct TestPooler: Sendable {
    /// What a manifest gives as `host`.
    package let folder: String

    package enum Mode: String, Sendable, CaseIterable { case session, transaction, statement }

    /// What it does with start-up options that it does not know: most are told to drop them.
    package enum Options: String, Sendable, CaseIterable { case refused, dropped }

    /// The databases that it knows: whatever its server has, or one, so that even the usual ones are not there.
    package enum Listed: Sendable, Hashable {
        case all
        case one(String)
    }

    private static let program = "/usr/sbin/pgbouncer"

    package static var isAvailable: Bool { access(program, X_OK) == 0 }

    /// Runs one as the user that PostgreSQL's programs run as.
    package static func with<Result: Sendable>(
        _ server: EmbeddedServer,
        _ mode: Mode,
        _ options: Options,
        _ listed: Listed = .all,
        _ body: (TestPooler) async throws -> Result
    ) async throws -> Result {
        let folder = try TemporaryFolder()
        let user = try ProcessUser.forPostgres()
        if let user { chown(folder.path, user.id, user.group) }
        let name = if case .one(let name) = listed { name } else { "*" }
        try folder.write(
            """
            [databases]
            \(name) = host=\(server.socketFolder) port=5432
            [pgbouncer]
            unix_socket_dir = \(folder.path)
            listen_port = 5432
            auth_type = trust
            auth_file = \(folder.path)/users
            admin_users = postgres
            pool_mode = \(mode.rawValue)
            default_pool_size = 2
            \(options == .dropped ? "ignore_startup_parameters = options,extra_float_digits" : "")
            logfile = \(folder.path)/log
            """,
            to: "pgbouncer.ini"
        )
        try folder.write("\"postgres\" \"\"\n", to: "users")
        let supervisor = Command(
            "/bin/sh",
            ["-c", "\"$@\" </dev/null & child=$!; cat >/dev/null; kill -INT $child; wait $child", "pooler"]
                + [program, "--quiet", "\(folder.path)/pgbouncer.ini"],
            folder: "/",
            user: user
        )
        return try await supervisor.runBeside {
            for _ in 0..<1200 where access("\(folder.path)/.s.PGSQL.5432", F_OK) != 0 {
                try await Task.sleep(for: .milliseconds(50))
            }
            return try await body(TestPooler(folder: folder.path))
        }
    }
}
