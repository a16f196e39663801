import Applying
import FleetModel
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

@Suite struct RestoreTests {
    @Test func `one database is put back beside the others, with its own settings, and swapped in`() async throws {
        try await Fixture.with { fixture in
            try await TestServer.with { server in
                try await server.sql("CREATE ROLE app LOGIN")
                try await server.sql("CREATE ROLE reader")
                try await server.sql("CREATE DATABASE shop OWNER app")
                try await server.fill(
                    "shop",
                    "CREATE EXTENSION citext; SET ROLE app; CREATE SCHEMA s; CREATE TABLE s.t AS SELECT g FROM generate_series(1, 100) g; GRANT SELECT ON s.t TO reader"
                )
                for statement in [
                    "COMMENT ON DATABASE shop IS 'it''s live'",
                    "ALTER DATABASE shop SET search_path = \"o\"\"dd\", public",
                    "ALTER ROLE reader IN DATABASE shop SET work_mem = '7MB'",
                    "REVOKE CONNECT ON DATABASE shop FROM PUBLIC",
                    "GRANT CONNECT ON DATABASE shop TO reader WITH GRANT OPTION",
                    "ALTER DATABASE shop CONNECTION LIMIT 17",
                ] { try await server.sql(statement) }
                let settings = try await databaseSettings(server, "shop")
                let backup = try await fixture.taker("shop").take(server.target(database: "shop"))
                try await server.fill("shop", "DELETE FROM s.t")
                let swap = try await restore(backup, on: server, fixture)
                #expect(swap.asideName == "shop__rcl_run2")
                #expect(try await server.sql("SELECT count(*) FROM s.t", database: "shop")?.scalar == "100")
                #expect(try await server.sql("SELECT count(*) FROM s.t", database: "shop__rcl_run2")?.scalar == "0")
                #expect(try await databaseSettings(server, "shop") == settings)
                #expect(
                    try await server.sql("SELECT tableowner FROM pg_tables WHERE tablename = 't'", database: "shop")?
                        .scalar == "app"
                )
                #expect(
                    try await server.sql("SELECT nspacl FROM pg_namespace WHERE nspname = 's'", database: "shop")?
                        .scalar == "{app=UC/app}"
                )
                #expect(try await server.sql("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'rcl%'")?.scalar == "0")
                _ = try await restore(backup, on: server, fixture, as: "other")
                #expect(try await server.sql("SELECT count(*) FROM s.t", database: "other")?.scalar == "100")
            }
        }
    }

    @Test func `everything of one superuser comes back to it, though nothing ran as one`() async throws {
        try await Fixture.with { fixture in
            try await TestServer.with { server in
                try await server.sql("CREATE DATABASE shop")
                try await server.fill("shop", richSchema)
                let backup = try await fixture.taker("shop").take(server.target(database: "shop"))
                _ = try await restore(backup, on: server, fixture)
                #expect(
                    try await server.sql(
                        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'",
                        database: "shop"
                    )?.scalar == "postgres"
                )
            }
        }
    }

    @Test func `a role that is missing stops a restore before anything is made`() async throws {
        try await Fixture.with { fixture in
            let backup = try await TestServer.with { server in
                try await server.sql("CREATE ROLE app")
                try await server.sql("CREATE DATABASE shop OWNER app")
                return try await fixture.taker("shop").take(server.target(database: "shop"))
            }
            try await TestServer.with { server in
                await #expect { _ = try await restore(backup, on: server, fixture) } throws: { error in
                    if case BackupError.rolesMissing(["app"]) = error { true } else { false }
                }
                let databases = try await server.sql("SELECT count(*) FROM pg_database")
                #expect(databases?.scalar == "3")
            }
        }
    }

    @Test func `a tenant's traps gain nothing: not when rows are counted, nor dumped, nor restored`() async throws {
        try await Fixture.with { fixture in
            try await TestServer.with { server in
                try await server.sql("CREATE ROLE tenant LOGIN")
                try await server.sql("CREATE DATABASE hostile OWNER tenant")
                let planter = try await Session.open(
                    server.target(database: "hostile", user: "tenant"),
                    settings: SessionSettings(access: .readWrite, applicationName: "test")
                )
                try await planter.run(SQL(writtenByUser: hostileSchema))
                await planter.close()
                let backup = try await fixture.taker("hostile").take(server.target(database: "hostile"))
                try await fixture.bench { bench in
                    _ = try await bench.rehearse(backup) { copy in
                        let settings = SessionSettings(access: .readOnly, applicationName: "test")
                        let session = try await Session.open(copy.superuser, settings: settings)
                        let rows = try await session.run("SELECT rolsuper FROM pg_roles WHERE rolname = 'tenant'")
                        #expect(rows.last?.rows?.scalar == "f")
                        await session.close()
                    }
                }
                _ = try await restore(backup, on: server, fixture)
                #expect(try await server.sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'tenant'")?.scalar == "f")
            }
        }
    }

    @Test func `what a dump only names, no trap in it becomes; what powerful roles own with others is not restored`()
        async throws
    {
        try await Fixture.with { fixture in
            try await TestServer.with { server in
                try await server.sql("CREATE ROLE tenant LOGIN")
                try await server.sql("CREATE ROLE dba CREATEROLE")
                try await server.sql("CREATE DATABASE hostile OWNER tenant")
                let planter = try await Session.open(
                    server.target(database: "hostile", user: "tenant"),
                    settings: SessionSettings(access: .readWrite, applicationName: "test")
                )
                try await planter.run(SQL(writtenByUser: grantingSchema))
                await planter.close()
                let backup = try await fixture.taker("hostile").take(server.target(database: "hostile"))
                _ = try await restore(backup, on: server, fixture)
                let climbed = "SELECT count(*) FROM pg_roles WHERE rolname = 'climbed'"
                #expect(try await server.sql(climbed)?.scalar == "0")
                let granted = "SELECT has_table_privilege('dba', 'victims', 'SELECT')"
                #expect(
                    try await server.sql("SET search_path = public; \(granted)", database: "hostile")?.scalar == "t"
                )

                // The same where it is an owner: nobody may become it.
                try await server.sql("CREATE SCHEMA theirs AUTHORIZATION dba", database: "hostile")
                let second = try await fixture.taker("hostile", run: "run3").take(server.target(database: "hostile"))
                await #expect {
                    _ = try await restore(second, on: server, fixture, as: "again")
                } throws: { error in
                    guard case BackupError.needsSuperuser(let what) = error else { return false }
                    return what == ["what belongs to \"dba\" (a role with CREATEROLE)"]
                }
                #expect(try await server.sql(climbed)?.scalar == "0")
            }
        }
    }

    @Test func `a powerful role that owns all of it gets it back, its schema's privileges too, and nothing ran as it`()
        async throws
    {
        try await Fixture.with { fixture in
            try await TestServer.with { server in
                try await server.sql("CREATE ROLE chief LOGIN CREATEROLE")
                try await server.sql("CREATE ROLE reader")
                try await server.sql("CREATE DATABASE house OWNER chief")
                try await server.fill(
                    "house",
                    """
                    SET ROLE chief;
                    CREATE FUNCTION whom() RETURNS boolean LANGUAGE sql AS
                        'SELECT NOT pg_has_role(session_user, ''chief'', ''MEMBER'') OR session_user = ''postgres''';
                    CREATE TABLE rooms (n int CHECK (public.whom())); RESET ROLE; INSERT INTO rooms VALUES (1);
                    SET ROLE chief; GRANT CREATE ON SCHEMA public TO reader; COMMENT ON SCHEMA public IS 'of chief'
                    """
                )
                let privileges = "SELECT nspacl FROM pg_namespace WHERE nspname = 'public'"
                let before = try await server.sql(privileges, database: "house")?.scalar
                let backup = try await fixture.taker("house").take(server.target(database: "house"))
                _ = try await restore(backup, on: server, fixture)
                #expect(try await server.sql(privileges, database: "house")?.scalar == before)
                let owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'rooms'"
                #expect(try await server.sql(owner, database: "house")?.scalar == "chief")
                #expect(try await server.sql("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'rcl%'")?.scalar == "0")
            }
        }
    }

    @Test(.proves(14)) func `rows that changed after the backup stop what would destroy them`() async throws {
        try await Fixture.with { fixture in
            try await TestServer.with { server in
                try await server.fill("postgres", richSchema + "CREATE VIEW seen AS SELECT x FROM t;")
                let backup = try await fixture.taker("postgres").take(server.target(database: "postgres"))
                let settings = SessionSettings(access: .readWrite, applicationName: "test")
                let session = try await Session.open(server.target(database: "postgres"), settings: settings)
                await #expect(throws: BackupError.self) {
                    try await DataGuard.compare(session, with: backup, tables: nil)
                }
                try await session.run("BEGIN")
                try await DataGuard.compare(session, with: backup, tables: nil)
                let seen = try await session.run("SELECT count(*) FROM public.seen")
                #expect(seen.last?.rows?.scalar == "500")
                try await DataGuard.compare(
                    session,
                    with: backup,
                    tables: [TableName(name: "parts"), TableName(name: "t")]
                )
                let blocked = Task { try await server.fill("postgres", "UPDATE parts SET v = 'x' WHERE k = 150") }
                try await Task.sleep(for: .milliseconds(100))
                try await DataGuard.compare(session, with: backup, tables: [TableName(name: "parts")])
                // What holds the rows is gone, then cut, then back.
                let hidden = "\(backup.archivePath).hidden"
                rename(backup.archivePath, hidden)
                await #expect(throws: BackupError.self) {
                    try await DataGuard.compare(session, with: backup, tables: [TableName(name: "parts")])
                }
                try write([1], to: backup.archivePath)
                await #expect(throws: BackupError.self) {
                    try await DataGuard.compare(session, with: backup, tables: [TableName(name: "parts")])
                }
                rename(hidden, backup.archivePath)
                try await session.run("ROLLBACK")
                try await blocked.value
                try await session.run("BEGIN")
                try await DataGuard.compare(session, with: backup, tables: [TableName(name: "t")])
                await #expect {
                    try await DataGuard.compare(session, with: backup, tables: [TableName(name: "parts")])
                } throws: {
                    if case BackupError.rowsChangedSinceBackup(TableName(name: "parts_2")) = $0 { true } else { false }
                }
                await session.close()
            }
        }
    }

    private func databaseSettings(_ server: EmbeddedServer, _ database: String) async throws -> DatabaseSettings? {
        let session = try await Session.open(
            server.target(database: "postgres"),
            settings: SessionSettings(access: .readOnly, applicationName: "test")
        )
        let settings = try await DatabaseSettings.read(session, database: database)
        await session.close()
        return settings
    }

    private func restore(
        _ backup: StoredBackup,
        on server: EmbeddedServer,
        _ fixture: Fixture,
        as name: String? = nil
    ) async throws -> DatabaseRestore.Swap {
        try await fixture.restore(backup, on: server, as: name)
    }
}

