import Applying
import Effects
import FleetModel
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

/// Every backup comes back by one command, and pg_dump cannot tell the copy from the original.
@Suite struct DrillTests {
    @Test(.proves(19), .timeLimit(.minutes(5)), arguments: [true, false])
    func `whatever a database holds comes back, as pg_dump sees it`(_ isTheRolesOwn: Bool) async throws {
        try await Fixture.with { fixture in
            try await TestServer.with { server in
                for role in ["app LOGIN", "reader", "\"o\"\"dd; rôle\""] { try await server.sql("CREATE ROLE \(role)") }
                // What a superuser owns beside others is put back by nobody; see RestoreTests.
                let owner = isTheRolesOwn ? "app" : "postgres"
                try await server.sql("CREATE DATABASE shop OWNER \(owner)")
                try await server.fill("shop", "CREATE EXTENSION pg_trgm; CREATE SCHEMA ext AUTHORIZATION \(owner)")
                try await server.fill("shop", "CREATE EXTENSION hstore SCHEMA ext; GRANT USAGE ON SCHEMA ext TO PUBLIC")
                try await server.fill(
                    "shop",
                    isTheRolesOwn ? "SET ROLE app; \(everything)\(defaultPrivileges)" : everything
                )
                let original = try await dumped("shop", server)
                let backup = try await fixture.taker("shop").take(server.target(database: "shop"))
                let (proved, proof) = try await fixture.bench { try await $0.verify(backup) }
                #expect(proved.receipt.verified == .restore && proof.leftOut.isEmpty)
                let swap = try await fixture.restore(proved, on: server, as: "copy")
                #expect(swap.liveName == "copy")
                let copy = try await dumped("copy", server)
                let privileges = "SELECT nspacl FROM pg_namespace WHERE nspname = 'ext'"
                let (ours, theirs) = (
                    try await server.value(privileges, database: "shop"),
                    try await server.value(privileges, database: "copy")
                )
                #expect(ours == theirs)
                #expect(Bool(copy == original), "\(difference(original, copy))")
                #expect(original.count > 200)
                // It goes on where the original would.
                for (question, answer) in [
                    ("SELECT nextval('turns')", "1"), ("SELECT nextval('down')", "-8"),
                    ("INSERT INTO many (what) VALUES ('next') RETURNING id", "1001"),
                    ("SELECT count(*) FROM months_2024_1", "100"), ("SELECT bigger FROM sums WHERE id = 3", "6"),
                    ("SELECT count(*) FROM summary", "3"),
                    ("SELECT relpersistence FROM pg_class WHERE relname = 'loose'", "u"),
                ] {
                    let found = try await server.sql("SET search_path = public; \(question)", database: "copy")?.scalar
                    #expect(found == answer, "\(question)")
                }
            }
        }
    }

    @Test(.proves(19))
    func `what only a superuser can restore is named, and nothing is swapped in`() async throws {
        try await Fixture.with { fixture in
            try await TestServer.with(settings: ["wal_level": "logical"]) { server in
                try await server.sql("CREATE DATABASE shop")
                try await server.fill(
                    "shop",
                    """
                    CREATE TABLE t AS SELECT 1 AS x; CREATE PUBLICATION told FOR TABLE t;
                    CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
                    CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION f()
                    """
                )
                let backup = try await fixture.taker("shop").take(server.target(database: "shop"))
                let (_, proof) = try await fixture.bench { try await $0.verify(backup) }
                #expect(
                    proof.leftOut.contains { $0.contains("told") } && proof.leftOut.contains { $0.contains("watch") }
                )
                await #expect {
                    _ = try await fixture.restore(backup, on: server, as: "copy")
                } throws: { error in
                    let said = "\(error)"
                    return said.contains("told") && said.contains("watch")
                }
                #expect(try await server.sql("SELECT count(*) FROM pg_database WHERE datname ~ '^copy'")?.scalar == "0")
            }
        }
    }

    /// What `pg_dump` says, line by line, without what differs between two dumps of one database.
    private func dumped(_ database: String, _ server: EmbeddedServer) async throws -> [String] {
        let result = try await Command(
            server.client("pg_dump"),
            ["--inserts", "--rows-per-insert=100"],
            environment: ["PGHOST": server.folder, "PGPORT": "5432", "PGUSER": "postgres", "PGDATABASE": database],
            folder: "/",
            timeLimit: .seconds(120)
        ).run()
        guard result.status == 0 else { throw ProgramFailure("pg_dump", result) }
        return result.outputText.split(separator: "\n").map(String.init).filter { line in
            !line.hasPrefix("\\restrict") && !line.hasPrefix("\\unrestrict") && !line.hasPrefix("-- Dumped")
        }
    }

    private func difference(_ left: [String], _ right: [String]) -> String {
        let (only, other) = (Set(left).subtracting(right), Set(right).subtracting(left))
        return "missing: \(only.sorted().prefix(8))\nnot in the original: \(other.sorted().prefix(8))"
    }
}

