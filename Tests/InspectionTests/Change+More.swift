/// What a second reading of PostgreSQL's documentation found missing in the corpus.
extension Change {
    static let more: [Change] = constraintsMore + typesMore + featuresMore

    private static let column = "CREATE TABLE t (a int, b text)"
    private static let keyed = two + "; ALTER TABLE u ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES t (id)"

    private static let constraintsMore: [Change] = [
        Change(keyed, "ALTER TABLE u DROP CONSTRAINT k", "constraint public.u.k"),
        Change(
            keyed,
            "ALTER TABLE u DROP CONSTRAINT k, ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES t (id) ON UPDATE SET NULL",
            "constraint public.u.k"
        ),
        Change(
            keyed,
            "ALTER TABLE u DROP CONSTRAINT k, ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES t (id) MATCH FULL",
            "constraint public.u.k"
        ),
        Change(
            keyed,
            "ALTER TABLE u DROP CONSTRAINT k, ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES t (id) NOT VALID",
            "constraint public.u.k"
        ),
        Change(keyed, "ALTER TABLE u ALTER CONSTRAINT k NOT ENFORCED", "constraint public.u.k").since(18),
        Change(table, "ALTER TABLE t DROP CONSTRAINT t_pkey", "constraint public.t.t_pkey", "index public.t_pkey"),
        Change(
            "CREATE TABLE t (a int, CONSTRAINT k UNIQUE (a))",
            "ALTER TABLE t DROP CONSTRAINT k, ADD CONSTRAINT k UNIQUE (a) DEFERRABLE",
            "constraint public.t.k",
            "index public.k"
        ),
        Change(
            "CREATE TABLE t (a int, CONSTRAINT k EXCLUDE (a WITH =))",
            "ALTER TABLE t DROP CONSTRAINT k, ADD CONSTRAINT k EXCLUDE (a WITH =) WHERE (a > 0)",
            "index public.k"
        ),
        Change(
            "CREATE TABLE t (a int NOT NULL)",
            "ALTER TABLE t RENAME CONSTRAINT t_a_not_null TO k",
            "constraint public.t.k",
            "constraint public.t.t_a_not_null"
        ).since(18),
        Change(
            "CREATE TABLE t (a int NOT NULL)",
            "ALTER TABLE t ALTER a DROP NOT NULL",
            "column public.t.a"
        ).notNull("constraint public.t.t_a_not_null"),
        Change(
            "CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) VIRTUAL)",
            "ALTER TABLE t ALTER g SET EXPRESSION AS (a + 2)",
            "column public.t.g"
        ).since(18),
        Change(
            "CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) STORED)",
            "ALTER TABLE t DROP g; ALTER TABLE t ADD g int GENERATED ALWAYS AS (a + 1) VIRTUAL",
            "column public.t.g"
        ).since(18),
        Change(column, "ALTER TABLE t ADD c text DEFAULT 'x'", "column public.t.c"),
        Change("CREATE TABLE t (a int DEFAULT 1)", "ALTER TABLE t ALTER a DROP DEFAULT", "column public.t.a"),
        Change(
            "CREATE TABLE t (a numeric(10, 2))",
            "ALTER TABLE t ALTER a TYPE numeric(12, 2)",
            "column public.t.a"
        ),
        Change("CREATE TABLE t (a timestamptz)", "ALTER TABLE t ALTER a TYPE timestamp", "column public.t.a"),
        Change(
            "CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 (id int)",
            "ALTER TABLE p ATTACH PARTITION p1 DEFAULT",
            "table public.p1",
            "column public.p1.id"
        ),
        Change(
            "CREATE TABLE p (id int) PARTITION BY RANGE (id)",
            "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2)",
            "table public.p1",
            "column public.p1.id"
        ),
    ]

