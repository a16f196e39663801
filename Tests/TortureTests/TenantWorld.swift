import Effects
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

/// A server with databases of a role `tenant`, a neighbour's beside them, and the program that works there by one login.
struct TenantWorld {
    let server: EmbeddedServer
    let root: ScenarioRoot
    let databases: [String]
    /// Where a trap that got at a shell leaves a mark; the server's user may write there.
    let evidence: TemporaryFolder

    enum Login: String, CaseIterable, Sendable {
        case leastPrivilege = "reconcile"
        case superuser = "postgres"

        static let wanted = Sweep.pick([superuser, leastPrivilege], quick: 1, sample: 2)
    }

    /// Makes it with databases that stand at the first migration, and the traps' function in each.
    static func with(
        _ login: Login,
        _ databases: [String],
        role: String = "development",
        policy: String = "{}",
        programs: PostgresPrograms? = nil,
        body: (TenantWorld) async throws -> Void
    ) async throws {
        let programs = if let programs { programs } else { try await TestServer.programs() }
        try await TestServer.with(programs) { server in
            let folder = try TemporaryFolder()
            let evidence = try TemporaryFolder()
            chmod(evidence.path, 0o777)
            for (path, text) in files { try folder.write(text, to: path) }
            let world = TenantWorld(
                server: server,
                root: ScenarioRoot(folder: folder, server: server),
                databases: databases,
                evidence: evidence
            )
            try await server.sql("CREATE ROLE tenant LOGIN; CREATE ROLE neighbour LOGIN")
            try await server.sql("CREATE DATABASE neighbour OWNER neighbour")
            let made = try await server.psql(try LeastPrivilege.statements(owners: ["tenant", "neighbour"]))
            try #require(made.status == 0, "\(made.errors)")
            try world.declare(login, version: "0000_start", role: "development", policy: "{}")
            let first = try await world.root.reconcile("apply", "here", "--auto-approve")
            try #require(first.status == 0, "\(first.errors)\(first.outputText)")
            // What is to be squatted is not there yet.
            for database in databases where database.hasPrefix("o_") {
                try await server.sql("DROP SCHEMA reconcile CASCADE", database: database)
            }
            for database in databases { try await world.plant(TenantTraps.grab(evidence.path), in: database) }
            try world.declare(login, version: "latest", role: role, policy: policy)
            try await body(world)
        }
    }

    /// As the databases' owner, who is a plain role.
    func plant(_ sql: String, in database: String) async throws {
        let result = try await server.psql(sql, database: database, role: "tenant")
        try #require(result.status == 0, "\(database): \(result.errors)")
    }

    /// Settings for every session in the database; what the server refuses to the tenant is no trap.
    func set(_ settings: [String], in database: String) async throws {
        for setting in settings {
            _ = try await server.psql("ALTER DATABASE \(database) SET \(setting)", database: "postgres", role: "tenant")
        }
    }

    /// A session of the tenant's, which stays.
    func session(in database: String) async throws -> Session {
        try await Session.open(
            server.target(database: database, user: "tenant"),
            settings: SessionSettings(access: .readWrite, applicationName: "tenant's own")
        )
    }

    /// Writes the environment, with lines of further entries, and another server to which the databases are to move.
    func declare(
        _ login: Login,
        version: String,
        role: String,
        policy: String,
        more: String = "",
        movingTo target: EmbeddedServer? = nil
    ) throws {
        func instance(_ server: EmbeddedServer) -> String {
            "{connection: {host: \"\(server.folder)\", port: 5432, user: \(login.rawValue), dbname: postgres}"
        }
        try root.folder.write(
            """
            apiVersion: reconcile/v1
            kind: Environment
            name: here
            role: \(role)
            instances:
              main: \(instance(server))\(target == nil ? "}" : ", state: retiring}")
              \(target.map { "new: \(instance($0))}" } ?? "")
            databases:
              - {names: [\(databases.joined(separator: ", "))], class: tenant, version: \(version)}
            \(more)
            policy: \(policy)
            """,
            to: "environments/here.yaml"
        )
    }

    /// Holds what the tenant is and what the server says against what it was.
    func gainedNothing(_ what: String, on other: EmbeddedServer? = nil) async throws {
        let server = other ?? server
        let state = try await server.value(
            """
            SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls OR rolreplication,
                (SELECT count(*) FROM pg_auth_members m WHERE m.member = r.oid),
                (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'neighbour')
            FROM pg_roles r WHERE rolname = 'tenant'
            """
        )
        #expect(state == "f 0 neighbour", "\(what): the tenant gained")
        #expect(Files.names(in: evidence.path) == [], "\(what): a trap got at a shell")
        let caught = (Files.text("\(server.folder)/log") ?? "").split(separator: "\n").filter {
            $0.contains("LOG:") && $0.contains("CAUGHT by")
        }
        #expect(
            Set(caught.map { String($0.drop { $0 != "C" }) }) == [],
            "\(what): a trap ran with more than the tenant's rights"
        )
    }

    private static let files = [
        "manifests/tenant.yaml": """
        apiVersion: reconcile/v1
        kind: DatabaseClass
        name: tenant
        migrations: {directory: tenant, format: drizzle}
        create: {owner: tenant, encoding: UTF8, template: template0}
        checks:
          - {name: all is seen, sql: "SELECT bool_and(seen) FROM seen"}
        drift:
          reason: what tenants do in databases of their own
          ignore: [\(kinds.map { "\"\($0)\"" }.joined(separator: ", "))]
        """,
        "manifests/tenant/meta/_journal.json": """
        {"version": "7", "dialect": "postgresql", "entries": [
          {"idx": 0, "version": "7", "when": 1700000000000, "tag": "0000_start", "breakpoints": true},
          {"idx": 1, "version": "7", "when": 1700000100000, "tag": "0001_rows", "breakpoints": true},
          {"idx": 2, "version": "7", "when": 1700000200000, "tag": "0002_outside", "breakpoints": true}]}
        """,
        "manifests/tenant/0000_start.sql": """
        CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL);
        CREATE VIEW seen AS SELECT true AS seen;
        """,
        "manifests/tenant/0001_rows.sql": """
        ALTER TABLE notes ADD COLUMN pinned boolean DEFAULT false NOT NULL;
        INSERT INTO notes (body) VALUES ('one'), ('two');
        UPDATE notes SET body = lower(body || '!') WHERE body <> 'three'::varchar;
        """,
        "manifests/tenant/0002_outside.sql": """
        -- reconcile: no-transaction
        INSERT INTO notes (body) VALUES ('outside');
        CREATE INDEX CONCURRENTLY notes_pinned ON notes (pinned);
        """,
    ]

    private static let kinds = [
        "table trap_*", "view *", "materialized-view *", "function *", "aggregate *", "trigger *", "rule *",
        "constraint *",
        "index trap_*", "domain *", "policy *", "statistics *", "publication *", "operator *", "cast *", "collation *",
        "default-privileges *", "sequence trap_*", "enum *", "composite-type *", "setting *", "comments", "grants",
        "owners",
        "event-trigger *", "schema *", "foreign-table *", "foreign-server *", "user-mapping *", "extension *",
        "foreign-data-wrapper *",
    ]
}
