import Effects
import FleetModel
import Servers
import Testing
import TestSupport

/// Every scenario goes through the same harness: planned as recorded, applied, equal to a server built fresh, and done.
@Suite struct ScenarioTests {
    @Test(.timeLimit(.minutes(15)), arguments: Scenario.names)
    func `a fleet converges, and to what its migrations say`(name: String) async throws {
        let scenario = Scenario(name: name)
        try await scenario.with { root in
            try await root.prepare()
            try await plansAsRecorded(scenario, root)
            let applied = try await root.reconcile("apply", "here", "--auto-approve")
            try #require(applied.status == 0, "\(applied.outputText)\(applied.errors)")
            let databases = try await root.claimed()
            try #require(!databases.isEmpty)
            try await equalsAFreshServer(scenario, root, databases)
            try await nothingIsOwed(root)
            if let questions = Files.text("\(root.folder.path)/after.sql") {
                let answers = try await root.server.psql(questions)
                try #require(answers.status == 0, "\(answers.errors)")
                try Recorded.compare(root.comparable(answers.outputText), with: "\(scenario.path)/expected-after.txt")
            }
        }
    }

    /// Those of one server: to move a database takes a superuser, as that page and `move-needs-a-superuser` say.
    private static let withoutMoves = Scenario.names.filter { !Scenario(name: $0).hasOther }

    @Test(.proves(34), .timeLimit(.minutes(15)), arguments: Sweep.pick(withoutMoves, quick: 2, sample: 8))
    func `the login of docs/least-privilege.md is enough for it`(name: String) async throws {
        let scenario = Scenario(name: name)
        try await TestServer.with { server in
            let root = try scenario.root(for: server)
            try await root.prepare(for: "app")
            let applied = try await root.reconcile("apply", "here", "--auto-approve")
            try #require(applied.status == 0, "\(applied.outputText)\(applied.errors)")
            try await equalsAFreshServer(scenario, root, try await root.claimed())
            try await nothingIsOwed(root)
            if let questions = scenario.text("after.sql") {
                let answers = try await server.psql(questions)
                try #require(answers.status == 0, "\(answers.errors)")
                try Recorded.compare(root.comparable(answers.outputText), with: "\(scenario.path)/expected-after.txt")
            }
        }
    }

    private func plansAsRecorded(_ scenario: Scenario, _ root: ScenarioRoot) async throws {
        let first = try await root.reconcile("plan", "here")
        try #require(first.status == 0, "\(first.errors)")
        try Recorded.compare(root.comparable(first.outputText), with: "\(scenario.path)/expected-plan.txt")
        let fixed = ["SOURCE_DATE_EPOCH": "1750000000"]
        let second = try await root.reconcile("plan", "here", "--format", "json", environment: fixed)
        let third = try await root.reconcile("plan", "here", "--format", "json", environment: fixed)
        #expect(second.output == third.output, "two plans of one state differ")
    }

    private func equalsAFreshServer(_ scenario: Scenario, _ root: ScenarioRoot, _ databases: [ClaimedDatabase])
        async throws
    {
        try await TestServer.with(identity: 1) { fresh in
            if let roles = scenario.text("roles.sql") { _ = try await fresh.psql(roles) }
            for database in databases {
                let folder = try ClassFolder(database, in: root.folder.path)
                try await FreshDatabase.make(database.name, folder, on: fresh)
                let own = ["--exclude-schema=reconcile", "--exclude-schema=drizzle", "--exclude-schema=quarantine_*"]
                for options in [own, folder.isDrizzle ? ["--schema=drizzle"] : []] where !options.isEmpty {
                    let expected = try await ScenarioRoot.schema(of: database.name, on: fresh, options)
                    let found = try await ScenarioRoot.schema(of: database.name, on: root.server, options)
                    #expect(found == expected, "\(database.name): \(Difference.between(expected, found))")
                }
                guard folder.isDrizzle else { continue }
                let history = "SELECT hash, created_at FROM drizzle.__drizzle_migrations ORDER BY created_at, id"
                let expected = try await fresh.value(history, database: database.name)
                let found = try await root.server.value(history, database: database.name)
                #expect(found == expected, "\(database.name): the history is not as drizzle-orm writes it")
                // drizzle-orm's own rule: what is younger than the newest row is run.
                let newest = try await root.server.value(
                    "SELECT created_at FROM drizzle.__drizzle_migrations ORDER BY created_at DESC LIMIT 1",
                    database: database.name
                )
                #expect(folder.migrations.allSatisfy { ($0.when ?? 0) <= Int64(newest) ?? 0 })
            }
        }
    }

    private func nothingIsOwed(_ root: ScenarioRoot) async throws {
        let again = try await root.reconcile("plan", "here", "--detailed-exitcode")
        #expect(again.status == 0, "\(again.outputText)")
        let apply = try await root.reconcile("apply", "here", "--auto-approve")
        #expect(apply.status == 0, "\(apply.errors)")
    }
}

/// A database as its migrations alone make it.
enum FreshDatabase {
    static func make(_ name: String, _ folder: ClassFolder, on server: EmbeddedServer) async throws {
        var inputs = [
            ("postgres", "CREATE DATABASE \"\(name.replacing("\"", with: "\"\""))\" TEMPLATE template0", false)
        ]
        if folder.isDrizzle { inputs.append((name, drizzleHistory, true)) }
        for (tag, when) in folder.migrations {
            let text = folder.text(tag)
            inputs.append((name, text, !text.hasPrefix("-- reconcile: no-transaction")))
            guard let when else { continue }
            inputs.append(
                (
                    name,
                    "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) "
                        + "VALUES (encode(sha256(convert_to($rcl$\(text)$rcl$, 'UTF8')), 'hex'), \(when))", true
                )
            )
        }
        for (database, input, isTransaction) in inputs {
            let result = try await server.psql(input, database: database, options: isTransaction ? ["-1"] : [])
            guard result.status == 0 else { throw ProgramFailure("psql", result) }
        }
    }

    /// As drizzle-orm makes it: <https://github.com/drizzle-team/drizzle-orm/blob/main/drizzle-orm/src/pg-core/dialect.ts>.
    private static let drizzleHistory = """
        CREATE SCHEMA IF NOT EXISTS "drizzle";
        CREATE TABLE IF NOT EXISTS "drizzle"."__drizzle_migrations" (
            id SERIAL PRIMARY KEY,
            hash text NOT NULL,
            created_at bigint
        );
        """
}
