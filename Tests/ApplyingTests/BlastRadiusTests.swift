import FleetModel
import Migrations
import Postgres
import Testing
import TestSupport

@testable import Applying

/// What a migration takes away is counted by the server while it happens, and undone where its plan said nothing of it.
@Suite struct BlastRadiusTests {
    private static let before = """
        CREATE TABLE items (id int PRIMARY KEY, kind text); INSERT INTO items SELECT n, 'kind ' || n % 7 FROM generate_series(1, 400) n;
        CREATE TABLE parts (item int REFERENCES items ON DELETE CASCADE); INSERT INTO parts SELECT n FROM generate_series(1, 80) n;
        CREATE TABLE log (id int); CREATE TABLE late (id int); CREATE TABLE nothing (id int);
        CREATE TABLE years (year int, what text) PARTITION BY LIST (year);
        CREATE TABLE years_1 PARTITION OF years FOR VALUES IN (1); CREATE TABLE years_2 PARTITION OF years FOR VALUES IN (2);
        INSERT INTO years SELECT 1 + n % 2, 'what ' || n FROM generate_series(1, 60) n;
        CREATE FUNCTION purge(n int) RETURNS void LANGUAGE sql AS 'DELETE FROM public.parts WHERE item = n';
        CREATE FUNCTION purging() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.parts WHERE item = NEW.id; RETURN NEW; END';
        CREATE TRIGGER purging BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION purging();
        CREATE CONSTRAINT TRIGGER purging AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION purging();
        """

    /// What scratch, which has no rows, does not see; and what the server counted.
    private static let losing: [(body: String, told: [String])] = [
        (guarded("DELETE FROM items WHERE id > 80"), ["deletes 320 rows of public.items"]),
        (guarded("DELETE FROM items"), ["deletes 400 rows of public.items", "deletes 80 rows of public.parts"]),
        (
            "DO $$ DECLARE r record; BEGIN FOR r IN SELECT item FROM parts LIMIT 1 LOOP DELETE FROM parts WHERE item = r.item; END LOOP; END $$",
            ["deletes 1 row of public.parts"]
        ),
        ("SELECT purge(id) FROM items WHERE id <= 30", ["deletes 30 rows of public.parts"]),
        ("INSERT INTO log SELECT id FROM items LIMIT 20", ["deletes 20 rows of public.parts"]),
        ("INSERT INTO late SELECT id FROM items WHERE id <= 25", ["deletes 25 rows of public.parts"]),
        ("SET CONSTRAINTS ALL DEFERRED; INSERT INTO late VALUES (3)", ["deletes 1 row of public.parts"]),
        ("DO $$ BEGIN SET track_counts = off; DELETE FROM parts; END $$", ["could not be told"]),
        (guarded("TRUNCATE parts"), ["empties public.parts"]),
        (
            guarded("TRUNCATE items CASCADE; INSERT INTO items VALUES (1)"),
            ["empties public.parts", "replaces all rows of public.items"]
        ),
        (guarded("DROP TABLE parts"), ["drops public.parts"]),
        (
            guarded("DROP TABLE items, years CASCADE"),
            ["drops public.items", "drops public.years_1", "drops public.years_2"]
        ),
        (guarded("ALTER TABLE items DROP COLUMN kind"), ["drops a column of public.items"]),
        (guarded("DROP SCHEMA public CASCADE"), ["drops public.items", "drops public.parts"]),
        (guarded("DELETE FROM years WHERE year = 1"), ["deletes 30 rows of public.years"]),
        (guarded("DELETE FROM years_2"), ["deletes 30 rows of public.years"]),
        (guarded("ALTER TABLE parts RENAME TO pieces; DELETE FROM pieces"), ["deletes 80 rows of public.parts"]),
        (guarded("EXECUTE 'DEL' || 'ETE FROM public.parts WHERE item = 1'"), ["deletes 1 row of public.parts"]),
        (
            "DELETE FROM items WHERE id = 1; INSERT INTO items VALUES (1, 'again'), (401, 'more')",
            ["deletes 1 row of public.items", "deletes 1 row of public.parts"]
        ),
    ]

