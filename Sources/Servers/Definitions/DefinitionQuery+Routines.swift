internal import FleetModel
internal import Postgres

/// Types, functions and what is made of them.
extension DefinitionQuery {
    static let types: [DefinitionQuery] = [
        DefinitionQuery(
            [.enumeration, .domain, .compositeType, .rangeType, .baseType],
            kind: """
                CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite-type' \
                WHEN 'r' THEN 'range-type' WHEN 'b' THEN 'type' WHEN 'p' THEN 'type' END
                """,
            schema: "n.nspname",
            name: "t.typname",
            text: """
                CASE t.typtype WHEN 'e' THEN 'ENUM (' || coalesce((SELECT string_agg(quote_literal(e.enumlabel), ', ' \
                ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), '') || ')' \
                WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) || CASE WHEN t.typcollation <> (SELECT b.typcollation \
                FROM pg_type b WHERE b.oid = t.typbasetype) THEN ' COLLATE ' || t.typcollation::regcollation ELSE '' END \
                || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END || coalesce(' DEFAULT ' || t.typdefault, '') \
                WHEN 'c' THEN '(' || coalesce((SELECT string_agg(quote_ident(a.attname) || ' ' \
                || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum) FROM pg_attribute a \
                WHERE a.attrelid = t.typrelid AND NOT a.attisdropped), '') || ')' \
                WHEN 'r' THEN (SELECT 'RANGE (subtype = ' || format_type(r.rngsubtype, NULL) || ', opclass = ' \
                || (SELECT oc.opcname FROM pg_opclass oc WHERE oc.oid = r.rngsubopc) || CASE WHEN r.rngcollation <> 0 \
                THEN ', collation = ' || r.rngcollation::regcollation ELSE '' END || CASE WHEN r.rngcanonical::oid <> 0 \
                THEN ', canonical = ' || r.rngcanonical::regprocedure ELSE '' END || CASE WHEN r.rngsubdiff::oid <> 0 \
                THEN ', subtype_diff = ' || r.rngsubdiff::regprocedure ELSE '' END || ', multirange = ' \
                || r.rngmultitypid::regtype || ')' FROM pg_range r WHERE r.rngtypid = t.oid) \
                ELSE CASE WHEN t.typisdefined THEN '(input = ' || t.typinput::regproc || ', output = ' || t.typoutput::regproc \
                || ', length = ' || t.typlen || ', alignment = ' || t.typalign::text || ', storage = ' || t.typstorage::text \
                || ', delimiter = ' || t.typdelim::text || CASE WHEN t.typispreferred THEN ', preferred' ELSE '' END \
                || coalesce(', default = ' || t.typdefault, '') || ')' ELSE 'shell type' END END
                """,
            owner: "t.typowner",
            access: ("t.typacl", "'T'"),
            remark: "obj_description(t.oid, 'pg_type')",
            from: """
                pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid \
                WHERE (t.typrelid = 0 OR c.relkind = 'c') AND NOT (t.typcategory = 'A' AND t.typelem <> 0)
                """
        ),
        DefinitionQuery(
            [.cast],
            name: "\(typeName("x.castsource")) || ' AS ' || \(typeName("x.casttarget"))",
            text: """
                CASE x.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || x.castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' \
                ELSE 'WITHOUT FUNCTION' END || CASE x.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' \
                ELSE '' END
                """,
            remark: "obj_description(x.oid, 'pg_cast')",
            from: "pg_cast x WHERE x.oid >= 16384"
        ),
        DefinitionQuery(
            [.transform],
            name: """
                x.trftype::regtype || ' LANGUAGE ' || (SELECT l.lanname FROM pg_language l WHERE l.oid = x.trflang)
                """,
            text: """
                'FROM SQL ' || coalesce(nullif(x.trffromsql::oid, 0)::regprocedure::text, 'none') || ', TO SQL ' \
                || coalesce(nullif(x.trftosql::oid, 0)::regprocedure::text, 'none')
                """,
            remark: "obj_description(x.oid, 'pg_transform')",
            from: "pg_transform x"
        ),
        DefinitionQuery(
            [.collation],
            schema: "n.nspname",
            name: "x.collname",
            text: """
                'provider = ' || x.collprovider::text || ', locale = ' || coalesce(to_jsonb(x) ->> 'colllocale', \
                to_jsonb(x) ->> 'colliculocale', x.collcollate || '/' || x.collctype, '') \
                || CASE WHEN x.collisdeterministic THEN '' ELSE ', not deterministic' END \
                || coalesce(', rules = ' || (to_jsonb(x) ->> 'collicurules'), '')
                """,
            owner: "x.collowner",
            remark: "obj_description(x.oid, 'pg_collation')",
            from: "pg_collation x JOIN pg_namespace n ON n.oid = x.collnamespace"
        ),
        DefinitionQuery(
            [.conversion],
            schema: "n.nspname",
            name: "x.conname",
            text: """
                CASE WHEN x.condefault THEN 'DEFAULT ' ELSE '' END || 'FOR ' || pg_encoding_to_char(x.conforencoding) \
                || ' TO ' || pg_encoding_to_char(x.contoencoding) || ' FROM ' || x.conproc
                """,
            owner: "x.conowner",
            remark: "obj_description(x.oid, 'pg_conversion')",
            from: "pg_conversion x JOIN pg_namespace n ON n.oid = x.connamespace"
        ),
    ]

