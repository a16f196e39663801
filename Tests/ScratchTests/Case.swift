import FleetModel

/// One migration and what it must be measured to do.
///
/// Tables of the schema `public` go without it.
struct Case {
    var sql: String
    var effects: [String]
    var locks: [String: String]
    var isTransactional = true
    /// The first major that knows the statement.
    var since: Int { sql.hasPrefix("MERGE") ? 15 : 14 }

    init(_ sql: String, _ effects: [String] = [], _ locks: [String: String] = [:]) {
        self.sql = sql
        self.effects = effects
        self.locks = locks.mapValues { $0 + "Lock" }
    }

    static func alone(_ sql: String, _ effects: [String] = [], _ locks: [String: String] = [:]) -> Case {
        var new = Case(sql, effects + ["not transactional"], locks)
        new.isTransactional = false
        return new
    }

    static func text(_ table: TableName) -> String { table.schema == "public" ? table.name : "\(table)" }

    static func text(_ effect: MeasuredStatement.Effect) -> String {
        switch effect {
        case .rewrites(let table): "rewrites \(text(table))"
        case .scans(let table): "scans \(text(table))"
        case .buildsIndex(let table): "indexes \(text(table))"
        case .buildsIndexConcurrently(let table): "indexes concurrently \(text(table))"
        case .drops(let object): "drops \(object)"
        case .deletes(let table): "deletes \(text(table))"
        case .truncates(let table): "truncates \(text(table))"
        case .updates(let table): "updates \(text(table))"
        case .inserts(let table): "inserts \(text(table))"
        case .notTransactional: "not transactional"
        case .opaque(let reason): "opaque: \(reason)"
        }
    }

    static let all = columns + constraints + indexes + changes + drops + rows + procedures + outside

    private static let clientsAlone = ["clients": "AccessExclusive"]
    private static let ordersAlone = ["orders": "AccessExclusive"]

    static let columns = [
        Case("ALTER TABLE clients ADD COLUMN a integer", [], clientsAlone),
        Case("ALTER TABLE clients ADD COLUMN a integer NOT NULL DEFAULT 7", [], clientsAlone),
        Case("ALTER TABLE clients ADD COLUMN a timestamptz DEFAULT now()", [], clientsAlone),
        Case("ALTER TABLE clients ADD COLUMN a uuid DEFAULT gen_random_uuid()", ["rewrites clients"], clientsAlone),
        Case("ALTER TABLE log ADD COLUMN a serial", ["rewrites log"], ["log": "AccessExclusive"]),
        Case(
            "ALTER TABLE clients ADD COLUMN a integer GENERATED ALWAYS AS IDENTITY",
            ["rewrites clients"],
            clientsAlone
        ),
        Case(
            "ALTER TABLE clients ADD COLUMN a integer GENERATED ALWAYS AS (n * 2) STORED",
            ["rewrites clients"],
            clientsAlone
        ),
        Case("ALTER TABLE clients ALTER COLUMN n TYPE bigint", ["rewrites clients"], clientsAlone),
        Case("ALTER TABLE clients ALTER COLUMN doc TYPE jsonb", ["rewrites clients"], clientsAlone),
        Case("ALTER TABLE log ALTER COLUMN what TYPE varchar(5)", ["rewrites log"], ["log": "AccessExclusive"]),
        // The session's time zone is UTC, so the bytes stay.
        Case("ALTER TABLE clients ALTER COLUMN at TYPE timestamptz", [], clientsAlone),
        Case("ALTER TABLE clients ALTER COLUMN note TYPE varchar", [], clientsAlone),
        Case("ALTER TABLE clients ALTER COLUMN n SET NOT NULL", ["scans clients"], clientsAlone),
        // A valid check proves it without a look at the rows.
        Case("ALTER TABLE orders ALTER COLUMN client_id SET NOT NULL", [], ordersAlone),
        Case("ALTER TABLE clients ALTER COLUMN n DROP NOT NULL", [], clientsAlone),
        Case("ALTER TABLE clients ALTER COLUMN n SET DEFAULT 3", [], clientsAlone),
        Case("ALTER TABLE clients ALTER COLUMN n SET STATISTICS 100", [], ["clients": "ShareUpdateExclusive"]),
        Case("ALTER TABLE clients RENAME COLUMN n TO number", [], clientsAlone),
        Case("ALTER TABLE clients ADD COLUMN p posint DEFAULT 1", ["rewrites clients"], clientsAlone),
        Case("COMMENT ON TABLE clients IS 'x'", [], ["clients": "ShareUpdateExclusive"]),
    ]

    private static let both = ["clients": "ShareRowExclusive", "orders": "ShareRowExclusive"]

