internal import FleetModel
internal import Postgres

/// Opens the measuring transaction and reads where a backup comes from.
enum BackupSource {
    struct Facts: Sendable {
        var version: ServerVersion
        var source: BackupReceipt.Source
    }

    /// Leaves the session in a transaction whose snapshot is exported and in which everything else is measured.
    static func read(_ session: Session) async throws(BackupError) -> (Facts, [SequenceContent]) {
        let answers = try await session.ask(
            """
            BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \(ContentMeasure.pins); \(facts); \(roles); \(extensions)
            """,
            label: "snapshot"
        )
        let tables = answers.compactMap(\.rows)
        guard tables.count == 4, let row = tables[1].first, row.count == 16 else { throw .measurement("no facts") }
        func text(_ index: Int) -> String { row[index] ?? "" }
        guard let version = Int(text(1)), let oid = UInt32(text(4)), let size = Int64(text(6)), !text(0).isEmpty else {
            throw .measurement("the facts about the server have not the form that was asked for")
        }
        let locale = DatabaseLocale(
            encoding: text(8),
            collate: text(9),
            ctype: text(10),
            provider: row[11] ?? "c",
            locale: row[12],
            rules: row[13],
            collationVersion: row[14]
        )
        let source = BackupReceipt.Source(
            systemIdentifier: text(2),
            timeline: Int(text(3)) ?? 0,
            databaseOID: oid,
            snapshot: text(0),
            walPosition: text(5),
            sizeBytes: size,
            owner: text(7),
            locale: locale,
            roles: Set(tables[2].map { $0[0] ?? "" } + [text(7)]).sorted(),
            owners: tables[2].filter { $0[1] == "t" }.map { $0[0] ?? "" }.sorted(),
            extensions: tables[3].map { row in
                InstalledExtension(
                    name: row[0] ?? "",
                    version: row[1] ?? "",
                    schema: row[2] ?? "",
                    schemaOID: row[3].flatMap { UInt32($0) } ?? 0,
                    schemaOwner: row[4] ?? "",
                    owner: row[5]
                )
            }
        )
        let facts = Facts(version: ServerVersion(number: version), source: source)
        return (facts, try await ContentMeasure(session).sequences())
    }

    /// The locale's columns have other names in other majors: `to_jsonb` asks for those that are there.
    private static let facts: SQL = """
        SELECT pg_export_snapshot(), current_setting('server_version_num'),
               (SELECT system_identifier FROM pg_control_system()), \(SQL.timeline),
               d.oid, CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
               pg_database_size(d.oid), pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate,
               d.datctype, to_jsonb(d) ->> 'datlocprovider',
               coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'), to_jsonb(d) ->> 'daticurules',
               to_jsonb(d) ->> 'datcollversion', pg_backend_pid()
        FROM pg_database d WHERE d.datname = current_database()
        """

    /// Every role that a dump of this database names, and whether it owns something in it.
    ///
    /// What lies in our own schema does not count: it is the login's on whatever server it is.
    /// The bootstrap superuser is pinned and has no rows in `pg_shdepend`; it is looked for among what users made.
    private static let roles: SQL = """
        WITH own AS (
            SELECT n.oid FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
            WHERE n.nspname = 'reconcile' AND (r.rolsuper OR r.rolname = session_user)),
        named AS (
            SELECT d.refobjid AS role,
                   d.deptype = 'o' AND d.classid <> 'pg_extension'::regclass
                   AND NOT EXISTS (SELECT FROM own
                                   WHERE (d.classid = 'pg_namespace'::regclass AND d.objid = own.oid)
                                      OR (d.classid = 'pg_class'::regclass
                                          AND d.objid IN (SELECT c.oid FROM pg_class c WHERE c.relnamespace = own.oid)))
                   AND NOT EXISTS (SELECT FROM pg_depend e
                                   WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e') AS owns
            FROM pg_shdepend d
            WHERE d.refclassid = 'pg_authid'::regclass
              AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
            UNION ALL
            SELECT 10, true WHERE EXISTS (
                SELECT FROM (
                    SELECT 'pg_class'::regclass AS class, oid, relowner AS owner, relnamespace AS schema FROM pg_class
                    UNION ALL SELECT 'pg_proc'::regclass, oid, proowner, pronamespace FROM pg_proc
                    UNION ALL SELECT 'pg_type'::regclass, oid, typowner, typnamespace FROM pg_type
                    UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner, oid FROM pg_namespace
                    UNION ALL SELECT 'pg_operator'::regclass, oid, oprowner, oprnamespace FROM pg_operator
                    UNION ALL SELECT 'pg_largeobject'::regclass, oid, lomowner, 0 FROM pg_largeobject_metadata) o
                WHERE o.owner = 10 AND o.oid >= 16384 AND o.schema NOT IN (SELECT oid FROM own)
                  AND o.schema <> 'pg_toast'::regnamespace
                  -- Schemas of temporary tables stay when the session that had them is gone.
                  AND o.schema NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast_)?temp_')
                  AND NOT EXISTS (SELECT FROM pg_depend e
                                  WHERE e.classid = o.class AND e.objid = o.oid AND e.deptype IN ('e', 'i')))
            UNION ALL
            SELECT 10, false)
        SELECT r.rolname, bool_or(n.owns) FROM named n JOIN pg_roles r ON r.oid = n.role
        GROUP BY r.rolname
        """

    private static let extensions: SQL = """
        SELECT e.extname, e.extversion, n.nspname, n.oid, pg_get_userbyid(n.nspowner), pg_get_userbyid(e.extowner)
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname <> 'plpgsql' ORDER BY e.oid
        """
}