    static let routines: [DefinitionQuery] = [
        DefinitionQuery(
            [.function, .procedure, .aggregate],
            kind: "CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'p' THEN 'procedure' ELSE 'function' END",
            schema: "n.nspname",
            name: """
                p.proname || '(' || coalesce((SELECT string_agg(\(typeName("x.type")), ', ' ORDER BY x.place) \
                FROM unnest(p.proargtypes) WITH ORDINALITY AS x (type, place)), '') || ')'
                """,
            text: "CASE p.prokind WHEN 'a' THEN (\(aggregate)) ELSE pg_get_functiondef(p.oid) END",
            owner: "p.proowner",
            access: ("p.proacl", "'f'"),
            remark: "obj_description(p.oid, 'pg_proc')",
            from: "pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid >= 16384"
        ),
        DefinitionQuery(
            [.operator],
            schema: "n.nspname",
            name: "x.oprname || '(' || x.oprleft::regtype || ', ' || x.oprright::regtype || ')'",
            text: """
                'FUNCTION = ' || x.oprcode || CASE WHEN x.oprcom <> 0 THEN ', COMMUTATOR = ' || x.oprcom::regoperator ELSE '' END \
                || CASE WHEN x.oprnegate <> 0 THEN ', NEGATOR = ' || x.oprnegate::regoperator ELSE '' END \
                || CASE WHEN x.oprrest::oid <> 0 THEN ', RESTRICT = ' || x.oprrest ELSE '' END \
                || CASE WHEN x.oprjoin::oid <> 0 THEN ', JOIN = ' || x.oprjoin ELSE '' END \
                || CASE WHEN x.oprcanhash THEN ', HASHES' ELSE '' END || CASE WHEN x.oprcanmerge THEN ', MERGES' ELSE '' END \
                || ' RETURNS ' || format_type(x.oprresult, NULL)
                """,
            owner: "x.oprowner",
            remark: "obj_description(x.oid, 'pg_operator')",
            from: "pg_operator x JOIN pg_namespace n ON n.oid = x.oprnamespace WHERE x.oid >= 16384"
        ),
        DefinitionQuery(
            [.operatorClass],
            schema: "n.nspname",
            name: "x.opcname || ' USING ' || am.amname",
            text: """
                CASE WHEN x.opcdefault THEN 'DEFAULT ' ELSE '' END || 'FOR TYPE ' || format_type(x.opcintype, NULL) \
                || ' FAMILY ' || (SELECT f.opfname FROM pg_opfamily f WHERE f.oid = x.opcfamily) \
                || CASE WHEN x.opckeytype <> 0 THEN ' STORAGE ' || format_type(x.opckeytype, NULL) ELSE '' END
                """,
            owner: "x.opcowner",
            remark: "obj_description(x.oid, 'pg_opclass')",
            from: "pg_opclass x JOIN pg_am am ON am.oid = x.opcmethod JOIN pg_namespace n ON n.oid = x.opcnamespace"
        ),
        DefinitionQuery(
            [.operatorFamily],
            schema: "n.nspname",
            name: "x.opfname || ' USING ' || am.amname",
            text: """
                coalesce((SELECT string_agg('OPERATOR ' || o.amopstrategy || ' ' || o.amopopr::regoperator \
                || CASE WHEN o.amoppurpose = 'o' THEN ' FOR ORDER BY' ELSE '' END, ', ' ORDER BY o.amopstrategy, \
                o.amopopr::regoperator::text) FROM pg_amop o WHERE o.amopfamily = x.oid), 'no operators') \
                || coalesce('; ' || (SELECT string_agg('FUNCTION ' || o.amprocnum || ' (' \
                || format_type(o.amproclefttype, NULL) || ', ' || format_type(o.amprocrighttype, NULL) || ') ' \
                || o.amproc::regprocedure, ', ' ORDER BY o.amprocnum, o.amproc::regprocedure::text) FROM pg_amproc o \
                WHERE o.amprocfamily = x.oid), '')
                """,
            owner: "x.opfowner",
            remark: "obj_description(x.oid, 'pg_opfamily')",
            from: "pg_opfamily x JOIN pg_am am ON am.oid = x.opfmethod JOIN pg_namespace n ON n.oid = x.opfnamespace"
        ),
    ]