    static let constraints = [
        Case("ALTER TABLE clients ADD CHECK (n > 0)", ["scans clients"], clientsAlone),
        Case("ALTER TABLE clients ADD CHECK (n > 0) NOT VALID", [], clientsAlone),
        Case(
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_total",
            ["scans orders"],
            ["orders": "ShareUpdateExclusive"]
        ),
        Case(
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_fk",
            ["scans orders"],
            ["orders": "ShareUpdateExclusive", "clients": "RowShare"]
        ),
        Case("ALTER TABLE orders ADD FOREIGN KEY (client_id) REFERENCES clients", ["scans orders"], both),
        Case("ALTER TABLE orders ADD FOREIGN KEY (client_id) REFERENCES clients NOT VALID", [], both),
        Case("CREATE TABLE new (id integer REFERENCES clients)", [], ["clients": "ShareRowExclusive"]),
        Case(
            "CREATE TABLE new (id integer); ALTER TABLE new ADD FOREIGN KEY (id) REFERENCES clients",
            [],
            ["clients": "ShareRowExclusive"]
        ),
        Case("ALTER TABLE clients ADD UNIQUE (n)", ["indexes clients"], clientsAlone),
        Case("ALTER TABLE log ADD PRIMARY KEY (what)", ["indexes log"], ["log": "AccessExclusive"]),
        Case("ALTER TABLE extra.t ADD EXCLUDE (id WITH =)", ["indexes extra.t"], ["extra.t": "AccessExclusive"]),
        Case(
            "ALTER TABLE lines DROP CONSTRAINT lines_order_id_fkey",
            [],
            ["lines": "AccessExclusive", "orders": "AccessExclusive"]
        ),
    ]

    static let indexes = [
        Case("CREATE INDEX ON clients (n)", ["indexes clients"], ["clients": "Share"]),
        Case("CREATE UNIQUE INDEX ON clients (n)", ["indexes clients"], ["clients": "Share"]),
        Case("DROP INDEX clients_name", [], clientsAlone),
        Case("ALTER INDEX clients_name RENAME TO clients_by_name", []),
        // Nobody can plan a query on the table while one of its indexes is locked like this.
        Case("REINDEX INDEX clients_name", ["indexes clients"], clientsAlone),
        Case("REINDEX TABLE clients", ["indexes clients"], clientsAlone),
        Case("CREATE INDEX ON days (n)", ["indexes days_rest"], ["days": "Share", "days_rest": "Share"]),
    ]

    static let changes = [
        Case("CLUSTER clients USING clients_pkey", ["rewrites clients"], clientsAlone),
        Case("ALTER TABLE log SET UNLOGGED", ["rewrites log"], ["log": "AccessExclusive"]),
        Case("REFRESH MATERIALIZED VIEW totals", ["rewrites totals"], ["totals": "AccessExclusive"]),
        Case(
            "ALTER TABLE days ATTACH PARTITION days_2020 FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
            ["scans days_2020", "scans days_rest"],
            ["days": "ShareUpdateExclusive", "days_2020": "AccessExclusive", "days_rest": "AccessExclusive"]
        ),
        Case(
            "ALTER TABLE days DETACH PARTITION days_rest",
            [],
            ["days": "AccessExclusive", "days_rest": "AccessExclusive"]
        ),
        Case(
            "CREATE TABLE days_2019 PARTITION OF days FOR VALUES FROM ('2019-01-01') TO ('2020-01-01')",
            ["scans days_rest"],
            ["days": "AccessExclusive", "days_rest": "AccessExclusive"]
        ),
        Case("ALTER TABLE clients RENAME TO customers", [], clientsAlone),
        Case("ALTER TABLE extra.t SET SCHEMA public", [], ["extra.t": "AccessExclusive"]),
        Case("ALTER TYPE mood ADD VALUE 'so so'"),
        Case("CREATE TABLE x (id integer); CREATE VIEW y AS SELECT * FROM clients; GRANT SELECT ON x TO app"),
        Case("GRANT CREATE ON SCHEMA public TO app; ALTER TABLE clients OWNER TO app", [], clientsAlone),
        Case(
            "CREATE TRIGGER t AFTER INSERT ON clients FOR EACH ROW EXECUTE FUNCTION note_change()",
            [],
            ["clients": "ShareRowExclusive"]
        ),
        Case("ALTER TABLE clients ENABLE ROW LEVEL SECURITY", [], clientsAlone),
        Case("LOCK TABLE clients IN EXCLUSIVE MODE", [], ["clients": "Exclusive"]),
    ]

    static let drops = [
        Case("DROP TABLE extra.t", ["drops table extra.t"], ["extra.t": "AccessExclusive"]),
        Case("ALTER TABLE clients DROP COLUMN note", ["drops column public.clients.note"], clientsAlone),
        Case("DROP TYPE mood CASCADE", ["drops enum public.mood", "drops column public.clients.m"], clientsAlone),
        Case(
            "DROP SCHEMA extra CASCADE",
            ["drops schema extra", "drops table extra.t"],
            ["extra.t": "AccessExclusive"]
        ),
        Case("DROP SEQUENCE tickets", ["drops sequence public.tickets"]),
        Case("DROP MATERIALIZED VIEW totals", ["drops materialized-view public.totals"], ["totals": "AccessExclusive"]),
        Case("DROP DOMAIN posint", ["drops domain public.posint"]),
        Case("DROP VIEW names"),
        Case("CREATE TABLE gone (id integer); DROP TABLE gone"),
        Case(
            "DO $$ BEGIN DROP TABLE extra.t; END $$",
            ["drops table extra.t", "opaque: a DO block with DROP TABLE"],
            ["extra.t": "AccessExclusive"]
        ),
    ]