/// Of everything that a dump can hold and a plain role can make.
private let everything = #"""
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine"');
    CREATE TYPE pair AS (a int, "B c" text); CREATE TYPE span AS RANGE (subtype = numeric);
    CREATE DOMAIN positive AS int DEFAULT 1 NOT NULL CONSTRAINT above CHECK (VALUE > 0); COMMENT ON DOMAIN positive IS 'above 0';
    CREATE COLLATION german (provider = icu, locale = 'de-u-co-phonebk');
    CREATE SEQUENCE turns MINVALUE 1 MAXVALUE 3 CYCLE; SELECT nextval('turns'), nextval('turns'), nextval('turns');
    CREATE SEQUENCE down INCREMENT -3 START -2; SELECT nextval('down'), nextval('down');
    CREATE SEQUENCE untouched START 7;
    CREATE TABLE many (id bigint GENERATED ALWAYS AS IDENTITY (START 1 INCREMENT 1), what text COLLATE german, feels mood DEFAULT 'ok',
        amount positive, paired pair, during span, tags ext.hstore, body jsonb, doc xml, bits bit(5), raw bytea, at timestamptz,
        took interval, price money, few int[][], f4 real, f8 double precision, addr inet, PRIMARY KEY (id));
    INSERT INTO many (what, feels, paired, during, tags, body, doc, bits, raw, at, took, price, few, f4, f8, addr)
        SELECT E'Straße\n\t\\ "' || n, (enum_range(NULL::mood))[1 + n % 3], ROW(n, 'x,"' || n)::pair, span(n, n + 0.5), ext.hstore('k', n::text),
            jsonb_build_object('ü', n), xmlparse(CONTENT '<a>' || n || '</a>'), B'10101', decode(md5(n::text), 'hex'),
            timestamptz '2024-02-29 23:59:60+05:30' + n * interval '1 hour', n * interval '1 month -3 days', n, ARRAY[[n, NULL]],
            n / 3.0, n * 1e300, '10.0.0.1'::inet + n FROM generate_series(1, 1000) n;
    CREATE INDEX many_trgm ON many USING gin (what gin_trgm_ops); CREATE UNIQUE INDEX ON many ((lower(what))) WHERE id > 10;
    ALTER TABLE many ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&); ALTER TABLE many REPLICA IDENTITY FULL;
    ALTER TABLE many ALTER COLUMN what SET STATISTICS 500; ALTER TABLE many CLUSTER ON many_pkey;
    CREATE STATISTICS together (dependencies) ON what, feels FROM many;
    CREATE TABLE sums (id int PRIMARY KEY, bigger int GENERATED ALWAYS AS (id * 2) STORED, parent int REFERENCES sums DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO sums (id, parent) VALUES (1, 2), (2, 3), (3, NULL); SET CONSTRAINTS ALL IMMEDIATE;
    CREATE TABLE months (at date, part int, what text, PRIMARY KEY (at, part)) PARTITION BY RANGE (at);
    CREATE TABLE months_2024 PARTITION OF months FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (part);
    CREATE TABLE months_2024_1 PARTITION OF months_2024 FOR VALUES IN (1); CREATE TABLE months_2024_rest PARTITION OF months_2024 DEFAULT;
    CREATE TABLE months_rest PARTITION OF months DEFAULT; CREATE INDEX ON months (what);
    INSERT INTO months SELECT date '2024-01-01' + n / 3, n % 3, 'm' || n FROM generate_series(0, 299) n; INSERT INTO months VALUES ('1999-01-01', 9, 'old');
    CREATE TABLE base (a int); CREATE TABLE child (b int) INHERITS (base);
    INSERT INTO child VALUES (1, 2); INSERT INTO base VALUES (4);
    CREATE UNLOGGED TABLE loose AS SELECT 'loose' AS row; CREATE TABLE nothing ();
    INSERT INTO nothing DEFAULT VALUES;
    CREATE TABLE gone (a int, b int, c text); ALTER TABLE gone DROP COLUMN b; INSERT INTO gone VALUES (1, 'c');
    CREATE SCHEMA "o""dd; it's ünï"; CREATE TABLE "o""dd; it's ünï"."ta
    ble$(id)" ("x" int, "r.*" text, "SELECT" text DEFAULT 'a''b'); INSERT INTO "o""dd; it's ünï"."ta
    ble$(id)" VALUES (1, NULL), (2, '\.'), (3, E'\\N');
    COMMENT ON COLUMN "o""dd; it's ünï"."ta
    ble$(id)"."r.*" IS E'two\nlines; -- ''quoted''';
    CREATE TABLE secret (who text, what text); INSERT INTO secret VALUES ('a', '1'), ('b', '2');
    ALTER TABLE secret ENABLE ROW LEVEL SECURITY; ALTER TABLE secret FORCE ROW LEVEL SECURITY;
    CREATE POLICY own ON secret AS RESTRICTIVE FOR UPDATE TO reader USING (who = current_user) WITH CHECK (what <> '');
    CREATE FUNCTION doubled(n int) RETURNS int LANGUAGE sql IMMUTABLE RETURN n * 2;
    CREATE FUNCTION total() RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $f$BEGIN RETURN (SELECT count(*) FROM public.sums); END$f$;
    CREATE PROCEDURE noted() LANGUAGE plpgsql AS 'BEGIN NULL; END';
    CREATE VIEW seen AS SELECT id, doubled(id) AS twice, total() FROM sums; CREATE VIEW again WITH (security_barrier) AS SELECT * FROM seen WHERE twice > 2 WITH CHECK OPTION;
    CREATE RULE quiet AS ON INSERT TO seen DO INSTEAD NOTHING;
    CREATE MATERIALIZED VIEW summary AS SELECT twice, count(*) FROM seen GROUP BY twice; CREATE UNIQUE INDEX ON summary (twice);
    CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS x WITH NO DATA;
    CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER touch BEFORE UPDATE OF parent ON sums FOR EACH ROW WHEN (OLD.id > 1) EXECUTE FUNCTION touched();
    CREATE CONSTRAINT TRIGGER later AFTER INSERT ON sums DEFERRABLE FOR EACH ROW EXECUTE FUNCTION touched(); ALTER TABLE sums DISABLE TRIGGER touch;
    CREATE AGGREGATE summed(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
    CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq); CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);
    SELECT lo_from_bytea(70001, 'small'), lo_from_bytea(70002, convert_to(repeat('large', 500000), 'UTF8')), lo_create(70003);
    GRANT SELECT ON LARGE OBJECT 70001 TO reader; COMMENT ON LARGE OBJECT 70002 IS 'a large one';
    GRANT SELECT (id, what), UPDATE ON many TO reader WITH GRANT OPTION; GRANT USAGE ON SEQUENCE turns TO "o""dd; rôle";
    REVOKE ALL ON FUNCTION doubled(int) FROM PUBLIC; GRANT EXECUTE ON FUNCTION doubled(int) TO reader; GRANT USAGE ON TYPE mood TO reader;
    COMMENT ON TABLE many IS 'many''s "comment"'; COMMENT ON POLICY own ON secret IS 'only own'; COMMENT ON INDEX many_trgm IS 'for words';
    ALTER TYPE mood ADD VALUE 'between' BEFORE 'ok';
    """#

/// These come back to any owner but one that only a superuser may become.
private let defaultPrivileges = """
    ; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader;
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC
    """
