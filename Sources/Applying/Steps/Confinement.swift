internal import Migrations
internal import Postgres

/// Another role than the login, for a file's text, a statement or a check: what it hung on its tables runs with its rights
/// and no more.
///
/// `SET ROLE` is no boundary: a trigger or a function of the role lays it down again by `RESET ROLE` and is the login. So
/// the text is run by a function of the role's own with SECURITY DEFINER, within which the server lets nobody change the
/// role or the session's user (`GUC_NOT_WHILE_SEC_REST` in its `guc_tables.c`). The function is temporary, made anew for
/// each text and gone after it: what ran meanwhile as the role could have replaced it.
struct Confinement: Sendable {
    let role: String
    let searchPath: String

    /// For a text that is to run as `role`; nil where that is the login, which is what it can be at most.
    init?(role: String?, login: String, searchPath: String) {
        guard let role, role != login else { return nil }
        self.role = role
        self.searchPath = searchPath
    }

    /// Before the first text: the role, and what it runs with.
    ///
    /// Alone, for `COPY … FROM stdin`, which no function can do, it is no boundary.
    var opening: SQL {
        """
        SELECT pg_catalog.set_config('role', \(literal: role), true),
            pg_catalog.set_config('search_path', \(literal: searchPath), true)
        """
    }

    /// After the last: the login again, with names of ours alone.
    static let closing: SQL = """
        RESET SESSION AUTHORIZATION; RESET ROLE; SET LOCAL search_path = pg_catalog, pg_temp
        """

    /// Runs a text as the role, in a transaction, after `opening`.
    func run(_ text: String) -> SQL {
        """
        SELECT pg_catalog.set_config('role', \(literal: role), true),
            pg_catalog.set_config('reconcile.body', \(literal: text), true);
        CREATE FUNCTION pg_temp.rcl_confined() RETURNS pg_catalog.void LANGUAGE plpgsql SECURITY DEFINER
            AS $rcl$ BEGIN EXECUTE pg_catalog.current_setting('reconcile.body'); END $rcl$;
        SELECT pg_temp.rcl_confined();
        DROP FUNCTION IF EXISTS pg_temp.rcl_confined()
        """
    }

    /// Asks a question as the role, after `opening`, in a transaction that nothing comes of.
    ///
    /// Answered with a row: whether there was one, its first column as text, how many came after it.
    func ask(_ question: String) -> SQL {
        """
        SELECT pg_catalog.set_config('reconcile.body', \(literal: question), true);
        CREATE FUNCTION pg_temp.rcl_confined(
                OUT has_row pg_catalog.bool, OUT answer pg_catalog.text, OUT further pg_catalog.int8)
            LANGUAGE plpgsql SECURITY DEFINER AS $rcl$
            DECLARE asked pg_catalog.refcursor;
            BEGIN
                OPEN asked FOR EXECUTE pg_catalog.current_setting('reconcile.body');
                FETCH asked INTO answer;
                has_row := FOUND;
                MOVE FORWARD ALL FROM asked;
                GET DIAGNOSTICS further = ROW_COUNT;
            END $rcl$;
        SET TRANSACTION READ ONLY;
        SELECT has_row, answer, further FROM pg_temp.rcl_confined()
        """
    }

    /// Runs what triggers and constraints have put off to the commit, while it is still confined.
    ///
    /// Up to PostgreSQL 17 they run as whoever commits. A trigger can put its work off again from within: the server
    /// refuses to alter a table with such work, by which it is found. The attempt is undone and takes no lock that stops
    /// anybody's reading or writing.
    var settled: SQL {
        """
        SELECT pg_catalog.set_config('role', \(literal: role), true);
        CREATE FUNCTION pg_temp.rcl_confined() RETURNS pg_catalog.void LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp AS $rcl$
            DECLARE
                put_off record;
            BEGIN
                SET CONSTRAINTS ALL IMMEDIATE;
                IF current_setting('server_version_num')::int >= 180000 THEN RETURN; END IF;
                FOR put_off IN
                    SELECT DISTINCT c.oid::regclass::text AS name, pg_has_role(current_user, c.relowner, 'USAGE') AS is_ours
                    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                        JOIN pg_roles r ON r.oid = c.relowner LEFT JOIN pg_index i ON i.indexrelid = t.tgconstrindid
                    WHERE t.tgdeferrable AND c.relkind = 'r' AND NOT (r.rolsuper AND r.rolname <> current_user)
                        AND (t.tgfoid >= 16384 OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
                LOOP
                    IF NOT put_off.is_ours THEN
                        RAISE EXCEPTION 'a trigger of another role on % may put its work off to the commit', put_off.name
                            USING ERRCODE = 'RC003';
                    END IF;
                    BEGIN
                        EXECUTE 'ALTER TABLE ' || put_off.name || ' RESET (fillfactor)';
                        RAISE EXCEPTION 'nothing is put off' USING ERRCODE = 'RC000';
                    EXCEPTION WHEN SQLSTATE 'RC000' THEN NULL;
                    WHEN object_in_use THEN
                        RAISE EXCEPTION 'a trigger on % puts its work off to the commit, again and again', put_off.name
                            USING ERRCODE = 'RC003';
                    END;
                END LOOP;
            END $rcl$;
        SELECT pg_temp.rcl_confined();
        DROP FUNCTION IF EXISTS pg_temp.rcl_confined()
        """
    }
}

extension StatementText {
    /// Whether it says itself who goes on, which no function lets it.
    var setsRole: Bool {
        let words = sql.prefix(80).lowercased().split(whereSeparator: \.isWhitespace).prefix(4)
        guard let first = words.first, first == "set" || first == "reset" else { return false }
        let rest = words.dropFirst().first == "local" ? words.dropFirst(2) : words.dropFirst()
        guard let name = rest.first?.prefix(while: { $0.isLetter }) else { return false }
        return name == "role" || name == "session" && rest.dropFirst().first?.hasPrefix("authorization") == true
            || name == "session" && rest.dropFirst().first?.hasPrefix("role") == true
    }
}
