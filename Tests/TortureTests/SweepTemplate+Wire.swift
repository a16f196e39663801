import Effects
import Servers
import Testing
import TestSupport

extension SweepTemplate {
    /// What a whole run says over its connections: how much, and each message.
    func conversation() async throws -> (count: WireProxy.Count, passed: [String]) {
        try await with { root in
            try await WireProxy.with(root.server) { proxy in
                try Self.lead(root, through: proxy)
                let run = try await root.reconcile("apply", "here", "--auto-approve")
                try #require(run.status == 0, "\(run.outputText)\(run.errors)")
                return (proxy.count, proxy.passed)
            }
        }
    }

    /// Breaks something between a run and its server, and looks at how the run ends and at what the next makes of it.
    func check(_ fault: WireFault) async throws { try await with { try await check(fault, $0) } }

    func check(_ fault: WireFault, _ root: ScenarioRoot) async throws {
        try await broken(by: fault, root) { proxy, run, what in
            proxy.mend()
            try await checkEnding(run, root, what)
            try await complete(root, what)
        }
    }

    /// Lets a run meet a fault.
    func broken(
        by fault: WireFault,
        _ root: ScenarioRoot,
        _ body: (WireProxy, CommandResult, String) async throws -> Void
    ) async throws {
        try await WireProxy.with(root.server, fault: fault) { proxy in
            try Self.lead(root, through: proxy)
            let run: CommandResult
            do {
                run = try await root.reconcile("apply", "here", "--auto-approve")
            } catch let error as CommandError {
                Issue.record("\(fault): \(error); struck at \(proxy.struck ?? "nothing")")
                return
            }
            // A run may have fewer messages than the one that was counted.
            try await body(proxy, run, "\(fault): \(proxy.struck ?? "it was over before")")
        }
    }

    /// The scenario's instance, behind a proxy.
    static func lead(_ root: ScenarioRoot, through proxy: WireProxy) throws {
        let path = "\(root.folder.path)/environments/here.yaml"
        let text = Files.text(path) ?? ""
        let direct = "host: \"\(root.server.folder)\", port: 5432"
        try #require(text.contains(direct))
        try Files.write(text.replacing(direct, with: "host: 127.0.0.1, port: \(proxy.port)"), to: path)
    }
}
