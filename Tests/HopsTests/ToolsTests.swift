import Applying
import Effects
import FleetModel
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

/// Dumps are made by tools that are fit for the server, wherever those are.
@Suite(.serialized, .enabled("sshd and a Docker engine are needed", { await Chain.canRun() }))
struct ToolsTests {
    private static let password = "can'ary \\ $(id) \"ü\""

    @Test(.timeLimit(.minutes(2)), arguments: [Chain.docker, .sshToDocker])
    func `a dump is made here where that can be, else in the container, and nobody sees the password`(
        chain: Chain
    ) async throws {
        try await chain.with { journey, server, setting in
            let container = try #require(setting.container)
            try await Self.fill(server, container)
            try await setting.routes { routes in
                var journey = journey
                journey.connection = [("host", "127.0.0.1"), ("user", "app")]
                var target = try await journey.access(routes).target.with(database: "app")
                target.password = Secret(Self.password)
                let local = [try await TestServer.programs()]
                let major = local[0].version.major
                let here = try await DumpTools.choose(among: local, forMajor: major, target)
                #expect(here.location == "this machine")
                let there = try await DumpTools.choose(among: [], forMajor: major, target)
                #expect(there.location == journey.hops.map(\.description).joined(separator: " > "))
                #expect(there.version == local[0].version)
                await #expect(throws: BackupError.self) {
                    _ = try await DumpTools.choose(among: [], forMajor: major + 5, target)
                }
                let folder = try TemporaryFolder(in: "/tmp")
                for (name, tools) in ["here": here, "there": there] {
                    let backup = try await Self.take(name, tools, target, folder)
                    #expect(backup.receipt.json(at: backup.path)["client_place"] == .string(tools.location))
                    #expect(try StoredBackup.read(backup.path) == backup)
                    let proof = try await RestoreBench.run(
                        local,
                        major: major,
                        backups: "\(folder.path)/backups",
                        inspect: BackupDesk.reader(CatalogPool())
                    ) { try await $0.verify(backup) }
                    #expect(proof.1.content.tables.map(\.rows) == [200_000])
                }
                // A wrong password is an error of the server's own words.
                target.password = Secret("another")
                await #expect { _ = try await Self.take("wrong", there, target, folder) } throws: { error in
                    "\(error)".contains("password authentication failed")
                }
            }
            try await ChainTests.expectNothingLeft(server, setting)
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: [Chain.docker, .sshToDocker], ["cancelled", "killed"])
    func `a dump in a container ends with what leads to it`(chain: Chain, end: String) async throws {
        try await chain.with { journey, server, setting in
            let container = try #require(setting.container)
            try await Self.fill(server, container)
            let started = try await server.value("SELECT pg_postmaster_start_time()")
            try await setting.routes { routes in
                var journey = journey
                journey.connection = [("host", "127.0.0.1"), ("user", "app")]
                var target = try await journey.access(routes).target.with(database: "app")
                target.password = Secret(Self.password)
                let tools = try await DumpTools.choose(among: [], forMajor: 0, target)
                let folder = try TemporaryFolder(in: "/tmp")
                // The dump waits for this one, and says nothing meanwhile.
                let holder = Task {
                    try await server.sql("BEGIN; LOCK TABLE public.t; SELECT pg_sleep(20)", database: "app")
                }
                try await Task.sleep(for: .milliseconds(500))
                let taking = Task { [target] in try await Self.take("ended", tools, target, folder) }
                let waiting: @Sendable () async throws -> Bool = {
                    try await server.value(
                        "SELECT count(*) FROM pg_stat_activity WHERE application_name ~ 'backup$' AND query ~ '^LOCK TABLE'"
                    ) == "1"
                }
                try await ChainTests.eventually("no dump waits") { try await waiting() }
                if end == "killed" {
                    let clients = TestProcesses.mentioning("exec -i \(container.id)").filter { $0.contains("pg_dump") }
                    #expect(!clients.isEmpty)
                    for client in clients { kill(pid_t(client.split(separator: " ")[0]) ?? 0, SIGKILL) }
                } else {
                    taking.cancel()
                }
                try await ChainTests.eventually("the dump is left") { try await !waiting() }
                holder.cancel()
                _ = await holder.result
                await #expect(throws: (any Error).self) { try await taking.value }
            }
            try await ChainTests.expectNothingLeft(server, setting)
            #expect(try await server.value("SELECT pg_postmaster_start_time()") == started)
        }
    }

    /// Takes a backup while somebody looks at every process's words and environment.
    private static func take(
        _ name: String,
        _ tools: DumpTools,
        _ target: ConnectionTarget,
        _ folder: TemporaryFolder
    ) async throws -> StoredBackup {
        let watch = Task {
            var seen: [String] = []
            var rounds = 0
            while !Task.isCancelled {
                seen += TestProcesses.showing("can'ary").filter { !$0.contains("xctest") }
                rounds += 1
                try? await Task.sleep(for: .milliseconds(5))
            }
            return (seen, rounds)
        }
        let taker = BackupTaker(
            place: BackupPlace(
                directory: "\(folder.path)/backups",
                environment: "test",
                runID: name,
                instance: "a",
                database: target.database
            ),
            root: folder.path,
            tools: tools,
            now: { 1_800_000_000 },
            inspect: BackupDesk.reader(CatalogPool())
        )
        let backup = await Result { () async throws in try await taker.take(target) }
        watch.cancel()
        let (seen, rounds) = await watch.value
        #expect(seen == [])
        #expect(rounds > 0)
        return try backup.get()
    }

    private static func fill(_ server: EmbeddedServer, _ container: TestContainer) async throws {
        let quoted = password.replacing("'", with: "''")
        try await server.sql("CREATE ROLE app LOGIN PASSWORD '\(quoted)'")
        try await server.sql("CREATE DATABASE app OWNER app")
        try await server.sql(
            "CREATE TABLE public.t AS SELECT n, md5(n::text) FROM generate_series(1, 200000) n; ALTER TABLE public.t OWNER TO app",
            database: "app"
        )
        let rules = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        try await container.docker.docker(
            "exec",
            container.name,
            "sh",
            "-c",
            "printf '%s' \"$0\" >/var/lib/data/pg_hba.conf",
            rules
        )
        try await server.sql("SELECT pg_reload_conf()")
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
