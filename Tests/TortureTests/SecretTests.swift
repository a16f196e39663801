import Effects
import Glibc
import Servers
import Testing
import TestSupport

/// A password is seen on a server's socket and in files of mode 0600, and nowhere else.
@Suite(.serialized) struct SecretTests {
    @Test(.proves(33), .timeLimit(.minutes(30)))
    func `passwords of any letters are nowhere but where they belong, whatever is done and however it ends`()
        async throws
    {
        try await TestServer.with(settings: Self.logging) { old in
            try await TestServer.with(identity: 1, settings: Self.logging) { new in
                let estate = try SecretEstate(old: old, new: new)
                try await estate.prepare()
                let program = TestPrograms.reconcile
                let (said, seen) = try await ProcessWatch.during(estate.canary, givenTo: program) {
                    try await Self.besideAStranger(estate) {
                        try await estate.failing() + estate.moving() + estate.working()
                    }
                }
                #expect(seen.rounds > 50)
                #expect(seen.sightings == [])
                #expect(seen.loose == [])
                #expect(!seen.coreLimits.isEmpty)
                // The soft limit: one that was only just started has not lowered the other yet.
                let cores = seen.coreLimits.filter { !$0.contains(#/size +0 /#) }
                #expect(cores == [], "a crash would leave a file with all that was in memory")
                for (what, text) in said {
                    Sweep.tried()
                    #expect(!estate.canary.isIn(text), "\(what)")
                }
                try await estate.search()
            }
        }
    }

    /// While another user of the machine looks too, where one can be had.
    private static func besideAStranger<Value: Sendable>(
        _ estate: SecretEstate,
        _ body: () async throws -> Value
    ) async throws -> Value {
        guard let stranger = StrangerWatch.user else {
            Proves.skip(33, because: "only root can look as another user")
            return try await body()
        }
        let (value, seen) = try await StrangerWatch.during(estate.canary, as: stranger, body)
        Sweep.tried()
        #expect(seen.rounds > 20)
        #expect(seen.sawTheDecoy, "it does not see what others run")
        #expect(seen.sightings == [], "another user of the machine sees it")
        return value
    }

    private static let logging = [
        "log_connections": "on", "log_min_messages": "log", "log_statement": "all", "log_min_error_statement": "error",
    ]
}

/// Two servers that ask for a password, a database that moves from one to the other, and all ways to name a password.
private struct SecretEstate: Sendable {
    typealias Said = [(what: String, text: String)]

    let canary = Canary()
    let old: EmbeddedServer
    let new: EmbeddedServer
    let folder: TemporaryFolder
    private let root: ScenarioRoot

    init(old: EmbeddedServer, new: EmbeddedServer) throws {
        self.old = old
        self.new = new
        folder = try TemporaryFolder()
        root = ScenarioRoot(folder: folder, server: old)
    }

    private var secretFile: String { "\(folder.path)/secret" }

    func prepare() async throws {
        for server in [old, new] {
            let literal = "E'" + canary.password.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'"
            // Who makes a login sends the password; what it says must not be what is found in the log.
            let made = try await server.psql(
                "SET log_statement = none;\nCREATE ROLE login LOGIN SUPERUSER PASSWORD \(literal);\n"
            )
            guard made.status == 0 else { throw ProgramFailure("psql", made) }
            let rules = "\(server.folder)/data/pg_hba.conf"
            try Files.write("local all login scram-sha-256\n" + (Files.text(rules) ?? ""), to: rules)
            try await server.sql("SELECT pg_reload_conf()")
        }
        try folder.write(canary.password + "\n", to: "secret")
        chmod(secretFile, 0o600)
        try folder.write(
            """
            apiVersion: reconcile/v1
            kind: DatabaseClass
            name: shop
            migrations: {directory: shop, format: plain}
            """,
            to: "manifests/shop.yaml"
        )
        try folder.write("CREATE TABLE items (id int PRIMARY KEY);\n", to: "manifests/shop/0001_items.sql")
        try folder.write("ALTER TABLE items ADD COLUMN more text;\n", to: "manifests/shop/0002_more.sql")
        try folder.write("CREATE INDEX ON items (more);\n", to: "manifests/shop/0003_index.sql")
    }

    private func write(_ version: Int, retiring: Bool, new source: String) throws {
        let state = retiring ? ", state: retiring" : ""
        try folder.write(
            """
            apiVersion: reconcile/v1
            kind: Environment
            name: here
            role: staging
            instances:
              old: {connection: {host: "\(old.folder)", user: login, dbname: postgres}, password: {env: OLD_PASSWORD}\(state)}
              new: {connection: {host: "\(new.folder)", user: login, dbname: postgres}, password: \(source)}
            databases:
              - {name: shop, class: shop, version: "\(version)", instance: \(retiring ? "new" : "old")}
            policy: {backup: {when: always, verify: restore}, allow: [disconnects, blocks-writes, data-loss, full-scan]}
            """,
            to: "environments/here.yaml"
        )
    }

    private func run(
        _ arguments: [String],
        _ statuses: Set<Int> = [0],
        _ extra: [String: String] = [:]
    ) async throws -> Said {
        let given = ["OLD_PASSWORD": canary.password].merging(extra) { $1 }
        let run = try await root.run(TestPrograms.reconcile, arguments, given)
        let what = "\(arguments.joined(separator: " ")) \(extra.keys.sorted())"
        #expect(statuses.contains(run.status), "\(what): \(run.status) \(run.errors)\(run.outputText)")
        return [(what, run.outputText + run.errors)]
    }

    /// Connections that fail, each in its own words.
    func failing() async throws -> Said {
        try write(1, retiring: false, new: "{file: ../secret}")
        var said: Said = []
        let wrong = ["OLD_PASSWORD": "wrong " + canary.password]
        let commands = [["apply", "here", "--auto-approve"], ["inventory"], ["plan"], ["unlock", "here"]]
        for arguments in Sweep.pick(commands, quick: 1, sample: 1) {
            said += try await run(arguments + ["--log-level", "trace"], [0, 1], wrong)
        }
        try write(1, retiring: false, new: "{command: [sh, -c, \"cat ../secret; cat ../secret >&2; exit 3\"]}")
        said += try await run(["plan", "--format", "json"], [0, 1])
        // What is taken for a password where it is not one is not said again either.
        try folder.write("password: \(canary.password)", to: "broken")
        try folder.write(
            (Files.text("\(folder.path)/environments/here.yaml") ?? "")
                .replacing("{env: OLD_PASSWORD}", with: "\"\(Self.escaped(canary.password))\""),
            to: "environments/here.yaml"
        )
        said += try await run(["validate", "--format", "json"], [65])
        return said
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }

    /// Created on one server, killed in the midst of its move to the other, and moved by the next run.
    func moving() async throws -> Said {
        try write(1, retiring: false, new: "{file: ../secret}")
        var said = try await run(["plan", "here", "--out", "plan.json", "--log-level", "trace"])
        said += try await run(["apply", "plan.json", "--format", "json", "--log-level", "trace"])
        try write(2, retiring: true, new: "{file: ../secret}")
        let trace = ["RECONCILE_TRACE": "\(folder.path)/trace"]
        for place in Sweep.pick(Array(stride(from: 12, through: 150, by: 6)), quick: 1, sample: 1) {
            let crash = trace.merging(["RECONCILE_CRASH_AT": "\(place)"]) { $1 }
            said += try await run(["apply", "here", "--auto-approve"], [0, 4, 137], crash)
            #expect(try await leftBehind().isEmpty, "killed at \(place)")
        }
        for _ in 0..<50 {
            let next = try await run(["apply", "here", "--auto-approve", "--log-level", "trace"], [0, 4], trace)
            said += next
            if try await new.value("SELECT count(*) FROM pg_database WHERE datname = 'shop'") == "1" { break }
        }
        return said
    }

    /// Everything else that reads, writes, dumps and restores.
    func working() async throws -> Said {
        try write(3, retiring: true, new: "{command: [cat, ../secret]}")
        var said: Said = []
        for format in Sweep.pick(["json", "text", "markdown", "html", "sarif", "junit"], quick: 1, sample: 1) {
            said += try await run(["plan", "here", "--format", format])
        }
        for format in Sweep.pick(["json", "text", "markdown", "html"], quick: 0, sample: 1) {
            said += try await run(["inventory", "here", "--format", format])
            said += try await run(["compare", "here", "--format", format])
        }
        said += try await run(["apply", "here", "--auto-approve", "--log-level", "trace"])
        // A restore logs in as a role of its own, with a password of its own.
        guard Sweep.current != .quick else { return said }
        said += try await run(["gate", "here", "--format", "sarif"], [0, 2, 3])
        said += try await run(["backups", "verify"])
        said += try await run(["backups", "list", "--format", "json"])
        let backups = "\(folder.path)/.reconcile/backups"
        let receipt = Files.all(below: backups).last { $0.hasSuffix(".json") && $0.contains("new") }
        said += try await run(["backups", "restore", "\(backups)/\(try #require(receipt))", "--auto-approve"])
        said += try await run(["history", "here", "--format", "json"])
        said += try await run(["purge", "here", "--auto-approve"])
        return said
    }

    /// Pass files that others may read, of runs that died: they are there until the next run.
    private func leftBehind() async throws -> [String] {
        canary.files(below: "/dev/shm").filter { path in
            guard path.contains("rcl-access-") else { return false }
            var status = stat()
            return stat(path, &status) == 0 && status.st_mode & 0o077 != 0
        }
    }

    /// Everything that is left when all is done.
    func search() async throws {
        for path in canary.files(below: folder.path) where path != secretFile && !path.hasSuffix("/broken") {
            // The manifest in which a person wrote it down.
            if path.hasSuffix("here.yaml") { continue }
            Issue.record("\(path) holds the password")
        }
        for server in [old, new] {
            #expect(!canary.isIn(Files.text("\(server.folder)/log") ?? ""), "the server's log holds the password")
            let dump = try await Command(
                server.client("pg_dumpall"),
                ["-h", server.socketFolder, "-U", EmbeddedServer.superuser],
                environment: ["PATH": "/usr/bin:/bin"],
                folder: "/",
                timeLimit: .seconds(120)
            ).run()
            #expect(dump.status == 0, "\(dump.errors)")
            #expect(!canary.isIn(dump.output), "a database holds the password")
        }
        for parent in ["/dev/shm", "/tmp"] {
            for name in Files.names(in: parent) ?? [] where name.hasPrefix("rcl-access-") {
                #expect(canary.files(below: "\(parent)/\(name)") == [], "\(parent)/\(name)")
            }
        }
    }
}
