internal import FleetModel
internal import Postgres

/// Schemas, relations and what lives in them.
extension DefinitionQuery {
    static let relations: [DefinitionQuery] = [
        DefinitionQuery(
            [.schema],
            name: "n.nspname",
            text: "'schema'",
            owner: "n.nspowner",
            // Before 15 that of `public` is whoever ran initdb, under another name on each server.
            ownerName: """
                CASE WHEN n.oid < 16384 AND n.nspowner = 10 AND current_setting('server_version_num')::int < 150000 \
                THEN 'whoever made the server' ELSE \(role("n.nspowner")) END
                """,
            access: ("n.nspacl", "'n'"),
            // Every new database has the one of `public`.
            remark: "nullif(obj_description(n.oid, 'pg_namespace'), 'standard public schema')",
            from: "pg_namespace n"
        ),
        DefinitionQuery(
            [.table, .foreignTable],
            kind: "CASE c.relkind WHEN 'f' THEN 'foreign-table' WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' END",
            schema: "n.nspname",
            name: "c.relname",
            text: table,
            owner: "c.relowner",
            access: ("c.relacl", "'r'"),
            remark: relationRemark,
            from: relation
        ),
        DefinitionQuery(
            [.view, .materializedView],
            kind: "CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized-view' END",
            schema: "n.nspname",
            name: "c.relname",
            text: """
                rtrim(pg_get_viewdef(c.oid), ';') || \(storage) || \(relationOptions)
                """,
            owner: "c.relowner",
            access: ("c.relacl", "'r'"),
            remark: relationRemark,
            from: relation
        ),
        DefinitionQuery(
            [.sequence],
            schema: "n.nspname",
            name: "c.relname",
            text: """
                CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END || 'AS ' || format_type(s.seqtypid, NULL) \
                || ' INCREMENT ' || s.seqincrement || ' MINVALUE ' || s.seqmin || ' MAXVALUE ' || s.seqmax || ' START ' \
                || s.seqstart || ' CACHE ' || s.seqcache || CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END \
                || coalesce((SELECT ' OWNED BY ' || d.refobjid::regclass || '.' || quote_ident(a.attname) FROM pg_depend d \
                JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE d.classid = 1259 \
                AND d.objid = c.oid AND d.refclassid = 1259 AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') LIMIT 1), '')
                """,
            owner: "c.relowner",
            access: ("c.relacl", "'s'"),
            remark: relationRemark,
            from: "\(relation) JOIN pg_sequence s ON s.seqrelid = c.oid"
        ),
        DefinitionQuery(
            [.index],
            schema: "n.nspname",
            name: "c.relname",
            text: """
                pg_get_indexdef(c.oid) || CASE WHEN i.indisprimary THEN ' PRIMARY KEY' ELSE '' END \
                || CASE WHEN i.indisexclusion THEN ' EXCLUDE' ELSE '' END \
                || CASE WHEN i.indimmediate THEN '' ELSE ' DEFERRABLE' END \
                || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END \
                || CASE WHEN i.indisclustered THEN ' CLUSTER' ELSE '' END \
                || CASE WHEN i.indisreplident THEN ' REPLICA IDENTITY' ELSE '' END \
                || CASE WHEN c.relpersistence = 'u' THEN ' UNLOGGED' ELSE '' END \
                || coalesce((SELECT ' ATTACHED TO ' || string_agg(h.inhparent::regclass::text, ', ') FROM pg_inherits h \
                WHERE h.inhrelid = c.oid), '') || coalesce((SELECT string_agg(' COLUMN ' || a.attnum || ' STATISTICS ' \
                || a.attstattarget, '' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid \
                AND a.attstattarget >= 0), '')
                """,
            remark: relationRemark,
            from: "\(relation) JOIN pg_index i ON i.indexrelid = c.oid"
        ),
    ]

    private static let relation: SQL = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    private static let relationRemark: SQL = "obj_description(c.oid, 'pg_class')"

