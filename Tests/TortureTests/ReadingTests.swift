import Effects
import Servers
import Testing
import TestSupport

/// What only looks writes nothing, by the server's own account, whoever looks.
@Suite(.serialized) struct ReadingTests {
    private static let commands = [
        ["plan", "here", "--out", "plan.json", "--detailed-exitcode"], ["gate", "here"], ["inventory"],
        ["history", "here"], ["backups", "verify"], ["compare"], ["show", "plan.json"], ["backups", "list"],
        ["unlock", "here"], ["validate"], ["plan", "here", "--format", "html"], ["schema", "environment"],
    ]

    @Test(.proves(13), .timeLimit(.minutes(20)), arguments: ["looker", "postgres"])
    func `no command that reads writes anything`(login: String) async throws {
        // The server itself says which statements change something.
        let settings = ["log_statement": "mod", "log_min_messages": "log", "log_line_prefix": "<%a> "]
        try await TestServer.with(settings: settings) { server in
            let root = try Scenario(name: "behind-by-one").root(for: server)
            try await root.prepare()
            // Some of it is done, so that there are backups and a journal to read.
            let applied = try await root.reconcile("apply", "here", "--auto-approve", "--database", "tenant_a")
            try #require(applied.status == 0, "\(applied.errors)")
            _ = try await server.psql(
                """
                CREATE ROLE looker LOGIN IN ROLE pg_read_all_data, pg_monitor;
                ALTER ROLE looker SET default_transaction_read_only = on;
                """
            )
            let manifest = "\(root.folder.path)/environments/here.yaml"
            let text = Files.text(manifest) ?? ""
            try Files.write(text.replacing("user: postgres", with: "user: \(login)"), to: manifest)
            let writes = try await server.writes()
            let entries = Self.changes(server)
            #expect(!entries.isEmpty, "the server did not even log what the apply changed")
            for arguments in Self.commands where Sweep.current != .quick || login == "looker" || arguments[0] == "plan"
            {
                Sweep.tried()
                let run = try await root.run(TestPrograms.reconcile, arguments)
                #expect([0, 2].contains(run.status), "\(arguments): \(run.status) \(run.errors)")
                #expect(try await server.writes() == writes, "\(arguments): a transaction wrote")
                #expect(Self.changes(server) == entries, "\(arguments): the server saw a change")
            }
        }
    }

    private static func changes(_ server: EmbeddedServer) -> [Substring] {
        (Files.text("\(server.folder)/log") ?? "").split(separator: "\n").filter {
            $0.hasPrefix("<reconcile") && $0.contains("LOG:  ") && $0.contains(#/statement: |execute /#)
        }
    }
}