    private static let typesMore: [Change] = [
        Change("CREATE TYPE e AS ENUM ('a', 'b')", "ALTER TYPE e ADD VALUE 'c' BEFORE 'b'", "enum public.e"),
        Change("CREATE DOMAIN d AS int DEFAULT 1", "ALTER DOMAIN d DROP DEFAULT", "domain public.d"),
        Change(
            "CREATE DOMAIN d AS int CONSTRAINT k CHECK (VALUE > 0)",
            "ALTER DOMAIN d DROP CONSTRAINT k; ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 1)",
            "constraint public.d.k"
        ),
        Change("CREATE TYPE k AS (a int)", "ALTER TYPE k ADD ATTRIBUTE b text", "column public.k.b"),
        Change(
            "CREATE TYPE k AS (a int)",
            "ALTER TYPE k RENAME ATTRIBUTE a TO b",
            "column public.k.a",
            "column public.k.b"
        ),
        Change(
            "CREATE SEQUENCE s",
            "ALTER SEQUENCE s AS integer MINVALUE 5 START 7 RESTART 7 MAXVALUE 900",
            "sequence public.s"
        ),
        Change("CREATE SEQUENCE s", "ALTER SEQUENCE s SET UNLOGGED", "sequence public.s").since(15),
        Change(
            table,
            "CREATE MATERIALIZED VIEW v AS SELECT a FROM t; CREATE INDEX i ON v (a)",
            "materialized-view public.v",
            "column public.v.a",
            "index public.i"
        ),
        Change(
            table + "; CREATE MATERIALIZED VIEW v AS SELECT a FROM t",
            "DROP MATERIALIZED VIEW v; CREATE MATERIALIZED VIEW v AS SELECT a FROM t WHERE a > 0",
            "materialized-view public.v"
        ),
        Change(
            "CREATE PROCEDURE f() LANGUAGE sql AS 'SELECT 1'",
            "CREATE OR REPLACE PROCEDURE f() LANGUAGE sql AS 'SELECT 2'",
            "procedure public.f()"
        ),
        Change(
            "CREATE FUNCTION f(a int4multirange, b point[], c money) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "ALTER FUNCTION f(int4multirange, point[], money) STRICT",
            "function public.f(int4multirange, point[], money)"
        ),
        Change(
            "CREATE TYPE e AS ENUM ('a'); CREATE FUNCTION f(a e[], b e) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "ALTER FUNCTION f(e[], e) STRICT",
            "function public.f(public.e[], public.e)"
        ),
        Change(triggered, "DROP TRIGGER tr ON t", "trigger public.t.tr"),
        Change(
            table + "; CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
            "CREATE OR REPLACE RULE r AS ON DELETE TO t DO ALSO NOTHING",
            "rule public.t.r"
        ),
        Change("", "CREATE CAST (point AS money) WITH INOUT", "cast point AS money"),
        Change(
            "CREATE TYPE k AS (a int); CREATE CAST (k AS text) WITH INOUT",
            "DROP CAST (k AS text); CREATE CAST (k AS text) WITH INOUT AS ASSIGNMENT",
            "cast public.k AS text"
        ),
        Change(
            function + "; CREATE OPERATOR === (leftarg = int, rightarg = text, function = f)",
            "CREATE FUNCTION h(int, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'; DROP OPERATOR === (int, text); "
                + "CREATE OPERATOR === (leftarg = int, rightarg = text, function = h, restrict = eqsel)",
            "function public.h(integer, text)",
            "operator public.===(integer, text)"
        ),
        Change(
            "CREATE COLLATION k (provider = libc, locale = 'C')",
            "DROP COLLATION k; CREATE COLLATION k (provider = libc, locale = 'POSIX')",
            "collation public.k"
        ),
    ]

