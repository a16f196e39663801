import Effects
import Glibc
import Servers
import Testing
import TestSupport

/// The servers of a scenario as they stand where it begins, to be copied for each place of a sweep.
final class SweepTemplate: Sendable {
    let scenario: Scenario
    private let folder: TemporaryFolder
    private let programs: PostgresPrograms

    private init(_ scenario: Scenario, _ folder: TemporaryFolder, _ programs: PostgresPrograms) {
        self.scenario = scenario
        self.folder = folder
        self.programs = programs
    }

    /// Prepares it once, and keeps its data folder and what scratch learned, so that each place begins alike.
    static func make(_ name: String) async throws -> SweepTemplate {
        let scenario = Scenario(name: name)
        let folder = try TemporaryFolder()
        // The servers' user is to reach the data folder in it.
        chmod(folder.path, 0o711)
        let programs = try await TestServer.programs()
        let template = SweepTemplate(scenario, folder, programs)
        try await scenario.with { root in
            try await root.prepare()
            let plan = try await root.reconcile("plan", "here")
            try #require(plan.status == 0, "\(plan.errors)")
            for (server, name) in zip(root.servers, ["data", "other"]) {
                server.shutDown()
                try await copy("\(server.folder)/data", to: "\(folder.path)/\(name)")
            }
            if Files.names(in: "\(root.folder.path)/.reconcile") != nil {
                try await copy("\(root.folder.path)/.reconcile", to: "\(folder.path)/state")
            }
        }
        return template
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
    func complete(_ root: ScenarioRoot, _ what: String) async throws {
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
        let isSwept = scenario.text("sweep.sql") != nil
        guard let questions = Files.text("\(root.folder.path)/\(isSwept ? "sweep.sql" : "after.sql")") else { return }
        let found = try await root.server.psql(questions)
        #expect(found.status == 0, "\(what)\n\(found.errors)")
        let said = "\(what)\nthe next run said: \(run.errors)"
        let answers = isSwept ? found.outputText : root.comparable(found.outputText)
        try Recorded.compare(answers, with: "\(scenario.path)/expected-\(isSwept ? "sweep" : "after").txt", said)
    }

    private static func copy(_ source: String, to target: String) async throws {
        let result = try await Command("/bin/cp", ["-a", source, target]).run()
        guard result.status == 0 else { throw ProgramFailure("cp", result) }
    }
}
