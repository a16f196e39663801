import Effects
import FleetModel
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

@Suite struct SameCatalogTests {
    /// What PostgreSQL stores in one form and reads back from a dump in another, and what a dump makes anew.
    static let rich = """
        SET search_path = public;
        CREATE TYPE mood AS ENUM ('sad', 'it''s', 'a "b" {c} \\d');
        CREATE DOMAIN amount AS numeric(10,2) DEFAULT 0 CHECK (VALUE >= 0);
        CREATE TYPE pair AS (a int, b mood);
        CREATE TYPE span AS RANGE (subtype = float8);
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.a := 1; RETURN NEW; END';
        CREATE FUNCTION twice(x int, k varchar DEFAULT 'b') RETURNS int LANGUAGE sql IMMUTABLE RETURN CASE WHEN k IN ('a', 'b') THEN x * 2 END;
        CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int, initcond = '0');
        CREATE TABLE t (
            id serial PRIMARY KEY, a int DEFAULT -1, s varchar(20) DEFAULT 'x', k varchar CHECK (k IN ('a', 'it''s', 'c')),
            n numeric(10,2) DEFAULT 0 CHECK (n BETWEEN 1 AND 5), at timestamptz DEFAULT now() - interval '1 day',
            list text[] DEFAULT '{}', b bigint CHECK (b IN (1, 2)), c char(3) DEFAULT 'a' CHECK (c IN ('a', 'b')),
            d date DEFAULT current_date, f float8 DEFAULT 1, j jsonb DEFAULT '{"a": [1]}', m mood DEFAULT 'sad',
            ms mood[] DEFAULT '{sad}', p pair, am amount, r span, "Q ""{x}" int GENERATED ALWAYS AS IDENTITY,
            g int GENERATED ALWAYS AS (a + 1) STORED, UNIQUE (a, b), CHECK (m IN ('sad', 'it''s')), CHECK (m = ANY (ms)),
            CHECK (k IS NOT NULL AND (n > 0 OR b <> 3) AND lower(k) LIKE 'a%' AND coalesce(k, 'x') NOT IN ('q', 'r')),
            CHECK (CASE k WHEN 'x' THEN true ELSE false END AND extract(year FROM d) > 2000 AND s ~ '^a\\.' AND list[1] IS DISTINCT FROM 'z'),
            CHECK (list <@ ARRAY['x', 'y']::text[] AND k = ANY (ARRAY['a', 'b']::varchar[]) AND s::text IN ('a', 'b')),
            CHECK (m <> 'a "b" {c} \\d' AND s SIMILAR TO 'a%'));
        CREATE TABLE u (id int REFERENCES t ON DELETE CASCADE DEFERRABLE, t_id int, CONSTRAINT nv CHECK (id > 0) NOT VALID);
        CREATE TABLE parent (id int PRIMARY KEY, day date NOT NULL) PARTITION BY RANGE (id);
        CREATE TABLE child PARTITION OF parent FOR VALUES FROM (0) TO (100);
        CREATE TABLE attached (id int NOT NULL, day date NOT NULL);
        ALTER TABLE parent ATTACH PARTITION attached FOR VALUES FROM (100) TO (200);
        CREATE TABLE rest PARTITION OF parent DEFAULT;
        CREATE INDEX ON parent (day); CREATE TABLE refers (id int REFERENCES parent);
        CREATE TABLE base (a int, b text DEFAULT 'x' CHECK (b <> '')); CREATE TABLE derived (c int) INHERITS (base);
        CREATE INDEX part ON t (lower(s), (a + 1) DESC) INCLUDE (b) WHERE k IN ('a', 'b') AND s <> 'x';
        CREATE INDEX word ON t USING gin (to_tsvector('english', s));
        CREATE VIEW v AS SELECT id, k IN ('a', 'b') AS isit, CASE WHEN s = 'x' THEN 1 ELSE 2 END AS w FROM t
            WHERE k IN ('x', 'y''z,]') AND c IN ('a', 'b') AND m = 'sad' ORDER BY id;
        CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS n FROM t; CREATE UNIQUE INDEX ON mv (n);
        CREATE RULE keep AS ON DELETE TO u WHERE OLD.id > 5 DO INSTEAD NOTHING;
        CREATE TRIGGER touch BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (OLD.k IN ('a', 'b')) EXECUTE FUNCTION touch();
        CREATE TRIGGER part AFTER INSERT ON parent FOR EACH ROW EXECUTE FUNCTION touch();
        ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON t TO other USING (k IN ('a', 'b')) WITH CHECK (a IN (SELECT id FROM u));
        CREATE STATISTICS st (mcv) ON b, lower(k) FROM t; ALTER TABLE t ALTER s SET STATISTICS 5, ALTER b SET (n_distinct = 9);
        CREATE SEQUENCE own_s START 5 OWNED BY u.t_id; ALTER TABLE u ALTER t_id SET DEFAULT nextval('own_s');
        COMMENT ON COLUMN t.a IS E'x\\ty'; COMMENT ON TABLE t IS 'it''s'; COMMENT ON CONSTRAINT nv ON u IS 'nv'; COMMENT ON INDEX part IS 'p';
        GRANT SELECT (a, b) ON t TO other; GRANT ALL ON u TO other; REVOKE EXECUTE ON FUNCTION touch FROM PUBLIC; CREATE EXTENSION citext;
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO other; CREATE PUBLICATION pub FOR TABLE t (id, a) WHERE (id IN (1, 2));
        CREATE SCHEMA s2; CREATE TABLE s2."o""dd" (id int DEFAULT nextval('t_id_seq'), z regclass DEFAULT 't', y text COLLATE "C" DEFAULT E'a\\\\b\\n');
        CREATE OPERATOR s2.=== (leftarg = int, rightarg = int, function = int4eq); CREATE TABLE s2.op (a int CHECK (a OPERATOR(s2.===) 5))
        """