    private static let featuresMore: [Change] = [
        Change(table + "; CREATE POLICY k ON t", "ALTER POLICY k ON t WITH CHECK (a > 0)", "policy public.t.k"),
        Change(
            table + "; CREATE POLICY k ON t",
            "DROP POLICY k ON t; CREATE POLICY k ON t AS RESTRICTIVE FOR SELECT",
            "policy public.t.k"
        ),
        Change(
            table + "; CREATE STATISTICS k ON a, b FROM t",
            "DROP STATISTICS k; CREATE STATISTICS k (ndistinct) ON a, b FROM t",
            "statistics public.k"
        ),
        Change(
            "CREATE FUNCTION g() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; "
                + "CREATE EVENT TRIGGER k ON sql_drop EXECUTE FUNCTION g()",
            "ALTER EVENT TRIGGER k DISABLE",
            "event-trigger k"
        ),
        Change("CREATE PUBLICATION k", "ALTER PUBLICATION k SET (publish = 'insert')", "publication k"),
        Change("CREATE PUBLICATION k", "DROP PUBLICATION k; CREATE PUBLICATION k FOR ALL TABLES", "publication k"),
        Change(
            "CREATE SCHEMA s; CREATE PUBLICATION k",
            "ALTER PUBLICATION k ADD TABLES IN SCHEMA s",
            "publication k"
        ).since(15),
        Change(
            table + "; CREATE PUBLICATION k FOR TABLE t",
            "ALTER PUBLICATION k SET TABLE t WHERE (id > 1)",
            "publication k"
        ).since(15),
        Change(
            "CREATE FOREIGN DATA WRAPPER k; CREATE SERVER s FOREIGN DATA WRAPPER k",
            "ALTER SERVER s OPTIONS (ADD host 'h')",
            "foreign-server s"
        ),
        Change(
            "CREATE FOREIGN DATA WRAPPER k",
            "ALTER FOREIGN DATA WRAPPER k OPTIONS (ADD x 'y')",
            "foreign-data-wrapper k"
        ),
        Change(
            "CREATE FOREIGN DATA WRAPPER k; CREATE SERVER s FOREIGN DATA WRAPPER k",
            "CREATE FOREIGN TABLE t (a int OPTIONS (x 'y')) SERVER s",
            "foreign-table public.t",
            "column public.t.a"
        ),
        Change(
            "CREATE TEXT SEARCH DICTIONARY k (template = simple)",
            "ALTER TEXT SEARCH DICTIONARY k (accept = false)",
            "text-search-dictionary public.k"
        ),
        Change(
            "",
            "CREATE TEXT SEARCH PARSER k (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype)",
            "text-search-parser public.k"
        ),
        Change(
            "",
            "CREATE TEXT SEARCH TEMPLATE k (lexize = dsimple_lexize)",
            "text-search-template public.k"
        ),
        Change("CREATE SCHEMA s", "COMMENT ON SCHEMA s IS 'x'", "comment schema s"),
        Change("CREATE VIEW v AS SELECT 1 AS a", "COMMENT ON VIEW v IS 'x'", "comment public.view v"),
        Change("CREATE TYPE e AS ENUM ()", "COMMENT ON TYPE e IS 'x'", "comment public.enum e"),
        Change(triggered, "COMMENT ON TRIGGER tr ON t IS 'x'", "comment public.trigger t.tr"),
        Change(
            "CREATE TABLE t (a int); CREATE INDEX i ON t (a)",
            "COMMENT ON INDEX i IS 'x'",
            "comment public.index i"
        ),
        Change(
            "CREATE EXTENSION citext SCHEMA public",
            "DROP EXTENSION citext",
            "extension citext",
            "comment extension citext"
        ),
    ]

    static let privilegesMore: [Change] = [
        Change("CREATE SCHEMA s", "ALTER SCHEMA s OWNER TO other", "schema s"),
        Change(function, "ALTER FUNCTION f(int, text) OWNER TO other", "function public.f(integer, text)"),
        Change("CREATE DOMAIN d AS int", "GRANT USAGE ON DOMAIN d TO other WITH GRANT OPTION", "domain public.d"),
        Change(
            "CREATE FOREIGN DATA WRAPPER k; CREATE SERVER s FOREIGN DATA WRAPPER k",
            "GRANT USAGE ON FOREIGN SERVER s TO other",
            "foreign-server s"
        ),
        Change(table, "GRANT MAINTAIN ON t TO other", "table public.t").since(17),
        Change(table, "REVOKE DELETE ON t FROM CURRENT_USER", "table public.t"),
        Change(
            "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO other",
            "ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO other",
            "default-privileges tables of the database's owner"
        ),
    ]
}
