import FleetModel
import Postgres
import Servers
import Testing
import TestSupport

@Suite struct HostileDatabaseTests {
    static let history = HistoryQuery(
        schema: "drizzle",
        table: "__drizzle_migrations",
        columns: ["id", "hash", "created_at"],
        digest: { rows in Fingerprint(of: rows.map { $0[1] ?? "" }.joined(separator: "\n")) }
    )

    @Test func `a role that may only connect can inspect`() async throws {
        try await TestServer.with { server in
            try await server.sql("CREATE ROLE other; CREATE ROLE plain LOGIN")
            try await server.sql(SameCatalogTests.rich)
            try await server.sql(
                """
                CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (password 'abracadabra');
                CREATE USER MAPPING FOR postgres SERVER s OPTIONS (password 'x'); SELECT lo_create(7)
                """
            )
            let pool = CatalogPool()
            let ours = try await InspectorTests.inspect(server, "postgres", pool: pool)
            let theirs = try await InspectorTests.inspect(server, "postgres", pool: pool, user: "plain")
            #expect(ours.catalog === theirs.catalog)
            #expect(ours.catalog.notInspected == ["large objects", "user mappings"])
            // So can it read how everything reads, and no secret is told.
            let objects = ours.catalog.objects.map(\.id)
            let told = try await DefinitionReader.read(objects, at: server.target(database: "postgres", user: "plain"))
            let all = try await DefinitionReader.read(objects, at: server.target(database: "postgres"))
            #expect(told == all)
            #expect(objects.filter { told[$0] == nil } == [])
            #expect(!told.values.contains { $0.text.contains("abracadabra") })
        }
    }

    @Test func `what a tenant planted is not run`() async throws {
        try await TestServer.with { server in
            try await server.sql("CREATE ROLE tenant")
            try await server.sql("CREATE DATABASE t OWNER tenant")
            try await server.sql("ALTER DATABASE t SET search_path = public, pg_catalog")
            try await server.sql(
                """
                SET search_path = public;
                CREATE TABLE hit (a int);
                CREATE FUNCTION f(oid, integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''hit''; END';
                CREATE FUNCTION f(name, name) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''hit''; END';
                CREATE FUNCTION f(oid, bigint) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''hit''; END';
                CREATE OPERATOR >= (leftarg = oid, rightarg = integer, function = f);
                CREATE OPERATOR >= (leftarg = oid, rightarg = bigint, function = f);
                CREATE OPERATOR = (leftarg = name, rightarg = name, function = f);
                CREATE FUNCTION pg_get_userbyid(oid) RETURNS name LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''hit''; END';
                CREATE VIEW pg_class AS SELECT 1 / 0 AS oid;
                CREATE SCHEMA drizzle; CREATE SCHEMA reconcile;
                CREATE VIEW drizzle.__drizzle_migrations AS SELECT 1 / 0 AS id, 1 / 0 AS hash, 1 / 0 AS created_at;
                CREATE TABLE reconcile.marks (key text, value text); INSERT INTO reconcile.marks VALUES ('init', 'done');
                ALTER TABLE reconcile.marks OWNER TO tenant
                """,
                database: "t"
            )
            let state = try await InspectorTests.inspect(server, "t")
            #expect(state.initMark == .none)
            #expect(state.catalog.objects.count > 5)
            let definitions = try await DefinitionReader.read(
                state.catalog.objects.map(\.id),
                at: server.target(database: "t")
            )
            #expect(definitions.count == state.catalog.objects.count)
            // A view where a history should be is refused by the parser, before anything of it runs.
            let error = await #expect(throws: PostgresError.self) {
                try await InspectorTests.inspect(server, "t", history: Self.history)
            }
            #expect(["0A000", "42601", "42809"].contains(error?.sqlState), "\(String(describing: error))")
        }
    }

    @Test func `a history is read last, and its lack loses nothing`() async throws {
        try await TestServer.with { server in
            try await server.sql("CREATE TABLE public.t (a int)")
            let pool = CatalogPool()
            let without = try await InspectorTests.inspect(server, "postgres", history: Self.history, pool: pool)
            #expect(!without.history.exists)
            #expect(without.catalog.tables == [TableName(name: "t")])
            try await server.sql(
                """
                CREATE SCHEMA drizzle;
                CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
                INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('ab', 5), ('cd', NULL)
                """
            )
            let with = try await InspectorTests.inspect(server, "postgres", history: Self.history, pool: pool)
            let again = try await InspectorTests.inspect(server, "postgres", history: Self.history, pool: pool)
            #expect(with.history.exists)
            #expect(with.history.rows == [["1", "ab", "5"], ["2", "cd", nil]])
            #expect(with.history === again.history)
            #expect(with.catalog === without.catalog)
            var elsewhere = Self.history
            elsewhere.schema = "public"
            elsewhere.table = "t"
            elsewhere.columns = ["a"]
            let other = try await InspectorTests.inspect(server, "postgres", history: elsewhere, pool: pool)
            #expect(other.catalog.tables == [])
            #expect(other.history.exists)
        }
    }

    @Test func `our own mark counts`() async throws {
        try await TestServer.with { server in
            try await server.sql(
                """
                CREATE SCHEMA reconcile; CREATE TABLE reconcile.marks (key text PRIMARY KEY, value text);
                INSERT INTO reconcile.marks VALUES ('init', 'pending')
                """
            )
            #expect(try await InspectorTests.inspect(server, "postgres").initMark == .pending)
        }
    }

    @Test func `a partitioned table is as full as its partitions`() async throws {
        try await TestServer.with { server in
            try await server.sql(
                """
                SET search_path = public; CREATE TABLE a (id int) PARTITION BY RANGE (id);
                CREATE TABLE b PARTITION OF a FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (id);
                CREATE TABLE c PARTITION OF b FOR VALUES FROM (0) TO (9); CREATE TABLE d (id int); INSERT INTO a VALUES (1)
                """
            )
            let state = try await InspectorTests.inspect(server, "postgres")
            #expect(state.catalog.tables.map(\.name) == ["a", "b", "c", "d"])
            #expect(state.nonEmptyTables == [0, 1, 2])
        }
    }
}
