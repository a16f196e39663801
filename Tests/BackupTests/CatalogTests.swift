import Applying
import FleetModel
import Glibc
import Servers
import Testing
import TestSupport

@Suite struct CatalogTests {
    @Test(.proves(20))
    func `retention never takes the last good backup, whatever the others are`() throws {
        var generator = SplitMix(state: 7)
        for round in 0..<Sweep.count(quick: 600, sample: 2000, whole: 20_000) {
            Sweep.tried()
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
            // A disk that cannot be read just now.
            let unread = Set(backups.filter { _ in Int.random(in: 0..<9, using: &generator) == 0 }.map(\.path))
            let keep = Duration.seconds(Int64.random(in: 0...100, using: &generator) * 86_400)
            let now: Int64 = 100 * 86_400
            let expired = BackupCatalog.expired(backups, keep: keep, now: now) {
                unread.contains($0.path) ? nil : whole.contains($0.path)
            }
            let kept = backups.filter { !expired.contains($0) }
            #expect(Set(expired.map(\.path)).isSubset(of: Set(backups.map(\.path))))
            #expect(expired.allSatisfy { now - $0.receipt.takenAt > keep.components.seconds })
            for name in ["a", "b"] {
                // Even where none is known to be good, something stays.
                let isThere = backups.contains { $0.receipt.database == name }
                #expect(kept.contains { $0.receipt.database == name } == isThere, "round \(round)")
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

    @Test(.proves(17, 20))
    func `what we did not write stays, and what a dead run left goes`() async throws {
        try await Fixture.with { fixture in
            let backup = try await TestServer.with { server in
                try await fixture.taker("postgres", run: "old").take(server.target(database: "postgres"))
            }
            let newer = try await TestServer.with { server in
                try await fixture.taker("postgres", run: "new").take(server.target(database: "postgres"))
            }
            let folder = String(backup.path.dropLast("/postgres.json".count))
            let foreign = ["\(folder)/mine.dump", "\(folder)/notes.txt", "\(folder)/odd.json.dump"]
            // One was killed between the archive's name and the receipt's.
            var halfNamed = backup
            halfNamed.path = "\(folder)/half.json"
            let unfinished = [
                "\(folder)/half.dump", "\(folder)/half.json.7.partial", "\(folder)/odd.json.json.7.partial",
                "\(folder)/x.dump.partial", "\(folder)/x.json.99.partial",
            ]
            for path in foreign + unfinished { try write([1], to: path) }
            try write(bytes(of: backup.archivePath), to: unfinished[0])
            for path in unfinished[1...2] { try write(backup.receipt.json(at: halfNamed.path).canonical, to: path) }
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

    @Test(.proves(20))
    func `on the disk, too: of random folders nothing goes but what may`() throws {
        var generator = SplitMix(state: 20)
        for round in 0..<Sweep.count(quick: 10, sample: 60, whole: 1000) {
            Sweep.tried()
            let folder = try TemporaryFolder()
            let directory = "\(folder.path)/b"
            var good: [StoredBackup] = []
            var ours: Set<String> = []
            for index in 0..<Int.random(in: 1...8, using: &generator) {
                var receipt = receipt(
                    database: ["a", "b/../c"].randomElement(using: &generator) ?? "a",
                    takenAt: Int64.random(in: 0...100, using: &generator) * 86_400,
                    verified: BackupReceipt.Level.allCases.randomElement(using: &generator) ?? .none
                )
                receipt.runID = "run\(index)"
                let text = "archive \(index) of round \(round)"
                receipt.sha256 = Fingerprint(of: text)
                receipt.sizeBytes = Int64(text.utf8.count)
                let place = BackupPlace(
                    directory: directory,
                    environment: receipt.environment,
                    runID: receipt.runID,
                    instance: receipt.instance,
                    database: receipt.database
                )
                let backup = StoredBackup(receipt: receipt, path: place.receipt)
                let relative = place.receipt.dropFirst(folder.path.count + 1)
                try folder.write(receipt.json(at: place.receipt).text, to: String(relative))
                let state = Int.random(in: 0..<5, using: &generator)
                switch state {
                case 0: break
                case 1: try Files.write(String(text.dropLast()), to: place.archive)
                case 2: try Files.write(String(text.dropLast()) + "?", to: place.archive)
                default:
                    try Files.write(text, to: place.archive)
                    good.append(backup)
                }
                ours.formUnion([place.receipt, place.archive])
                // Copies, notes and links that a person put beside it.
                for name in ["copy.json", "copy.dump", "README", "\(index).dump"] {
                    try folder.write(
                        name == "copy.json" ? receipt.json(at: place.receipt).text : name,
                        to: "\(relative.split(separator: "/").dropLast().joined(separator: "/"))/\(name)"
                    )
                }
            }
            // A way out of the folder.
            try folder.write("not ours", to: "elsewhere/i/x.json")
            symlink("\(folder.path)/elsewhere", "\(directory)/production/run0/link")
            func files() -> Set<String> { Set(Files.all(below: folder.path).map { "\(folder.path)/\($0)" }) }
            let before = files()
            let keep = Duration.seconds(Int64.random(in: 0...50, using: &generator) * 86_400)
            let deleted = try BackupCatalog(directory: directory).deleteExpired(keep: keep, now: 100 * 86_400)
            let after = files()
            let gone = before.subtracting(after)
            #expect(gone.isSubset(of: ours), "round \(round): it deleted \(gone.subtracting(ours))")
            #expect(gone.isSubset(of: Set(deleted.flatMap { [$0.path, $0.archivePath] })), "round \(round)")
            for database in Set(good.map(\.receipt.database)) {
                for level in BackupReceipt.Level.allCases {
                    let newest = good.filter { $0.receipt.database == database && $0.receipt.verified >= level }
                        .max { ($0.receipt.takenAt, $0.path) < ($1.receipt.takenAt, $1.path) }
                    guard let newest else { continue }
                    #expect(
                        [newest.path, newest.archivePath].allSatisfy(after.contains),
                        "round \(round): the newest good one proved to \(level) is gone"
                    )
                }
            }
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
            privileges: nil,
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
                largeObjects: LargeObjectContent(count: 0, hashes: ["0", "0"], privileges: ["0", "0"])
            )
        )
    }
}
