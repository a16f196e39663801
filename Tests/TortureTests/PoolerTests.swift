import Effects
import Servers
import Testing
import TestSupport

/// Behind a pooler locks do not hold, so nothing is done through one.
@Suite(.serialized) struct PoolerTests {
    /// With what they must end.
    private static let commands: [(arguments: [String], status: Int)] = [
        (["inventory", "here"], 1),
        (["compare", "here"], 1),
        (["plan", "here", "--detailed-exitcode"], 1),
        (["gate", "here"], 1),
        (["apply", "here", "--auto-approve"], 1),
        (["apply", "plan.json"], 1),
        (["purge", "here", "--auto-approve"], 1),
        (["unlock", "here"], 1),
        (["unlock", "here", "--force", "--auto-approve"], 1),
        (["history", "here"], 1),
    ]

    private static let poolers = [TestPooler.Options.dropped, .refused].flatMap { options in
        [TestPooler.Mode.transaction, .session, .statement].map { ($0, options) }
    }

    @Test(.proves(7), .timeLimit(.minutes(20)))
    func `every command refuses a pooler before anything is written, and says what to do`() async throws {
        guard TestPooler.isAvailable else { return Proves.skip(7, because: "no pgbouncer here") }
        try await TestServer.with(settings: ["log_statement": "all", "log_min_messages": "log"]) { server in
            let root = try Scenario(name: "behind-by-one").root(for: server)
            try await root.prepare()
            // With what there is to back up, restore and go on with.
            let plan = try await root.reconcile("plan", "here", "--out", "plan.json")
            try #require(plan.status == 0, "\(plan.errors)")
            let applied = try await root.reconcile("apply", "here", "--auto-approve", "--database", "tenant_a")
            try #require(applied.status == 0, "\(applied.errors)")
            let receipts = Files.all(below: "\(root.folder.path)/.reconcile/backups").filter { $0.hasSuffix(".json") }
            let receipt = "\(root.folder.path)/.reconcile/backups/\(try #require(receipts.first))"
            let manifest = "\(root.folder.path)/environments/here.yaml"
            let direct = Files.text(manifest) ?? ""
            let restore = ["backups", "restore", receipt, "--auto-approve"]
            let commands = Sweep.pick([(restore, 1)] + Self.commands, quick: 3, sample: 6)
            for (mode, options) in Sweep.pick(Self.poolers, quick: 2, sample: 4) {
                try await TestPooler.with(server, mode, options) { pooler in
                    try Files.write(direct.replacing(server.folder, with: pooler.folder), to: manifest)
                    for (arguments, status) in commands {
                        try await Self.refuse(root, arguments, status, "\(mode.rawValue), options \(options)")
                    }
                    let console = Files.text(manifest)?.replacing("dbname: postgres", with: "dbname: pgbouncer") ?? ""
                    try Files.write(console, to: manifest)
                    try await Self.refuse(root, ["plan", "here", "--detailed-exitcode"], 1, "its console, \(options)")
                }
            }
        }
    }

    private static func refuse(_ root: ScenarioRoot, _ arguments: [String], _ status: Int, _ how: String) async throws {
        Sweep.tried()
        let what = "\(how): \(arguments.joined(separator: " "))"
        let before = try await root.server.writes()
        let run = try await root.run(TestPrograms.reconcile, arguments)
        let said = run.outputText + run.errors
        #expect(run.status == status, "\(what): \(run.status) \(said)")
        // Reports fold their lines.
        let words = said.split { $0.isWhitespace }.joined(separator: " ")
        #expect(words.contains("a connection pooler answers here"), "\(what): \(said)")
        #expect(words.contains("give the server's own address"), "\(what): \(said)")
        #expect(try await root.server.writes() == before, "\(what) wrote something")
        // A pooled session lives on, and so would a lock in it.
        #expect(
            try await root.server.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == "0",
            "\(what) left a lock with the pooler"
        )
    }

    @Test(.proves(7), .timeLimit(.minutes(20)))
    func `who looks for servers is told what a pooler is, and nothing of what it lists is believed or written down`()
        async throws
    {
        guard TestPooler.isAvailable else { return Proves.skip(7, because: "no pgbouncer here") }
        try await TestServer.with { server in
            try await server.sql("CREATE DATABASE tenant_a")
            for (mode, options) in Sweep.pick(Self.poolers, quick: 1, sample: 3) {
                for listed in Sweep.pick([TestPooler.Listed.all, .one("tenant_a")], quick: 2, sample: 2) {
                    try await TestPooler.with(server, mode, options, listed) { pooler in
                        Sweep.tried()
                        try await Self.look(
                            at: pooler,
                            before: server,
                            "\(mode.rawValue), options \(options), \(listed)"
                        )
                    }
                }
            }
        }
    }

    private static func look(at pooler: TestPooler, before server: EmbeddedServer, _ how: String) async throws {
        let root = ScenarioRoot(folder: try TemporaryFolder(), server: server)
        let name = pooler.folder.split(separator: "/").last.map(String.init) ?? ""
        let before = try await server.writes()
        for form in [[], ["--format", "json"]] {
            let found = try await root.reconcile(["discover", "--socket-dir", pooler.folder] + form)
            let words = found.outputText.split { $0.isWhitespace }.joined(separator: " ")
            #expect(found.status == 0, "\(how): \(found.status) \(found.errors)")
            #expect(words.contains("a connection pooler answers here"), "\(how): \(words)\(found.errors)")
            #expect(!words.contains("tenant_a"), "\(how): what it lists is shown: \(words)")
            #expect(!words.contains("host: \(pooler.folder)"), "\(how): it is proposed as an instance: \(words)")
            #expect(form == [] || words.contains(#""reachable":false"#), "\(how): \(words)")
        }
        // Alone it leaves nothing to write; beside its server, only that is written down.
        let alone = try await root.reconcile("init", "--socket-dir", pooler.folder, "--role", "\(name)=development")
        #expect(alone.status != 0, "\(how): \(alone.outputText)")
        #expect(alone.errors.contains("a connection pooler answers here"), "\(how): \(alone.errors)")
        #expect(Files.names(in: "\(root.folder.path)/environments") == nil, "\(how): a manifest was written")
        let own = server.folder.split(separator: "/").last.map(String.init) ?? ""
        let both = try await root.reconcile(
            "init",
            "--socket-dir",
            pooler.folder,
            "--socket-dir",
            server.folder,
            "--role",
            "\(own)=development"
        )
        #expect(both.status == 0, "\(how): \(both.errors)")
        let written = Files.text("\(root.folder.path)/environments/development.yaml") ?? ""
        #expect(written.contains(server.folder), "\(how): \(written)\(both.errors)")
        #expect(!written.contains(pooler.folder), "\(how): \(written)")
        #expect(try await server.writes() == before, "\(how) wrote something")
    }
}
