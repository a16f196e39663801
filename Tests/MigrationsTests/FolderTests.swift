import FleetModel
import Migrations
import Testing

/// A folder under `Folders/`: its name begins with its format and goes on to say what is the matter with it.
struct RecordedFolder: CustomTestStringConvertible, Sendable {
    var name: String

    static let root = #filePath.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/Folders"
    static let all = names(in: root).map(RecordedFolder.init)

    var testDescription: String { name }
    var root: String { "\(Self.root)/\(name)" }
    var answer: String { "\(root)/expected.txt" }

    var format: MigrationSource.Format {
        get throws {
            let known = MigrationSource.Format.all + [.auto]
            return try #require(known.last { name == $0.name || name.hasPrefix($0.name + "-") })
        }
    }

    func load() throws -> Diagnosed<MigrationFolder> {
        MigrationFolderLoader.load(
            class: databaseClass(try format, directory: "\(root)/migrations"),
            root: root
        )
    }
}

@Suite struct FolderTests {
    @Test(arguments: RecordedFolder.all)
    func `a folder is reported as recorded`(_ folder: RecordedFolder) throws {
        let loaded = try folder.load()
        var lines = loaded.diagnostics.map(\.asRecorded)
        #expect(loaded.hasErrors == (loaded.value == nil))
        for migration in loaded.value?.migrations ?? [] {
            lines.append("migration \(migration.tag)\(migration.isTransactional ? "" : ", no transaction")")
            for statement in migration.statements {
                let sql = statement.sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                let data = statement.copyData.map { " < \($0.debugDescription)" } ?? ""
                lines.append("  \(statement.line): \(sql)\(data)")
            }
        }
        let text = lines.joined(separator: "\n") + "\n"
        if environmentVariable("RECORD") != nil {
            try write(Array(text.utf8), to: folder.answer)
            Issue.record("recorded \(folder.answer)")
        } else {
            #expect(text == contents(of: folder.answer))
        }
    }

    @Test(arguments: RecordedFolder.all)
    func `no secret of a file is ever repeated`(_ folder: RecordedFolder) throws {
        for diagnostic in try folder.load().diagnostics {
            for secret in ["sesame", "hunter"] {
                #expect(!diagnostic.message.contains(secret))
                #expect(diagnostic.hint?.contains(secret) != true)
            }
        }
    }

    @Test func `the hash is over the bytes as they are`() throws {
        let folder = try #require(try RecordedFolder(name: "drizzle-healthy").load().value)
        // sha256sum Folders/drizzle-healthy/migrations/0001_phase_17.sql
        #expect(folder.migrations[1].sha256 == "d862acc5546bc1ea4b19f99cea236687f9bdd0e53ad4c2d831df9c5c44ed23a2")
        #expect(folder.migrations[1].when == 1_754_086_400_000)
        #expect(folder.migrations[1].file == "migrations/0001_phase_17.sql")
    }

    @Test func `what drizzle's break ends gets the semicolon that people leave out`() throws {
        let root = try TemporaryFolder()
        try root.folder("meta")
        try root.file(
            "meta/_journal.json",
            #"{"version":"7","dialect":"postgresql","entries":[{"idx":0,"when":1,"tag":"0_a","breakpoints":true}]}"#
        )
        try root.file(
            "0_a.sql",
            "SELECT 1 -- one\n--> statement-breakpoint\nSELECT 2;\n--> statement-breakpoint\nSELECT 3"
        )
        let loaded = MigrationFolderLoader.load(class: databaseClass(.drizzle, directory: root.path), root: root.path)
        let migration = try #require(loaded.value?.migrations.first)
        #expect(
            migration.text
                == "SELECT 1; -- one\n--> statement-breakpoint\nSELECT 2;\n--> statement-breakpoint\nSELECT 3"
        )
        #expect(migration.statements.map(\.sql) == ["SELECT 1", "SELECT 2", "SELECT 3"])
        #expect(migration.statements.map(\.line) == [1, 3, 5])
    }

    @Test func `a version is found by tag, by number and by latest`() {
        let folder = folder(.plain, migration("0001_a"), migration("0002_b"), migration("20250801120000_c"))
        #expect(folder.position(ofVersion: "0002_b") == 1)
        #expect(folder.position(ofVersion: "2") == 1)
        #expect(folder.position(ofVersion: "00002") == 1)
        #expect(folder.position(ofVersion: "20250801120000") == 2)
        #expect(folder.position(ofVersion: "latest") == 2)
        #expect(folder.position(ofVersion: "+2") == nil)
        #expect(folder.position(ofVersion: "3") == nil)
        #expect(folder.position(ofVersion: "") == nil)
    }
}
