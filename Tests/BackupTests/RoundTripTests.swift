import Applying
import Effects
import FleetModel
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

@Suite struct RoundTripTests {
    @Test(.proves(16, 17, 19))
    func `a backup of everything, taken while rows are written, restores to exactly what its receipt says`()
        async throws
    {
        try await Fixture.with { fixture in
            let backup = try await TestServer.with { server in
                try await server.sql("CREATE ROLE app; CREATE ROLE reader")
                try await server.sql("CREATE DATABASE shop OWNER app")
                try await server.fill("shop", richSchema + "ALTER TABLE t OWNER TO app; GRANT SELECT ON t TO reader;")
                try await server.fill("shop", "CREATE TABLE busy (n int)")
                let writer = Task {
                    while !Task.isCancelled {
                        try await server.fill("shop", "INSERT INTO busy SELECT generate_series(1, 20)")
                    }
                }
                while try await server.sql("SELECT count(*) FROM public.busy", database: "shop")?.scalar == "0" {}
                let before = umask(0)
                let backup = try await fixture.taker("shop").take(server.target(database: "shop"))
                umask(before)
                writer.cancel()
                _ = await writer.result
                let written = try await server.sql("SELECT count(*) FROM public.busy", database: "shop")?.scalar
                let busy = backup.receipt.content.tables.first { $0.name.name == "busy" }?.rows ?? 0
                #expect(busy > 0 && busy < written.flatMap(Int64.init) ?? 0)
                return backup
            }
            let receipt = backup.receipt
            #expect(receipt.content.largeObjects.count == 2)
            #expect(receipt.content.tables.contains { $0.name == TableName(name: "parts_1") && $0.rows == 100 })
            #expect(!receipt.content.tables.contains { $0.name.name == "parts" })
            #expect(receipt.source.roles == ["app", "postgres", "reader"])
            #expect(receipt.source.owners == ["app", "postgres"])
            let read = try await ArchiveCheck(programs: fixture.programs[0]).read(backup)
            #expect(read.receipt.verified == .read)
            let (verified, proof) = try await fixture.bench { bench in
                guard case .underBackups = bench.place else { throw PosixError(what: "\(bench.place)") }
                return try await bench.verify(read)
            }
            #expect(receipt.content.differences(in: proof.content).isEmpty)
            #expect(proof.fingerprint == receipt.fingerprint)
            #expect(proof.leftOut.isEmpty && proof.localeFallback == nil)
            let catalog = BackupCatalog(directory: fixture.directory)
            #expect(catalog.backups == [verified] && catalog.diagnostics.isEmpty)
            #expect(verified.receipt.verified == .restore)
            try expectPrivate(backup)
            #expect(
                try await fixture.files().filter { !$0.hasSuffix(".lock") } == [verified.archivePath, verified.path]
            )
        }
    }

    private func expectPrivate(_ backup: StoredBackup) throws {
        var path = backup.path
        for file in [backup.path, backup.archivePath] { #expect(mode(file) == 0o600) }
        while !path.hasSuffix(".reconcile") {
            path = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            #expect(mode(path) == 0o700, "\(path)")
        }
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test func `the receipt has the keys that others rely on`() async throws {
        try await Fixture.with { fixture in
            let backup = try await TestServer.with { server in
                try await server.fill("postgres", "CREATE TABLE a (b int); CREATE TABLE \"x.y\" (b int)")
                return try await fixture.taker("postgres").take(server.target(database: "postgres"))
            }
            let json = backup.receipt.json(at: backup.path)
            #expect(json["tables"]?["public.a"] == 0)
            #expect(json["tables"]?["public.\"x.y\""] == 0)
            #expect(json["taken_at"] == "2027-01-15T08:00:00Z")
            #expect(
                json["restore"]
                    == JSONValue(["reconcile", "-C", fixture.folder, "backups", "restore", backup.path])
            )
            for key in [
                "run_id", "environment", "instance", "database", "archive", "sha256", "size_bytes", "server_version",
                "client_version", "client_place", "fingerprint", "verified",
            ] {
                #expect(json[key] != nil, "\(key)")
            }
            #expect(try StoredBackup.read(backup.path) == backup)
        }
    }

    @Test(arguments: [
        "dbname=x host=nowhere", "it's \"odd\"\\\n$(id)<script>/..", "ünï", ".hidden", "-Fp",
        "x'\u{301} host=nowhere \"\u{301}",
    ])
    func `a database of any name is backed up and restored, its password seen by nobody`(_ name: String) async throws {
        try await Fixture.with { fixture in
            let (backup, proof) = try await TestServer.with { server in
                let quoted = name.replacing(each: "\"", with: "\"\"")
                try await server.sql("CREATE DATABASE \"\(quoted)\"")
                try await server.fill(name, "CREATE TABLE t AS SELECT 1 AS x")
                var target = server.target(database: name)
                target.password = Secret("can'ary:\\ü")
                let backup = try await fixture.taker(name).take(target)
                return try await fixture.bench { try await $0.verify(backup) }
            }
            #expect(backup.receipt.database == name)
            #expect(proof.content.tables.map(\.rows) == [1])
            #expect(BackupCatalog(directory: fixture.directory).backups == [backup])
        }
    }

    @Test func `a role that may only read takes a backup, and a policy that hides rows stops it`() async throws {
        try await Fixture.with { fixture in
            try await TestServer.with { server in
                try await server.sql("CREATE ROLE reader LOGIN IN ROLE pg_read_all_data")
                try await server.fill("postgres", "CREATE TABLE t AS SELECT 1 AS x; SELECT lo_from_bytea(0, 'x')")
                try await server.fill(
                    "postgres",
                    "DO $$BEGIN EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO reader', (SELECT oid FROM pg_largeobject_metadata)); END$$"
                )
                let target = server.target(database: "postgres", user: "reader")
                let backup = try await fixture.taker("postgres").take(target)
                _ = try await fixture.bench { try await $0.verify(backup) }
                try await server.fill("postgres", "ALTER TABLE t ENABLE ROW LEVEL SECURITY")
                await #expect(throws: BackupError.self) {
                    _ = try await fixture.taker("postgres", run: "run3").take(target)
                }
            }
        }
    }

    @Test func `an empty database is a backup too, but one that was measured`() async throws {
        try await Fixture.with { fixture in
            let backup = try await TestServer.with { server in
                try await server.sql("CREATE DATABASE empty")
                return try await fixture.taker("empty").take(server.target(database: "empty"))
            }
            #expect(backup.receipt.content.tables.isEmpty)
            #expect(backup.receipt.content.isWellFormed)
            _ = try await fixture.bench { try await $0.verify(backup) }
        }
    }

    @Test func `a rehearsal gets a copy it may change, as no superuser`() async throws {
        try await Fixture.with { fixture in
            let backup = try await TestServer.with { server in
                try await server.sql("CREATE ROLE app")
                try await server.sql("CREATE DATABASE one OWNER app")
                try await server.sql(
                    "SET ROLE app; CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 1 AS x",
                    database: "one"
                )
                return try await fixture.taker("one").take(server.target(database: "one"))
            }
            try await fixture.bench { bench in
                for _ in 1...2 {
                    let (rehearsed, _) = try await bench.rehearse(backup) { copy in
                        let settings = SessionSettings(access: .readWrite, applicationName: "test")
                        let session = try await Session.open(copy.target, settings: settings)
                        try await session.run("SET ROLE \(identifier: copy.owner); ALTER TABLE s.t ADD y int")
                        let rows = try await session.run("SELECT rolsuper FROM pg_roles WHERE rolname = session_user")
                        #expect(rows.last?.rows?.scalar == "f")
                        await session.close()
                    }
                    #expect(rehearsed.receipt.verified == .rehearse)
                }
            }
        }
    }
}
