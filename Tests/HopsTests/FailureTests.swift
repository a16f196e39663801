import Effects
import FleetModel
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

/// An error names the hop that failed and says what it said.
@Suite(.serialized, .enabled("sshd and a Docker engine are needed", { await Chain.canRun() }))
struct FailureTests {
    private static let here: [(keyword: String, value: String)] = [("host", "127.0.0.1"), ("user", "postgres")]

    private static func answer(
        _ hops: [Hop],
        _ connection: [(keyword: String, value: String)],
        _ setting: Setting
    ) async throws -> String {
        try await setting.routes { routes in
            await Journey(hops: hops, connection: connection).answer("SELECT 1", routes)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `ssh tells of a wrong key, an unknown host and a closed port`() async throws {
        try await TestSSHServer.with { sshd in
            let setting = Setting(sshd: sshd)
            func hop(_ change: (inout SSHHop) -> Void) -> Hop {
                var hop = SSHHop(destination: "vps", config: "\(sshd.folder)/config")
                change(&hop)
                return .ssh(hop)
            }
            let text = Files.text("\(sshd.folder)/config") ?? ""
            try Files.write(
                text.replacing("\(sshd.folder)/client", with: "\(sshd.folder)/stranger"),
                to: "\(sshd.folder)/wrong-key"
            )
            var said = try await Self.answer([hop { $0.config = "\(sshd.folder)/wrong-key" }], Self.here, setting)
            #expect(said.hasPrefix("ssh vps: ") && said.contains("Permission denied"), "\(said)")
            // What the manifest names goes before the configuration.
            said = try await Self.answer(
                [
                    hop {
                        $0.config = "\(sshd.folder)/wrong-key"; $0.identity = "\(sshd.folder)/client"
                    }
                ],
                [("host", "127.0.0.1"), ("port", "1")],
                setting
            )
            #expect(said.contains("Connection refused"), "\(said)")
            try Files.write(text.replacing("/known_hosts", with: "/nobody_known"), to: "\(sshd.folder)/unknown")
            said = try await Self.answer([hop { $0.config = "\(sshd.folder)/unknown" }], Self.here, setting)
            #expect(said.hasPrefix("ssh vps: ") && said.contains("Host key verification failed"), "\(said)")
            said = try await Self.answer([hop { $0.port = 1 }], Self.here, setting)
            #expect(said.hasPrefix("ssh vps: ") && said.contains("Connection refused"), "\(said)")
            said = try await Self.answer([hop { _ in }, hop { $0.port = 1 }], Self.here, setting)
            #expect(said.hasPrefix("ssh vps: ") && !said.contains("no connection within"), "\(said)")
            said = try await Self.answer([hop { _ in }], [("host", "127.0.0.1"), ("port", "1")], setting)
            #expect(said.hasPrefix("ssh vps: ") && said.contains("Connection refused"), "\(said)")
            said = try await Self.answer([hop { _ in }], [("host", "/nonexistent")], setting)
            #expect(said.hasPrefix("ssh vps: ") && said.contains("open failed"), "\(said)")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `docker tells of a container that is not there, stopped, paused, bare or without a server`() async throws {
        let docker = try await TestDocker.shared()
        try await docker.container { container in
            let setting = Setting(container: container)
            let name = container.name
            var said = try await Self.answer([.docker(container: "nobody-here")], Self.here, setting)
            #expect(said.hasPrefix("docker nobody-here: ") && said.contains("No such container"), "\(said)")
            said = try await Self.answer([container.hop], [("host", "127.0.0.1"), ("port", "1")], setting)
            #expect(said == "docker \(name): 127.0.0.1:1: Connection refused")
            said = try await Self.answer([container.hop], [("host", "/nonexistent")], setting)
            #expect(said.hasPrefix("docker \(name): /nonexistent/.s.PGSQL.5432: No such file"), "\(said)")
            said = try await Self.answer([container.hop], [("host", "127.0.0.1"), ("user", "nobody")], setting)
            #expect(
                said
                    == "connection to server on docker \(name) > 127.0.0.1:5432 failed: FATAL:  role \"nobody\" does not exist"
            )
            try await setting.routes { routes in
                let journey = Journey(hops: [container.hop], connection: Self.here)
                let session = try await journey.session(routes)
                try await docker.docker("pause", name)
                let paused = await journey.answer("SELECT 1", routes)
                #expect(paused.hasPrefix("docker \(name): ") && paused.contains("is paused"), "\(paused)")
                try await docker.docker("unpause", name)
                #expect(await journey.answer("SELECT 1", routes) == "1")
                try await docker.docker("stop", name)
                await #expect(throws: PostgresError.self) { try await session.run("SELECT 1") }
                let stopped = await journey.answer("SELECT 1", routes)
                #expect(stopped.hasPrefix("docker \(name): ") && stopped.contains("is not running"), "\(stopped)")
                await session.close()
            }
            said = try await Self.answer([container.hop], Self.here, setting)
            #expect(said == "docker \(name): the container is not running (exited): docker start \(name)")
            try await docker.docker("start", name)
            try await docker.docker("exec", name, "rm", "/usr/bin/perl", "/usr/bin/bash")
            said = try await Self.answer([container.hop], Self.here, setting)
            #expect(said.hasPrefix("docker \(name): none of perl, python3, socat, bash is there"), "\(said)")
        }
    }

    /// The connections of ssh over a way: not what supervises them.
    private static func masters(_ setting: Setting) -> [pid_t] {
        TestProcesses.mentioning(" -M -S ").filter { $0.contains(setting.sshd?.folder ?? "?") }
            .filter { !$0.contains("/bin/sh") }.compactMap { pid_t($0.split(separator: " ")[0]) }
    }

    @Test(.timeLimit(.minutes(3)))
    func `a connection of ssh that is stopped holds neither its sessions nor the end of the run`() async throws {
        try await Chain.ssh.with { journey, server, setting in
            let clock = ContinuousClock()
            var start = clock.now
            try await setting.routes { routes in
                let session = try await journey.session(routes)
                let first = Self.masters(setting)
                try #require(first.count == 1)
                start = clock.now
                let lost = Task { try await session.run("SELECT pg_sleep(100)") }
                try await Task.sleep(for: .milliseconds(200))
                kill(first[0], SIGSTOP)
                await #expect(throws: PostgresError.self) { try await lost.value }
                #expect(clock.now - start < .seconds(60))
                await session.close()
                #expect(await journey.answer("SELECT 1", routes) == "1")
                let second = Self.masters(setting)
                try #require(second.count == 1 && second != first)
                let other = try await journey.session(routes)
                let slow = Task { try await other.run("SELECT pg_sleep(100)") }
                try await Task.sleep(for: .milliseconds(200))
                kill(second[0], SIGSTOP)
                start = clock.now
                slow.cancel()
                #expect(clock.now - start < .seconds(5))
                await #expect(throws: PostgresError.self) { try await slow.value }
                #expect(clock.now - start < .seconds(40))
                await other.close()
                start = clock.now
            }
            #expect(clock.now - start < .seconds(40))
            // A server that is busy does not look whether anybody waits for it.
            for _ in 0..<2 {
                let ended = try? await server.sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = 'test'"
                )
                if ended != nil { break }
            }
            try await ChainTests.expectNothingLeft(server, setting)
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a connection of ssh that dies ends its sessions at once, and the next one has a new way`() async throws {
        try await Chain.ssh.with { journey, server, setting in
            try await setting.routes { routes in
                let session = try await journey.session(routes)
                let pids = Self.masters(setting)
                try #require(pids.count == 1)
                let clock = ContinuousClock()
                let start = clock.now
                let lost = Task { try await session.run("SELECT pg_sleep(60)") }
                try await Task.sleep(for: .milliseconds(200))
                kill(pids[0], SIGKILL)
                await #expect(throws: PostgresError.self) { try await lost.value }
                #expect(clock.now - start < .seconds(10))
                await session.close()
                #expect(await journey.answer("SELECT 1", routes) == "1")
                setting.sshd?.stop()
                let said = await journey.answer("SELECT 1", routes)
                #expect(said.hasPrefix("ssh vps: "), "\(said)")
                #expect(clock.now - start < .seconds(30))
            }
        }
    }
}
