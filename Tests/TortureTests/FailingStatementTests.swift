import Effects
import Servers
import Testing
import TestSupport

/// A transactional migration that fails after any of its statements leaves schema, rows and history as they were, and the
/// same command goes on once its cause is gone.
struct FailingStatementTests {
    private static let statements = [
        "CREATE TYPE mood AS ENUM ('calm', 'cross')",
        "CREATE TABLE made (id serial PRIMARY KEY, mood mood NOT NULL)",
        "INSERT INTO made (mood) VALUES ('calm')",
        "ALTER TABLE kept ADD COLUMN more text DEFAULT 'more'",
        "UPDATE kept SET n = n + 1",
        "DELETE FROM kept WHERE n > 90",
        "COPY kept (n, what) FROM stdin;\n1000\tcopied\n1001\tcopied\n\\.\n",
        "CREATE INDEX kept_n ON kept (n)",
        "ALTER TABLE kept ADD CONSTRAINT positive CHECK (n >= 0)",
        "ALTER TABLE kept ALTER COLUMN n TYPE bigint USING n, ALTER COLUMN what SET NOT NULL",
        "CREATE VIEW seen AS SELECT n FROM kept",
        "CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * $1'",
        "TRUNCATE emptied",
        "DROP TABLE dropped",
        "ALTER TABLE kept RENAME TO renamed",
        "COMMENT ON TABLE renamed IS 'renamed'",
        "GRANT SELECT ON renamed TO PUBLIC",
        "SELECT lo_from_bytea(0, 'large')",
        "SELECT setval('counting', 77)",
        "SET search_path = pg_catalog",
    ]

    @Test(.proves(23), .timeLimit(.minutes(10)))
    func `a migration that fails after any of its statements leaves nothing, and is done once its cause is gone`()
        async throws
    {
        let all = Array(0...Self.statements.count)
        let places = Sweep.pick(all, quick: 4, sample: 24)
        try await TestServer.with { server in
            let root = try TemporaryFolder()
            try Self.write(places, into: root, server)
            let made = try await server.psql(places.map { "CREATE DATABASE d\($0);" }.joined(separator: "\n"))
            try #require(made.status == 0, "\(made.errors)")
            let first = try await Self.apply(root)
            try #require(first.status == 0, "\(first.errors)\(first.outputText)")
            for place in places {
                let filled = try await server.psql(Self.rows, database: "d\(place)")
                try #require(filled.status == 0, "\(filled.errors)")
            }
            try Self.want("latest", root)
            let before = try await Self.states(places, server)
            let failed = try await Self.apply(root)
            #expect(failed.status == 1, "\(failed.errors)\(failed.outputText)")
            #expect(failed.errors.contains("reconcile apply here"), "\(failed.errors)")
            let after = try await Self.states(places, server)
            for place in places {
                Sweep.tried()
                #expect(after[place] == before[place], "failed after \(place) statements: \(failed.errors)")
                #expect(failed.errors.contains("✗ main/d\(place): failed"), "\(failed.errors)")
                _ = try await server.psql("DELETE FROM trap", database: "d\(place)")
            }
            let next = try await Self.apply(root)
            #expect(next.status == 0, "\(next.errors)\(next.outputText)")
            let ends = Set(try await Self.states(places, server).values)
            #expect(ends.count == 1, "they differ: \(ends.map(\.schema))")
            #expect(ends.first?.rows.contains("renamed 91") == true, "\(ends.first?.rows ?? "")")
        }
    }

    /// A database as pg_dump and its rows show it.
    private struct State: Hashable, Sendable {
        var schema: String
        var rows: String
    }

    private static func states(_ places: [Int], _ server: EmbeddedServer) async throws -> [Int: State] {
        var states: [Int: State] = [:]
        for place in places {
            states[place] = State(
                schema: try await ScenarioRoot.schema(of: "d\(place)", on: server, ["--exclude-schema=reconcile"]),
                rows: try await server.value(content, database: "d\(place)")
            )
        }
        return states
    }

    /// Every table's rows, counted and hashed, ours and the history among them, but not when something was done.
    private static let content = """
        SELECT string_agg(format('%s %s %s', c.relname, (xpath('/row/count/text()', x))[1], (xpath('/row/hash/text()', x))[1]),
            ', ' ORDER BY c.oid::regclass::text),
            (SELECT count(*) FROM pg_largeobject_metadata), (SELECT string_agg(nspname, ' ' ORDER BY 1) FROM pg_namespace)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL query_to_xml(format(CASE
            WHEN c.relname IN ('migrations', 'fence') THEN 'SELECT count(*) FROM %I.%I'
            ELSE 'SELECT count(*), md5(string_agg(t::text, '' '' ORDER BY t::text)) AS hash FROM %I.%I t' END,
            n.nspname, c.relname), true, true, '') AS x
        WHERE c.oid >= 16384 AND c.relkind = 'r'
        """

    private static let rows = """
        INSERT INTO kept SELECT n, 'row ' || n FROM generate_series(1, 100) n;
        INSERT INTO emptied VALUES (1), (2);
        INSERT INTO dropped VALUES (1);
        INSERT INTO trap VALUES (1);
        """

    /// One database for each place, of a class of its own: after so many statements its migration fails while there is a row.
    private static func write(_ places: [Int], into root: TemporaryFolder, _ server: EmbeddedServer) throws {
        try root.write(
            """
            apiVersion: reconcile/v1
            kind: Environment
            name: here
            role: development
            instances:
              main:
                connection: {host: "\(server.folder)", port: 5432, user: postgres, dbname: postgres}
            databases:
            \(places.map { "  - {name: d\($0), class: c\($0), version: 0001_base}" }.joined(separator: "\n"))
            policy: {rollout: {maxFailures: 100}}

            """,
            to: "environments/here.yaml"
        )
        for place in places {
            try root.write(
                """
                apiVersion: reconcile/v1
                kind: DatabaseClass
                name: c\(place)
                migrations: {directory: c\(place), format: plain}

                """,
                to: "manifests/c\(place).yaml"
            )
            try root.write(
                """
                CREATE TABLE kept (n integer, what text);
                CREATE TABLE emptied (n integer);
                CREATE TABLE dropped (n integer);
                CREATE TABLE trap (n integer);
                CREATE SEQUENCE counting;

                """,
                to: "manifests/c\(place)/0001_base.sql"
            )
            var all = statements
            all.insert("SELECT 1 / (1 - count(*)) FROM public.trap", at: place)
            let text = all.map { $0.hasSuffix("\\.\n") ? $0 : "\($0);\n" }.joined()
            try root.write(text, to: "manifests/c\(place)/0002_many.sql")
        }
    }

    private static func want(_ version: String, _ root: TemporaryFolder) throws {
        let path = "\(root.path)/environments/here.yaml"
        try Files.write((Files.text(path) ?? "").replacing("0001_base", with: version), to: path)
    }

    private static func apply(_ root: TemporaryFolder) async throws -> CommandResult {
        try await Command(
            TestPrograms.reconcile,
            ["apply", "here", "--auto-approve"],
            environment: TestPrograms.environment(home: root.path),
            folder: root.path,
            timeLimit: .seconds(120)
        ).run()
    }
}
