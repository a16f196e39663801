import Effects
import FleetModel
import Servers
import Testing
import TestSupport

/// A program that is killed anywhere leaves nothing on this machine, on the way, or behind the hops.
@Suite(.serialized, .enabled("sshd and a Docker engine are needed", { await Chain.canRun() }))
struct KilledTests {
    @Test(.timeLimit(.minutes(3)), arguments: [Chain.sshToDocker, .ssh])
    func `nothing is left of a run that is killed`(chain: Chain) async throws {
        try await chain.with { journey, server, setting in
            let root = try TemporaryFolder()
            try Self.write(journey, to: root)
            let whole = try await Self.run(root, setting, [:])
            #expect(whole.status == 0, "\(whole.errors)\(whole.outputText)")
            let effects = (Files.text("\(root.path)/trace") ?? "").split(separator: "\n").filter { !$0.hasPrefix("-") }
            try #require(effects.count > 8)
            for place in stride(from: 1, through: effects.count, by: max(1, effects.count / 4)) {
                let killed = try await Self.run(root, setting, ["RECONCILE_CRASH_AT": "\(place)"])
                #expect([137, 0].contains(killed.status), "killed at \(place): \(killed.status) \(killed.errors)")
                try await Self.expectNothingLeft(root, server, setting, "killed at \(place)")
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `nothing is left of a run that is interrupted`() async throws {
        try await Chain.sshToDocker.with { journey, server, setting in
            let root = try TemporaryFolder()
            try Self.write(journey, to: root)
            try await server.sql("CREATE DATABASE app")
            let interrupt = """
                "$0" -C "$1" inventory & pid=$!
                sleep 0.7; kill -INT $pid; wait $pid
                """
            let ended = try await Command(
                "/bin/sh",
                ["-c", interrupt, TestPrograms.reconcile, root.path],
                environment: setting.environment,
                timeLimit: .seconds(60)
            ).run()
            #expect([130, 1, 0].contains(ended.status), "\(ended.status) \(ended.errors)")
            try await Self.expectNothingLeft(root, server, setting, "interrupted")
        }
    }

    private static func run(
        _ root: TemporaryFolder,
        _ setting: Setting,
        _ environment: [String: String]
    ) async throws -> CommandResult {
        Files.remove("\(root.path)/trace")
        return try await Command(
            TestPrograms.reconcile,
            ["-C", root.path, "inventory"],
            environment: setting.environment.merging(["RECONCILE_TRACE": "\(root.path)/trace"]) { $1 }
                .merging(environment) { $1 },
            timeLimit: .seconds(60)
        ).run()
    }

    private static func expectNothingLeft(
        _ root: TemporaryFolder,
        _ server: EmbeddedServer,
        _ setting: Setting,
        _ when: String
    ) async throws {
        try await ChainTests.expectNothingLeft(server, setting)
        // The run's folder of sockets, as its own trace tells.
        let trace = Files.text("\(root.path)/trace") ?? ""
        for match in trace.matches(of: /mkdir (\/tmp\/rcl-[0-9a-z]{10})\//) {
            try await ChainTests.eventually(when) { Files.names(in: String(match.1)) == nil }
            try await ChainTests.eventually(when) { TestProcesses.mentioning(String(match.1)).isEmpty }
        }
    }

    private static func write(_ journey: Journey, to root: TemporaryFolder) throws {
        let hops = journey.hops.map { hop in
            switch hop {
            case .ssh(let ssh): "{ssh: {destination: \(ssh.destination), config: \"\(ssh.config ?? "")\"}}"
            case .docker(let container): "{docker: \(container)}"
            case .kubectl(let pod): "{kubectl: \(pod.pod)}"
            }
        }
        let connection = journey.connection.map { "\($0.keyword): \"\($0.value)\"" }
        try root.write(
            """
            apiVersion: reconcile/v1
            kind: Environment
            name: here
            role: development
            instances:
              a: {via: [\(hops.joined(separator: ", "))], connection: {\(connection.joined(separator: ", "))}}
            databases: []
            """,
            to: "environments/here.yaml"
        )
    }
}
