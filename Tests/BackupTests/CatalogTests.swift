import Applying
import FleetModel
import Glibc
import Servers
import Testing
import TestSupport

@Suite struct CatalogTests {
    @Test func `retention never takes the last good backup, whatever the others are`() throws {
        var generator = SplitMix(state: 7)
        for round in 0..<400 {
            let backups = (0..<Int.random(in: 0...12, using: &generator)).map { index in
                StoredBackup(
                    receipt: receipt(
                        database: ["a", "b"].randomElement(using: &generator) ?? "a",
                        takenAt: Int64.random(in: 0...100, using: &generator) * 86_400,
                        verified: BackupReceipt.Level.allCases.randomElement(using: &generator) ?? .none
                    ),
                    path: "/b/production/run\(index)/i/x.json"
                )
            }
            let whole = Set(backups.filter { _ in Int.random(in: 0..<4, using: &generator) > 0 }.map(\.path))
            let keep = Duration.seconds(Int64.random(in: 0...100, using: &generator) * 86_400)
            let now: Int64 = 100 * 86_400
            let expired = BackupCatalog.expired(backups, keep: keep, now: now) { whole.contains($0.path) }
            let kept = backups.filter { !expired.contains($0) }
            #expect(Set(expired.map(\.path)).isSubset(of: Set(backups.map(\.path))))
            #expect(expired.allSatisfy { now - $0.receipt.takenAt > keep.components.seconds })
            for name in ["a", "b"] {
                func newest(_ list: [StoredBackup], _ level: BackupReceipt.Level) -> Int64? {
                    list.filter {
                        $0.receipt.database == name && whole.contains($0.path) && $0.receipt.verified >= level
                    }
                    .map(\.receipt.takenAt).max()
                }
                for level in BackupReceipt.Level.allCases {
                    #expect(newest(kept, level) == newest(backups, level), "round \(round)")
                }
            }
        }
    }

    @Test func `what we did not write stays, and what a dead run left goes`() async throws {
        try await Fixture.with { fixture in
            let backup = try await TestServer.with { server in
                try await fixture.taker("postgres", run: "old").take(server.target(database: "postgres"))
            }
            let newer = try await TestServer.with { server in
                try await fixture.taker("postgres", run: "new").take(server.target(database: "postgres"))
            }
            let folder = String(backup.path.dropLast("/postgres.json".count))
            let foreign = ["\(folder)/mine.dump", "\(folder)/notes.txt"]
            let unfinished = ["\(folder)/x.dump.partial", "\(folder)/x.json.99.partial"]
            for path in foreign + unfinished { try write([1], to: path) }
            try write(Array("{}".utf8), to: "\(folder)/broken.json")
            let catalog = BackupCatalog(directory: fixture.directory)
            #expect(catalog.diagnostics.count == 1)
            #expect(catalog.diagnostics.first?.message.contains("broken.json") == true)
            do {
                let run = String(folder.dropLast("/vps".count))
                let mark = try #require(try RunFolderMark(run, for: .taking))
                #expect(try catalog.clearUnfinished() == [])
                withExtendedLifetime(mark) {}
            }
            #expect(try catalog.clearUnfinished() == unfinished)
            let deleted = try catalog.deleteExpired(keep: .seconds(0), now: 1_900_000_000)
            #expect(deleted.count == 1 && deleted.first != newer || deleted.first != backup)
            #expect(try await fixture.files().filter { foreign.contains($0) } == foreign)
            #expect(BackupCatalog(directory: fixture.directory).backups.count == 1)
        }
    }

    private func receipt(database: String, takenAt: Int64, verified: BackupReceipt.Level) -> BackupReceipt {
        let nothing = Fingerprint(of: "")
        return BackupReceipt(
            runID: "r",
            environment: "production",
            instance: "i",
            database: database,
            archive: "",
            sha256: nothing,
            sizeBytes: 1,
            serverVersion: ServerVersion(number: 150_020),
            clientVersion: ServerVersion(number: 150_020),
            fingerprint: nothing,
            restorableFingerprint: nothing,
            columnOrder: nothing,
            verified: verified,
            takenAt: takenAt,
            root: "/",
            source: BackupReceipt.Source(
                systemIdentifier: "1",
                timeline: 1,
                databaseOID: 1,
                snapshot: "",
                walPosition: "",
                sizeBytes: 0,
                owner: "o",
                locale: DatabaseLocale(
                    encoding: "UTF8",
                    collate: "C",
                    ctype: "C",
                    provider: "c",
                    locale: nil,
                    rules: nil,
                    collationVersion: nil
                ),
                roles: [],
                owners: [],
                extensions: []
            ),
            content: DatabaseContent(
                probe: ["1", "2"],
                tables: [],
                sequences: [],
                largeObjects: LargeObjectContent(count: 0, hashes: ["0", "0"])
            )
        )
    }
}
