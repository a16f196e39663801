import Effects
import Servers
import Testing
import TestSupport

/// The servers of a scenario as they stand where it begins, to be copied for each place of a sweep.
final class SweepTemplate: Sendable {
    let scenario: Scenario
    private let folder: TemporaryFolder
    private let programs: PostgresPrograms
    /// Databases that nobody claims, each with a hash of all that is in it.
    let bystanders: [String: String]

    private init(
        _ scenario: Scenario,
        _ folder: TemporaryFolder,
        _ programs: PostgresPrograms,
        _ bystanders: [String: String]
    ) {
        self.scenario = scenario
        self.folder = folder
        self.programs = programs
        self.bystanders = bystanders
    }

    /// Prepares it once, and keeps its data folder and what scratch learned, so that each place begins alike.
    static func make(_ name: String) async throws -> SweepTemplate {
        let scenario = Scenario(name: name)
        let folder = try TemporaryFolder()
        let programs = try await TestServer.programs()
        let bystanders = try await scenario.with { root in
            try await root.prepare()
            // Planning it lets scratch learn what every place would ask again.
            let bystanders = try await Self.bystanders(root)
            for (server, name) in zip(root.servers, ["data", "other"]) {
                server.shutDown()
                try await copy("\(server.folder)/data", to: "\(folder.path)/\(name)")
            }
            if Files.names(in: "\(root.folder.path)/.reconcile") != nil {
                try await copy("\(root.folder.path)/.reconcile", to: "\(folder.path)/state")
            }
            return bystanders
        }
        return SweepTemplate(scenario, folder, programs, bystanders)
    }

    /// The scenario on servers and in a root of its own.
    func with<Result: Sendable>(
        settings: [String: String] = [:],
        _ body: (ScenarioRoot) async throws -> Result
    ) async throws -> Result {
        try await withServer("data", settings) { server in
            guard scenario.hasOther else { return try await body(try await root(server, nil)) }
            return try await withServer("other", settings) { other in try await body(try await root(server, other)) }
        }
    }

    private func withServer<Result: Sendable>(
        _ name: String,
        _ settings: [String: String],
        _ body: (EmbeddedServer) async throws -> Result
    ) async throws -> Result {
        try await EmbeddedServer.run(
            programs,
            in: TestServer.parent,
            template: "\(folder.path)/\(name)",
            settings: settings,
            body
        )
    }

    private func root(_ server: EmbeddedServer, _ other: EmbeddedServer?) async throws -> ScenarioRoot {
        let root = try scenario.root(for: server, other: other)
        if Files.names(in: "\(folder.path)/state") != nil {
            try await Self.copy("\(folder.path)/state", to: "\(root.folder.path)/.reconcile")
        }
        return root
    }

    /// What a whole run does to the world, numbered from 1.
    func effects() async throws -> [String] {
        try await with { root in
            let trace = "\(root.folder.path)/trace"
            let run = try await root.reconcile(
                "apply",
                "here",
                "--auto-approve",
                environment: ["RECONCILE_TRACE": trace]
            )
            try #require(run.status == 0, "\(run.outputText)\(run.errors)")
            try await complete(root, "not killed at all")
            return (Files.text(trace) ?? "").split(separator: "\n").filter { !$0.hasPrefix("-") }.map(String.init)
        }
    }

    /// Lets a run die at a place and looks at what the next one makes of it.
    func check(_ place: SweepPlace) async throws {
        try await with { root in
            let trace = "\(root.folder.path)/trace"
            let run = try await root.reconcile(
                "apply",
                "here",
                "--auto-approve",
                environment: ["RECONCILE_CRASH_AT": "\(place)", "RECONCILE_TRACE": trace]
            )
            // A run may have a few effects less than the one that was counted.
            guard run.status == 137 || run.status == 0 else {
                Issue.record("killed at \(place): it ended with \(run.status): \(run.errors)")
                return
            }
            let effects = (Files.text(trace) ?? "").split(separator: "\n").filter { !$0.hasPrefix("-") }
            try await complete(root, "killed at \(place): \(effects.suffix(3).joined(separator: " | "))")
        }
    }

    /// Runs it again, as a person would, and compares what is there with what one whole run leaves.
    ///
    /// Where the broken run only stands still (`isOver` false), its session and its unfinished files are still its own.
    func complete(_ root: ScenarioRoot, _ what: String, isOver: Bool = true) async throws {
        var run = try await root.reconcile("apply", "here", "--auto-approve")
        // A dead run's last statement may still be at work.
        for _ in 0..<50 where run.status == 4 {
            try await Task.sleep(for: .milliseconds(200))
            run = try await root.reconcile("apply", "here", "--auto-approve")
        }
        guard run.status == 0 else {
            Issue.record("\(what)\nthe next run ended with \(run.status): \(run.errors)\(run.outputText)")
            return
        }
        let said = "\(what)\nthe next run said: \(run.errors)"
        try await checkLeftovers(root, said, isOver: isOver)
        if isOver { try await compareAnswers(root, said) }
    }

    private static func copy(_ source: String, to target: String) async throws {
        let result = try await Command("/bin/cp", ["-a", source, target]).run()
        guard result.status == 0 else { throw ProgramFailure("cp", result) }
    }
}
