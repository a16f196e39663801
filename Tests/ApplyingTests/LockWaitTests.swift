import FleetModel
import Migrations
import Postgres
import Servers
import Synchronization
import Testing
import TestSupport

@testable import Applying

/// Nobody waits behind a migration that waits.
@Suite struct LockWaitTests {
    @Test(.proves(25), .timeLimit(.minutes(5)))
    func `who reads a table waits no longer than the lock timeout, however long its lock is waited for`() async throws {
        try await Bench.with { bench in
            try await bench.sql("CREATE TABLE things AS SELECT n FROM generate_series(1, 100) n")
            let settings = SessionSettings(access: .readWrite, applicationName: "blocker")
            let blocker = try await Session.open(bench.server.target(database: "shop"), settings: settings)
            try await blocker.run("BEGIN; SELECT count(*) FROM public.things")
            let told = Mutex<[String]>([])
            let isDone = Atomic(false)
            async let longest = Self.read(bench, until: { isDone.load(ordering: .relaxed) })
            async let migrated: Void = bench.work(lockTimeout: .milliseconds(400)) { event in
                if case .waiting(_, let text) = event { told.withLock { $0.append(text) } }
            } _: { worker in
                try await bench.run(Bench.migration(1, "ALTER TABLE things ADD COLUMN more text"), worker)
            }
            let rounds = Sweep.count(quick: 2, sample: 3, whole: 5)
            for _ in 0..<600 where told.withLock({ $0.count < rounds }) { try await Task.sleep(for: .milliseconds(50)) }
            try await blocker.run("ROLLBACK")
            try await migrated
            isDone.store(true, ordering: .relaxed)
            // Waiting the whole time would have been ten times the timeout, and this machine may be slow.
            #expect(try await longest < .milliseconds(400) + .seconds(2))
            let names = told.withLock { $0 }
            Sweep.tried(names.count)
            #expect(names.count >= rounds)
            #expect(names.allSatisfy { $0.contains("blocker") }, "\(names)")
            #expect(try await bench.sql("SELECT count(more) FROM things") == "0")
            await blocker.close()
        }
    }

    /// Reads the table again and again; gives the longest that took.
    private static func read(_ bench: Bench, until isDone: @Sendable () -> Bool) async throws -> Duration {
        let settings = SessionSettings(access: .readOnly, applicationName: "reader")
        let session = try await Session.open(bench.server.target(database: "shop"), settings: settings)
        var longest = Duration.zero
        while !isDone() {
            let start = ContinuousClock.now
            try await session.run("SELECT count(*) FROM public.things")
            longest = max(longest, ContinuousClock.now - start)
            try await Task.sleep(for: .milliseconds(5))
        }
        await session.close()
        return longest
    }
}