    private static let storage: SQL = """
        coalesce((SELECT ' USING ' || quote_ident(am.amname) FROM pg_am am WHERE am.oid = c.relam AND am.amname <> 'heap'), '') \
        || coalesce((SELECT ' TABLESPACE ' || quote_ident(ts.spcname) FROM pg_tablespace ts WHERE ts.oid = c.reltablespace), '')
        """

    /// `toast.*` options stand at the TOAST table.
    private static let relationOptions: SQL = """
        coalesce(' WITH (' || (SELECT string_agg(x, ', ' ORDER BY x) FROM (SELECT unnest(c.reloptions) AS x UNION ALL \
        SELECT 'toast.' || unnest(tt.reloptions) FROM pg_class tt WHERE tt.oid = c.reltoastrelid) AS x) || ')', '')
        """

    private static let table: SQL = """
        CASE WHEN c.relpersistence = 'u' THEN 'UNLOGGED TABLE' WHEN c.relkind = 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END \
        || CASE WHEN c.reloftype <> 0 THEN ' OF ' || c.reloftype::regtype ELSE '' END \
        || CASE WHEN c.relispartition THEN coalesce((SELECT ' PARTITION OF ' || h.inhparent::regclass || ' ' \
        || pg_get_expr(c.relpartbound, c.oid) || CASE WHEN h.inhdetachpending THEN ' (being detached)' ELSE '' END \
        FROM pg_inherits h WHERE h.inhrelid = c.oid), '') ELSE coalesce((SELECT ' INHERITS (' \
        || string_agg(h.inhparent::regclass::text, ', ' ORDER BY h.inhseqno) || ')' FROM pg_inherits h \
        WHERE h.inhrelid = c.oid), '') END || coalesce(' PARTITION BY ' || pg_get_partkeydef(c.oid), '') \
        || coalesce((SELECT ' SERVER ' || quote_ident(fs.srvname) || \(options("ft.ftoptions")) FROM pg_foreign_table ft \
        JOIN pg_foreign_server fs ON fs.oid = ft.ftserver WHERE ft.ftrelid = c.oid), '') \
        || \(storage) || \(relationOptions) || CASE WHEN c.relrowsecurity THEN ' ROW LEVEL SECURITY' ELSE '' END \
        || CASE WHEN c.relforcerowsecurity THEN ' FORCE ROW LEVEL SECURITY' ELSE '' END || CASE c.relreplident \
        WHEN 'n' THEN ' REPLICA IDENTITY NOTHING' WHEN 'f' THEN ' REPLICA IDENTITY FULL' \
        WHEN 'i' THEN ' REPLICA IDENTITY USING INDEX' ELSE '' END
        """

