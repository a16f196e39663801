internal import FleetModel
internal import Postgres

/// Catalogs of extensions, replication, foreign data, text search, and those that need code of their own.
extension CatalogTable {
    static let features: [CatalogTable] = [
        CatalogTable(
            .extension,
            .object(.extension, .extension),
            "pg_catalog.pg_extension",
            [
                CatalogColumn("oid", .oid), CatalogColumn("extname", .name),
                CatalogColumn("extowner", .owner),
                CatalogColumn("extnamespace", .reference(.schema)),
                CatalogColumn("extversion"),
            ]
        ),
        CatalogTable(
            .eventTrigger,
            .object(.eventTrigger, .eventTrigger),
            "pg_catalog.pg_event_trigger",
            [
                CatalogColumn("oid", .oid), CatalogColumn("evtname", .name),
                CatalogColumn("evtowner", .owner), CatalogColumn("evtevent"),
                CatalogColumn("evtfoid", .reference(.function)), CatalogColumn("evtenabled"),
                CatalogColumn("evttags", .set),
            ]
        ),
        CatalogTable(
            .publication,
            .object(.publication, .publication),
            "pg_catalog.pg_publication",
            [
                CatalogColumn("oid", .oid), CatalogColumn("pubname", .name),
                CatalogColumn("pubowner", .owner), CatalogColumn("puballtables"),
                CatalogColumn("pubinsert"), CatalogColumn("pubupdate"), CatalogColumn("pubdelete"),
                CatalogColumn("pubtruncate"), CatalogColumn("pubviaroot"), CatalogColumn("pubgencols", .value, 18...99),
            ]
        ),
        CatalogTable(
            .publicationRelation,
            .detail(.publication),
            "pg_catalog.pg_publication_rel",
            [
                CatalogColumn("prpubid", .oid), CatalogColumn("prrelid", .table),
                CatalogColumn("prqual", .tree, 15...99), CatalogColumn("prattrs", .columnSet, 15...99),
            ]
        ),
        CatalogTable(
            .publicationNamespace,
            .detail(.publication),
            "pg_catalog.pg_publication_namespace",
            majors: 15...99,
            [CatalogColumn("pnpubid", .oid), CatalogColumn("pnnspid", .reference(.schema))]
        ),
        CatalogTable(
            .foreignDataWrapper,
            .object(.foreignDataWrapper, .foreignDataWrapper),
            "pg_catalog.pg_foreign_data_wrapper",
            [
                CatalogColumn("oid", .oid), CatalogColumn("fdwname", .name),
                CatalogColumn("fdwowner", .owner), CatalogColumn("fdwacl", .access(.foreign)),
                CatalogColumn("fdwhandler", .reference(.function)),
                CatalogColumn("fdwvalidator", .reference(.function)),
                CatalogColumn("fdwoptions", .set),
            ]
        ),
        CatalogTable(
            .foreignServer,
            .object(.foreignServer, .foreignServer),
            "pg_catalog.pg_foreign_server",
            [
                CatalogColumn("oid", .oid), CatalogColumn("srvname", .name),
                CatalogColumn("srvowner", .owner), CatalogColumn("srvacl", .access(.foreign)),
                CatalogColumn("srvfdw", .reference(.foreignDataWrapper)), CatalogColumn("srvtype"),
                CatalogColumn("srvversion"), CatalogColumn("srvoptions", .set),
            ]
        ),
        CatalogTable(
            .textSearchConfiguration,
            .object(.textSearchConfiguration, .textSearchConfiguration),
            "pg_catalog.pg_ts_config",
            where: "oid >= 12000",
            [
                CatalogColumn("oid", .oid), CatalogColumn("cfgname", .name), CatalogColumn("cfgnamespace", .schema),
                CatalogColumn("cfgowner", .owner),
                CatalogColumn("cfgparser", .reference(.textSearchParser)),
            ]
        ),
        CatalogTable(
            .textSearchMap,
            .detail(.textSearchConfiguration),
            "pg_catalog.pg_ts_config_map",
            where: "mapcfg >= 16384",
            [
                CatalogColumn("mapcfg", .oid), CatalogColumn("mapseqno", .ordinal), CatalogColumn("maptokentype"),
                CatalogColumn("mapdict", .reference(.textSearchDictionary)),
            ]
        ),
        CatalogTable(
            .textSearchDictionary,
            .object(.textSearchDictionary, .textSearchDictionary),
            "pg_catalog.pg_ts_dict",
            where: "oid >= 12000",
            [
                CatalogColumn("oid", .oid), CatalogColumn("dictname", .name), CatalogColumn("dictnamespace", .schema),
                CatalogColumn("dictowner", .owner),
                CatalogColumn("dicttemplate", .reference(.textSearchTemplate)), CatalogColumn("dictinitoption"),
            ]
        ),
        CatalogTable(
            .textSearchParser,
            .object(.textSearchParser, .textSearchParser),
            "pg_catalog.pg_ts_parser",
            where: "oid >= 16384",
            [
                CatalogColumn("oid", .oid), CatalogColumn("prsname", .name), CatalogColumn("prsnamespace", .schema),
                CatalogColumn("prsstart::oid", .reference(.function)),
                CatalogColumn("prstoken::oid", .reference(.function)),
                CatalogColumn("prsend::oid", .reference(.function)),
                CatalogColumn("prsheadline::oid", .reference(.function)),
                CatalogColumn("prslextype::oid", .reference(.function)),
            ]
        ),
        CatalogTable(
            .textSearchTemplate,
            .object(.textSearchTemplate, .textSearchTemplate),
            "pg_catalog.pg_ts_template",
            // The template of the snowball dictionaries is made by initdb, under an OID that differs between machines.
            where: "oid >= 12000",
            [
                CatalogColumn("oid", .oid), CatalogColumn("tmplname", .name), CatalogColumn("tmplnamespace", .schema),
                CatalogColumn("tmplinit::oid", .reference(.function)),
                CatalogColumn("tmpllexize::oid", .reference(.function)),
            ]
        ),
        CatalogTable(
            .tablespace,
            .object(.tablespace, .setting),
            "pg_catalog.pg_tablespace",
            [CatalogColumn("oid", .oid), CatalogColumn("spcname", .name)]
        ),
    ]