    /// Classes of objects that `rich` has none of.
    static let rare = """
        SET search_path = public;
        CREATE FOREIGN DATA WRAPPER fdw OPTIONS (a 'b'); CREATE SERVER far TYPE 'x' VERSION '1' FOREIGN DATA WRAPPER fdw OPTIONS (host 'h');
        CREATE FOREIGN TABLE ft (a int OPTIONS (k 'v') NOT NULL, b text DEFAULT 'x') SERVER far OPTIONS (t 'u');
        GRANT USAGE ON FOREIGN SERVER far TO other;
        CREATE TYPE two AS (a int, b text); CREATE FUNCTION as_text(two) RETURNS text LANGUAGE sql AS 'SELECT ($1).b';
        CREATE CAST (two AS text) WITH FUNCTION as_text(two) AS ASSIGNMENT;
        CREATE FUNCTION seen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER et ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION seen(); ALTER EVENT TRIGGER et DISABLE;
        CREATE TEXT SEARCH DICTIONARY td (template = simple, accept = false);
        CREATE TEXT SEARCH CONFIGURATION tc (copy = english); ALTER TEXT SEARCH CONFIGURATION tc ALTER MAPPING FOR word, asciiword WITH td, simple;
        CREATE COLLATION co (provider = libc, locale = 'C'); CREATE TABLE collated (a text COLLATE co, b text COLLATE "C");
        CREATE CONVERSION cv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
        CREATE OPERATOR FAMILY of USING btree; CREATE FUNCTION cmp(two, two) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 0';
        CREATE FUNCTION lt(two, two) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
        CREATE OPERATOR <<< (leftarg = two, rightarg = two, function = lt, restrict = scalarltsel, join = scalarltjoinsel);
        CREATE OPERATOR CLASS oc FOR TYPE two USING btree FAMILY of AS OPERATOR 1 <<<, FUNCTION 1 cmp(two, two);
        CREATE ACCESS METHOD am TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE on_am (a int) USING am;
        CREATE PROCEDURE pr(INOUT a int, b text[] DEFAULT '{}') LANGUAGE plpgsql AS 'BEGIN a := 1; END';
        CREATE TABLE held (a int, b int, EXCLUDE USING btree (a WITH =) WHERE (b > 0), FOREIGN KEY (a) REFERENCES t (id) DEFERRABLE) WITH (fillfactor = 50);
        CREATE TABLE days (d date NOT NULL, n int, PRIMARY KEY (d, n)) PARTITION BY RANGE (d); CREATE INDEX ON days (n);
        CREATE TABLE days_2026_01 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') PARTITION BY HASH (n);
        CREATE TABLE days_2026_01_a PARTITION OF days_2026_01 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE days_rest PARTITION OF days DEFAULT; CREATE UNLOGGED TABLE quick (a int); ALTER TABLE quick REPLICA IDENTITY FULL;
        CREATE TABLE mother (a int NOT NULL, CHECK (a > 0) NO INHERIT); CREATE TABLE daughter (b int) INHERITS (mother); ALTER TABLE daughter ALTER a SET DEFAULT 4;
        CREATE VIEW guarded WITH (security_barrier) AS SELECT a FROM held WITH LOCAL CHECK OPTION;
        CREATE RULE r AS ON INSERT TO guarded DO INSTEAD INSERT INTO held (a) VALUES (NEW.a); COMMENT ON RULE r ON guarded IS 'r';
        ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC
        """

