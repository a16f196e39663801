extension Change {
    static let others: [Change] = sequences + types + routines + features

    static let sequences: [Change] = [
        Change("", "CREATE SEQUENCE s", "sequence public.s"),
        Change("CREATE SEQUENCE s", "ALTER SEQUENCE s INCREMENT 5", "sequence public.s"),
        Change("CREATE SEQUENCE s", "ALTER SEQUENCE s CYCLE", "sequence public.s"),
        Change("CREATE SEQUENCE s", "ALTER SEQUENCE s CACHE 9", "sequence public.s"),
        Change("CREATE SEQUENCE s; CREATE TABLE t (a int)", "ALTER SEQUENCE s OWNED BY t.a", "sequence public.s"),
        Change(table, "CREATE VIEW v AS SELECT a FROM t", "view public.v", "column public.v.a"),
        Change(
            table + "; CREATE VIEW v AS SELECT a FROM t",
            "CREATE OR REPLACE VIEW v AS SELECT a FROM t WHERE a > 1",
            "view public.v"
        ),
        Change(
            table + "; CREATE VIEW v AS SELECT a FROM t",
            "ALTER VIEW v SET (security_barrier)",
            "view public.v"
        ),
        Change(
            table,
            "CREATE MATERIALIZED VIEW v AS SELECT a FROM t",
            "materialized-view public.v",
            "column public.v.a"
        ),
        Change(table, "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING", "rule public.t.r"),
        Change(
            table + "; CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
            "ALTER TABLE t DISABLE RULE r",
            "rule public.t.r"
        ),
    ]

    static let types: [Change] = [
        Change("", "CREATE TYPE e AS ENUM ('a', 'b')", "enum public.e"),
        Change("CREATE TYPE e AS ENUM ('a', 'b')", "ALTER TYPE e ADD VALUE 'c'", "enum public.e"),
        Change("CREATE TYPE e AS ENUM ('a', 'b')", "ALTER TYPE e RENAME VALUE 'a' TO 'z'", "enum public.e"),
        Change(
            "CREATE TYPE e AS ENUM ('a', 'b')",
            "DROP TYPE e; CREATE TYPE e AS ENUM ('b', 'a')",
            "enum public.e"
        ),
        Change(
            "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (a e DEFAULT 'a')",
            "ALTER TABLE t ALTER a SET DEFAULT 'b'",
            "column public.t.a"
        ),
        Change(
            "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (a e[] DEFAULT '{a}')",
            "ALTER TABLE t ALTER a SET DEFAULT '{a,b}'",
            "column public.t.a"
        ),
        Change("", "CREATE DOMAIN d AS int", "domain public.d"),
        Change("CREATE DOMAIN d AS int", "ALTER DOMAIN d SET DEFAULT 3", "domain public.d"),
        Change("CREATE DOMAIN d AS int", "ALTER DOMAIN d SET NOT NULL", "domain public.d")
            .notNull("constraint public.d.d_not_null", since: 17),
        Change("", "CREATE TYPE k AS (a int)", "composite-type public.k", "column public.k.a"),
        Change("CREATE TYPE k AS (a int)", "ALTER TYPE k ALTER ATTRIBUTE a TYPE text", "column public.k.a"),
        Change("", "CREATE TYPE r AS RANGE (subtype = int)", "range-type public.r"),
        Change(
            "CREATE TYPE r AS RANGE (subtype = int)",
            "DROP TYPE r; CREATE TYPE r AS RANGE (subtype = bigint)",
            "range-type public.r"
        ),
        Change("", "CREATE COLLATION k (provider = libc, locale = 'C')", "collation public.k"),
        Change("CREATE TYPE k AS (a int)", "CREATE CAST (k AS text) WITH INOUT", "cast public.k AS text"),
    ]

    static let routines: [Change] = [
        Change("", function, "function public.f(integer, text)"),
        function("SELECT 1", "SELECT 2"),
        Change(function, "ALTER FUNCTION f(int, text) SECURITY DEFINER", "function public.f(integer, text)"),
        Change(function, "ALTER FUNCTION f(int, text) STABLE", "function public.f(integer, text)"),
        Change(function, "ALTER FUNCTION f(int, text) COST 7", "function public.f(integer, text)"),
        Change(function, "ALTER FUNCTION f(int, text) SET work_mem = '1MB'", "function public.f(integer, text)"),
        Change(
            function,
            "CREATE OR REPLACE FUNCTION f(a int, b text DEFAULT 'y') RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "function public.f(integer, text)"
        ),
        Change(
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1",
            "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql RETURN 2",
            "function public.f()"
        ),
        Change("", "CREATE PROCEDURE f() LANGUAGE sql AS 'SELECT 1'", "procedure public.f()"),
        Change("", "CREATE AGGREGATE f(int) (sfunc = int4pl, stype = int)", "aggregate public.f(integer)"),
        Change(
            "CREATE AGGREGATE f(int) (sfunc = int4pl, stype = int)",
            "DROP AGGREGATE f(int); CREATE AGGREGATE f(int) (sfunc = int4pl, stype = int, initcond = '1')",
            "aggregate public.f(integer)"
        ),
        Change(
            function,
            "CREATE OPERATOR === (leftarg = int, rightarg = text, function = f)",
            "operator public.===(integer, text)"
        ),
        Change("", "CREATE OPERATOR FAMILY k USING btree", "operator-family public.k USING btree"),
        Change(
            "CREATE OPERATOR FAMILY k USING btree",
            "ALTER OPERATOR FAMILY k USING btree ADD OPERATOR 1 <(int, bigint)",
            "operator-family public.k USING btree"
        ),
        Change(
            "",
            "CREATE OPERATOR CLASS k FOR TYPE int USING btree AS OPERATOR 3 =, FUNCTION 1 btint4cmp(int, int)",
            "operator-class public.k USING btree",
            "operator-family public.k USING btree"
        ),
        Change(triggered, "ALTER TABLE t DISABLE TRIGGER tr", "trigger public.t.tr"),
        Change(
            triggered,
            "ALTER TABLE t RENAME a TO z",
            "column public.t.a",
            "column public.t.z",
            "trigger public.t.tr"
        ),
        Change(
            triggered,
            """
            CREATE OR REPLACE TRIGGER tr BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (OLD.a > NEW.a) EXECUTE FUNCTION g('x')
            """,
            "trigger public.t.tr"
        ),
        Change(
            triggered,
            """
            CREATE OR REPLACE TRIGGER tr BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (OLD.a <> NEW.a) EXECUTE FUNCTION g('y')
            """,
            "trigger public.t.tr"
        ),
        Change(
            "CREATE FUNCTION g() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "CREATE EVENT TRIGGER k ON sql_drop EXECUTE FUNCTION g()",
            "event-trigger k"
        ),
    ]

    private static func function(_ from: String, _ to: String) -> Change {
        Change(
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS '\(from)'",
            "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS '\(to)'",
            "function public.f()"
        )
    }

    static let features: [Change] = [
        Change(table, "CREATE POLICY k ON t USING (a > 0)", "policy public.t.k"),
        Change(
            table + "; CREATE POLICY k ON t USING (a > 0)",
            "ALTER POLICY k ON t USING (a > 1)",
            "policy public.t.k"
        ),
        Change(
            table + "; CREATE POLICY k ON t USING (a IN (SELECT 1))",
            "ALTER POLICY k ON t USING (a IN (SELECT 2))",
            "policy public.t.k"
        ),
        Change(table + "; CREATE POLICY k ON t", "ALTER POLICY k ON t TO CURRENT_USER", "policy public.t.k"),
        Change("", "CREATE EXTENSION citext SCHEMA public", "extension citext", "comment extension citext"),
        Change(table, "CREATE STATISTICS k ON a, b FROM t", "statistics public.k"),
        Change(
            table + "; CREATE STATISTICS k ON a, b FROM t",
            "ALTER STATISTICS k SET STATISTICS 9",
            "statistics public.k"
        ),
        Change("", "CREATE PUBLICATION k", "publication k"),
        Change(table + "; CREATE PUBLICATION k", "ALTER PUBLICATION k ADD TABLE t", "publication k"),
        Change(
            table + "; CREATE PUBLICATION k FOR TABLE t (id)",
            "ALTER PUBLICATION k SET TABLE t (id, a)",
            "publication k"
        ).since(15),
        Change(
            "",
            "CREATE SUBSCRIPTION k CONNECTION 'host=/nowhere' PUBLICATION p WITH (connect = false)",
            "subscription k"
        ),
        Change("", "CREATE FOREIGN DATA WRAPPER k", "foreign-data-wrapper k"),
        Change("CREATE FOREIGN DATA WRAPPER k", "CREATE SERVER s FOREIGN DATA WRAPPER k", "foreign-server s"),
        Change(
            "CREATE FOREIGN DATA WRAPPER k; CREATE SERVER s FOREIGN DATA WRAPPER k; CREATE FOREIGN TABLE t (a int) SERVER s",
            "ALTER FOREIGN TABLE t OPTIONS (ADD x 'y')",
            "foreign-table public.t"
        ),
        Change("", "CREATE TEXT SEARCH CONFIGURATION k (copy = simple)", "text-search-configuration public.k"),
        Change(
            "CREATE TEXT SEARCH CONFIGURATION k (copy = simple)",
            "ALTER TEXT SEARCH CONFIGURATION k ALTER MAPPING FOR word WITH english_stem",
            "text-search-configuration public.k"
        ),
        Change("", "CREATE TEXT SEARCH DICTIONARY k (template = simple)", "text-search-dictionary public.k"),
        Change("", "CREATE CONVERSION k FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8", "conversion public.k"),
        Change("", "CREATE ACCESS METHOD k TYPE TABLE HANDLER heap_tableam_handler", "access-method k"),
        Change("", "CREATE LANGUAGE k HANDLER plpgsql_call_handler", "language k"),
        Change(table, "COMMENT ON TABLE t IS 'x'", "comment public.table t"),
        Change(table + "; COMMENT ON TABLE t IS 'x'", "COMMENT ON TABLE t IS 'y'", "comment public.table t"),
        Change(table, "COMMENT ON COLUMN t.a IS 'x'", "comment public.column t.a"),
        Change(table, "COMMENT ON CONSTRAINT t_pkey ON t IS 'x'", "comment public.constraint t.t_pkey"),
        Change(function, "COMMENT ON FUNCTION f IS 'x'", "comment public.function f(integer, text)"),
        Change("", "COMMENT ON SCHEMA public IS 'mine'", "comment schema public"),
    ]

    /// Seen in the privileges alone.
    static let privileges: [Change] = [
        Change(table, "GRANT SELECT ON t TO other", "table public.t"),
        Change(table, "GRANT SELECT (a) ON t TO other", "column public.t.a"),
        Change(table, "ALTER TABLE t OWNER TO other", "table public.t"),
        Change(
            table + "; GRANT SELECT ON t TO other",
            "GRANT SELECT ON t TO other WITH GRANT OPTION",
            "table public.t"
        ),
        Change("", "GRANT CREATE ON SCHEMA public TO other", "schema public"),
        Change(function, "REVOKE EXECUTE ON FUNCTION f FROM PUBLIC", "function public.f(integer, text)"),
        Change("CREATE SEQUENCE s", "GRANT USAGE ON SEQUENCE s TO other", "sequence public.s"),
        Change("CREATE TYPE e AS ENUM ()", "REVOKE USAGE ON TYPE e FROM PUBLIC", "enum public.e"),
        Change(
            "",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO other",
            "default-privileges public.tables of the database's owner"
        ),
    ]

    /// What must not be seen.
    static let nothing: [Change] = [
        Change(table, "INSERT INTO t (id) VALUES (1)"),
        Change(table, "ANALYZE t"),
        Change("", "CREATE TEMP TABLE x (a int)"),
        Change(table, "ALTER TABLE t ADD x int; ALTER TABLE t DROP x"),
        Change(table, "GRANT SELECT ON t TO other; REVOKE SELECT ON t FROM other"),
        Change("", "CREATE SCHEMA quarantine_2026; CREATE TABLE quarantine_2026.t (a serial PRIMARY KEY)"),
        Change("", "CREATE SCHEMA reconcile; CREATE TABLE reconcile.marks (key text PRIMARY KEY, value text)"),
        Change(
            "",
            "CREATE SCHEMA drizzle; CREATE TABLE drizzle.x (a serial PRIMARY KEY); COMMENT ON TABLE drizzle.x IS 'x'"
        ),
        Change("CREATE EXTENSION citext SCHEMA public", "COMMENT ON TYPE citext IS 'x'"),
    ]
}
