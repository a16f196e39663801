internal import Postgres

/// What belongs to a database as a whole and to no dump of it: settings, privileges, comment, connection limit.
enum DatabaseProperties {
    /// Gives one database what another has; both by the control session, in one transaction.
    static func copy(from source: String, to copy: String, on session: Session) async throws {
        let answers = try await session.run(
            """
            SELECT statement FROM (
                SELECT 1 AS rank, format('ALTER DATABASE %I OWNER TO %I', \(literal: copy), pg_get_userbyid(d.datdba)) AS statement
                FROM pg_database d WHERE d.datname = \(literal: source)
                UNION ALL
                SELECT 2, format('ALTER DATABASE %I CONNECTION LIMIT %s', \(literal: copy), d.datconnlimit)
                FROM pg_database d WHERE d.datname = \(literal: source) AND d.datconnlimit >= 0
                UNION ALL
                SELECT 3, format('COMMENT ON DATABASE %I IS %L', \(literal: copy), shobj_description(d.oid, 'pg_database'))
                FROM pg_database d WHERE d.datname = \(literal: source) AND shobj_description(d.oid, 'pg_database') IS NOT NULL
                UNION ALL
                SELECT 4, format('REVOKE ALL ON DATABASE %I FROM PUBLIC', \(literal: copy))
                FROM pg_database d WHERE d.datname = \(literal: source) AND d.datacl IS NOT NULL
                UNION ALL
                SELECT 5, format('GRANT %s ON DATABASE %I TO %s%s', a.privilege_type, \(literal: copy),
                    CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                    CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
                FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = \(literal: source)
                UNION ALL
                -- FROM CURRENT takes the value as it stands: a list such as search_path must not be quoted as one word.
                SELECT 6, format('SELECT set_config(%L, %L, true); ALTER %s SET %s FROM CURRENT',
                    split_part(c, '=', 1), substr(c, strpos(c, '=') + 1),
                    CASE WHEN s.setrole = 0 THEN format('DATABASE %I', \(literal: copy))
                        ELSE format('ROLE %I IN DATABASE %I', pg_get_userbyid(s.setrole), \(literal: copy)) END,
                    split_part(c, '=', 1))
                FROM pg_database d JOIN pg_db_role_setting s ON s.setdatabase = d.oid, unnest(s.setconfig) c
                WHERE d.datname = \(literal: source) AND split_part(c, '=', 1) ~ '^[A-Za-z_][A-Za-z0-9_.]*$'
            ) statements ORDER BY rank, statement
            """,
            label: "database properties"
        )
        let statements = (answers.first?.rows ?? Rows(columns: [], values: [])).compactMap { $0[0] }
        guard !statements.isEmpty else { return }
        let text = SQL(joining: statements.map { SQL(writtenByUser: $0) }, separator: ";\n")
        do {
            try await session.run("BEGIN; \(text); COMMIT", label: "copy database properties")
        } catch {
            _ = try? await session.runKeepingAnswers("ROLLBACK", label: "copy database properties, rollback")
            throw error
        }
    }
}
