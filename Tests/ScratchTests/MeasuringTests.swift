import FleetModel
import Servers
import Testing
import TestSupport

/// What statements do, as scratch measures it, against what the documentation and the server's sources say they do.
@Suite struct MeasuringTests {
    static let schema = """
        CREATE TYPE mood AS ENUM ('sad', 'happy');
        CREATE DOMAIN posint AS integer CHECK (VALUE > 0);
        CREATE TABLE clients (id integer PRIMARY KEY, name varchar(10), note text, n integer, doc json, at timestamp, m mood);
        CREATE INDEX clients_name ON clients (name);
        CREATE TABLE orders (id serial PRIMARY KEY, client_id integer, total integer);
        ALTER TABLE orders ADD CONSTRAINT orders_total CHECK (total > 0) NOT VALID;
        ALTER TABLE orders ADD CONSTRAINT orders_fk FOREIGN KEY (client_id) REFERENCES clients (id) NOT VALID;
        ALTER TABLE orders ADD CONSTRAINT orders_id_there CHECK (client_id IS NOT NULL);
        CREATE TABLE lines (id integer PRIMARY KEY, order_id integer REFERENCES orders (id) ON DELETE CASCADE);
        CREATE TABLE days (day date NOT NULL, n integer) PARTITION BY RANGE (day);
        CREATE TABLE days_rest PARTITION OF days DEFAULT;
        CREATE TABLE days_2020 (day date NOT NULL, n integer);
        CREATE TABLE parts (id integer) PARTITION BY LIST (id);
        CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
        CREATE VIEW names AS SELECT name FROM clients;
        CREATE MATERIALIZED VIEW totals AS SELECT client_id, sum(total) AS total FROM orders GROUP BY client_id;
        CREATE UNIQUE INDEX totals_client ON totals (client_id);
        CREATE SCHEMA extra;
        CREATE TABLE extra.t (id integer);
        CREATE SEQUENCE tickets;
        CREATE TABLE log (what text);
        CREATE FUNCTION purge(i integer) RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM log WHERE what = i::text; END $$;
        CREATE FUNCTION plain(i integer) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN i + 1; END $$;
        CREATE FUNCTION calls_purge() RETURNS void LANGUAGE sql AS $$ SELECT purge(1) $$;
        CREATE PROCEDURE tidy() LANGUAGE plpgsql AS $$ BEGIN TRUNCATE log; END $$;
        CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (TG_OP); RETURN NEW; END $$;
        CREATE TABLE watched (id integer);
        CREATE VIEW seen AS SELECT DISTINCT id FROM watched;
        CREATE TRIGGER write_seen INSTEAD OF DELETE ON seen FOR EACH ROW EXECUTE FUNCTION note_change();
        CREATE TRIGGER watch AFTER UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION note_change();
        """

    static let rows = """
        INSERT INTO clients (id, name, n, doc, at, m) SELECT i, 'c' || i, i, '{}', '2020-01-01', 'sad' FROM generate_series(1, 5) i;
        INSERT INTO orders (client_id, total) SELECT i, i FROM generate_series(1, 5) i;
        INSERT INTO lines SELECT i, i FROM generate_series(1, 5) i;
        INSERT INTO days VALUES ('2021-01-01', 1);
        INSERT INTO watched VALUES (1);
        """

    /// Every case on empty tables and on tables with a few rows: what scratch says must not depend on rows.
    @Test(arguments: [[0], [0, 1]]) func `each statement is measured as what it is`(_ base: [Int]) async throws {
        let programs = try await TestServer.programs()
        let cases = Case.all.filter { $0.since <= programs.version.major }
        let texts = cases.map { ($0.isTransactional ? "" : "-- reconcile: no-transaction\n") + $0.sql }
        let fixture = Fixture([Self.schema, Self.rows] + texts, major: programs.version.major)
        let scratch = Scratch(programs: [programs], cacheFolder: nil, inspect: columnsOnly)
        let sequences = texts.indices.map { base + [$0 + 2] }
        let replays = try await fixture.answer(scratch, sequences, roles: ["app"])
        try #require(replays.count == sequences.count)
        for (replay, expected) in zip(replays, cases) {
            let comment = Comment(rawValue: expected.sql)
            #expect(replay.end == .complete, comment)
            guard replay.migrations.count == base.count + 1, let measured = replay.migrations.last else { continue }
            let effects = measured.statements.reduce(into: Set<MeasuredStatement.Effect>()) { $0.formUnion($1.effects) }
            #expect(effects.map(Case.text).sorted() == expected.effects.sorted(), comment)
            var locks: [String: String] = [:]
            for lock in measured.statements.flatMap(\.locks) { locks[Case.text(lock.table)] = lock.mode }
            #expect(locks == expected.locks, comment)
        }
    }

    @Test func `a rename is told, and a lock is named as before it`() async throws {
        let programs = try await TestServer.programs()
        let fixture = Fixture(
            [
                "CREATE TABLE a (id integer)",
                "ALTER TABLE a RENAME TO b; ALTER TABLE b ADD COLUMN x integer; DELETE FROM b",
            ],
            major: programs.version.major
        )
        let replay = try await fixture.answer(
            Scratch(programs: [programs], cacheFolder: nil, inspect: columnsOnly),
            [[0, 1]]
        )[0]
        let a = TableName(name: "a")
        #expect(replay.migrations[1].renamed == [a: TableName(name: "b")])
        #expect(replay.migrations[1].statements[1].locks == [])
        #expect(replay.migrations[1].statements[0].locks == [TableLock(table: a, mode: "AccessExclusiveLock")])
        #expect(replay.migrations[1].statements[2].effects == [.deletes(a), .scans(a)])
    }

    /// The server forgets what it counted for a session once a second, between two of its transactions.
    @Test func `a statement is measured however long it takes`() async throws {
        let programs = try await TestServer.programs()
        let slow = """
            CREATE FUNCTION slow(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE
                AS 'BEGIN PERFORM pg_sleep(1.2); RETURN n; END'
            """
        let fixture = Fixture(
            [
                "CREATE TABLE a (n integer); INSERT INTO a VALUES (1); \(slow)",
                """
                -- reconcile: no-transaction
                CREATE INDEX CONCURRENTLY one ON a (slow(n));
                CREATE INDEX CONCURRENTLY two ON a (slow(n))
                """,
            ],
            major: programs.version.major
        )
        let replay = try await fixture.answer(
            Scratch(programs: [programs], cacheFolder: nil, inspect: columnsOnly),
            [[0, 1]]
        )[0]
        let a = TableName(name: "a")
        for statement in replay.migrations[1].statements {
            #expect(statement.effects.isSuperset(of: [.notTransactional, .buildsIndexConcurrently(a)]), "\(statement)")
        }
    }
}
