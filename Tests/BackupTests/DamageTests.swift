import Applying
import Effects
import FleetModel
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

@Suite struct DamageTests {
    @Test(.proves(15), .timeLimit(.minutes(30)))
    func `no cut and no flipped bit passes for a good backup`() async throws {
        try await Fixture.with { fixture in
            let backup = try await TestServer.with { server in
                try await server.fill(
                    "postgres",
                    "CREATE TABLE t AS SELECT g, md5(g::text) AS x FROM generate_series(1, 3000) g"
                )
                return try await fixture.taker("postgres").take(server.target(database: "postgres"))
            }
            let check = ArchiveCheck(programs: fixture.programs[0])
            let path = backup.archivePath
            let good = try bytes(of: path)
            var seenByReading = 0
            func expectDamaged(_ what: String, isRead: Bool) async throws {
                Sweep.tried()
                #expect(throws: BackupError.self, "\(what)") { try check.checksum(backup) }
                guard isRead else { return }
                do { try await check.readThrough(path) } catch is BackupError { seenByReading += 1 }
                await #expect(throws: BackupError.self, "\(what)") { try await check.read(backup) }
            }
            // Every byte of the head, with its table of contents, and each block of the data; from the end to the beginning.
            let head = (0..<min(8192, good.count)).map { $0 }
            let cuts = Sweep.pick(head, quick: 200, sample: 2000) + stride(from: 8192, to: good.count, by: 4096)
            for (index, cut) in (cuts + [good.count - 1]).sorted(by: >).enumerated() {
                truncate(path, off_t(cut))
                try await expectDamaged("cut at \(cut)", isRead: index % 20 == 0)
            }
            #expect(seenByReading >= (cuts.count + 1) / 20)
            var generator = SplitMix(state: 42)
            for round in 0..<Sweep.count(quick: 60, sample: 500, whole: 500) {
                var copy = good
                let place = Int.random(in: 0..<good.count, using: &generator)
                copy[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                try write(copy, to: path)
                try await expectDamaged("a bit of byte \(place) flipped", isRead: round % 10 == 0)
            }
            try write(good, to: path)
            #expect(try await check.read(backup).receipt.verified == .read)
            unlink(path)
            #expect(throws: BackupError.self) { try check.checksum(backup) }
        }
    }

    @Test(.proves(15))
    func `no cut and no flipped bit passes for a good receipt`() async throws {
        try await Fixture.with { fixture in
            let backup = try await TestServer.with { server in
                try await server.fill("postgres", "CREATE EXTENSION citext; CREATE TABLE \"tä\" AS SELECT 1 AS x")
                return try await fixture.taker("postgres").take(server.target(database: "postgres"))
            }
            let good = try bytes(of: backup.path)
            for cut in Sweep.pick(Array(0..<good.count - 1), quick: 200, sample: 1000) {
                Sweep.tried()
                try write(Array(good.prefix(cut)), to: backup.path)
                #expect(throws: BackupError.self, "cut at \(cut)") { try StoredBackup.read(backup.path) }
            }
            var generator = SplitMix(state: 43)
            for _ in 0..<Sweep.count(quick: 150, sample: 500, whole: 5000) {
                Sweep.tried()
                var copy = good
                let place = Int.random(in: 0..<good.count, using: &generator)
                copy[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                try write(copy, to: backup.path)
                #expect(throws: BackupError.self, "a bit of byte \(place) flipped") {
                    try StoredBackup.read(backup.path)
                }
            }
            #expect(BackupCatalog(directory: fixture.directory).diagnostics.count == 1)
            try write(good, to: backup.path)
            #expect(try StoredBackup.read(backup.path) == backup)
        }
    }

    @Test func `a receipt of before there were digests is read`() async throws {
        try await Fixture.with { fixture in
            let backup = try await TestServer.with { server in
                try await fixture.taker("postgres").take(server.target(database: "postgres"))
            }
            guard case .object(let members) = backup.receipt.json(at: backup.path) else { return }
            let older = members.filter { $0.key != "digest" }.map { member in
                member.key == "format_version" ? JSONValue.Member(member.key, "1.0") : member
            }
            try write(JSONValue.object(older).canonical, to: backup.path)
            #expect(try StoredBackup.read(backup.path) == backup)
        }
    }

    @Test(.proves(14)) func `a copy that lacks a row, or was never measured, is not equal`() {
        func content(_ rows: Int64, _ hash: String) -> DatabaseContent {
            DatabaseContent(
                probe: ["1", "2"],
                tables: [TableContent(name: TableName(name: "t"), rows: rows, hashes: [hash, "9"])],
                sequences: [],
                largeObjects: LargeObjectContent(count: 0, hashes: ["0", "0"], privileges: ["0", "0"])
            )
        }
        let nothing = DatabaseContent(
            probe: [],
            tables: [],
            sequences: [],
            largeObjects: LargeObjectContent(count: 0, hashes: [], privileges: [])
        )
        #expect(!nothing.differences(in: nothing).isEmpty)
        #expect(content(1, "").differences(in: content(1, "")) != [])
        #expect(content(2, "5").differences(in: content(2, "5")).isEmpty)
        #expect(
            content(2, "5").differences(in: content(1, "5")) == [.rowCount(TableName(name: "t"), expected: 2, found: 1)]
        )
        #expect(content(2, "5").differences(in: content(2, "6")) == [.rows(TableName(name: "t"))])
    }

