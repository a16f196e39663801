import FleetModel
import Migrations
import Testing
import TestSupport

/// A folder that is not what was applied is found out, whatever was done to it.
@Suite struct ChangedHistoryTests {
    /// Of the formats that keep a checksum; the others cannot tell.
    private static let folders = RecordedFolder.all.filter { $0.name.hasSuffix("-healthy") && keepsChecksums($0) }

    private static func keepsChecksums(_ folder: RecordedFolder) -> Bool {
        guard let loaded = try? folder.load(), let first = loaded.value?.migrations.first,
            let format = try? folder.format
        else { return false }
        let row = format.history.historyInsert(first, run: HistoryRun(id: "", duration: .zero))
        let sums = [first.sha256] + first.checksums
        return row.contains { cell in cell.value.asText.map { text in sums.contains { text.contains($0) } } ?? false }
    }

    private static func paths(below folder: String) -> [String] {
        MigrationsTests.names(in: folder).flatMap { name in
            let inner = paths(below: "\(folder)/\(name)").map { "\(name)/\($0)" }
            return inner.isEmpty ? [name] : inner
        }
    }

    private static func copy(_ folder: RecordedFolder, to root: borrowing MigrationsTests.TemporaryFolder) throws {
        try root.folder("migrations")
        for path in paths(below: "\(folder.root)/migrations") {
            var made = "migrations"
            for part in path.split(separator: "/").dropLast() {
                made += "/\(part)"
                try? root.folder(made)
            }
            try root.file("migrations/\(path)", contents(of: "\(folder.root)/migrations/\(path)") ?? "")
        }
    }

    private static func load(_ folder: RecordedFolder, _ root: borrowing MigrationsTests.TemporaryFolder) throws
        -> MigrationFolder?
    {
        let source = databaseClass(try folder.format, directory: "\(root.path)/migrations")
        return MigrationFolderLoader.load(class: source, root: root.path).value
    }

    private static func isSilent(_ folder: MigrationFolder, _ rows: [[String?]]) -> Bool {
        let format = folder.source.format.history
        let found = format.account(
            folder,
            rows: format.history(rows: format.arrange(rows)),
            upTo: folder.migrations.count - 1
        )
        return found.edited.isEmpty && found.unknown.isEmpty && found.unfinished.isEmpty && found.pending.isEmpty
            && !found.outOfOrder
    }

    @Test(.proves(27)) func `there are formats that keep checksums`() {
        #expect(Self.folders.count >= 4, "\(Self.folders.map(\.name))")
    }

    @Test(.proves(27), arguments: folders)
    func `an applied file that differs in one byte is found, wherever the byte is`(_ folder: RecordedFolder) throws {
        let root = try MigrationsTests.TemporaryFolder()
        try Self.copy(folder, to: root)
        let whole = try #require(try Self.load(folder, root))
        let applied = rows(of: whole.migrations, try folder.format)
        try #require(Self.isSilent(whole, applied))
        for migration in whole.migrations {
            let path = "\(root.path)/migrations/\(migration.path)"
            let text = try #require(contents(of: path))
            let bytes = Array(text.utf8)
            for place in Sweep.pick(Array(bytes.indices), quick: 20, sample: bytes.count) {
                Sweep.tried()
                var edited = bytes
                edited[place] ^= 1
                try write(edited, to: path)
                // Refused as it is read, or found when it is held against the history.
                guard let changed = try Self.load(folder, root) else { continue }
                #expect(!Self.isSilent(changed, applied), "\(migration.path), byte \(place)")
            }
            try write(bytes, to: path)
        }
    }

    @Test(.proves(27), arguments: folders)
    func `a file that was removed, put in between or applied out of order is found`(_ folder: RecordedFolder) throws {
        let root = try MigrationsTests.TemporaryFolder()
        try Self.copy(folder, to: root)
        let whole = try #require(try Self.load(folder, root))
        let applied = rows(of: whole.migrations, try folder.format)
        for index in whole.migrations.indices {
            Sweep.tried(2)
            var fewer = whole
            fewer.migrations.remove(at: index)
            #expect(!Self.isSilent(fewer, applied), "without \(whole.migrations[index].tag)")
            // A row that is missing is a file that was put in.
            var less = applied
            less.remove(at: index)
            #expect(!Self.isSilent(whole, less), "not applied: \(whole.migrations[index].tag)")
        }
    }
}
