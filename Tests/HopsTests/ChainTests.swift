import Effects
import FleetModel
import Postgres
import Servers
import Testing
import TestSupport

/// Every kind of way is as good as a direct connection.
@Suite(.serialized, .enabled("sshd and a Docker engine are needed", { await Chain.canRun() }))
struct ChainTests {
    @Test(.timeLimit(.minutes(2)), arguments: Chain.allCases)
    func `sessions are opened, cancelled and closed`(chain: Chain) async throws {
        try await chain.with { journey, server, setting in
            try await setting.routes { routes in
                #expect(await journey.answer("SELECT 6 * 7", routes) == "42")
                try await Self.cancel(try await journey.session(routes))
                try await Self.crowd(journey, server, routes)
            }
            try await Self.expectNothingLeft(server, setting)
        }
    }

    private static func cancel(_ session: Session) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let slow = Task { try await session.run("SELECT pg_sleep(60)") }
        try await Task.sleep(for: .milliseconds(200))
        slow.cancel()
        switch await slow.result {
        case .success: Issue.record("the statement was not cancelled")
        case .failure(let error): #expect((error as? PostgresError)?.sqlState == "57014")
        }
        #expect(clock.now - start < .seconds(20))
        #expect(try await session.run("SELECT 1").last?.rows?.first?[0] == "1")
        await session.close()
    }

    /// Twenty at a time, each with more to say and to hear than any buffer holds.
    private static func crowd(_ journey: Journey, _ server: EmbeddedServer, _ routes: Routes) async throws {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let session = try await journey.session(routes)
                    let text = String(repeating: "x", count: 400_000 + number)
                    let rows = try await session.run(
                        "SELECT repeat('y', 400000), length($1)::text, pg_sleep(0.2)",
                        parameters: [text]
                    )
                    await session.close()
                    #expect(rows.first?[0]?.utf8.count == 400_000)
                    return Int(rows.first?[1] ?? "") ?? 0
                }
            }
            var lengths: [Int] = []
            for try await length in group { lengths.append(length) }
            #expect(lengths.sorted() == Array(400_000..<400_020))
        }
    }

    /// No backend, no program in the container, no process and no connection of ssh.
    static func expectNothingLeft(_ server: EmbeddedServer, _ setting: Setting) async throws {
        try await eventually("a backend is left") {
            try await server.value("SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^(test|reconcile)'")
                == "0"
        }
        if let container = setting.container {
            try await eventually("a program is left in the container") { try await container.strangers().isEmpty }
            try await eventually("a client of Docker's is left") {
                TestProcesses.mentioning("exec -i \(container.id)").isEmpty
                    && TestProcesses.mentioning(#"-i\0047 \0047\#(container.id)"#).isEmpty
            }
        }
        if let sshd = setting.sshd {
            try await eventually("a connection of ssh is left", { TestProcesses.lines(sshd.processes()) }) {
                sshd.processes().count == 1
            }
            try await eventually("a process of ssh is left") {
                TestProcesses.mentioning(sshd.folder + "/config").isEmpty
            }
        }
    }

    static func eventually(
        _ complaint: String,
        _ detail: () -> [String] = { [] },
        _ condition: () async throws -> Bool
    ) async throws {
        for _ in 0..<1200 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record(Comment(rawValue: ([complaint] + detail()).joined(separator: "\n")))
    }
}
