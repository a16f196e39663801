internal import FleetModel
internal import Postgres

/// Catalogs of everything that is not a relation.
extension CatalogTable {
    /// In this order they are asked for: names come before what refers to them.
    static let all: [CatalogTable] = relations + types + routines + features + specials

    private static let types: [CatalogTable] = [
        CatalogTable(
            .type,
            .object(.type, .baseType),
            "pg_catalog.pg_type",
            where: "oid >= 16384",
            [
                CatalogColumn("oid", .oid), CatalogColumn("typname", .name), CatalogColumn("typnamespace", .schema),
                CatalogColumn("typtype", .kind), CatalogColumn("typcategory", .unused),
                CatalogColumn("typelem", .unused), CatalogColumn("typrelid", .unused),
                CatalogColumn("typowner", .owner), CatalogColumn("typacl", .access(.type)),
                CatalogColumn("typnotnull"), CatalogColumn("typbasetype", .reference(.type)),
                CatalogColumn("typtypmod"), CatalogColumn("typcollation", .reference(.collation)),
                CatalogColumn("typdefaultbin", .tree),
                CatalogColumn("CASE WHEN typdefaultbin IS NULL THEN typdefault END"),
                // The rest says something of base types alone.
                CatalogColumn("CASE WHEN typtype = 'b' THEN typlen END"),
                CatalogColumn("CASE WHEN typtype = 'b' THEN typinput::oid END", .reference(.function)),
                CatalogColumn("CASE WHEN typtype = 'b' THEN typoutput::oid END", .reference(.function)),
                CatalogColumn("CASE WHEN typtype = 'b' THEN typalign END"),
                CatalogColumn("CASE WHEN typtype = 'b' THEN typstorage END"),
                CatalogColumn("CASE WHEN typtype = 'b' THEN typispreferred END"),
                CatalogColumn("CASE WHEN typtype = 'b' THEN typdelim END"),
            ]
        ),
        CatalogTable(
            .enumLabel,
            .detail(.type),
            "pg_catalog.pg_enum",
            [
                CatalogColumn("enumtypid", .oid), CatalogColumn("oid", .unused),
                CatalogColumn("enumsortorder", .ordinal), CatalogColumn("enumlabel"),
            ]
        ),
        CatalogTable(
            .range,
            .detail(.type),
            "pg_catalog.pg_range",
            where: "rngtypid >= 16384",
            [
                CatalogColumn("rngtypid", .oid), CatalogColumn("rngsubtype", .reference(.type)),
                CatalogColumn("rngmultitypid", .reference(.type)),
                CatalogColumn("rngcollation", .reference(.collation)),
                CatalogColumn("rngsubopc", .reference(.operatorClass)),
                CatalogColumn("rngcanonical::oid", .reference(.function)),
                CatalogColumn("rngsubdiff::oid", .reference(.function)),
            ]
        ),
        CatalogTable(
            .collation,
            .object(.collation, .collation),
            "pg_catalog.pg_collation",
            where: "oid >= 12000",
            // Without its encoding: made from another it is of any, and after a dump of the database's, which is the same.
            [
                CatalogColumn("oid", .oid), CatalogColumn("collname", .name), CatalogColumn("collnamespace", .schema),
                CatalogColumn("collowner", .owner), CatalogColumn("collprovider"),
                CatalogColumn("collisdeterministic"), CatalogColumn("collcollate"),
                CatalogColumn("collctype"), CatalogColumn("colliculocale", .value, 15...16),
                CatalogColumn("colllocale", .value, 17...99), CatalogColumn("collicurules", .value, 16...99),
            ]
        ),
        CatalogTable(
            .conversion,
            .object(.conversion, .conversion),
            "pg_catalog.pg_conversion",
            where: "oid >= 16384",
            [
                CatalogColumn("oid", .oid), CatalogColumn("conname", .name), CatalogColumn("connamespace", .schema),
                CatalogColumn("conowner", .owner), CatalogColumn("conforencoding"),
                CatalogColumn("contoencoding"), CatalogColumn("conproc::oid", .reference(.function)),
                CatalogColumn("condefault"),
            ]
        ),
        CatalogTable(
            .cast,
            .object(.cast, .cast),
            "pg_catalog.pg_cast",
            [
                CatalogColumn("oid", .oid), CatalogColumn("castsource", .name), CatalogColumn("casttarget", .unused),
                CatalogColumn("castfunc", .reference(.function)), CatalogColumn("castcontext"),
                CatalogColumn("castmethod"),
            ]
        ),
        CatalogTable(
            .transform,
            .object(.transform, .transform),
            "pg_catalog.pg_transform",
            [
                CatalogColumn("oid", .oid),
                CatalogColumn(
                    """
                    trftype::regtype || ' LANGUAGE ' || (SELECT lanname FROM pg_catalog.pg_language WHERE oid = trflang)
                    """,
                    .name
                ),
                CatalogColumn("trffromsql::oid", .reference(.function)),
                CatalogColumn("trftosql::oid", .reference(.function)),
            ]
        ),
    ]

