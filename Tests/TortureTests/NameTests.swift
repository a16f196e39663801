import Effects
import FleetModel
import Servers
import Testing
import TestSupport

/// Names are names, of any kind, and what PostgreSQL would cut, fold or confuse is refused before a connection.
@Suite(.serialized) struct NameTests {
    /// The first of a sample is the first of all.
    static let all = [
        "it's \"odd\"", "line\nbreak", "$(touch pwned)`id`", "<script>alert(1)</script>", "dbname=x host=y",
        "-oProxyCommand=touch", "%s%n%d", "\u{202E}drowssap\u{2066}", "x\"\u{301}; DROP DATABASE bystander; --",
        "x'\u{301} host=nowhere", "🦆 duck", "back\\slash\\", "trailing ",
        "a/b/../c", "x\"; DROP DATABASE bystander; --", "tab\tbed", "*", "..", "'; SELECT 1 \\gexec", "{}&|[x]*",
        String(repeating: "ü", count: 31) + "1", String(repeating: "ü", count: 31) + "2", "Neighbour", "ＦＵＬＬ ﬁ",
    ]

    @Test(.proves(32), .timeLimit(.minutes(30)))
    func `databases, roles, schemas, tables and columns of any name go through everything`() async throws {
        try await TestServer.with { server in
            let odd = try OddEstate(names: Sweep.pick(Self.all, quick: 3, sample: 4), server: server)
            try await odd.prepare()
            try await odd.createAndMigrate()
            try await odd.report()
            try await odd.rebuildAndQuarantine()
            try await odd.restoreAndPurge()
            try await odd.drop()
            #expect(!Files.all(below: odd.root.folder.path).contains { $0.contains("pwned") })
        }
    }

    @Test(.proves(32), .timeLimit(.minutes(5)))
    func `names composed differently are different databases and tables`() async throws {
        try await TestServer.with { server in
            let names = ["caf\u{E9}", "cafe\u{301}"]
            let odd = try OddEstate(names: names, server: server, matches: true)
            // Both match one pattern; nobody can name both.
            try await odd.prepare()
            for name in names { try await server.sql("CREATE DATABASE \"\(name)\"") }
            try await odd.createAndMigrate()
            if Sweep.current != .quick { try await odd.report() }
        }
    }

    private static let refused: [(what: String, names: [String])] = [
        ("too long by a byte", [String(repeating: "x", count: 64)]),
        ("composed differently", ["t\u{E9}", "te\u{301}"]),
        ("40 characters, 80 bytes", [String(repeating: "ü", count: 40)]),
        ("equal in the first 63 bytes", ["a", "b"].map { String(repeating: "x", count: 63) + $0 }),
        ("NUL", ["a\0b"]), ("folded to one", ["Shop", "shop"]), ("named twice", ["shop", "shop"]),
    ]

    @Test(.proves(32), .timeLimit(.minutes(10)))
    func `what PostgreSQL would cut or people would confuse is refused before a connection`() async throws {
        try await TestServer.with(settings: ["log_connections": "on", "log_min_messages": "log"]) { server in
            for (what, names) in Self.refused {
                let odd = try OddEstate(names: names, server: server)
                try odd.write(version: "1", policy: "{}")
                let before = Self.connections(server)
                let commands = [["apply", "here", "--auto-approve"], ["plan", "here"], ["validate"], ["inventory"]]
                for arguments in Sweep.pick(commands, quick: 1, sample: 4) {
                    Sweep.tried()
                    let run = try await odd.root.run(TestPrograms.reconcile, arguments)
                    #expect(run.status == 65, "\(what), \(arguments): \(run.status) \(run.errors)")
                }
                #expect(Self.connections(server) == before, "\(what): it connected")
            }
        }
    }

    private static func connections(_ server: EmbeddedServer) -> Int {
        (Files.text("\(server.folder)/log") ?? "").matches(of: /connection received/).count
    }
}

/// One class whose schemas, tables, columns and owner have odd names, and databases of odd names.
private struct OddEstate: Sendable {
    let names: [String]
    let root: ScenarioRoot
    private let matches: Bool
    private var server: EmbeddedServer { root.server }
    /// A role may not begin with `pg_`, else it may be called anything, too.
    private var owner: String { names[0] }

    init(names: [String], server: EmbeddedServer, matches: Bool = false) throws {
        self.names = names
        self.matches = matches
        root = ScenarioRoot(folder: try TemporaryFolder(), server: server)
    }