    static let parts: [DefinitionQuery] = [
        DefinitionQuery(
            [.column],
            schema: "n.nspname",
            name: "c.relname || '.' || a.attname",
            text: column,
            granter: "c.relowner",
            access: ("a.attacl", "'c'"),
            remark: "col_description(a.attrelid, a.attnum)",
            from: """
                pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                JOIN pg_type ty ON ty.oid = a.atttypid LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid \
                AND ad.adnum = a.attnum WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
                """
        ),
        DefinitionQuery(
            [.constraint],
            schema: "n.nspname",
            name: "coalesce(c.relname, ty.typname) || '.' || k.conname",
            text: """
                pg_get_constraintdef(k.oid) || CASE WHEN k.conparentid <> 0 THEN ' (of a partition)' \
                WHEN k.coninhcount > 0 THEN CASE WHEN k.conislocal THEN ' (also inherited)' ELSE ' (inherited)' END ELSE '' END
                """,
            remark: "obj_description(k.oid, 'pg_constraint')",
            from: """
                pg_constraint k LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type ty ON ty.oid = k.contypid \
                JOIN pg_namespace n ON n.oid = coalesce(c.relnamespace, ty.typnamespace)
                """
        ),
        DefinitionQuery(
            [.trigger],
            schema: "n.nspname",
            name: """
                c.relname || '.' || CASE WHEN g.tgisinternal AND g.tgconstraint <> 0 THEN (SELECT k.conname \
                FROM pg_constraint k WHERE k.oid = g.tgconstraint) || ' (' \
                || \(ConstraintTrigger.task(of: "g.tgfoid::oid")) || ')' ELSE g.tgname END
                """,
            text: """
                CASE WHEN g.tgisinternal THEN 'trigger of the constraint' ELSE pg_get_triggerdef(g.oid) END || \(enabled("g.tgenabled")) \
                || CASE WHEN g.tgparentid <> 0 THEN ' (of a partition)' ELSE '' END
                """,
            remark: "obj_description(g.oid, 'pg_trigger')",
            from: """
                pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE NOT g.tgisinternal OR g.tgenabled <> 'O'
                """
        ),
        DefinitionQuery(
            [.rule],
            schema: "n.nspname",
            name: "c.relname || '.' || r.rulename",
            text: "pg_get_ruledef(r.oid) || \(enabled("r.ev_enabled"))",
            remark: "obj_description(r.oid, 'pg_rewrite')",
            from: "pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace"
        ),
        DefinitionQuery(
            [.policy],
            schema: "n.nspname",
            name: "c.relname || '.' || p.polname",
            text: """
                CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END || ' FOR ' || CASE p.polcmd WHEN 'r' \
                THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END || ' TO ' \
                || (SELECT string_agg(CASE x WHEN 0 THEN 'PUBLIC' ELSE \(role("x")) END, ', ' ORDER BY 1) \
                FROM unnest(p.polroles) AS x) || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '') \
                || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')
                """,
            remark: "obj_description(p.oid, 'pg_policy')",
            from: "pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        ),
        DefinitionQuery(
            [.statistics],
            schema: "n.nspname",
            name: "x.stxname",
            text: """
                pg_get_statisticsobjdef(x.oid) || CASE WHEN x.stxstattarget >= 0 THEN ' STATISTICS ' || x.stxstattarget ELSE '' END
                """,
            owner: "x.stxowner",
            remark: "obj_description(x.oid, 'pg_statistic_ext')",
            from: "pg_statistic_ext x JOIN pg_namespace n ON n.oid = x.stxnamespace"
        ),
    ]

    static func enabled(_ letter: SQL) -> SQL {
        "CASE \(letter) WHEN 'D' THEN ' DISABLED' WHEN 'R' THEN ' ENABLED REPLICA' WHEN 'A' THEN ' ENABLED ALWAYS' ELSE '' END"
    }

    private static let column: SQL = """
        format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attcollation <> ty.typcollation \
        THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END \
        || CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' WHEN 'd' \
        THEN ' GENERATED BY DEFAULT AS IDENTITY' ELSE '' END || coalesce(CASE a.attgenerated WHEN 's' \
        THEN ' GENERATED ALWAYS AS (' || pg_get_expr(ad.adbin, ad.adrelid) || ') STORED' WHEN 'v' \
        THEN ' GENERATED ALWAYS AS (' || pg_get_expr(ad.adbin, ad.adrelid) || ') VIRTUAL' \
        ELSE ' DEFAULT ' || pg_get_expr(ad.adbin, ad.adrelid) END, '') \
        || CASE WHEN a.attstorage = ty.typstorage THEN '' ELSE ' STORAGE ' || CASE a.attstorage WHEN 'p' THEN 'PLAIN' \
        WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END \
        || CASE a.attcompression WHEN 'p' THEN ' COMPRESSION pglz' WHEN 'l' THEN ' COMPRESSION lz4' ELSE '' END \
        || CASE WHEN a.attstattarget >= 0 THEN ' STATISTICS ' || a.attstattarget ELSE '' END \
        || \(options("a.attoptions", before: "' SET ('")) || \(options("a.attfdwoptions")) \
        || CASE WHEN a.attinhcount > 0 THEN CASE WHEN a.attislocal THEN ' (also inherited' ELSE ' (inherited' END \
        || CASE WHEN a.attinhcount > 1 THEN ' from ' || a.attinhcount || ' tables)' ELSE ')' END \
        WHEN a.attislocal THEN '' ELSE ' (of its type)' END
        """
}