    private static let routines: [CatalogTable] = [
        CatalogTable(
            .function,
            .object(.function, .function),
            "pg_catalog.pg_proc",
            where: "oid >= 16384",
            [
                CatalogColumn("oid", .oid),
                CatalogColumn("proname", .name), CatalogColumn("proargtypes", .unused),
                CatalogColumn("prosqlbody IS NOT NULL", .unused),
                CatalogColumn("pronamespace", .schema), CatalogColumn("prokind", .kind),
                CatalogColumn("proowner", .owner), CatalogColumn("proacl", .access(.function)),
                CatalogColumn("prolang", .reference(.language)), CatalogColumn("procost"), CatalogColumn("prorows"),
                CatalogColumn("provariadic", .reference(.type)),
                CatalogColumn("prosupport::oid", .reference(.function)), CatalogColumn("prosecdef"),
                CatalogColumn("proleakproof"), CatalogColumn("proisstrict"), CatalogColumn("proretset"),
                CatalogColumn("provolatile"), CatalogColumn("proparallel"),
                CatalogColumn("prorettype", .reference(.type)), CatalogColumn("proallargtypes", .references(.type)),
                CatalogColumn("proargmodes"), CatalogColumn("proargnames"), CatalogColumn("proargdefaults", .tree),
                CatalogColumn("protrftypes", .references(.type)), CatalogColumn("prosrc"), CatalogColumn("probin"),
                CatalogColumn("proconfig", .set),
            ]
        ),
        CatalogTable(
            .functionBody,
            .detail(.function),
            "pg_catalog.pg_proc",
            where: "oid >= 16384 AND prosqlbody IS NOT NULL",
            [CatalogColumn("oid", .oid), CatalogColumn("pg_get_function_sqlbody(oid)", .text)]
        ),
        CatalogTable(
            .aggregate,
            .detail(.function),
            "pg_catalog.pg_aggregate",
            where: "aggfnoid::oid >= 16384",
            [
                CatalogColumn("aggfnoid::oid", .oid), CatalogColumn("aggkind"), CatalogColumn("aggnumdirectargs"),
                CatalogColumn("aggtransfn::oid", .reference(.function)),
                CatalogColumn("aggfinalfn::oid", .reference(.function)),
                CatalogColumn("aggcombinefn::oid", .reference(.function)),
                CatalogColumn("aggserialfn::oid", .reference(.function)),
                CatalogColumn("aggdeserialfn::oid", .reference(.function)),
                CatalogColumn("aggmtransfn::oid", .reference(.function)),
                CatalogColumn("aggminvtransfn::oid", .reference(.function)),
                CatalogColumn("aggmfinalfn::oid", .reference(.function)), CatalogColumn("aggfinalextra"),
                CatalogColumn("aggmfinalextra"), CatalogColumn("aggfinalmodify"), CatalogColumn("aggmfinalmodify"),
                CatalogColumn("aggsortop", .reference(.operator)), CatalogColumn("aggtranstype", .reference(.type)),
                CatalogColumn("aggtransspace"), CatalogColumn("aggmtranstype", .reference(.type)),
                CatalogColumn("aggmtransspace"), CatalogColumn("agginitval"), CatalogColumn("aggminitval"),
            ]
        ),
        CatalogTable(
            .operator,
            .object(.operator, .operator),
            "pg_catalog.pg_operator",
            where: "oid >= 16384",
            [
                CatalogColumn("oid", .oid),
                CatalogColumn("oprname || '(' || oprleft::regtype || ', ' || oprright::regtype || ')'", .name),
                CatalogColumn("oprnamespace", .schema), CatalogColumn("oprowner", .owner),
                CatalogColumn("oprkind"), CatalogColumn("oprcanmerge"), CatalogColumn("oprcanhash"),
                CatalogColumn("oprresult", .reference(.type)), CatalogColumn("oprcom", .reference(.operator)),
                CatalogColumn("oprnegate", .reference(.operator)), CatalogColumn("oprcode::oid", .reference(.function)),
                CatalogColumn("oprrest::oid", .reference(.function)),
                CatalogColumn("oprjoin::oid", .reference(.function)),
            ]
        ),
        CatalogTable(
            .operatorClass,
            .object(.operatorClass, .operatorClass),
            "pg_catalog.pg_opclass",
            where: "oid >= 16384",
            [
                CatalogColumn("oid", .oid), CatalogColumn(Self.using("opcname", "opcmethod"), .name),
                CatalogColumn("opcnamespace", .schema), CatalogColumn("opcowner", .owner),
                CatalogColumn("opcfamily", .reference(.operatorFamily)), CatalogColumn("opcintype", .reference(.type)),
                CatalogColumn("opcdefault"), CatalogColumn("opckeytype", .reference(.type)),
            ]
        ),
        CatalogTable(
            .operatorFamily,
            .object(.operatorFamily, .operatorFamily),
            "pg_catalog.pg_opfamily",
            where: "oid >= 16384",
            [
                CatalogColumn("oid", .oid), CatalogColumn(Self.using("opfname", "opfmethod"), .name),
                CatalogColumn("opfnamespace", .schema), CatalogColumn("opfowner", .owner),
            ]
        ),
        CatalogTable(
            .accessOperator,
            .detail(.operatorFamily),
            "pg_catalog.pg_amop",
            where: "oid >= 16384",
            [
                CatalogColumn("amopfamily", .oid), CatalogColumn("amoplefttype", .reference(.type)),
                CatalogColumn("amoprighttype", .reference(.type)), CatalogColumn("amopstrategy"),
                CatalogColumn("amoppurpose"), CatalogColumn("amopopr", .reference(.operator)),
                CatalogColumn("amopsortfamily", .reference(.operatorFamily)),
            ]
        ),
        CatalogTable(
            .accessFunction,
            .detail(.operatorFamily),
            "pg_catalog.pg_amproc",
            where: "oid >= 16384",
            [
                CatalogColumn("amprocfamily", .oid), CatalogColumn("amproclefttype", .reference(.type)),
                CatalogColumn("amprocrighttype", .reference(.type)), CatalogColumn("amprocnum"),
                CatalogColumn("amproc::oid", .reference(.function)),
            ]
        ),
        CatalogTable(
            .language,
            .object(.language, .language),
            "pg_catalog.pg_language",
            [
                CatalogColumn("oid", .oid), CatalogColumn("lanname", .name),
                CatalogColumn("lanowner", .owner), CatalogColumn("lanacl", .access(.language)),
                CatalogColumn("lanpltrusted"), CatalogColumn("lanplcallfoid", .reference(.function)),
                CatalogColumn("laninline", .reference(.function)), CatalogColumn("lanvalidator", .reference(.function)),
            ]
        ),
        CatalogTable(
            .accessMethod,
            .object(.accessMethod, .accessMethod),
            "pg_catalog.pg_am",
            [
                CatalogColumn("oid", .oid), CatalogColumn("amname", .name), CatalogColumn("amtype"),
                CatalogColumn("amhandler"),
            ]
        ),
    ]

    private static func using(_ name: SQL, _ method: SQL) -> SQL {
        "\(name) || ' USING ' || (SELECT amname FROM pg_catalog.pg_am WHERE pg_am.oid = \(method))"
    }
}