    /// A bystander, and a neighbour of each odd database whose name begins alike.
    func prepare() async throws {
        try await server.sql("CREATE ROLE \(Self.quoted(owner))")
        try await server.sql("CREATE DATABASE bystander")
        try await server.sql(
            "CREATE TABLE public.precious AS SELECT n FROM generate_series(1, 100) n",
            database: "bystander"
        )
        try write(version: "1", policy: "{backup: {when: always, verify: restore}}")
    }

    func write(version: String, policy: String, declaring declared: [String]? = nil) throws {
        let list = (declared ?? names).map { Self.yaml($0) }.joined(separator: ", ")
        let selector = matches ? "match: \"caf*\"" : "names: [\(list)]"
        try root.folder.write(
            """
            apiVersion: reconcile/v1
            kind: Environment
            name: here
            role: development
            instances:
              main: {connection: {host: "\(server.folder)", user: postgres, dbname: postgres}}
            databases:
              - {\(selector), class: odd, version: \(Self.yaml(version))}
            policy: \(policy)
            """,
            to: "environments/here.yaml"
        )
        try root.folder.write(
            """
            apiVersion: reconcile/v1
            kind: DatabaseClass
            name: odd
            migrations: {directory: odd, format: plain}
            create: {owner: \(Self.yaml(owner))}
            """,
            to: "manifests/odd.yaml"
        )
        let tables = names.map { name in
            let table = "\(Self.written(name)).\(Self.written(name))"
            return """
                CREATE SCHEMA \(Self.written(name));
                CREATE TABLE \(table) (\(Self.written(name)) text PRIMARY KEY);
                INSERT INTO \(table) VALUES (\(Self.literal(name)));
                """
        }
        try root.folder.write(tables.joined(separator: "\n"), to: "manifests/odd/0001_start.sql")
        let changes = names.map { name in
            let table = "\(Self.written(name)).\(Self.written(name))"
            return """
                ALTER TABLE \(table) ADD COLUMN \(Self.written(String(name.dropFirst()) + "+")) text;
                DELETE FROM \(table) WHERE \(Self.written(name)) = 'nobody';
                CREATE INDEX ON \(table) (\(Self.written(name)));
                """
        }
        try root.folder.write(changes.joined(separator: "\n"), to: "manifests/odd/0002_more.sql")
    }

    /// Creates or fills them at the first version, and migrates them, backed up and restored, to the second.
    func createAndMigrate() async throws {
        try await apply("created")
        try write(version: "2", policy: "{backup: {when: always, verify: restore}}")
        try await apply("migrated")
        let receipts = Files.all(below: "\(root.folder.path)/.reconcile/backups").filter { $0.hasSuffix(".json") }
        #expect(receipts.count >= names.count, "\(receipts)")
        try await check("migrated", versions: "2")
    }

