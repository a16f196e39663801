import FleetModel
import Migrations
import Postgres
import Servers
import Testing
import TestSupport

@testable import Applying

/// Steps that no transaction undoes, interrupted while they wait for others: mended or told, never masked.
@Suite struct ConcurrentStepsTests {
    enum Interruption: String, CaseIterable, Sendable { case terminated, cancelled, timedOut }

    struct Case: Sendable, CustomTestStringConvertible {
        var statement: String
        /// What keeps it waiting.
        var blocker: String
        /// When it waits there: a condition on `pg_stat_activity a`, `p` being its row of progress.
        var phase: String
        var testDescription: String { "\(statement) \(phase)" }
    }

    private static let writer = "BEGIN; INSERT INTO public.things VALUES (0, 'open')"
    private static let reader = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM public.bystanders"
    private static let cases: [Case] = [
        Case(
            statement: "CREATE INDEX CONCURRENTLY made ON things (what)",
            blocker: writer,
            phase: "writers before build"
        ),
        Case(
            statement: "CREATE INDEX CONCURRENTLY IF NOT EXISTS made ON things (what)",
            blocker: reader,
            phase: "old snapshots"
        ),
        Case(statement: "REINDEX INDEX CONCURRENTLY things_pkey", blocker: writer, phase: "writers before build"),
        Case(statement: "REINDEX TABLE CONCURRENTLY things", blocker: reader, phase: "old snapshots"),
        Case(statement: "DROP INDEX CONCURRENTLY kept", blocker: writer, phase: ""),
        Case(
            statement: "ALTER TABLE parts DETACH PARTITION part_1 CONCURRENTLY",
            blocker: "BEGIN; SELECT count(*) FROM public.parts",
            phase: ""
        ),
    ]

    @Test(.proves(24), .timeLimit(.minutes(20)))
    func `a step that is interrupted while it waits leaves a valid index or none`() async throws {
        let all = Self.cases.flatMap { one in Interruption.allCases.map { (one, $0) } }
        try await Sweep.tryEach(Sweep.pick(all, quick: 4, sample: 10), width: 2) { one, interruption in
            try await Self.interrupt(one, interruption)
        }
    }

    private static func interrupt(_ one: Case, _ interruption: Interruption) async throws {
        let what = "\(one.testDescription), \(interruption)"
        try await Bench.with { bench in
            try await bench.sql(
                """
                CREATE TABLE things (n serial PRIMARY KEY, what text); CREATE TABLE bystanders (n int);
                INSERT INTO things (what) SELECT 'thing ' || n FROM generate_series(1, 500) n;
                CREATE INDEX kept ON things (what);
                CREATE TABLE parts (n int) PARTITION BY LIST (n);
                CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
                INSERT INTO parts SELECT 1 FROM generate_series(1, 10);
                """
            )
            let migration = Bench.migration(1, one.statement, isTransactional: false)
            let blocker = try await Session.open(
                bench.server.target(database: "shop"),
                settings: SessionSettings(access: .readWrite, applicationName: "blocker")
            )
            try await blocker.run(SQL(writtenByUser: one.blocker))
            async let ended: String? = {
                do {
                    let limit: Duration? = interruption == .timedOut ? .seconds(3) : nil
                    try await bench.work(statementTimeout: limit) { try await bench.run(migration, $0) }
                    return nil
                } catch {
                    return "\(error)"
                }
            }()
            try await waits(one, bench, what)
            switch interruption {
            case .terminated: try await signal("pg_terminate_backend", bench)
            case .cancelled: try await signal("pg_cancel_backend", bench)
            case .timedOut: _ = await ended
            }
            // Clearing up waits for the same as the statement did.
            try await blocker.run("ROLLBACK")
            let failure = await ended
            #expect(failure != nil, "\(what)")
            if interruption == .cancelled {
                let left = try await state(bench)
                #expect(left.hasPrefix("0 0"), "\(what): \(left) \(failure ?? "")")
            }
            // The same command once more completes it.
            try await bench.work { try await bench.run(migration, $0) }
            await blocker.close()
            let drops = one.statement.hasPrefix("DROP") ? 1 : 0
            let made = one.statement.hasPrefix("CREATE") ? 1 : 0
            let attached = one.statement.hasPrefix("ALTER") ? 0 : 1
            let found = try await state(bench)
            #expect(found == "0 0 \(2 - drops + made) \(attached) 500 10 1 0", "\(what): \(found)")
        }
    }

    /// Invalid indexes, pending detaches, indexes of the table, partitions, rows, rows of the part, history, intents.
    private static func state(_ bench: Bench) async throws -> String {
        let hasHistory = try await bench.sql("SELECT to_regclass('reconcile.migrations') IS NOT NULL") == "t"
        return try await bench.sql(
            """
            SELECT (SELECT count(*) FROM pg_index WHERE NOT indisvalid),
                (SELECT count(*) FROM pg_inherits WHERE inhdetachpending),
                (SELECT count(*) FROM pg_index WHERE indrelid = 'things'::regclass),
                (SELECT count(*) FROM pg_inherits), (SELECT count(*) FROM things), (SELECT count(*) FROM part_1),
                \(hasHistory ? "(SELECT count(*) FROM reconcile.migrations)" : "0"),
                (SELECT count(*) FROM reconcile.marks WHERE key = 'intent')
            """
        )
    }

    private static func waits(_ one: Case, _ bench: Bench, _ what: String) async throws {
        let phase =
            one.phase.isEmpty
            ? "a.wait_event_type = 'Lock'"
            : "EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.pid = a.pid AND p.phase ~ '\(one.phase)')"
        for _ in 0..<1200 {
            let found = try await bench.sql(
                """
                SELECT count(*) FROM pg_stat_activity a
                WHERE a.application_name ~ '^reconcile' AND a.query ~ '(CONCURRENTLY)' AND a.state = 'active' AND \(phase)
                """
            )
            if found == "1" { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        Issue.record("\(what): it never waited")
    }

    private static func signal(_ function: String, _ bench: Bench) async throws {
        try await bench.sql(
            """
            SELECT \(function)(pid) FROM pg_stat_activity
            WHERE application_name ~ '^reconcile' AND query ~ 'CONCURRENTLY' AND datname = 'shop'
            """
        )
    }

    @Test(.proves(24)) func `a unique index over equal rows leaves none, and says why`() async throws {
        try await Bench.with { bench in
            try await bench.sql("CREATE TABLE things AS SELECT 1 AS n FROM generate_series(1, 2)")
            let migration = Bench.migration(
                1,
                "CREATE UNIQUE INDEX CONCURRENTLY made ON things (n)",
                isTransactional: false
            )
            let failure = await #expect(throws: PostgresError.self) {
                try await bench.work { try await bench.run(migration, $0) }
            }
            #expect(failure?.sqlState == "23505")
            #expect(try await bench.sql("SELECT count(*) FROM pg_index WHERE indrelid = 'things'::regclass") == "0")
        }
    }
}