    private static let aggregate: SQL = """
        SELECT 'AGGREGATE ' || pg_get_function_arguments(p.oid) || ' RETURNS ' || pg_get_function_result(p.oid) || ' (' \
        || 'kind = ' || g.aggkind::text || ', sfunc = ' || g.aggtransfn || ', stype = ' || format_type(g.aggtranstype, NULL) \
        || coalesce(', initcond = ' || quote_literal(g.agginitval), '') || CASE WHEN g.aggtransspace > 0 THEN ', sspace = ' \
        || g.aggtransspace ELSE '' END || (SELECT coalesce(string_agg(f.label || f.name, '' ORDER BY f.place), '') FROM (VALUES \
        (1, ', finalfunc = ', g.aggfinalfn::oid), (2, ', combinefunc = ', g.aggcombinefn::oid), \
        (3, ', serialfunc = ', g.aggserialfn::oid), (4, ', deserialfunc = ', g.aggdeserialfn::oid), \
        (5, ', msfunc = ', g.aggmtransfn::oid), (6, ', minvfunc = ', g.aggminvtransfn::oid), \
        (7, ', mfinalfunc = ', g.aggmfinalfn::oid)) AS v (place, label, oid) \
        CROSS JOIN LATERAL (SELECT v.place, v.label, v.oid::regproc::text AS name) AS f WHERE v.oid <> 0) \
        || CASE WHEN g.aggmtranstype <> 0 THEN ', mstype = ' || format_type(g.aggmtranstype, NULL) ELSE '' END \
        || coalesce(', minitcond = ' || quote_literal(g.aggminitval), '') || CASE WHEN g.aggfinalextra \
        THEN ', finalfunc_extra' ELSE '' END || ', finalfunc_modify = ' || g.aggfinalmodify::text || CASE WHEN g.aggsortop <> 0 \
        THEN ', sortop = ' || g.aggsortop::regoperator ELSE '' END || ', parallel = ' || p.proparallel::text || ')' \
        FROM pg_aggregate g WHERE g.aggfnoid = p.oid
        """
}
