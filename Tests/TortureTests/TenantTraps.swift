/// What a tenant hangs in a database of its own, so that whoever works there with more rights hands them over.
///
/// Each trap calls `grab`, written by the tenant, which lays down any role it was given, tells the server's log what it is
/// where that is more than the tenant, and helps itself.
enum TenantTraps {
    /// The function, with a folder that the server's user can write to.
    static func grab(_ evidence: String) -> String {
        """
        CREATE FUNCTION public.grab(how text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $grab$
        DECLARE
            attempt text;
        BEGIN
            BEGIN PERFORM pg_catalog.set_config('role', 'none', false); EXCEPTION WHEN OTHERS THEN NULL; END;
            IF EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) current_user
                    AND (r.rolsuper OR r.rolcreatedb OR r.rolcreaterole OR r.rolbypassrls OR r.rolreplication))
                OR EXISTS (SELECT FROM pg_catalog.pg_roles r
                    WHERE (r.rolname OPERATOR(pg_catalog.=) 'neighbour'
                        OR r.rolname OPERATOR(pg_catalog.~) '^pg_' AND r.rolname OPERATOR(pg_catalog.<>) 'pg_database_owner')
                    AND pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER'))
            THEN
                RAISE LOG 'CAUGHT by % as %, session of %', how, current_user, session_user;
                FOREACH attempt IN ARRAY ARRAY[
                    'ALTER ROLE tenant SUPERUSER', 'GRANT neighbour TO tenant', 'ALTER DATABASE neighbour OWNER TO tenant',
                    'COPY (SELECT 1) TO PROGRAM ''touch \(evidence)/caught''']
                LOOP
                    BEGIN EXECUTE attempt; EXCEPTION WHEN OTHERS THEN NULL; END;
                END LOOP;
            END IF;
            RETURN true;
        END $grab$;
        CREATE FUNCTION public.grab_as_text(how text, value text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
            $$ BEGIN PERFORM public.grab(how); RETURN value; END $$;
        CREATE FUNCTION public.grab_as_trigger() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM public.grab(TG_ARGV[0]); RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END $$;

        """
    }

