import Effects
import FleetModel
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

/// A relay carries sessions and leaves nothing behind, whatever is killed; above all no child for process 1 to take fright at.
@Suite(.serialized, .enabled("sshd and a Docker engine are needed", { await Chain.canRun() }))
struct RelayTests {
    @Test(.timeLimit(.minutes(2)), arguments: ["perl", "bash"])
    func `a killed relay, or a killed client of Docker's, ends its own session alone`(relay: String) async throws {
        try await Chain.docker.with { journey, server, setting in
            let container = try #require(setting.container)
            if relay == "bash" { try await container.docker.docker("exec", container.name, "rm", "/usr/bin/perl") }
            try await setting.routes { routes in
                let bystander = try await journey.session(routes)
                let pid = try await bystander.run("SELECT pg_backend_pid()").last?.rows?.first?[0]
                for victim in ["\(relay) ", "docker exec -i \(container.id)"] {
                    let before = try await Self.pids(victim, container)
                    let session = try await journey.session(routes)
                    let mine = try await Self.pids(victim, container).subtracting(before)
                    try #require(!mine.isEmpty, "\(victim)")
                    let lost = Task { try await session.run("SELECT pg_sleep(30)") }
                    try await Task.sleep(for: .milliseconds(100))
                    let clock = ContinuousClock()
                    let start = clock.now
                    for pid in mine { kill(pid, SIGKILL) }
                    await #expect(throws: PostgresError.self) { try await lost.value }
                    #expect(clock.now - start < .seconds(10))
                    await session.close()
                    // A server that restarts its sessions would have ended this one.
                    #expect(try await bystander.run("SELECT pg_backend_pid()").last?.rows?.first?[0] == pid)
                }
                await bystander.close()
            }
            try await server.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test' AND pid <> pg_backend_pid()"
            )
            try await ChainTests.expectNothingLeft(server, setting)
        }
    }

    /// Processes of this machine, the container's among them, whose words begin so.
    private static func pids(_ start: String, _ container: TestContainer) async throws -> Set<pid_t> {
        let top = try await container.docker.docker("top", container.name, "-eo", "pid,args").outputText
        let inside = Set(top.split(separator: "\n").compactMap { $0.split(separator: " ").first.flatMap { pid_t($0) } })
        let all = TestProcesses.mentioning(start).compactMap { line -> pid_t? in
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[1].hasPrefix(start), let pid = pid_t(parts[0]) else { return nil }
            return start.hasPrefix("docker") || inside.contains(pid) ? pid : nil
        }
        return Set(all)
    }
}
