import FleetModel
import Glibc
import Postgres
import Servers
import Synchronization
import Testing
import TestSupport

@Suite struct FleetObserverTests {
    static let nowhere = SourceRange.beginning(of: "e.yaml")

    static func instance(
        _ name: String,
        _ parameters: [(String, String)],
        password: SecretSource? = nil,
        via: [Hop] = []
    ) -> Instance {
        Instance(
            name: Located(name, at: nowhere),
            via: via,
            connection: parameters.map { ConnectionParameter(keyword: $0.0, value: $0.1, range: nowhere) },
            password: password.map { Located($0, at: nowhere) },
            state: .active
        )
    }

    static func instance(_ name: String, _ server: EmbeddedServer, password: SecretSource? = nil) -> Instance {
        instance(name, [("host", server.folder), ("port", "5432"), ("user", "postgres")], password: password)
    }

    static func environment(
        _ instances: [Instance],
        role: EnvironmentRole = .production,
        entries: [DatabaseEntry] = []
    ) -> Environment {
        Environment(
            name: Located("here", at: nowhere),
            role: role,
            description: nil,
            instances: instances,
            entries: entries,
            policy: Policy(defaultsFor: role)
        )
    }

    static func query(_ database: String, _ sql: String) -> DatabaseEntry {
        DatabaseEntry(
            selector: Located(.query(database: database, sql: sql), at: nowhere),
            className: Located("tenant", at: nowhere),
            version: Located("latest", at: nowhere),
            instance: Located("one", at: nowhere),
            range: nowhere
        )
    }

    @Test func `a server is seen with its databases`() async throws {
        try await TestServer.with { server in
            let odd = "o\"dd; it's ünï.code"
            try await server.sql("CREATE ROLE app; ")
            try await server.sql("CREATE DATABASE a OWNER app")
            try await server.sql("CREATE DATABASE \"o\"\"dd; it's ünï.code\"")
            try await server.sql("CREATE DATABASE closed ALLOW_CONNECTIONS false")
            try await server.sql(
                "CREATE TABLE public.t AS SELECT generate_series(1, 20000) AS n; CREATE TABLE public.names AS SELECT 'x1' AS n",
                database: "a"
            )
            var observer = FleetObserver()
            let warnings = Warnings()
            observer.options.warn = { warnings.add($0) }
            observer.options.history = { instance, database, facts in
                #expect(instance == "one" && facts.version.major >= 14)
                return database == "a" ? HostileDatabaseTests.history : nil
            }
            let entries = [
                Self.query("a", "SELECT n FROM names"), Self.query("missing", "SELECT 1"),
                Self.query("a", "SELECT repeat('x', 64)"), Self.query("a", "DROP TABLE names"),
                Self.query("a", "SELECT n FROM nowhere"), Self.query("a", "SELECT 'a', 'b'"),
            ]
            let environment = Self.environment([Self.instance("one", server)], entries: entries)
            let seen = await observer.observe(environment)
            let facts = try #require(seen.instances[0].facts)
            #expect(facts.timeline == 1 && !facts.inRecovery && !facts.systemIdentifier.isEmpty)
            #expect(facts.roles == ["app", "postgres"])
            #expect(facts.queriedNames[0] == .names(["x1"]) && facts.queriedNames[1] == .notThere)
            let faults = [
                "cannot be a database's name", "(SQLSTATE 25006)", "(SQLSTATE 42P01)", "2 columns instead of one",
            ]
            for (entry, fault) in zip(2..., faults) {
                switch facts.queriedNames[entry] {
                case .lacking(let reason): #expect(entry == 4 && reason.contains(fault))
                case .failed(let reason): #expect(entry != 4 && reason.contains(fault))
                case .names, .notThere, nil: Issue.record("entry \(entry): \(facts.queriedNames)")
                }
            }
            #expect(warnings.all.count == 4)
            let databases = seen.instances[0].databases
            #expect(databases.map(\.name) == ["a", "closed", odd])
            #expect(databases[0].owner == "app" && databases[0].oid > 0)
            #expect(databases[0].state?.catalog.tables.count == 2)
            #expect(databases[0].sizeBytes > databases[2].sizeBytes + 600_000)
            #expect(databases[1].state == nil && databases[2].state != nil)
            let real = try await server.sql("SELECT pg_database_size('a')")?.scalar.flatMap { Int64($0) } ?? 0
            #expect(abs(real - databases[0].sizeBytes) < real / 5)
        }
    }

    @Test func `what does not answer is unreachable, and the rest is seen`() async throws {
        try await TestServer.with { server in
            let instances = [
                Self.instance("gone", [("host", "/nonexistent"), ("user", "postgres")]), Self.instance("one", server),
                Self.instance("far", [("host", "x")], via: [.docker(container: "c")]),
                Self.instance("secret", server, password: .environment("RECONCILE_TEST_NO_SUCH_VARIABLE")),
            ]
            let seen = await FleetObserver().observe(Self.environment(instances))
            #expect(seen.instances.map(\.name) == ["gone", "one", "far", "secret"])
            #expect(seen.instances.map { $0.facts != nil } == [false, true, false, false])
            #expect(Self.reason(seen.instances[2])?.hasPrefix("docker c: ") == true)
            #expect(Self.reason(seen.instances[3])?.contains("RECONCILE_TEST_NO_SUCH_VARIABLE") == true)
        }
    }

    @Test func `the work can be narrowed`() async throws {
        try await TestServer.with { server in
            try await server.sql("CREATE DATABASE a")
            try await server.sql("CREATE DATABASE b")
            var observer = FleetObserver()
            observer.options.includesInstance = { $0 == "one" }
            observer.options.includesDatabase = { $1 == "b" }
            let seen = await observer.observe(
                Self.environment([Self.instance("zero", server), Self.instance("one", server)])
            )
            #expect(seen.instances.map(\.name) == ["one"])
            #expect(seen.instances[0].databases.map { $0.state != nil } == [false, true])
        }
    }

    @Test func `a secret file that others can read is refused in production`() async throws {
        let path = "/tmp/reconcile-secret-\(getpid())"
        defer { unlink(path) }
        let descriptor = open(path, O_CREAT | O_WRONLY, 0o600)
        write(descriptor, "pa ss\nsecond", 12)
        close(descriptor)
        let source = SecretSource.file(path)
        #expect(try await source.read(for: .production).reveal { $0 } == "pa ss")
        chmod(path, 0o644)
        await #expect(throws: SecretError.self) { try await source.read(for: .production) }
        let warnings = Warnings()
        #expect(try await source.read(for: .staging, warn: warnings.add).reveal { $0 } == "pa ss")
        #expect(warnings.all.count == 1)
    }

    @Test func `a secret command is run without a shell, and its first line counts`() async throws {
        let source = SecretSource.command(["printf", "a $b\\nc"], folder: "/")
        #expect(try await source.read(for: .production).reveal { $0 } == "a $b")
        let failing = SecretSource.command(["false"], folder: "/")
        await #expect(throws: SecretError.self) { try await failing.read(for: .production) }
    }

    static func reason(_ instance: ObservedInstance) -> String? {
        guard case .unreachable(let reason) = instance.outcome else { return nil }
        return reason
    }
}

private final class Warnings: Sendable {
    private let list = Mutex<[String]>([])
    var all: [String] { list.withLock { $0 } }
    func add(_ text: String) { list.withLock { $0.append(text) } }
}