    /// Every form of every report, with each name in the documents as it is.
    func report() async throws {
        try write(version: "1", policy: "{repair: refuse}")
        for format in Sweep.pick(["html", "text", "markdown", "json", "junit", "sarif"], quick: 2, sample: 6) {
            let run = try await root.reconcile("plan", "here", "--format", format)
            #expect(run.status == 0, "\(format): \(run.status) \(run.errors)")
            for character in ["\u{202E}", "\u{2066}"] where format != "json" && format != "sarif" {
                #expect(!run.outputText.contains(character), "\(format) lets a name turn the text around")
            }
            // In Markdown it stands between backticks; ReportsTests asks a renderer whether it stays text.
            if format == "html" { #expect(!run.outputText.contains("<script>alert")) }
        }
        for command in ["inventory", "compare"] {
            for format in Sweep.pick(["text", "json", "markdown", "html"], quick: 0, sample: 4) {
                let run = try await root.reconcile(command, "here", "--format", format)
                #expect(run.status == 0, "\(command) as \(format): \(run.status) \(run.errors)")
            }
        }
        let told = try JSONValue(
            parsing: try await root.reconcile("inventory", "here", "--format", "json").output.dropLast()
        )
        let databases = told["environments"]?.elements.first?["databases"]?.elements ?? []
        let found = Set(databases.compactMap { $0["name"]?.string.map { Array($0.utf8) } })
        #expect(found.isSuperset(of: names.map { Array($0.utf8) }), "\(databases.compactMap { $0["name"]?.string })")
        try write(version: "2", policy: "{backup: {when: always, verify: restore}}")
    }

    /// One is drifted and rebuilt, in one a stranger's table is put aside with its rows.
    func rebuildAndQuarantine() async throws {
        try await server.sql("CREATE TABLE \(Self.quoted(names[1])).stray ()", database: names[1])
        try write(version: "2", policy: "{repair: rebuild}")
        try await apply("rebuilt")
        try await check("rebuilt", versions: "2")
        #expect(try await asides() == "1")
    }

    func restoreAndPurge() async throws {
        let folder = "\(root.folder.path)/.reconcile/backups"
        for name in names {
            Sweep.tried()
            let receipts = Files.all(below: folder).filter { $0.hasSuffix(".json") }
            let own = receipts.filter { path in
                guard let bytes = Files.bytes("\(folder)/\(path)"), let receipt = try? JSONValue(parsing: bytes) else {
                    return false
                }
                return receipt["database"]?.string.map { $0.utf8.elementsEqual(name.utf8) } == true
            }
            let receipt = "\(folder)/\(try #require(own.last, "\(name) has no receipt among \(receipts)"))"
            let run = try await root.reconcile("backups", "restore", receipt, "--auto-approve")
            #expect(run.status == 0, "\(name): \(run.status) \(run.errors)")
        }
        try await apply("migrated after the restore")
        try await check("restored", versions: "2")
        let purged = try await root.reconcile("purge", "here", "--auto-approve")
        #expect(purged.status == 0, "\(purged.errors)")
        #expect(try await asides() == "0")
    }

    /// None but the first is declared any more; what nobody claims is dropped, the bystander is another environment's.
    func drop() async throws {
        try write(
            version: "2",
            policy: "{unmanaged: drop, maxDestroy: 99, backup: {when: never}}",
            declaring: [names[0]]
        )
        let claim = (Files.text("\(root.folder.path)/environments/here.yaml") ?? "")
            .replacing("name: here", with: "name: there").replacing(/- \{.*class/, with: "- {name: bystander, class")
            .replacing("unmanaged: drop", with: "unmanaged: ignore")
        try root.folder.write(claim, to: "environments/there.yaml")
        let run = try await root.reconcile("apply", "here", "--auto-approve")
        #expect(run.status == 0, "\(run.status) \(run.errors)\(run.outputText)")
        let left = try await server.value("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY oid")
        #expect(Set(left.components(by: "; ")) == ["postgres", "bystander", names[0]], "\(left)")
        try await checkBystander("dropped")
    }

    private func apply(_ what: String) async throws {
        Sweep.tried(names.count)
        let run = try await root.reconcile("apply", "here", "--auto-approve")
        #expect(run.status == 0, "\(what): \(run.status) \(run.errors)\(run.outputText)")
        let again = try await root.reconcile("plan", "here", "--detailed-exitcode")
        #expect(again.status == 0, "\(what), planned again: \(again.status) \(again.outputText)")
    }

    private func check(_ what: String, versions: String) async throws {
        for name in names {
            let count = try await server.value("SELECT count(*) FROM reconcile.migrations", database: name)
            #expect(count == versions, "\(what): \(name)")
            let rows = try await server.sql(
                "SELECT \(Self.quoted(name)) FROM \(Self.quoted(name)).\(Self.quoted(name))",
                database: name
            )
            #expect(rows?.first?[0].map { $0.utf8.elementsEqual(name.utf8) } == true, "\(what): \(name)")
        }
        try await checkBystander(what)
    }

    private func checkBystander(_ what: String) async throws {
        #expect(try await server.value("SELECT sum(n) FROM precious", database: "bystander") == "5050", "\(what)")
    }

    private func asides() async throws -> String {
        try await server.value("SELECT count(*) FROM pg_database WHERE datname ~ '__rcl_'")
    }

    private static func quoted(_ name: String) -> String { "\"" + name.replacing(each: "\"", with: "\"\"") + "\"" }

    /// In a migration: what turns the text around is refused there as it stands, and can be written as what it is.
    private static func written(_ name: String) -> String { "U&" + quoted(escaped(name)) }
    private static func literal(_ text: String) -> String {
        "U&'" + escaped(text).replacing(each: "'", with: "''") + "'"
    }

    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { scalar -> String in
            if scalar == "\\" { return "\\\\" }
            if scalar.isASCII { return String(scalar) }
            let digits = String(scalar.value, radix: 16)
            return "\\+" + String(repeating: "0", count: 6 - digits.count) + digits
        }.joined()
    }

    /// A double-quoted scalar, anything but letters and digits escaped.
    private static func yaml(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            if scalar.isASCII, scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) { return String(scalar) }
            let digits = String(scalar.value, radix: 16)
            return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        }
        return "\"" + escaped.joined() + "\""
    }
}

extension String {
    fileprivate func components(by separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
