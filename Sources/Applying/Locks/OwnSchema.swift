internal import Postgres

/// Our own schema `reconcile` in a database: made by us, or not used at all.
///
/// A tenant may have made one first and hung a trigger on a table of ours, which would then run with our rights. So the
/// schema and what we write to must belong to us or to a superuser, be plain tables, and have nothing hung on them.
enum OwnSchema {
    static let name = "reconcile"

    /// A statement that raises SQLSTATE RC004 unless the schema is absent or trustworthy.
    ///
    /// What is the login's own, with nothing hung on it, is passed after two plain reads; the queries that judge anything
    /// else are planned only where there is something else.
    static let guardStatement: SQL = """
        DO $rcl$
        DECLARE
            home oid;
            owner oid;
            made record;
        BEGIN
            SELECT n.oid, n.nspowner INTO home, owner FROM pg_catalog.pg_namespace n
            WHERE n.nspname OPERATOR(pg_catalog.=) 'reconcile';
            IF NOT FOUND THEN RETURN; END IF;
            IF pg_catalog.pg_get_userbyid(owner) OPERATOR(pg_catalog.<>) session_user
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid OPERATOR(pg_catalog.=) owner AND r.rolsuper)
            THEN
                RAISE EXCEPTION 'schema reconcile belongs to %', pg_catalog.pg_get_userbyid(owner) USING ERRCODE = 'RC004';
            END IF;
            FOR made IN
                SELECT c.oid, c.relname, c.relowner, c.relhastriggers, c.relkind OPERATOR(pg_catalog.<>) 'r'
                    OR c.relhasrules OR c.relrowsecurity OR c.relhassubclass AS odd
                FROM pg_catalog.pg_class c
                WHERE c.relnamespace OPERATOR(pg_catalog.=) home AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            LOOP
                IF NOT made.odd AND NOT made.relhastriggers
                    AND pg_catalog.pg_get_userbyid(made.relowner) OPERATOR(pg_catalog.=) session_user
                THEN
                    CONTINUE;
                END IF;
                IF made.odd
                    OR (pg_catalog.pg_get_userbyid(made.relowner) OPERATOR(pg_catalog.<>) session_user
                        AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles r
                            WHERE r.oid OPERATOR(pg_catalog.=) made.relowner AND r.rolsuper))
                    OR EXISTS (SELECT FROM pg_catalog.pg_trigger t
                        WHERE t.tgrelid OPERATOR(pg_catalog.=) made.oid AND NOT t.tgisinternal)
                THEN
                    RAISE EXCEPTION 'table reconcile.% is not as we make it', made.relname USING ERRCODE = 'RC004';
                END IF;
            END LOOP;
        END $rcl$;
        """

    /// Makes what a worked-on database needs; to be run inside a transaction, after the guard.
    ///
    /// A column of type `text` would make a table and an index for what is too long to stand in a row, in every database.
    static let inDatabase: SQL = """
        CREATE SCHEMA IF NOT EXISTS reconcile;
        CREATE TABLE IF NOT EXISTS reconcile.fence (
            id integer PRIMARY KEY CHECK (id = 1), epoch bigint NOT NULL,
            run_id varchar(100) NOT NULL);
        """

    /// Writes a mark.
    ///
    /// Its table is made when the first is: most databases never need one, and one that is there costs a further round
    /// trip at every look.
    static func mark(_ key: String, _ value: String) -> SQL {
        """
        CREATE TABLE IF NOT EXISTS reconcile.marks (key text PRIMARY KEY, value text NOT NULL);
        INSERT INTO reconcile.marks (key, value) VALUES (\(literal: key), \(literal: value))
        ON CONFLICT (key) DO UPDATE SET value = excluded.value
        """
    }

    /// Makes what an instance's maintenance database needs; runs of two environments may come to it at once.
    static let inMaintenanceDatabase: SQL = """
        SELECT pg_advisory_xact_lock(\(AdvisoryKey.ownSchema.value));
        CREATE SCHEMA IF NOT EXISTS reconcile;
        CREATE TABLE IF NOT EXISTS reconcile.lease (
            environment text PRIMARY KEY, epoch bigint NOT NULL, run_id text NOT NULL, os_user text NOT NULL,
            host text NOT NULL, pid integer NOT NULL, taken_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE IF NOT EXISTS reconcile.runs (
            run_id text PRIMARY KEY, environment text NOT NULL, started_at timestamptz NOT NULL DEFAULT now(),
            finished_at timestamptz, plan_digest text NOT NULL, outcome text NOT NULL, databases text NOT NULL,
            os_user text NOT NULL, host text NOT NULL, tool_version text NOT NULL);
        CREATE TABLE IF NOT EXISTS reconcile.steps (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run_id text NOT NULL, at timestamptz NOT NULL DEFAULT now(),
            database text, step text NOT NULL, kind text NOT NULL, state text NOT NULL, detail text);
        CREATE TABLE IF NOT EXISTS reconcile.beside (
            database text PRIMARY KEY, oid oid, original text NOT NULL, environment text NOT NULL, run_id text NOT NULL,
            purpose text NOT NULL, reason text NOT NULL DEFAULT '', at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE IF NOT EXISTS reconcile.moves (
            database text NOT NULL, direction text NOT NULL CHECK (direction IN ('out', 'in')), oid oid NOT NULL,
            environment text NOT NULL, run_id text NOT NULL, other text NOT NULL, connection_limit integer NOT NULL,
            at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (database, direction));
        CREATE TABLE IF NOT EXISTS reconcile.retired (
            environment text PRIMARY KEY, run_id text NOT NULL, at timestamptz NOT NULL DEFAULT now());
        """
}