    /// Everything that a run lives with: none of it keeps the database from being worked on.
    static let harmless = """
        SET search_path = public;
        -- What is called in the names of PostgreSQL's own.
        CREATE FUNCTION public.grab_equal(name, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT public.grab(''operator'')';
        CREATE FUNCTION public.grab_equal(varchar, varchar) RETURNS boolean LANGUAGE sql AS
            'SELECT public.grab(''operator'')';
        CREATE FUNCTION public.grab_equal(name, text) RETURNS boolean LANGUAGE sql AS 'SELECT public.grab(''operator'')';
        CREATE FUNCTION public.grab_equal(oid, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT public.grab(''operator'')';
        CREATE FUNCTION public.grab_joined(text, varchar) RETURNS text LANGUAGE sql AS
            'SELECT public.grab(''operator'')::text';
        CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = varchar, FUNCTION = public.grab_equal);
        CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.grab_equal);
        CREATE OPERATOR public.<> (LEFTARG = name, RIGHTARG = varchar, FUNCTION = public.grab_equal);
        CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = bigint, FUNCTION = public.grab_equal);
        CREATE OPERATOR public.~~ (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.grab_equal);
        CREATE OPERATOR public.~ (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.grab_equal);
        CREATE OPERATOR public.|| (LEFTARG = text, RIGHTARG = varchar, FUNCTION = public.grab_joined);
        CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT public.grab(''lower'')::text';
        CREATE FUNCTION public.count() RETURNS bigint LANGUAGE sql AS 'SELECT public.grab(''count'')::int::bigint';
        CREATE FUNCTION public.format(varchar, name, name) RETURNS text LANGUAGE sql AS
            'SELECT public.grab(''format'')::text';
        CREATE FUNCTION public.coalesce(text, varchar) RETURNS text LANGUAGE sql AS
            'SELECT public.grab(''coalesce'')::text';
        CREATE FUNCTION public.to_regclass(varchar) RETURNS regclass LANGUAGE sql AS
            'SELECT (public.grab(''to_regclass'')::int)::regclass';
        CREATE FUNCTION public.pg_get_userbyid(bigint) RETURNS name LANGUAGE sql AS
            'SELECT public.grab(''pg_get_userbyid'')::text::name';
        CREATE FUNCTION public.set_config(varchar, varchar, boolean) RETURNS text LANGUAGE sql AS
            'SELECT public.grab(''set_config'')::text';
        CREATE AGGREGATE public.sum (varchar) (SFUNC = public.grab_joined, STYPE = text);
        -- What runs where rows are read, written or put back.
        CREATE DOMAIN public.trap_domain AS text CHECK (public.grab('domain'));
        CREATE TABLE public.trap_rows (
            n int CHECK (public.grab('check')), d public.trap_domain DEFAULT public.grab_as_text('default', 'd'),
            g text GENERATED ALWAYS AS (public.grab_as_text('generated column', 'g')) STORED);
        INSERT INTO public.trap_rows VALUES (1), (2);
        CREATE FUNCTION public.trap_text(public.trap_rows) RETURNS text LANGUAGE sql AS
            'SELECT public.grab(''cast'')::text';
        CREATE CAST (public.trap_rows AS text) WITH FUNCTION public.trap_text (public.trap_rows) AS IMPLICIT;
        CREATE INDEX trap_index ON public.trap_rows (public.grab_as_text('index', n::text));
        CREATE STATISTICS public.trap_statistics ON (public.grab_as_text('statistics', n::text)), d FROM public.trap_rows;
        CREATE TABLE public.trap_child (more text) INHERITS (public.trap_rows);
        INSERT INTO public.trap_child VALUES (3);
        CREATE TABLE public.trap_split (n int) PARTITION BY RANGE (public.grab_as_text('partition', n::text));
        CREATE TABLE public.trap_split_1 PARTITION OF public.trap_split DEFAULT;
        CREATE VIEW public.trap_view AS SELECT 1 AS one WHERE public.grab('view');
        CREATE MATERIALIZED VIEW public.trap_materialized AS SELECT 1 AS one WHERE public.grab('materialized view');
        CREATE RULE trap_rule AS ON INSERT TO public.trap_rows DO ALSO SELECT public.grab('rule');
        CREATE POLICY trap_policy ON public.trap_rows USING (public.grab('policy'));
        ALTER TABLE public.trap_rows ENABLE ROW LEVEL SECURITY;
        CREATE FUNCTION public.trap_definer() RETURNS boolean LANGUAGE sql SECURITY DEFINER AS
            'SELECT public.grab(''security definer'')';
        CREATE PUBLICATION trap_publication FOR TABLE public.trap_rows;
        ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC;
        ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
        CREATE COLLATION public."C" FROM "POSIX";
        CREATE TABLE public."trap_\u{1B}[2J\u{1B}]0;title\u{07}\u{202E}" (n int);
        COMMENT ON TABLE public.trap_rows IS E'\\u001B[31mred\\u001B]8;;http://example.org\\u0007';
        -- What runs within a migration.
        CREATE TRIGGER trap_row BEFORE INSERT OR UPDATE ON public.notes
            FOR EACH ROW EXECUTE FUNCTION public.grab_as_trigger('row trigger');
        CREATE TRIGGER trap_statement AFTER INSERT OR UPDATE ON public.notes
            FOR EACH STATEMENT EXECUTE FUNCTION public.grab_as_trigger('statement trigger');
        CREATE CONSTRAINT TRIGGER trap_deferred AFTER INSERT OR UPDATE ON public.notes DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION public.grab_as_trigger('deferred trigger');
        ALTER TABLE public.notes ADD CONSTRAINT trap_check CHECK (public.grab('check of a migrated table'));
        CREATE INDEX trap_notes ON public.notes (public.grab_as_text('index of a migrated table', body));
        CREATE FUNCTION public.trap_poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_catalog.set_config('search_path', 'public, pg_catalog', false);
            PERFORM pg_catalog.set_config('standard_conforming_strings', 'off', false);
            IF pg_catalog.to_regclass('pg_temp.pg_class') IS NULL THEN
                CREATE TEMPORARY VIEW pg_class AS SELECT * FROM pg_catalog.pg_class WHERE public.grab('temporary view');
                CREATE TEMPORARY VIEW pg_database AS
                    SELECT * FROM pg_catalog.pg_database WHERE public.grab('temporary view');
                CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (public.grab('temporary domain'));
                CREATE DOMAIN pg_temp.int8 AS pg_catalog.int8 CHECK (public.grab('temporary domain'));
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER trap_session AFTER INSERT ON public.notes FOR EACH ROW EXECUTE FUNCTION public.trap_poison();
        """

    /// What the owner of a database sets for every session in it; some of it the server refuses from the start.
    static let settings = [
        "search_path TO public", "default_transaction_read_only TO on", "synchronous_commit TO off",
        "row_security TO on", "role TO neighbour", "statement_timeout TO 1", "lock_timeout TO 1",
        "idle_in_transaction_session_timeout TO 1", "\"TimeZone\" TO 'Asia/Kathmandu'", "\"DateStyle\" TO 'German'",
        "\"IntervalStyle\" TO iso_8601", "bytea_output TO escape", "extra_float_digits TO -15",
        "quote_all_identifiers TO on", "standard_conforming_strings TO off", "client_encoding TO latin1",
        "default_transaction_isolation TO serializable", "check_function_bodies TO off", "jit TO on",
        "session_preload_libraries TO nothing", "session_replication_role TO replica", "xmlbinary TO hex",
        "enable_seqscan TO off", "reconcile.body TO 'DROP TABLE notes'", "event_triggers TO off",
        "array_nulls TO off", "transform_null_equals TO on",
        "backslash_quote TO off", "xmloption TO document", "plpgsql.extra_errors TO 'all'",
        "default_transaction_deferrable TO on",

        "lc_messages TO 'C'", "idle_session_timeout TO 1", "client_min_messages TO debug5",
        "application_name TO 'reconcile/x'",
        "my.own TO $$'; ALTER ROLE tenant SUPERUSER; --$$",
        "search_path TO public, $$\"; ALTER ROLE tenant SUPERUSER; --$$",
    ]

