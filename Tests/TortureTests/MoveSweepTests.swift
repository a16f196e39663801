import Effects
import Glibc
import Servers
import Testing
import TestSupport

/// Two databases move from one server to another at once, and the run dies somewhere.
///
/// At that moment what was there is whole, and applications reach no more than one database of a name. After the next run
/// they reach exactly one, with every row, and nothing of the way is left.
@Suite(.serialized) struct MoveSweepTests {
    @Test(.proves(30, 31, 21, 36), .timeLimit(.minutes(60)))
    func `a move that is killed at an effect is undone or finished by the next run`() async throws {
        let estate = try await MovingEstate.make()
        let effects = try await estate.effects()
        try #require(effects.count > 60)
        let all = (1...effects.count).flatMap {
            [SweepPlace(number: $0, isBefore: true), SweepPlace(number: $0, isBefore: false)]
        }
        // The moments that matter are looked at in any case.
        let switching = ["freeze", "seal", "shut", "put in place", "set aside", "thaw"]
        let mattering = all.filter { place in switching.contains { effects[place.number - 1].hasSuffix(": \($0)") } }
        try #require(mattering.count >= 16)
        let others = Sweep.pick(all, quick: 2, sample: 3).filter { !mattering.contains($0) }
        try await Sweep.tryEach(Sweep.pick(mattering, quick: 6, sample: 7) + others, estate.check)
    }

    @Test(.proves(5, 31), .timeLimit(.minutes(60)))
    func `a move whose sessions are ended at any moment is undone at once or by the next run`() async throws {
        let estate = try await MovingEstate.make()
        var random = Xorshift(state: 0x2545_F491_4F6C_DD1D)
        for round in 0..<Sweep.count(quick: 1, sample: 3, whole: 60) {
            Sweep.tried()
            try await estate.checkEndedSessions(round, after: Int(random.next() % 2500) + 300)
        }
    }
}

/// Two servers and a root: the old one holds two tenants, which entries want on the new one.
private final class MovingEstate: Sendable {
    private let folder: TemporaryFolder
    private let programs: PostgresPrograms

    private static let tenants = ["tenant_a", "tenant_b"]
    private static let content = """
        SELECT count(*), sum(hashtext(n::text)), (SELECT last_value FROM notes_id_seq), \
        (SELECT count(*) FROM pg_largeobject_metadata), (SELECT count(*) FROM reconcile.migrations) FROM notes n
        """

    private init(_ folder: TemporaryFolder, _ programs: PostgresPrograms) {
        self.folder = folder
        self.programs = programs
    }

    private struct Root: Sendable {
        let folder: TemporaryFolder
        let old: EmbeddedServer
        let new: EmbeddedServer

        func apply(_ extra: [String: String] = [:]) async throws -> CommandResult {
            try await Command(
                TestPrograms.reconcile,
                ["apply", "here", "--auto-approve"],
                environment: TestPrograms.environment(home: folder.path).merging(extra) { $1 },
                folder: folder.path,
                timeLimit: .seconds(120)
            ).run()
        }
    }

