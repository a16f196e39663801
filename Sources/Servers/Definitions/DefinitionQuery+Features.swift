internal import FleetModel
internal import Postgres

/// Extensions, replication, foreign data, text search and languages.
extension DefinitionQuery {
    static func replication(major: Int) -> [DefinitionQuery] {
        // Filters, lists of columns and whole schemas are new in 15.
        let columns: SQL =
            major < 15
            ? "''"
            : """
            coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname) FROM pg_attribute a \
            WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)) || ')', '') \
            || coalesce(' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')', '')
            """
        let schemas: SQL =
            major < 15
            ? "''"
            : """
            coalesce(' FOR TABLES IN SCHEMA ' || (SELECT string_agg(quote_ident(sn.nspname), ', ' ORDER BY sn.nspname) \
            FROM pg_publication_namespace s JOIN pg_namespace sn ON sn.oid = s.pnnspid WHERE s.pnpubid = x.oid), '')
            """
        return [
            DefinitionQuery(
                [.publication],
                name: "x.pubname",
                text: """
                    CASE WHEN x.puballtables THEN 'FOR ALL TABLES' ELSE coalesce('FOR TABLE ' || (SELECT string_agg(\
                    r.prrelid::regclass || \(columns), ', ' ORDER BY r.prrelid::regclass::text) FROM pg_publication_rel r \
                    WHERE r.prpubid = x.oid), 'FOR no table') END || \(schemas) || ' publishing' \
                    || CASE WHEN x.pubinsert THEN ' insert' ELSE '' END || CASE WHEN x.pubupdate THEN ' update' ELSE '' END \
                    || CASE WHEN x.pubdelete THEN ' delete' ELSE '' END || CASE WHEN x.pubtruncate THEN ' truncate' ELSE '' END \
                    || CASE WHEN x.pubviaroot THEN ' via partition root' ELSE '' END \
                    || coalesce(' generated columns: ' || nullif(to_jsonb(x) ->> 'pubgencols', 'n'), '')
                    """,
                owner: "x.pubowner",
                remark: "obj_description(x.oid, 'pg_publication')",
                from: "pg_publication x"
            ),
            DefinitionQuery(
                [.subscription],
                name: "x.subname",
                text: """
                    'PUBLICATION ' || array_to_string(x.subpublications, ', ') \
                    || CASE WHEN x.subenabled THEN ' enabled' ELSE ' disabled' END || CASE WHEN x.subbinary THEN ' binary' \
                    ELSE '' END || ' slot ' || coalesce(x.subslotname, 'none') || ' synchronous_commit ' || x.subsynccommit
                    """,
                remark: "obj_description(x.oid, 'pg_subscription')",
                from: """
                    pg_subscription x WHERE x.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
                    """
            ),
        ]
    }

    static let foreign: [DefinitionQuery] = [
        DefinitionQuery(
            [.foreignDataWrapper],
            name: "x.fdwname",
            text: """
                'HANDLER ' || coalesce(nullif(x.fdwhandler, 0)::regproc::text, 'none') || ' VALIDATOR ' \
                || coalesce(nullif(x.fdwvalidator, 0)::regproc::text, 'none') || \(options("x.fdwoptions"))
                """,
            owner: "x.fdwowner",
            access: ("x.fdwacl", "'F'"),
            remark: "obj_description(x.oid, 'pg_foreign_data_wrapper')",
            from: "pg_foreign_data_wrapper x"
        ),
        DefinitionQuery(
            [.foreignServer],
            name: "x.srvname",
            text: """
                'FOREIGN DATA WRAPPER ' || (SELECT quote_ident(w.fdwname) FROM pg_foreign_data_wrapper w WHERE w.oid = x.srvfdw) \
                || coalesce(' TYPE ' || quote_literal(x.srvtype), '') || coalesce(' VERSION ' || quote_literal(x.srvversion), '') \
                || \(options("x.srvoptions"))
                """,
            owner: "x.srvowner",
            access: ("x.srvacl", "'S'"),
            remark: "obj_description(x.oid, 'pg_foreign_server')",
            from: "pg_foreign_server x"
        ),
    ]