    @Test(.proves(14, 15)) func `a copy with another row is found on the bench`() async throws {
        try await Fixture.with { fixture in
            var backup = try await TestServer.with { server in
                try await server.fill("postgres", "CREATE TABLE t AS SELECT 1 AS x")
                return try await fixture.taker("postgres").take(server.target(database: "postgres"))
            }
            backup.receipt.content.tables[0].hashes[0] += "1"
            let other = backup
            await #expect(throws: BackupError.self) {
                _ = try await fixture.bench { try await $0.verify(other) }
            }
            #expect(try StoredBackup.read(backup.path).receipt.verified == .none)
        }
    }

    @Test func `equal rows that changed alike are seen`() async throws {
        try await Fixture.with { fixture in
            try await TestServer.with { server in
                try await server.fill("postgres", "CREATE TABLE t AS SELECT 'before' AS x FROM generate_series(1, 2)")
                let backup = try await fixture.taker("postgres").take(server.target(database: "postgres"))
                try await server.fill("postgres", "UPDATE t SET x = 'after'")
                let settings = SessionSettings(access: .readWrite, applicationName: "test")
                let session = try await Session.open(server.target(database: "postgres"), settings: settings)
                try await session.run("BEGIN")
                await #expect {
                    try await DataGuard.compare(session, with: backup, tables: [TableName(name: "t")])
                } throws: {
                    if case BackupError.rowsChangedSinceBackup(TableName(name: "t")) = $0 { true } else { false }
                }
                await session.close()
            }
        }
    }

    @Test(.proves(17)) func `a dump that dies leaves no archive, no receipt and no password`() async throws {
        try await Fixture.with { fixture in
            let folder = "\(fixture.folder)/bin"
            mkdir(folder, 0o755)
            let script = """
                #!/bin/sh
                head -c 300000 /dev/zero
                kill -9 $$
                """
            try write(Array(script.utf8), to: "\(folder)/pg_dump")
            chmod("\(folder)/pg_dump", 0o755)
            var programs = fixture.programs[0]
            programs.folder = folder
            let taker = fixture.taker("postgres", programs: programs)
            try await TestServer.with { server in
                var target = server.target(database: "postgres")
                target.password = Secret("canary")
                let fixed = target
                await #expect(throws: BackupError.self) { try await taker.take(fixed) }
            }
            #expect(try await fixture.files().filter { $0.contains("/backups/") && !$0.hasSuffix(".lock") } == [])
            let left = try await Command("/bin/sh", ["-c", "ls -d /dev/shm/rcl-access-\(getpid())-* 2>/dev/null"]).run()
            #expect(!left.outputText.contains("canary"))
            #expect(BackupCatalog(directory: fixture.directory).backups.isEmpty)
        }
    }

    @Test(.proves(18), .enabled(if: geteuid() == 0)) func `a full disk is foreseen, or survived`() async throws {
        try await Fixture.with { fixture in
            let disk = "\(fixture.folder)/disk"
            mkdir(disk, 0o755)
            // Root in a container may lack the right to mount.
            guard mount("tmpfs", disk, "tmpfs", 0, "size=2m") == 0 else {
                return Proves.skip(18, because: "no file system can be mounted here")
            }
            defer { umount2(disk, CInt(MNT_DETACH)) }
            try await TestServer.with { server in
                try await server.fill(
                    "postgres",
                    "CREATE TABLE t AS SELECT g, md5(g::text), md5(g::text || 'x') y FROM generate_series(1, 60000) g"
                )
                let target = server.target(database: "postgres")
                await #expect {
                    try await fixture.taker("postgres", directory: "\(disk)/b", space: .archive).take(target)
                } throws: { if case BackupError.notEnoughSpace = $0 { true } else { false } }
                await #expect {
                    let space = SpaceDemand(factor: 0, margin: 0)
                    _ = try await fixture.taker("postgres", directory: "\(disk)/b", space: space).take(target)
                } throws: { if case BackupError.diskFull = $0 { true } else { false } }
            }
            #expect(BackupCatalog(directory: "\(disk)/b").backups.isEmpty)
            #expect(try await fixture.files().filter { !$0.hasSuffix(".lock") } == [])
        }
    }
}

func bytes(of path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw PosixError(what: path) }
    defer { fclose(file) }
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { all += buffer[..<count] }
    return all
}

func write(_ bytes: [UInt8], to path: String) throws {
    guard let file = fopen(path, "w") else { throw PosixError(what: path) }
    defer { fclose(file) }
    fwrite(bytes, 1, bytes.count, file)
}

/// A generator with a seed, so that a failure can be had again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
