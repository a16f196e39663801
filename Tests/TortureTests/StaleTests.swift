import Effects
import Servers
import Testing
import TestSupport

/// A saved plan whose ground has changed in any way is not carried out, not even in part.
@Suite(.serialized) struct StaleTests {
    /// What somebody does between the plan and its apply.
    struct Change: Sendable, CustomTestStringConvertible {
        var what: String
        /// On a database; nil: on the server.
        var database: String?
        var sql: String?
        /// In the root, by a shell.
        var shell: String?
        var testDescription: String { what }

        static func sql(_ what: String, _ sql: String, in database: String? = "tenant_a") -> Change {
            Change(what: what, database: database, sql: sql)
        }

        static func shell(_ what: String, _ shell: String) -> Change { Change(what: what, shell: shell) }
    }

    private static let history = "drizzle.__drizzle_migrations"

    static let changes: [Change] = [
        .sql("a column was added", "ALTER TABLE public.notes ADD COLUMN by_hand int"),
        .shell("a migration was edited", "echo '-- more' >>manifests/tenant/0001_more.sql"),
        .sql(
            "it was made anew",
            "ALTER DATABASE tenant_a RENAME TO old; CREATE DATABASE tenant_a TEMPLATE old",
            in: nil
        ),
        .sql("it is there now", "CREATE DATABASE tenant_new", in: nil),
        .sql("it is gone", "DROP DATABASE tenant_a", in: nil),
        .sql("a history row was added", "INSERT INTO \(history) (hash, created_at) VALUES ('x', 1)"),
        .shell(
            "another version is wanted",
            "sed -i 's/version: latest}$/version: 0000_start}/' environments/here.yaml"
        ),
        .sql("another owner of a table", "ALTER TABLE public.notes OWNER TO other"),
        .shell(
            "backups are wanted now",
            "sed -i 's/policy: .*/policy: {backup: {when: always, verify: read}}/' environments/here.yaml"
        ),
        .sql("a history row was changed", "UPDATE \(history) SET hash = 'x'"),
        .sql("a history row went away", "DELETE FROM \(history)"),
        .sql("an index", "CREATE INDEX ON public.notes (body)"),
        .sql("a view", "CREATE VIEW public.v AS SELECT 1 AS one"),
        .sql("a function", "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
        .sql("a type", "CREATE TYPE public.mood AS ENUM ('good')"),
        .sql("a sequence", "CREATE SEQUENCE public.s"),
        .sql(
            "a trigger",
            """
            CREATE FUNCTION public.g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER t BEFORE INSERT ON public.notes FOR EACH ROW EXECUTE FUNCTION public.g()
            """
        ),
        .sql("a policy", "ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY"),
        .sql("a default", "ALTER TABLE public.notes ALTER body SET DEFAULT 'x'"),
        .sql("a constraint", "ALTER TABLE public.notes ADD CHECK (body <> 'x')"),
        .shell("another class", "sed -i 's/class: tenant/class: hub/' environments/here.yaml"),
        .shell(
            "nobody claims it",
            "sed -i 's/names: .tenant_a, tenant_new./name: tenant_other/' environments/here.yaml"
        ),
        .shell("the environment is gone", "sed -i 's/name: here/name: there/' environments/here.yaml"),
    ]

    @Test(.proves(10), .timeLimit(.minutes(20)))
    func `whatever changed since, a saved plan changes nothing`() async throws {
        try await TestServer.with { server in
            for change in Sweep.pick(Self.changes, quick: 3, sample: 6) {
                Sweep.tried()
                try await Self.reset(server)
                let root = try Self.root(server)
                let plan = try await root.reconcile("plan", "here", "--out", "plan.json")
                try #require(plan.status == 0, "\(plan.errors)")
                if let shell = change.shell { _ = try await root.run("/bin/sh", ["-c", shell]) }
                for sql in (change.sql ?? "").split(separator: change.database == nil ? ";" : "\0") {
                    try await server.sql(String(sql), database: change.database ?? "postgres")
                }
                let before = try await server.writes()
                let run = try await root.reconcile("apply", "plan.json")
                #expect(run.status == 5, "\(change.what): \(run.status) \(run.errors)\(run.outputText)")
                #expect(try await server.writes() == before, "\(change.what): something was written")
            }
        }
    }

    @Test(.proves(10), .timeLimit(.minutes(10)))
    func `of two plans for an empty server the second finds that it is empty no more`() async throws {
        try await TestServer.with { server in
            let root = try Self.root(server)
            for (version, file) in [("0000_start", "first.json"), ("latest", "second.json")] {
                _ = try await root.run(
                    "/bin/sh",
                    ["-c", "sed -i 's/tenant, version: [^}]*}/tenant, version: \(version)}/' environments/here.yaml"]
                )
                let plan = try await root.reconcile("plan", "here", "--out", file)
                try #require(plan.status == 0, "\(plan.errors)")
            }
            _ = try await root.run(
                "/bin/sh",
                ["-c", "sed -i 's/version: latest}$/version: 0000_start}/' environments/here.yaml"]
            )
            // Both were made for the same nothing; the manifest says what the first does.
            let first = try await root.reconcile("apply", "here", "--auto-approve")
            #expect(first.status == 0, "\(first.errors)")
            _ = try await root.run(
                "/bin/sh",
                ["-c", "sed -i 's/version: 0000_start}/version: latest}/' environments/here.yaml"]
            )
            let before = try await server.writes()
            let second = try await root.reconcile("apply", "second.json")
            #expect(second.status == 5, "\(second.status) \(second.errors)\(second.outputText)")
            #expect(second.errors.contains("exists now; when the plan was made it did not"), "\(second.errors)")
            #expect(try await server.writes() == before)
        }
    }

    /// A tenant that is behind, and one that is not there.
    private static func root(_ server: EmbeddedServer) throws -> ScenarioRoot {
        let root = try Scenario(name: "behind-by-one").root(for: server)
        let manifest = "\(root.folder.path)/environments/here.yaml"
        let text = (Files.text(manifest) ?? "").replacing("role: production", with: "role: development")
            .replacing("match: \"tenant_*\"", with: "names: [tenant_a, tenant_new]")
        try Files.write(text, to: manifest)
        return root
    }

    private static func reset(_ server: EmbeddedServer) async throws {
        let names = try await server.value(
            "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
        )
        for name in names.split(separator: "; ") where name != "begin" && name != "hub_begin" {
            try await server.sql("DROP DATABASE \"\(name)\"")
        }
        if !names.contains("begin") {
            for (name, file) in [("begin", "tenant-0000"), ("hub_begin", "hub-0001")] {
                try await server.sql("CREATE DATABASE \(name)")
                let root = try Self.root(server)
                let result = try await server.psql(
                    Files.text("\(root.folder.path)/sql/\(file).sql") ?? "",
                    database: name
                )
                guard result.status == 0 else { throw ProgramFailure("psql", result) }
            }
            try await server.sql("CREATE ROLE other")
        }
        try await server.sql("CREATE DATABASE tenant_a TEMPLATE begin")
        try await server.sql("CREATE DATABASE hub TEMPLATE hub_begin")
    }
}