    /// A value that the server remarks on whenever somebody comes.
    static let remarked = "default_table_access_method TO E'\\u001B[31mred'"

    /// What a history table, or our own schema, may not have; and what is said of it.
    static let refused: [(name: String, sql: String, said: String)] =
        history.map { (name: $0, sql: $1, said: "something hangs on it that would run") }
        + own.map { (name: $0, sql: $1, said: "reconcile") }

    private static let table = "drizzle.__drizzle_migrations"
    private static let history: [(String, String)] = [
        (
            "h_domain",
            "CREATE DOMAIN public.d AS text CHECK (public.grab('domain')); ALTER TABLE \(table) ALTER hash TYPE public.d"
        ),
        ("h_enum", "CREATE TYPE public.e AS ENUM ('a'); ALTER TABLE \(table) ADD e public.e"),
        ("h_composite", "CREATE TYPE public.c AS (n int); ALTER TABLE \(table) ADD c public.c"),
        (
            "h_generated",
            "ALTER TABLE \(table) ADD g text GENERATED ALWAYS AS (public.grab_as_text('generated', hash)) STORED"
        ),
        (
            "h_foreign_key",
            "CREATE TABLE public.trap_p (id int PRIMARY KEY); ALTER TABLE \(table) ADD p int REFERENCES public.trap_p"
        ),
        ("h_index", "CREATE INDEX ON \(table) (public.grab_as_text('index', hash))"),
        ("h_partial_index", "CREATE INDEX ON \(table) (hash) WHERE public.grab_as_text('index', hash) <> ''"),
        ("h_check", "ALTER TABLE \(table) ADD CHECK (public.grab('check'))"),
        ("h_default", "ALTER TABLE \(table) ADD n text DEFAULT public.grab_as_text('default', '')"),
        (
            "h_trigger",
            "CREATE TRIGGER t BEFORE INSERT ON \(table) FOR EACH ROW EXECUTE FUNCTION public.grab_as_trigger('trigger')"
        ),
        (
            "h_truncate",
            "CREATE TRIGGER t BEFORE TRUNCATE ON \(table) EXECUTE FUNCTION public.grab_as_trigger('truncate trigger')"
        ),
        (
            "h_deferred",
            "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON \(table) DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
                + "EXECUTE FUNCTION public.grab_as_trigger('deferred trigger')"
        ),
        ("h_rule", "CREATE RULE r AS ON INSERT TO \(table) DO ALSO SELECT public.grab('rule')"),
        (
            "h_policy",
            "ALTER TABLE \(table) ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON \(table) USING (public.grab('policy'))"
        ),
        ("h_child", "CREATE TABLE public.trap_heir () INHERITS (\(table))"),
        ("h_exclusion", "ALTER TABLE \(table) ADD EXCLUDE (public.grab_as_text('exclusion', hash) WITH =)"),
    ]

    private static let fence =
        "CREATE TABLE reconcile.fence (id integer PRIMARY KEY, epoch bigint, run_id varchar(100))"
    private static let own: [(String, String)] = [
        ("o_schema", "CREATE SCHEMA reconcile"),
        (
            "o_fence",
            "CREATE SCHEMA reconcile; \(fence); INSERT INTO reconcile.fence VALUES (1, 9223372036854775807, 'x')"
        ),
        (
            "o_trigger",
            "CREATE SCHEMA reconcile; \(fence); CREATE TRIGGER t BEFORE INSERT ON reconcile.fence FOR EACH ROW "
                + "EXECUTE FUNCTION public.grab_as_trigger('trigger on the fence')"
        ),
        (
            "o_rule",
            "CREATE SCHEMA reconcile; \(fence); CREATE RULE r AS ON INSERT TO reconcile.fence DO ALSO SELECT public.grab('rule')"
        ),
        (
            "o_view",
            "CREATE SCHEMA reconcile; CREATE VIEW reconcile.fence AS SELECT 1 AS id, 1::bigint AS epoch, ''::text AS run_id "
                + "WHERE public.grab('view as the fence')"
        ),
        (
            "o_default",
            "CREATE SCHEMA reconcile; \(fence); ALTER TABLE reconcile.fence ADD d text "
                + "DEFAULT public.grab_as_text('default of the fence', '')"
        ),
        (
            "o_policy",
            "CREATE SCHEMA reconcile; \(fence); ALTER TABLE reconcile.fence ENABLE ROW LEVEL SECURITY; "
                + "CREATE POLICY p ON reconcile.fence USING (public.grab('policy of the fence'))"
        ),
        (
            "o_marks",
            "CREATE SCHEMA reconcile; CREATE VIEW reconcile.marks AS SELECT 'init'::text AS key, 'pending'::text AS value "
                + "WHERE public.grab('view as the marks')"
        ),
    ]
}
