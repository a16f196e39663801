internal import FleetModel
internal import Postgres

/// Catalogs of relations and what hangs on them.
///
/// Objects that users make have OIDs from 16384. See <https://www.postgresql.org/docs/current/catalogs.html>.
extension CatalogTable {
    static let relations: [CatalogTable] = [
        CatalogTable(
            .namespace,
            .object(.schema, .schema),
            "pg_catalog.pg_namespace",
            [
                CatalogColumn("oid", .oid), CatalogColumn("nspname", .name),
                CatalogColumn("nspowner", .owner), CatalogColumn("nspacl", .access(.schema)),
            ]
        ),
        CatalogTable(
            .relation,
            .object(.relation, .table),
            "pg_catalog.pg_class",
            where: "oid >= 16384",
            [
                CatalogColumn("oid", .oid), CatalogColumn("relname", .name), CatalogColumn("relnamespace", .schema),
                CatalogColumn("relkind", .kind), CatalogColumn("reltoastrelid", .unused),
                CatalogColumn("relhassubclass", .unused),
                CatalogColumn(Self.size, .unused), CatalogColumn("relpages", .unused),
                CatalogColumn("relowner", .owner), CatalogColumn("relacl", .access(.relation)),
                CatalogColumn("reloftype", .reference(.type)), CatalogColumn("relam", .reference(.accessMethod)),
                CatalogColumn("reltablespace", .reference(.tablespace)), CatalogColumn("relpersistence"),
                CatalogColumn("relrowsecurity"), CatalogColumn("relforcerowsecurity"), CatalogColumn("relreplident"),
                CatalogColumn("relispartition"), CatalogColumn("reloptions", .set),
                CatalogColumn("relpartbound", .tree),
            ]
        ),
        CatalogTable(
            .attribute,
            .special,
            "pg_catalog.pg_attribute",
            where: "attrelid >= 16384 AND attnum > 0 AND NOT attisdropped",
            [
                CatalogColumn("attrelid", .relation), CatalogColumn("attnum", .columnNumber),
                CatalogColumn("attname", .name), CatalogColumn("attacl", .access(.column)),
                CatalogColumn("attstattarget"), CatalogColumn("attoptions", .columnOptions),
                CatalogColumn("atttypid", .reference(.type)), CatalogColumn("atttypmod"),
                CatalogColumn("attcollation", .reference(.collation)), CatalogColumn("attnotnull"),
                CatalogColumn("attidentity"), CatalogColumn("attgenerated"), CatalogColumn("attstorage"),
                CatalogColumn("attcompression"), CatalogColumn("attfdwoptions", .set), CatalogColumn("attislocal"),
                CatalogColumn("attinhcount"),
            ]
        ),
        CatalogTable(
            .attributeDefault,
            .detail(.relation),
            "pg_catalog.pg_attrdef",
            [
                CatalogColumn("adrelid", .oid), CatalogColumn("adnum", .columnNumber), CatalogColumn("adbin", .tree),
            ]
        ),
        CatalogTable(
            .constraint,
            .object(.constraint, .constraint),
            "pg_catalog.pg_constraint",
            where: "oid >= 16384",
            [
                CatalogColumn("oid", .oid), CatalogColumn("conname", .name), CatalogColumn("connamespace", .schema),
                CatalogColumn("conrelid", .relation), CatalogColumn("contypid", .unused),
                CatalogColumn("conparentid", .unused), CatalogColumn("confrelid", .reference(.relation)),
                CatalogColumn("contype"), CatalogColumn("condeferrable"), CatalogColumn("condeferred"),
                CatalogColumn("convalidated"), CatalogColumn("confupdtype"), CatalogColumn("confdeltype"),
                CatalogColumn("confmatchtype"), CatalogColumn("CASE WHEN contype IN ('c', 'n') THEN connoinherit END"),
                // Of a partition's constraint both depend on whether it was made with the partition or before.
                CatalogColumn("CASE WHEN conparentid = 0 THEN conislocal END"),
                CatalogColumn("CASE WHEN conparentid = 0 THEN coninhcount END"),
                // Which columns a check names follows from its expression.
                CatalogColumn("CASE WHEN contype <> 'c' THEN conkey END", .columns),
                CatalogColumn("confkey", .columnsOf(place: 6)), CatalogColumn("confdelsetcols", .columnSet, 15...99),
                CatalogColumn("conexclop", .references(.operator)), CatalogColumn("conbin", .tree),
                CatalogColumn("conperiod", .value, 18...99), CatalogColumn("conenforced", .value, 18...99),
            ]
        ),
        CatalogTable(
            .index,
            .detail(.relation),
            "pg_catalog.pg_index",
            where: "indexrelid >= 16384",
            [
                CatalogColumn("indexrelid", .oid), CatalogColumn("indrelid", .table),
                CatalogColumn("indisvalid"), CatalogColumn("indnkeyatts"), CatalogColumn("indisunique"),
                CatalogColumn("indnullsnotdistinct", .value, 15...99), CatalogColumn("indisprimary"),
                CatalogColumn("indisexclusion"), CatalogColumn("indimmediate"), CatalogColumn("indisclustered"),
                CatalogColumn("indisreplident"), CatalogColumn("indkey", .columns),
                CatalogColumn("indcollation", .references(.collation)),
                CatalogColumn("indclass", .references(.operatorClass)), CatalogColumn("indoption"),
                CatalogColumn("indexprs", .tree), CatalogColumn("indpred", .tree),
            ]
        ),
        CatalogTable(
            .trigger,
            .object(.trigger, .trigger),
            "pg_catalog.pg_trigger",
            [
                CatalogColumn("oid", .oid), CatalogColumn("tgname", .name), CatalogColumn("tgrelid", .relation),
                CatalogColumn("tgisinternal"), CatalogColumn("tgfoid", .reference(.function)), CatalogColumn("tgtype"),
                CatalogColumn("tgenabled"), CatalogColumn("tgparentid", .isSet),
                CatalogColumn("tgconstrrelid", .reference(.relation)), CatalogColumn("tgdeferrable"),
                CatalogColumn("tginitdeferred"), CatalogColumn("tgattr", .columnSet), CatalogColumn("tgargs"),
                CatalogColumn("tgqual", .tree), CatalogColumn("tgoldtable"), CatalogColumn("tgnewtable"),
                CatalogColumn("tgconstraint", .reference(.constraint)),
            ]
        ),
        CatalogTable(
            .rewrite,
            .special,
            "pg_catalog.pg_rewrite",
            where: "oid >= 16384",
            [
                CatalogColumn("oid", .oid), CatalogColumn("rulename", .name), CatalogColumn("ev_class", .relation),
                CatalogColumn("ev_enabled"), CatalogColumn("ev_type"), CatalogColumn("is_instead"),
                CatalogColumn("ev_qual", .tree), CatalogColumn("ev_action", .tree),
            ]
        ),
        CatalogTable(
            .ruleText,
            .special,
            "pg_catalog.pg_rewrite",
            where: "oid >= 16384",
            [
                CatalogColumn("oid", .oid),
                CatalogColumn(
                    """
                    CASE rulename WHEN '_RETURN' THEN pg_get_viewdef(ev_class) ELSE pg_get_ruledef(oid) END
                    """,
                    .text
                ),
            ]
        ),
        CatalogTable(
            .sequence,
            .detail(.relation),
            "pg_catalog.pg_sequence",
            [
                CatalogColumn("seqrelid", .oid), CatalogColumn("seqtypid", .reference(.type)),
                CatalogColumn("seqstart"),
                CatalogColumn("seqincrement"), CatalogColumn("seqmax"), CatalogColumn("seqmin"),
                CatalogColumn("seqcache"), CatalogColumn("seqcycle"),
            ]
        ),
        CatalogTable(
            .inherits,
            .detail(.relation),
            "pg_catalog.pg_inherits",
            [
                CatalogColumn("inhrelid", .oid), CatalogColumn("inhseqno", .ordinal),
                CatalogColumn("inhparent", .reference(.relation)), CatalogColumn("inhdetachpending"),
            ]
        ),
        CatalogTable(
            .partitioned,
            .detail(.relation),
            "pg_catalog.pg_partitioned_table",
            [
                CatalogColumn("partrelid", .oid), CatalogColumn("partstrat"), CatalogColumn("partattrs", .columns),
                CatalogColumn("partclass", .references(.operatorClass)),
                CatalogColumn("partcollation", .references(.collation)), CatalogColumn("partexprs", .tree),
            ]
        ),
        CatalogTable(
            .policy,
            .object(.policy, .policy),
            "pg_catalog.pg_policy",
            [
                CatalogColumn("oid", .oid), CatalogColumn("polname", .name), CatalogColumn("polrelid", .relation),
                CatalogColumn("polcmd"), CatalogColumn("polpermissive"), CatalogColumn("polroles::regrole[]", .roles),
                CatalogColumn(Self.expression("polqual", of: "polrelid"), .tree),
                CatalogColumn(Self.expression("polwithcheck", of: "polrelid"), .tree),
            ]
        ),
        CatalogTable(
            .foreignTable,
            .detail(.relation),
            "pg_catalog.pg_foreign_table",
            [
                CatalogColumn("ftrelid", .oid), CatalogColumn("ftserver", .reference(.foreignServer)),
                CatalogColumn("ftoptions", .set),
            ]
        ),
        CatalogTable(
            .statistics,
            .object(.statistics, .statistics),
            "pg_catalog.pg_statistic_ext",
            [
                CatalogColumn("oid", .oid), CatalogColumn("stxname", .name), CatalogColumn("stxnamespace", .schema),
                CatalogColumn("stxowner", .owner), CatalogColumn("stxrelid", .table),
                CatalogColumn("stxkeys", .columnSet), CatalogColumn("stxkind", .set),
                CatalogColumn("stxexprs", .tree), CatalogColumn("stxstattarget"),
            ]
        ),
    ]

    /// Of a table that was never vacuumed or analysed the file system alone knows how large it is.
    static let size: SQL = "CASE WHEN relpages = 0 AND relkind IN ('r', 'm') THEN pg_relation_size(oid) END"

    /// A tree with a query inside numbers the columns of many relations: the server puts such a one into words.
    private static func expression(_ tree: SQL, of relation: SQL) -> SQL {
        "CASE WHEN strpos(\(tree)::text, '{QUERY') > 0 THEN pg_get_expr(\(tree), \(relation)) ELSE \(tree)::text END"
    }
}
