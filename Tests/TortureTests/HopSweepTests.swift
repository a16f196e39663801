import Effects
import FleetModel
import Glibc
import Servers
import Testing
import TestSupport

/// Whatever fails on the way to a server while a run works there, the next run completes it, each change once.
@Suite(.enabled("sshd and a Docker engine are needed", { await Hops.canBeTested() }))
struct HopSweepTests {
    enum Mishap: String, CaseIterable, Sendable {
        case clientKilled, masterKilled, sshdRestarted, containerStopped, containerRestarted, containerPaused
    }

    @Test(.proves(21, 36), .timeLimit(.minutes(4)), arguments: Sweep.pick(Mishap.allCases, quick: 2, sample: 3))
    func `a way that fails in the middle loses nothing`(mishap: Mishap) async throws {
        let template = try await SweepTemplate.make("behind-by-one")
        // Backups are taken and rehearsed where the whole of the way is killed; elsewhere that only takes time.
        let isProduction = mishap == .masterKilled
        let index = Mishap.allCases.firstIndex(of: mishap) ?? 0
        let pause = isProduction ? 2500 : 700 + 250 * index
        let docker = try await TestDocker.shared()
        try await docker.container { container in
            try await TestSSHServer.with(environment: docker.environment, comesBack: true) { sshd in
                var root = try Scenario(name: "behind-by-one").root(for: container.server)
                root.environment = docker.environment
                try Self.lead(root, over: sshd, container, isProduction)
                try await root.prepare()
                let start = ContinuousClock.now
                async let run = root.reconcile("apply", "here", "--auto-approve")
                try await Task.sleep(for: .milliseconds(pause))
                try await Self.cause(mishap, sshd, container)
                let ended = try await run
                #expect(ContinuousClock.now - start < .seconds(100), "\(mishap): it hung")
                #expect([0, 1].contains(ended.status), "\(mishap) after \(pause) ms: \(ended.status) \(ended.errors)")
                try await template.complete(root, "\(mishap) after \(pause) ms: \(ended.errors)")
                for _ in 0..<100 where try await !container.strangers().isEmpty {
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(try await container.strangers() == [])
            }
        }
    }

    private static func cause(_ mishap: Mishap, _ sshd: TestSSHServer, _ container: TestContainer) async throws {
        let docker = container.docker
        switch mishap {
        case .masterKilled:
            signal(" -M -S ", and: sshd.folder)
        case .clientKilled:
            signal("ssh -F none", and: container.id)
        case .sshdRestarted:
            sshd.stop()
            try await Task.sleep(for: .seconds(2))
        case .containerStopped:
            try await docker.docker("stop", container.name)
            try await Task.sleep(for: .seconds(1))
            try await docker.docker("start", container.name)
            try await container.waitUntilReady()
        case .containerRestarted:
            try await docker.docker("restart", container.name)
            try await container.waitUntilReady()
        case .containerPaused:
            try await docker.docker("pause", container.name)
            try await Task.sleep(for: .seconds(3))
            try await docker.docker("unpause", container.name)
        }
    }

    private static func signal(_ one: String, and other: String) {
        for line in TestProcesses.mentioning(one) where line.contains(other) && !line.contains("/bin/sh") {
            if let pid = line.split(separator: " ").first.flatMap({ pid_t($0) }) { kill(pid, SIGKILL) }
        }
    }

    /// The scenario's instance, moved behind hops.
    private static func lead(
        _ root: ScenarioRoot,
        over sshd: TestSSHServer,
        _ container: TestContainer,
        _ isProduction: Bool
    ) throws {
        let path = "\(root.folder.path)/environments/here.yaml"
        var text = Files.text(path) ?? ""
        let hops = "[{ssh: {destination: vps, config: \"\(sshd.folder)/config\"}}, {docker: \(container.name)}]"
        text = text.replacing(
            "connection: {host: \"\(root.server.folder)\"",
            with: "via: \(hops)\n    connection: {host: 127.0.0.1"
        )
        if !isProduction { text = text.replacing("role: production", with: "role: development") }
        try Files.write(text, to: path)
    }
}

private enum Hops {
    static func canBeTested() async -> Bool {
        let ssh = TestSSHServer.isAvailable
        return await TestDocker.isAvailable() && ssh
    }
}