    static let textSearch: [DefinitionQuery] = [
        DefinitionQuery(
            [.textSearchConfiguration],
            schema: "n.nspname",
            name: "x.cfgname",
            text: """
                'PARSER ' || (SELECT p.prsname FROM pg_ts_parser p WHERE p.oid = x.cfgparser) || coalesce(': ' \
                || (SELECT string_agg(m.token || ' ' || m.words, ', ' ORDER BY m.place) FROM (SELECT tm.maptokentype AS place, \
                coalesce(tt.alias, tm.maptokentype::text) AS token, string_agg(tm.mapdict::regdictionary::text, '+' \
                ORDER BY tm.mapseqno) AS words FROM pg_ts_config_map tm LEFT JOIN LATERAL \
                ts_token_type(CASE WHEN x.cfgparser < 16384 THEN x.cfgparser END) tt ON tt.tokid = tm.maptokentype \
                WHERE tm.mapcfg = x.oid GROUP BY 1, 2) AS m), '')
                """,
            owner: "x.cfgowner",
            remark: "obj_description(x.oid, 'pg_ts_config')",
            from: "pg_ts_config x JOIN pg_namespace n ON n.oid = x.cfgnamespace"
        ),
        DefinitionQuery(
            [.textSearchDictionary],
            schema: "n.nspname",
            name: "x.dictname",
            text: """
                'TEMPLATE ' || (SELECT t.tmplname FROM pg_ts_template t WHERE t.oid = x.dicttemplate) \
                || coalesce(' (' || x.dictinitoption || ')', '')
                """,
            owner: "x.dictowner",
            remark: "obj_description(x.oid, 'pg_ts_dict')",
            from: "pg_ts_dict x JOIN pg_namespace n ON n.oid = x.dictnamespace"
        ),
        DefinitionQuery(
            [.textSearchParser],
            schema: "n.nspname",
            name: "x.prsname",
            text: """
                '(start = ' || x.prsstart || ', gettoken = ' || x.prstoken || ', end = ' || x.prsend || ', lextypes = ' \
                || x.prslextype || ', headline = ' || x.prsheadline || ')'
                """,
            remark: "obj_description(x.oid, 'pg_ts_parser')",
            from: "pg_ts_parser x JOIN pg_namespace n ON n.oid = x.prsnamespace"
        ),
        DefinitionQuery(
            [.textSearchTemplate],
            schema: "n.nspname",
            name: "x.tmplname",
            text: "'(init = ' || x.tmplinit || ', lexize = ' || x.tmpllexize || ')'",
            remark: "obj_description(x.oid, 'pg_ts_template')",
            from: "pg_ts_template x JOIN pg_namespace n ON n.oid = x.tmplnamespace"
        ),
    ]

    static let others: [DefinitionQuery] = [
        DefinitionQuery(
            [.extension],
            name: "x.extname",
            text: """
                'VERSION ' || quote_literal(x.extversion) || ' SCHEMA ' \
                || (SELECT quote_ident(n.nspname) FROM pg_namespace n WHERE n.oid = x.extnamespace)
                """,
            owner: "x.extowner",
            remark: "obj_description(x.oid, 'pg_extension')",
            from: "pg_extension x"
        ),
        DefinitionQuery(
            [.eventTrigger],
            name: "x.evtname",
            text: """
                'ON ' || x.evtevent || coalesce(' WHEN TAG IN (' || (SELECT string_agg(quote_literal(t), ', ' ORDER BY t) \
                FROM unnest(x.evttags) AS t) || ')', '') || ' EXECUTE FUNCTION ' || x.evtfoid::regprocedure \
                || \(enabled("x.evtenabled"))
                """,
            owner: "x.evtowner",
            remark: "obj_description(x.oid, 'pg_event_trigger')",
            from: "pg_event_trigger x"
        ),
        DefinitionQuery(
            [.language],
            name: "x.lanname",
            text: """
                CASE WHEN x.lanpltrusted THEN 'TRUSTED ' ELSE '' END || 'HANDLER ' || coalesce(nullif(x.lanplcallfoid, 0)\
                ::regproc::text, 'none') || ' INLINE ' || coalesce(nullif(x.laninline, 0)::regproc::text, 'none') \
                || ' VALIDATOR ' || coalesce(nullif(x.lanvalidator, 0)::regproc::text, 'none')
                """,
            owner: "x.lanowner",
            access: ("x.lanacl", "'l'"),
            remark: "obj_description(x.oid, 'pg_language')",
            from: "pg_language x"
        ),
        DefinitionQuery(
            [.accessMethod],
            name: "x.amname",
            text: "'TYPE ' || CASE x.amtype WHEN 't' THEN 'TABLE' ELSE 'INDEX' END || ' HANDLER ' || x.amhandler",
            remark: "obj_description(x.oid, 'pg_am')",
            from: "pg_am x"
        ),
        DefinitionQuery(
            [.defaultPrivileges],
            schema: "n.nspname",
            name: """
                CASE x.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' \
                WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END || ' of ' || \(role("x.defaclrole"))
                """,
            text: "''",
            owner: "x.defaclrole",
            access: ("x.defaclacl", "'r'"),
            remark: "NULL::text",
            from: "pg_default_acl x LEFT JOIN pg_namespace n ON n.oid = x.defaclnamespace"
        ),
    ]
}