    @Test(arguments: await TestServer.everyMajor())
    func `a dump restored is equal to what was dumped`(programs: PostgresPrograms) async throws {
        try await TestServer.with(programs) { server in
            try await server.sql("CREATE ROLE other; CREATE ROLE owner")
            for name in ["one", "two", "three"] { try await server.sql("CREATE DATABASE \(name) OWNER owner") }
            // Columns and filters of publications are new in 15.
            let rich =
                programs.version.major < 15 ? Self.rich.replacing(" (id, a) WHERE (id IN (1, 2))", with: "") : Self.rich
            try await server.sql(rich, database: "one")
            try await server.sql(Self.rare, database: "one")
            try await Self.copy(server, from: "one", to: "two")
            try await Self.copy(server, from: "two", to: "three")
            let pool = CatalogPool()
            let one = try await InspectorTests.inspect(server, "one", pool: pool).catalog
            let two = try await InspectorTests.inspect(server, "two", pool: pool).catalog
            let three = try await InspectorTests.inspect(server, "three", pool: pool).catalog
            #expect(one.objects.count > 100)
            #expect(Self.differing(one, two) == [])
            #expect(Self.differing(two, three) == [])
            #expect(one === two)
        }
    }

    @Test func `a template's copy, other OIDs and other owners are equal`() async throws {
        try await TestServer.with { server in
            try await server.sql("CREATE ROLE other; CREATE ROLE a; CREATE ROLE \"b-B\"")
            try await server.sql("CREATE DATABASE one OWNER a; ")
            try await server.sql("CREATE DATABASE two OWNER \"b-B\"")
            let waste = "CREATE TABLE public.w (a serial PRIMARY KEY, b text); DROP TABLE public.w"
            for _ in 0..<3 { try await server.sql(waste, database: "two") }
            for (name, role) in [("one", "a"), ("two", "\"b-B\"")] {
                try await server.sql("ALTER SCHEMA public OWNER TO \(role)", database: name)
                try await server.sql(
                    """
                    SET ROLE \(role); SET search_path = public; CREATE TABLE t (a int, b text); GRANT SELECT ON t TO other;
                    ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO \(role), other;
                    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO other
                    """,
                    database: name
                )
            }
            try await server.sql("CREATE DATABASE three TEMPLATE two OWNER \"b-B\"")
            let pool = CatalogPool()
            let one = try await InspectorTests.inspect(server, "one", pool: pool).catalog
            let two = try await InspectorTests.inspect(server, "two", pool: pool).catalog
            let three = try await InspectorTests.inspect(server, "three", pool: pool).catalog
            #expect(one.fingerprint == two.fingerprint)
            #expect(one.privileges == two.privileges)
            #expect(two === three)
            #expect(one.objects.contains { $0.id.kind == .defaultPrivileges })
        }
    }

    static func differing(_ one: Catalog, _ two: Catalog) -> [String] {
        let old = Dictionary(uniqueKeysWithValues: one.objects.map { ($0.id, $0) })
        let new = Dictionary(uniqueKeysWithValues: two.objects.map { ($0.id, $0) })
        return Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.map { id in
            let what = old[id]?.definition == new[id]?.definition ? " (privileges)" : ""
            return "\(id)\(old[id] == nil ? " (new)" : new[id] == nil ? " (gone)" : what)"
        }.sorted()
    }

    static func copy(_ server: EmbeddedServer, from: String, to: String) async throws {
        let file = "\(server.folder)/\(from).dump"
        let user = try ProcessUser.forPostgres()
        let host = ["-h", server.folder, "-U", "postgres"]
        let dump = Command(
            server.programs.path("pg_dump"),
            host + ["-Fc", "-f", file, "-d", from],
            folder: "/",
            user: user,
            timeLimit: .seconds(60)
        )
        let dumped = try await dump.run()
        #expect(dumped.status == 0, "\(dumped.errors)")
        let restore = Command(
            server.programs.path("pg_restore"),
            host + ["--exit-on-error", "-d", to, file],
            folder: "/",
            user: user,
            timeLimit: .seconds(60)
        )
        let restored = try await restore.run()
        #expect(restored.status == 0, "\(restored.errors)")
    }
}