/// A cast, a CHECK and an operator that would make the tenant a superuser if a superuser ever ran them.
private let hostileSchema = """
    SET search_path = public;
    CREATE FUNCTION grab() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
        PERFORM set_config('role', 'none', false);
        BEGIN EXECUTE 'ALTER ROLE tenant SUPERUSER'; EXCEPTION WHEN insufficient_privilege THEN NULL; END;
        RETURN true;
    END $$;
    CREATE TABLE victims (x int CHECK (public.grab()));
    INSERT INTO victims VALUES (1), (2);
    CREATE FUNCTION as_text(victims) RETURNS text LANGUAGE sql AS 'SELECT public.grab()::text';
    CREATE CAST (victims AS text) WITH FUNCTION as_text(victims);
    CREATE FUNCTION sum_hash(text, bigint) RETURNS bigint LANGUAGE sql AS 'SELECT public.grab()::int::bigint';
    """

/// A CHECK that would become a role which the dump only grants something to.
private let grantingSchema = """
    SET search_path = public;
    CREATE FUNCTION climb() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
        BEGIN
            PERFORM set_config('role', 'dba', false);
            CREATE ROLE climbed;
        EXCEPTION WHEN OTHERS THEN NULL; END;
        PERFORM set_config('role', 'none', false);
        RETURN true;
    END $$;
    CREATE TABLE victims (x int CHECK (public.climb()));
    GRANT SELECT ON victims TO dba;
    INSERT INTO victims VALUES (1), (2);
    """
