internal import Effects
internal import FleetModel
internal import Glibc
package import Postgres
package import Servers

/// A real PostgreSQL server for one test: private, empty, gone with the test.
///
/// Roles belong to a server and not to a database, so a test gets a server.
package enum TestServer {
    /// Starts a server of the newest installed major (or the one asked for), runs the test, and stops it.
    ///
    /// Servers of the same `identity` have the same system identifier, as a clone would.
    package static func with<Result: Sendable>(
        identity: Int = 0,
        major: Int? = nil,
        settings: [String: String] = [:],
        _ body: (EmbeddedServer) async throws -> Result
    ) async throws -> Result {
        let programs = try await programs(major: major)
        return try await with(programs, identity: identity, settings: settings, body)
    }

    /// The same with programs at hand.
    package static func with<Result: Sendable>(
        _ programs: PostgresPrograms,
        identity: Int = 0,
        settings: [String: String] = [:],
        _ body: (EmbeddedServer) async throws -> Result
    ) async throws -> Result {
        try await EmbeddedServer.run(
            programs,
            in: parent,
            template: try await template(programs, identity),
            settings: settings,
            body
        )
    }

    /// An empty data folder to copy.
    package static func template(_ programs: PostgresPrograms, _ identity: Int = 0) async throws -> String {
        try await templates.template(programs, identity)
    }

    /// Server programs of a major; a test that needs them and has none fails.
    package static func programs(major: Int? = nil) async throws -> PostgresPrograms {
        // A psql that finds no server ends without hearing us out.
        signal(SIGPIPE, SIG_IGN)
        let all = await PostgresPrograms.all(explicit: ProcessEnvironment.value("RECONCILE_TEST_PG_BIN"))
        // Some folders hold links to the server alone.
        let whole = all.filter { $0.hasServer && access($0.path("pg_dump"), X_OK) == 0 }
        guard let found = whole.first(where: { major == nil || $0.version.major == major }) else {
            throw NoPrograms()
        }
        return found
    }

    /// One installation of each major version that is here: what this machine has, and what `scripts/postgres-majors`
    /// fetched; oldest first.
    package static func everyMajor() async -> [PostgresPrograms] {
        let fetched =
            ProcessEnvironment.value("RECONCILE_PG_MAJORS")
            ?? (geteuid() == 0
                ? "/var/cache/reconcile/postgresql"
                : (ProcessEnvironment.value("XDG_CACHE_HOME") ?? (ProcessEnvironment.value("HOME") ?? "") + "/.cache")
                    + "/reconcile/postgresql")
        var found = await PostgresPrograms.all(explicit: ProcessEnvironment.value("RECONCILE_TEST_PG_BIN"))
        for major in 14...30 { found += await PostgresPrograms.all(explicit: "\(fetched)/\(major)/bin") }
        var majors: [Int: PostgresPrograms] = [:]
        for programs in found where programs.hasServer && access(programs.path("pg_dump"), X_OK) == 0 {
            majors[programs.version.major] = majors[programs.version.major] ?? programs
        }
        return majors.values.sorted { $0.version < $1.version }
    }

    /// Memory where there is some: the tests start hundreds of servers.
    package static var parent: String { access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp" }

    private static let templates = Templates()

    package struct NoPrograms: Error, CustomStringConvertible {
        package var description: String { "no PostgreSQL server programs found: run scripts/bootstrap" }
    }
}

/// Data folders made once per user and version, and copied for each server.
private actor Templates {
    private var made: [String: Task<String, any Error>] = [:]

    func template(_ programs: PostgresPrograms, _ identity: Int) async throws -> String {
        let path =
            "\(TestServer.parent)/rcl-template-\(geteuid())-\(programs.version)" + (identity == 0 ? "" : "-\(identity)")
        if made[path] == nil {
            made[path] = Task {
                if access("\(path)/PG_VERSION", F_OK) != 0 { try await EmbeddedServer.makeTemplate(programs, at: path) }
                return path
            }
        }
        return try await made[path]?.value ?? path
    }
}

extension EmbeddedServer {
    /// Runs statements as the superuser, each string in one round trip, and gives the last answer's rows.
    @discardableResult
    package func sql(_ text: String, database: String = "postgres") async throws -> Rows? {
        let settings = SessionSettings(access: .readWrite, applicationName: "test")
        let session = try await Session.open(target(database: database), settings: settings)
        let answers = try await session.run(SQL(writtenByUser: text))
        await session.close()
        return answers.last { $0.rows != nil }?.rows
    }
}