    /// Most databases have no rows in these: they are asked for once another catalog tells that there are some.
    static let optional: Set<Identifier> = [
        .role, .publication, .foreignDataWrapper, .defaultPrivileges, .securityLabel, .largeObject, .subscription,
        .ruleText, .functionBody, .range, .aggregate, .partitioned, .inherits, .policy, .foreignTable, .statistics,
        .foreignServer, .eventTrigger, .publicationRelation, .publicationNamespace, .collation, .conversion, .transform,
        .operator, .operatorClass, .operatorFamily, .accessOperator, .accessFunction, .textSearchConfiguration,
        .textSearchMap, .textSearchDictionary, .textSearchParser, .textSearchTemplate, .tablespace,
    ]

    /// Catalogs that have no file's worth of rows in most databases: one without bytes has no row that anyone could see.
    ///
    /// To ask how large they are costs a fifth of asking for their rows.
    static let signs: [(id: Identifier, size: SQL)] = [
        (.publication, "pg_relation_size('pg_catalog.pg_publication')"),
        (.foreignDataWrapper, "pg_relation_size('pg_catalog.pg_foreign_data_wrapper')"),
        (.defaultPrivileges, "pg_relation_size('pg_catalog.pg_default_acl')"),
        (.securityLabel, "pg_relation_size('pg_catalog.pg_seclabel')"),
        (.largeObject, "pg_relation_size('pg_catalog.pg_largeobject_metadata')"),
        (.subscription, "pg_relation_size('pg_catalog.pg_subscription')"),
    ]

    /// The two roles that own almost everything are told with the database; others are looked up where one occurs.
    static let ownerName: SQL = "pg_get_userbyid(datdba)"
    static let currentUser: SQL = "to_regrole(quote_ident(current_user))::oid"

    static let specials: [CatalogTable] = [
        CatalogTable(
            .database,
            .special,
            "pg_catalog.pg_database",
            where: "datname = current_database()",
            [
                CatalogColumn("oid", .oid), CatalogColumn("datdba", .owner), CatalogColumn(Self.ownerName, .unused),
                CatalogColumn("current_user", .unused), CatalogColumn(Self.currentUser, .unused),
            ] + signs.map { CatalogColumn($0.size, .unused) }
        ),
        CatalogTable(
            .role,
            .special,
            "pg_catalog.pg_roles",
            // A view is not copied as it stands.
            where: "true",
            [CatalogColumn("oid", .oid), CatalogColumn("rolname", .name)]
        ),
        CatalogTable(
            .depend,
            .special,
            "pg_catalog.pg_depend",
            where: """
                CASE WHEN objid < 16384 THEN false WHEN deptype = 'e' THEN true \
                WHEN classid = 1259 THEN refclassid = 1259 AND refobjsubid > 0 AND deptype IN ('a', 'i') \
                WHEN deptype = 'i' THEN classid IN (1255, 2605) ELSE \
                classid IN (2617, 2616, 2753, 3456, 2607, 3602, 3600, 3601, 3764, 3256, 3381, 3466, 1417, 3576) END
                """,
            [
                CatalogColumn("classid", .unused), CatalogColumn("objid", .oid), CatalogColumn("refobjid", .relation),
                CatalogColumn("refobjsubid", .columnNumber), CatalogColumn("deptype"),
            ]
        ),
        CatalogTable(
            .description,
            .special,
            "pg_catalog.pg_description",
            where: "objoid >= 16384 OR objoid = 2200",
            [
                CatalogColumn("objoid", .oid), CatalogColumn("classoid", .unused),
                CatalogColumn("objsubid", .columnNumber), CatalogColumn("description"),
            ]
        ),
        CatalogTable(
            .securityLabel,
            .special,
            "pg_catalog.pg_seclabel",
            [
                CatalogColumn("objoid", .oid), CatalogColumn("classoid", .unused),
                CatalogColumn("objsubid", .columnNumber), CatalogColumn("provider"), CatalogColumn("label"),
            ]
        ),
        CatalogTable(
            .defaultPrivileges,
            .special,
            "pg_catalog.pg_default_acl",
            [
                CatalogColumn("defaclrole", .owner), CatalogColumn("defaclnamespace", .schema),
                CatalogColumn("defaclobjtype", .kind), CatalogColumn("defaclacl", .access(.none)),
            ]
        ),
        CatalogTable(
            .largeObject,
            .special,
            "(SELECT oid FROM pg_catalog.pg_largeobject_metadata LIMIT 1) AS one",
            where: "true",
            [CatalogColumn("oid", .oid)]
        ),
        CatalogTable(
            .subscription,
            .special,
            "pg_catalog.pg_subscription",
            [
                CatalogColumn("subdbid", .oid), CatalogColumn("subname", .name), CatalogColumn("subenabled"),
                CatalogColumn("subbinary"), CatalogColumn("subslotname"), CatalogColumn("subsynccommit"),
                CatalogColumn("subpublications", .set),
            ]
        ),
    ]
}
