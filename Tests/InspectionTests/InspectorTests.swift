import FleetModel
import Postgres
import Servers
import Testing
import TestSupport

@Suite struct InspectorTests {
    static let settings = SessionSettings(access: .readOnly, applicationName: "test")

    static func inspect(
        _ server: EmbeddedServer,
        _ database: String,
        history: HistoryQuery? = nil,
        pool: CatalogPool = CatalogPool(),
        user: String = "postgres"
    ) async throws -> DatabaseState {
        let session = try await Session.open(
            server.target(database: database, user: user),
            settings: settings,
            proof: .byCaller
        )
        let state = try await Inspector.inspect(session, history: history, pool: pool, proving: settings)
        await session.close()
        return state
    }

    static let schema = """
        SET search_path = public;
        CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
        CREATE TABLE public.clients (id serial PRIMARY KEY, name varchar(40) NOT NULL CHECK (name <> ''),
            mood mood DEFAULT 'ok', email text DEFAULT lower('X'), CONSTRAINT odd CHECK (mood IN ('sad', 'ok')));
        CREATE TABLE public."o""dd; it's ünï.code" (id int REFERENCES public.clients (id));
        CREATE INDEX low ON public.clients (lower(email)) WHERE mood = 'sad';
        CREATE VIEW public.happy AS SELECT id, name FROM public.clients WHERE mood = 'happy';
        INSERT INTO public.clients (name) VALUES ('a')
        """

    @Test func `a database is seen with its objects`() async throws {
        try await TestServer.with { server in
            try await server.sql(Self.schema)
            let state = try await Self.inspect(server, "postgres")
            let names = state.catalog.objects.map(\.id.description)
            #expect(state.catalog.tables.map(\.name) == ["clients", "o\"dd; it's ünï.code"])
            #expect(state.nonEmptyTables == [0])
            #expect(names.contains("column public.o\"dd; it's ünï.code.id"), "\(names)")
            for name in [
                "enum public.mood", "table public.clients", "column public.clients.name",
                "constraint public.clients.odd",
                "index public.low", "view public.happy", "sequence public.clients_id_seq", "schema public",
                "extension plpgsql",
            ] {
                #expect(names.contains(name), "\(name) in \(names)")
            }
            #expect(!state.history.exists)
        }
    }

    @Test func `what lies beside a history and is none of its is named`() async throws {
        try await TestServer.with { server in
            try await server.sql(
                """
                CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial);
                CREATE SCHEMA reconcile; CREATE TABLE reconcile.migrations (a int); CREATE TABLE reconcile.marks (key text, value text);
                CREATE SCHEMA quarantine_x; CREATE TABLE quarantine_x.t (a int) PARTITION BY RANGE (a)
                """
            )
            let pool = CatalogPool()
            func leftOut(_ history: HistoryQuery?) async throws -> [String] {
                try await Self.inspect(server, "postgres", history: history, pool: pool).catalog.leftOut
                    .map(\.description)
            }
            #expect(
                try await leftOut(.leavingOut(schema: "reconcile", table: "migrations"))
                    == ["drizzle.__drizzle_migrations", "quarantine_x.t"]
            )
            #expect(
                try await leftOut(.leavingOut(schema: "drizzle", table: "__drizzle_migrations"))
                    == ["quarantine_x.t", "reconcile.migrations"]
            )
            #expect(try await leftOut(nil) == [])
        }
    }

    @Test func `equal schemas built in another order are equal`() async throws {
        try await TestServer.with { server in
            for name in ["one", "two"] { try await server.sql("CREATE DATABASE \(name)") }
            try await server.sql(
                "SET search_path = public; CREATE TABLE waste (a int); DROP TABLE waste; CREATE TYPE w AS ENUM ('x')",
                database: "two"
            )
            try await server.sql(
                "DROP TYPE public.w; CREATE TABLE public.clients (dropped int, id serial)",
                database: "two"
            )
            try await server.sql("DROP TABLE public.clients", database: "two")
            try await server.sql(Self.schema, database: "one")
            try await server.sql(Self.schema, database: "two")
            let pool = CatalogPool()
            let one = try await Self.inspect(server, "one", pool: pool)
            let two = try await Self.inspect(server, "two", pool: pool)
            #expect(one.catalog === two.catalog)
            #expect(pool.count == 1)
        }
    }
}