    private static func writes(_ table: String) -> [String: String] { [table: "RowExclusive"] }

    static let rows = [
        Case("DELETE FROM clients WHERE id = 999", ["deletes clients"], writes("clients")),
        Case("DELETE FROM log", ["deletes log"], writes("log")),
        Case("UPDATE clients SET note = 'x' WHERE n = 999", ["updates clients"], writes("clients")),
        Case("INSERT INTO log VALUES ('x')", ["inserts log"], writes("log")),
        Case(
            "INSERT INTO clients (id) VALUES (99) ON CONFLICT (id) DO UPDATE SET n = 1",
            ["inserts clients", "updates clients"],
            writes("clients")
        ),
        Case("WITH d AS (DELETE FROM log RETURNING what) SELECT count(*) FROM d", ["deletes log"], writes("log")),
        Case(
            "MERGE INTO log USING extra.t s ON false WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES ('x')",
            ["deletes log", "inserts log"],
            writes("log")
        ),
        Case("TRUNCATE log", ["truncates log"], ["log": "AccessExclusive"]),
        Case(
            "TRUNCATE orders CASCADE",
            ["truncates orders", "truncates lines"],
            ["orders": "AccessExclusive", "lines": "AccessExclusive"]
        ),
        Case("COPY log FROM stdin;\na\nb\n\\.\n", ["inserts log"], writes("log")),
        Case(
            "ALTER TABLE log DISABLE TRIGGER USER; DELETE FROM log",
            ["deletes log", "scans log"],
            ["log": "ShareRowExclusive"]
        ),
        Case("CREATE TABLE new (id integer); INSERT INTO new VALUES (1); DELETE FROM new"),
        Case(
            "ALTER TABLE clients ADD a integer; UPDATE clients SET a = 1; ALTER TABLE clients ALTER a SET NOT NULL",
            ["updates clients", "scans clients"],
            clientsAlone
        ),
    ]

    static let procedures = [
        Case(
            "DO $$ BEGIN IF EXISTS (SELECT FROM clients WHERE id = 999) THEN DELETE FROM log; END IF; END $$",
            ["opaque: a DO block with DELETE FROM"]
        ),
        Case("DO $$ BEGIN EXECUTE 'SELECT 1'; END $$", ["opaque: a DO block with EXECUTE"]),
        Case(
            "DO $$ BEGIN PERFORM calls_purge() FROM clients WHERE id = 999; END $$",
            ["opaque: a DO block with a call of calls_purge"]
        ),
        // As drizzle-kit writes it: harmless.
        Case(
            """
            DO $$ BEGIN
             ALTER TABLE "orders" ADD CONSTRAINT "f" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE cascade ON UPDATE no action;
            EXCEPTION WHEN duplicate_object THEN null; END $$
            """,
            ["scans orders"],
            both
        ),
        Case("SELECT purge(id) FROM clients WHERE id = 999", ["opaque: it calls purge, which may write rows"]),
        Case("SELECT plain(1)"),
        Case("UPDATE log SET what = plain(1)::text", ["updates log"], writes("log")),
        Case(
            "CALL tidy()",
            ["opaque: it calls tidy, which may write rows", "truncates log"],
            ["log": "AccessExclusive"]
        ),
        Case(
            "UPDATE watched SET id = 2 WHERE id = 999",
            ["opaque: it sets off the trigger function note_change, which may write rows", "updates watched"],
            writes("watched")
        ),
        Case(
            "DELETE FROM seen WHERE id = 999",
            ["opaque: it sets off the trigger function note_change, which may write rows"]
        ),
        Case("CREATE FUNCTION later() RETURNS void LANGUAGE sql AS $$ DELETE FROM log $$", [], writes("log")),
        Case("DROP FUNCTION purge(integer)"),
    ]

    static let outside = [
        alone(
            "CREATE INDEX CONCURRENTLY clients_n ON clients (n)",
            ["indexes concurrently clients"],
            ["clients": "ShareUpdateExclusive"]
        ),
        alone("DROP INDEX CONCURRENTLY clients_name", [], ["clients": "ShareUpdateExclusive"]),
        alone(
            "REINDEX TABLE CONCURRENTLY clients",
            ["indexes concurrently clients"],
            ["clients": "ShareUpdateExclusive"]
        ),
        alone("VACUUM clients", [], ["clients": "ShareUpdateExclusive"]),
        alone("VACUUM FULL log", ["rewrites log"], ["log": "AccessExclusive"]),
        alone(
            "ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY",
            [],
            ["parts": "ShareUpdateExclusive", "parts_1": "ShareUpdateExclusive"]
        ),
        alone(
            "ALTER TYPE mood ADD VALUE 'so so'; UPDATE clients SET m = 'so so'",
            ["updates clients"],
            writes("clients")
        ),
        alone(
            "ALTER TABLE clients ADD COLUMN a integer; CREATE INDEX CONCURRENTLY ON clients (a)",
            ["indexes concurrently clients"],
            ["clients": "ShareUpdateExclusive"]
        ),
    ]
}