    static func make() async throws -> MovingEstate {
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o711)
        let estate = MovingEstate(folder, try await TestServer.programs())
        try await TestServer.with(identity: 0) { old in
            try await TestServer.with(identity: 1) { new in
                let root = try estate.root(old, new, isMoving: false)
                let made = try await old.psql(
                    "CREATE ROLE app LOGIN;"
                        + tenants.map { "CREATE DATABASE \($0) OWNER app;" }.joined(separator: "\n")
                )
                try #require(made.status == 0, "\(made.errors)")
                let run = try await root.apply()
                try #require(run.status == 0, "\(run.errors)")
                for tenant in tenants {
                    let filled = try await old.psql(
                        """
                        SET ROLE app;
                        INSERT INTO notes (body) SELECT '\(tenant) ' || n FROM generate_series(1, 300) n;
                        SELECT lo_from_bytea(0, 'kept');
                        """,
                        database: tenant
                    )
                    try #require(filled.status == 0, "\(filled.errors)")
                }
                _ = try await new.psql("CREATE ROLE app LOGIN")
                old.shutDown()
                new.shutDown()
                for (name, server) in [("old", old), ("new", new)] {
                    try await copy("\(server.folder)/data", to: "\(folder.path)/\(name)")
                }
                try await copy("\(root.folder.path)/.reconcile", to: "\(folder.path)/state")
            }
        }
        return estate
    }

    private func root(_ old: EmbeddedServer, _ new: EmbeddedServer, isMoving: Bool) throws -> Root {
        let folder = try TemporaryFolder()
        let instances =
            isMoving
            ? """
              old:
                connection: {host: "\(old.folder)", port: 5432, user: postgres, dbname: postgres}
                state: retiring
              new:
                connection: {host: "\(new.folder)", port: 5432, user: postgres, dbname: postgres}
            """
            : """
              old:
                connection: {host: "\(old.folder)", port: 5432, user: postgres, dbname: postgres}
            """
        try folder.write(
            """
            apiVersion: reconcile/v1
            kind: Environment
            name: here
            role: testing
            instances:
            \(instances)
            databases:
              - {names: [tenant_a, tenant_b], class: tenant, version: latest}
            policy: {backup: {when: always, verify: read}}
            """,
            to: "environments/here.yaml"
        )
        try folder.write(
            """
            apiVersion: reconcile/v1
            kind: DatabaseClass
            name: tenant
            migrations: {directory: tenant, format: plain}
            """,
            to: "manifests/tenant.yaml"
        )
        try folder.write(
            "CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL);\n",
            to: "manifests/tenant/0001_notes.sql"
        )
        // Owed after the move.
        if isMoving {
            try folder.write("CREATE INDEX ON notes (body);\n", to: "manifests/tenant/0002_index.sql")
        }
        return Root(folder: folder, old: old, new: new)
    }

    private func with<Result: Sendable>(_ body: (Root) async throws -> Result) async throws -> Result {
        try await EmbeddedServer.run(programs, in: TestServer.parent, template: "\(folder.path)/old") { old in
            try await EmbeddedServer.run(programs, in: TestServer.parent, template: "\(folder.path)/new") { new in
                let root = try root(old, new, isMoving: true)
                try await Self.copy("\(folder.path)/state", to: "\(root.folder.path)/.reconcile")
                return try await body(root)
            }
        }
    }

    /// What a whole run does to the world, numbered from 1.
    func effects() async throws -> [String] {
        try await with { root in
            let trace = "\(root.folder.path)/trace"
            let run = try await root.apply(["RECONCILE_TRACE": trace])
            try #require(run.status == 0, "\(run.outputText)\(run.errors)")
            try await complete(root, "not killed at all")
            return (Files.text(trace) ?? "").split(separator: "\n").filter { !$0.hasPrefix("-") }.map(String.init)
        }
    }

    func check(_ place: SweepPlace) async throws {
        try await with { root in
            let trace = "\(root.folder.path)/trace"
            let run = try await root.apply(["RECONCILE_CRASH_AT": "\(place)", "RECONCILE_TRACE": trace])
            guard run.status == 137 || run.status == 0 else {
                Issue.record("killed at \(place): it ended with \(run.status): \(run.errors)")
                return
            }
            let effects = (Files.text(trace) ?? "").split(separator: "\n").filter { !$0.hasPrefix("-") }
            let what = "killed at \(place): \(effects.suffix(3).joined(separator: " | "))"
            for tenant in Self.tenants {
                // The old one is there, under its name or aside, whatever happened.
                let kept = try await root.old.value(
                    "SELECT count(*) FROM pg_database WHERE datname ~ '^\(tenant)($|__rcl_[0-9])'"
                )
                #expect(kept == "1", "\(what)")
                #expect(await Self.doors(to: tenant, root) <= 1, "\(what)")
            }
            try await complete(root, what)
        }
    }

    /// All sessions of the run are ended on one of the servers, and shortly after on the other.
    func checkEndedSessions(_ round: Int, after pause: Int) async throws {
        try await with { root in
            async let run = root.apply()
            try await Task.sleep(for: .milliseconds(pause))
            for server in round % 2 == 0 ? [root.old, root.new] : [root.new, root.old] {
                _ = try await server.value(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name ~ '^reconcile'"
                )
                try await Task.sleep(for: .milliseconds(20))
            }
            let ended = try await run
            let what = "round \(round), sessions ended after \(pause) ms: \(ended.status) \(ended.errors)"
            #expect(ended.status == 0 || ended.status == 1, "\(what)")
            for tenant in Self.tenants { #expect(await Self.doors(to: tenant, root) <= 1, "\(what)") }
            try await complete(root, what)
        }
    }

    /// On how many of the servers an application gets in.
    private static func doors(to tenant: String, _ root: Root) async -> Int {
        var open = 0
        for server in [root.old, root.new] {
            // As an argument: who is turned away reads no input, and writing it would end this process too.
            let answer = try? await server.psql(
                "",
                database: tenant,
                role: "app",
                options: ["-c", "SELECT 1 FROM notes LIMIT 1"]
            )
            if answer?.outputText == "1\n" { open += 1 }
        }
        return open
    }

    private func complete(_ root: Root, _ what: String) async throws {
        var run = try await root.apply()
        for _ in 0..<50 where run.status == 4 {
            try await Task.sleep(for: .milliseconds(200))
            run = try await root.apply()
        }
        let said = "\(what)\nthe next run said: \(run.errors)"
        guard run.status == 0 else {
            Issue.record("\(said)\(run.outputText)")
            return
        }
        for tenant in Self.tenants {
            #expect(await Self.doors(to: tenant, root) == 1, "\(said)")
            let content = try await root.new.value(Self.content, database: tenant, role: "postgres")
            #expect(content.hasPrefix("300 ") && content.hasSuffix(" 300 1 2"), "\(content)\n\(said)")
            // The one kept aside, opened to be looked at, holds the same rows.
            let aside = try await root.old.value(
                "SELECT datname FROM pg_database WHERE datname ~ '^\(tenant)__rcl_[0-9]'"
            )
            _ = try await root.old.psql("ALTER DATABASE \"\(aside)\" ALLOW_CONNECTIONS true")
            let before = try await root.old.value(Self.content, database: aside)
            #expect(before.split(separator: " ").prefix(4) == content.split(separator: " ").prefix(4), "\(said)")
        }
        let left = try await root.new.value(
            """
            SELECT (SELECT count(*) FROM pg_database WHERE datname ~ '__rcl_'),
                (SELECT count(*) FROM pg_roles WHERE rolname ~ '^rcl_'), (SELECT count(*) FROM reconcile.beside)
            """
        )
        #expect(left == "0 0 0", "\(said)")
        let marks = try await root.old.value("SELECT count(*) FROM reconcile.moves")
        #expect(marks == "0", "\(said)")
        #expect(!Files.all(below: "\(root.folder.path)/.reconcile").contains { $0.hasSuffix(".partial") }, "\(said)")
    }

    private static func copy(_ source: String, to target: String) async throws {
        let result = try await Command("/bin/cp", ["-a", source, target]).run()
        guard result.status == 0 else { throw ProgramFailure("cp", result) }
    }
}