    private static let harmless = [
        guarded("UPDATE items SET kind = 'new'"), guarded("UPDATE years SET year = 2 WHERE year = 1"),
        guarded("INSERT INTO items VALUES (500, 'more')"), guarded("TRUNCATE nothing; DROP TABLE nothing"),
        "CREATE TABLE made AS SELECT * FROM items; DELETE FROM made; DROP TABLE made",
        "CREATE TEMP TABLE made AS SELECT * FROM items; DELETE FROM made",
        "CREATE INDEX ON items (kind)", guarded("ALTER TABLE years DETACH PARTITION years_1"),
        guarded("ALTER TABLE parts RENAME TO pieces"), "REFRESH MATERIALIZED VIEW kinds",
        guarded("ALTER TABLE parts SET SCHEMA other"),
    ]

    /// Only where there are rows.
    private static func guarded(_ statements: String) -> String {
        "DO $$ BEGIN IF EXISTS (SELECT FROM items) THEN \(statements); END IF; END $$"
    }

    private static let state = """
        SELECT (SELECT count(*) || coalesce(md5(string_agg(i::text, ',' ORDER BY id)), '') FROM items i),
            (SELECT count(*) FROM parts), (SELECT count(*) FROM years_1), (SELECT count(*) FROM years_2), (SELECT count(*) FROM log),
            (SELECT count(*) FROM late), (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace)
        """

    @Test(.proves(23, 28), .timeLimit(.minutes(5)), arguments: [true, false])
    func `what no plan said is rolled back, with numbers`(isTransactional: Bool) async throws {
        try await Bench.with { bench in
            try await bench.sql(Self.before)
            let whole = try await bench.sql(Self.state)
            for (number, one) in Self.losing.enumerated() {
                Sweep.tried()
                let migration = Bench.migration(number + 1, one.body, isTransactional: isTransactional)
                let failure = await #expect(throws: ApplyError.self, "\(one.body)") {
                    let limit = LossLimit([], excess: .stop("give --allow data-loss"))
                    try await bench.work { try await bench.run(migration, $0, within: limit) }
                }
                let said = failure.map { "\($0)" } ?? ""
                // Outside a transaction the statements before the one that loses something may stand.
                for loss in one.told { #expect(said.contains(loss), "\(one.body)\n\(said)") }
                #expect(try await bench.sql(Self.state) == whole, "\(one.body)")
                // Where it was begun and not finished, it would have to be finished first.
                try await bench.sql(
                    "DO $$ BEGIN IF to_regclass('reconcile.marks') IS NOT NULL THEN DELETE FROM reconcile.marks; END IF; END $$"
                )
            }
        }
    }

    @Test(.proves(28), .timeLimit(.minutes(5)))
    func `what takes nothing away is let through`() async throws {
        try await Bench.with { bench in
            try await bench.sql(Self.before)
            try await bench.sql(
                "CREATE SCHEMA other; CREATE MATERIALIZED VIEW kinds AS SELECT DISTINCT kind FROM items"
            )
            for (number, body) in Self.harmless.enumerated() {
                Sweep.tried()
                try await bench.work { worker in
                    let limit = LossLimit([], excess: .stop("give --allow data-loss"))
                    do {
                        try await bench.run(Bench.migration(number + 1, body), worker, within: limit)
                    } catch {
                        Issue.record("\(body)\n\(error)")
                    }
                    // As the next test of the list finds it.
                    _ = try? await bench.sql("ALTER TABLE pieces RENAME TO parts")
                    _ = try? await bench.sql("ALTER TABLE other.parts SET SCHEMA public")
                }
            }
        }
    }

    @Test(.proves(28), .timeLimit(.minutes(5)))
    func `what a plan said may go, under whatever name the table has by then`() async throws {
        let items = PlannedStatement(
            sql: "",
            hazards: [.dataLoss],
            locks: [TableLock(table: TableName(schema: "public", name: "items"), mode: "AccessExclusiveLock")],
            destroys: ["items", "parts", "pieces", "years"].map { TableName(schema: "public", name: $0) }
        )
        try await Bench.with { bench in
            try await bench.sql(Self.before)
            for (number, body) in [
                "DELETE FROM items WHERE id <= 10", "DELETE FROM years_1",
                "ALTER TABLE parts RENAME TO pieces; DELETE FROM pieces",
                "ALTER TABLE items ALTER COLUMN kind TYPE varchar USING kind || ''", "TRUNCATE items CASCADE",
                "DROP TABLE years",
            ].enumerated() {
                Sweep.tried()
                let limit = LossLimit([items], excess: .stop("nothing"))
                try await bench.work { try await bench.run(Bench.migration(number + 1, body), $0, within: limit) }
            }
            #expect(try await bench.sql("SELECT count(*) FROM items") == "0")
        }
    }
}
