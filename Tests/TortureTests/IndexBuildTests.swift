import Effects
import Postgres
import Servers
import Testing
import TestSupport

/// Our own locks hold up nothing: neither each other nor an index that is built concurrently.
@Suite(.serialized) struct IndexBuildTests {
    @Test(.proves(8), .timeLimit(.minutes(10)))
    func `an index is built while others ask for the locks and somebody holds the environment's`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        try await template.with { root in
            // The build waits for whoever may still look at the table without the index: long enough to be watched.
            let reader = Task {
                let snapshot = try await Self.session(root.server, "reader", "tenant_a")
                try await snapshot.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
                try await Self.eventually { try await root.server.value(Self.building) == "1" }
                try await Task.sleep(for: .seconds(Sweep.current == .quick ? 1 : 3))
                try await snapshot.run("COMMIT")
                await snapshot.close()
            }
            let sampler = Task { try await Self.sample(root.server) }
            // From where the index is built, as a waiting run would.
            let waiters = (1...5).map { number in
                Task { try await Self.poll(root.server, "waiter \(number)") }
            }
            // Another environment's lock, held the whole time by the extended protocol.
            let holder = try await Self.session(root.server, "holder", "postgres")
            try await holder.run("SELECT pg_advisory_lock(hashtext($1))", parameters: ["another environment"])
            let competitors = Task { try await Self.compete(root) }
            let run = try await root.reconcile("apply", "here", "--auto-approve")
            for task in waiters { task.cancel() }
            competitors.cancel()
            sampler.cancel()
            let (samples, building, offenders) = try await sampler.value
            try await reader.value
            for task in waiters { try await task.value }
            let refused = try await competitors.value
            await holder.close()
            #expect(run.status == 0, "\(run.status) \(run.errors)")
            #expect(samples > 5 && building > 0, "\(samples) samples, \(building) of them while the index was built")
            #expect(offenders.isEmpty, "idle sessions of ours hold a snapshot: \(Set(offenders))")
            #expect(refused > 0, "nobody else asked for the environment's lock meanwhile")
            Sweep.tried(samples)
            try await template.complete(root, "built beside waiters")
        }
    }

    private static let building =
        "SELECT count(*) FROM pg_stat_progress_create_index WHERE command = 'CREATE INDEX CONCURRENTLY'"

    private static func session(_ server: EmbeddedServer, _ name: String, _ database: String) async throws -> Session {
        try await Session.open(
            server.target(database: database),
            settings: SessionSettings(access: .readWrite, applicationName: name)
        )
    }

    /// Looks again and again whether an idle session of ours keeps a snapshot that a build would wait for.
    private static func sample(_ server: EmbeddedServer) async throws -> (Int, Int, [String]) {
        let session = try await session(server, "sampler", "postgres")
        var samples = 0
        var whileBuilding = 0
        var offenders: [String] = []
        while !Task.isCancelled {
            let answers = try await Task {
                try await session.run(
                    """
                    SELECT count(*) FROM pg_stat_progress_create_index;
                    SELECT application_name || ' after ' || query FROM pg_stat_activity
                    WHERE application_name ~ '^reconcile' AND state = 'idle' AND backend_xmin IS NOT NULL
                    """
                )
            }.value
            samples += 1
            if answers.first?.rows?.scalar != "0" { whileBuilding += 1 }
            offenders += (answers.last?.rows ?? Rows(columns: [], values: [])).compactMap { $0[0] }
            try? await Task.sleep(for: .milliseconds(10))
        }
        await session.close()
        return (samples, whileBuilding, offenders)
    }

    /// Asks for the lock of a database as soon as a run holds it, over and over, by the extended protocol.
    private static func poll(_ server: EmbeddedServer, _ name: String) async throws {
        try await eventually { try await server.value(building) == "1" }
        let key = try await server.value(
            """
            SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory'
                AND database = (SELECT oid FROM pg_database WHERE datname = 'tenant_a') LIMIT 1
            """
        )
        let session = try await session(server, name, "tenant_a")
        while !Task.isCancelled {
            _ = try await Task {
                try await session.run(
                    "SELECT CASE WHEN pg_try_advisory_lock($1::bigint) THEN pg_advisory_unlock($1::bigint) END",
                    parameters: [key]
                )
            }.value
            try? await Task.sleep(for: .milliseconds(40))
        }
        await session.close()
    }

    /// Other runs of the same environment, which end at once; how many were refused.
    private static func compete(_ root: ScenarioRoot) async throws -> Int {
        try await eventually { try await root.server.value(building) == "1" }
        var refused = 0
        while !Task.isCancelled {
            guard let run = try? await root.reconcile("apply", "here", "--auto-approve") else { break }
            if run.status == 4 { refused += 1 }
            try? await Task.sleep(for: .milliseconds(200))
        }
        return refused
    }

    private static func eventually(_ condition: () async throws -> Bool) async throws {
        for _ in 0..<2400 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("it never came to the index")
    }
}
