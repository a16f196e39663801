import FleetModel
import Migrations
import Testing
import TestSupport

/// Folders that git cannot keep, or that some file systems cannot.
@Suite(.proves(35)) struct HostileFolderTests {
    private func diagnostics(
        _ format: MigrationSource.Format,
        in root: borrowing TemporaryFolder,
        directory: String = "migrations"
    ) -> [String] {
        let path = directory.hasPrefix("/") ? directory : "\(root.path)/\(directory)"
        return MigrationFolderLoader.load(class: databaseClass(format, directory: path), root: root.path)
            .diagnostics.map { diagnostic in
                diagnostic.asRecorded.split(separator: "\n").prefix(2).joined()
                    .replacing(root.path, with: "ROOT")
            }
    }

    @Test func `a folder that is not there, is a file, or leaves the root is an error of the manifest`() throws {
        let root = try TemporaryFolder()
        let elsewhere = try TemporaryFolder()
        try root.file("file")
        try root.link("link", to: elsewhere.path)
        let manifest = "manifests/tenant.yaml:1:1 "
        #expect(
            diagnostics(.plain, in: root)
                == ["error[migration-folder] \(manifest) the folder \"ROOT/migrations\" does not exist"]
        )
        #expect(
            diagnostics(.plain, in: root, directory: "file")
                == ["error[migration-folder] \(manifest) \"ROOT/file\" is not a folder"]
        )
        let outside = " is not below the root, once links are followed"
        #expect(
            diagnostics(.plain, in: root, directory: "link")
                == ["error[path-escapes] \(manifest) \"ROOT/link\"\(outside)"]
        )
        #expect(
            diagnostics(.plain, in: root, directory: elsewhere.path)
                == ["error[path-escapes] \(manifest) \"\(elsewhere.path)\"\(outside)"]
        )
        #expect(
            diagnostics(.plain, in: root, directory: "\(root.path)x")
                == ["error[migration-folder] \(manifest) the folder \"ROOTx\" does not exist"]
        )
    }

    @Test func `a link that stays below the root is followed to the folder`() throws {
        let root = try TemporaryFolder()
        try root.folder("real")
        try root.file("real/0001_a.sql")
        try root.link("migrations", to: "real")
        #expect(diagnostics(.plain, in: root) == [])
    }

    @Test func `links, pipes, folders and huge files are not read`() throws {
        let root = try TemporaryFolder()
        try root.folder("migrations")
        try root.link("migrations/0001_link.sql", to: "/etc/passwd")
        try root.pipe("migrations/0002_pipe.sql")
        try root.hole("migrations/0003_huge.sql", length: 16 << 20 + 1)
        try root.folder("migrations/0004_folder.sql")
        #expect(
            diagnostics(.plain, in: root) == [
                "error[migration-file] migrations/0001_link.sql:1:1  "
                    + "\"migrations/0001_link.sql\" is a link, or reached through one",
                "error[migration-file] migrations/0002_pipe.sql:1:1  "
                    + "\"migrations/0002_pipe.sql\" is not a regular file",
                "error[limit-exceeded] migrations/0003_huge.sql:1:1  "
                    + "\"migrations/0003_huge.sql\" has more than 16 MB",
            ]
        )
    }

    @Test func `a journal that is a link is not read`() throws {
        let root = try TemporaryFolder()
        try root.folder("migrations")
        try root.folder("migrations/meta")
        try root.link("migrations/meta/_journal.json", to: "/etc/passwd")
        #expect(
            diagnostics(.drizzle, in: root) == [
                "error[migration-journal] migrations/meta/_journal.json:1:1  "
                    + "\"migrations/meta/_journal.json\" is a link, or reached through one"
            ]
        )
    }

    @Test func `names that differ by case or by Unicode form only are one name elsewhere`() throws {
        let root = try TemporaryFolder()
        try root.folder("migrations")
        for name in ["0001_users", "0001_Users", "0002_caf\u{E9}", "0002_cafe\u{301}"] {
            try root.file("migrations/\(name).sql")
        }
        let found = diagnostics(.plain, in: root)
        #expect(found.contains { $0.contains("\"0001_users.sql\" and \"0001_Users.sql\" are one name") })
        #expect(found.contains { $0.contains("\"0002_caf\u{E9}.sql\" and \"0002_cafe\u{301}.sql\" are one name") })
    }

    @Test func `migrations' folders that are one name to Unicode, or but for the case, are refused`() throws {
        let forms = ["caf\u{E9}", "cafe\u{301}"]
        let drizzle = try TemporaryFolder()
        let prisma = try TemporaryFolder()
        let flyway = try TemporaryFolder()
        try drizzle.folder("migrations")
        try prisma.folder("migrations")
        try prisma.file("migrations/migration_lock.toml", "provider = \"postgresql\"\n")
        try flyway.folder("migrations")
        for (index, form) in (forms + ["CAFE\u{301}"]).enumerated() {
            try drizzle.folder("migrations/20250801120000_\(form)")
            try drizzle.file("migrations/20250801120000_\(form)/migration.sql")
            try prisma.folder("migrations/20250801120000_\(form)")
            try prisma.file("migrations/20250801120000_\(form)/migration.sql")
            try flyway.folder("migrations/\(index)")
            try flyway.file("migrations/\(index)/R__\(form).sql")
        }
        for found in [
            diagnostics(.drizzle, in: drizzle), diagnostics(PrismaFormat().format, in: prisma),
            diagnostics(FlywayFormat().format, in: flyway),
        ] {
            #expect(
                found.count { $0.hasPrefix("error[migration-file]") && $0.contains("are one name") } == 2,
                "\(found)"
            )
        }
    }

    @Test func `no file that a tool would run is passed over in silence`() throws {
        let root = try TemporaryFolder()
        let elsewhere = try TemporaryFolder()
        try elsewhere.file("V9__a.sql")
        try root.folder("migrations")
        try root.file("migrations/V1__\u{1}.sql")
        try root.file("migrations/V2__\(String(repeating: "a", count: 200)).sql")
        try root.link("migrations/V3__link.sql", to: "\(elsewhere.path)/V9__a.sql")
        try root.link("migrations/more", to: elsewhere.path)
        try root.link("migrations/notes", to: "\(elsewhere.path)/V9__a.sql")
        try root.file("migrations/V4__a.sql")
        try root.link("migrations/V4__a.sql.conf", to: "\(elsewhere.path)/V9__a.sql")
        var deep = "migrations"
        for level in 1...9 {
            deep += "/\(level)"
            try root.folder(deep)
        }
        try root.file("\(deep)/V5__deep.sql")
        let found = diagnostics(FlywayFormat().format, in: root)
        #expect(found.count { $0.contains("holds what no migration's name may") } == 2)
        #expect(found.contains { $0.contains("\"migrations/V3__link.sql\" is a link") })
        #expect(found.contains { $0.contains("migrations/more:1:1  a link to a folder") })
        #expect(found.contains { $0.contains("\"migrations/V4__a.sql.conf\" is a link") })
        #expect(found.contains { $0.contains("more than 8 deep") })
        #expect(found.count == 6 && found.allSatisfy { $0.hasPrefix("error") }, "\(found)")
    }

    @Test func `a numbered name that no migration may have is an error, not a file that never runs`() throws {
        for format in [SupabaseFormat(), GooseFormat(), AtlasFormat(), DbmateFormat()] as [any HistoryFormat] {
            let root = try TemporaryFolder()
            try root.folder("migrations")
            try root.file("migrations/1_\u{1}.sql")
            let found = diagnostics(format.format, in: root)
            #expect(found.contains { $0.hasPrefix("error") && $0.contains("holds what no migration's name may") })
        }
    }

    @Test func `a tag in another Unicode form than its file has no file`() throws {
        let root = try TemporaryFolder()
        try root.folder("migrations")
        try root.folder("migrations/meta")
        try root.file(
            "migrations/meta/_journal.json",
            #"{"version":"7","dialect":"postgresql","entries":[{"idx":0,"when":1,"tag":"0_\u00e9","breakpoints":true}]}"#
        )
        try root.file("migrations/0_e\u{301}.sql")
        let found = diagnostics(.drizzle, in: root).filter { $0.hasPrefix("error") }
        #expect(found.count == 1 && found[0].contains("has no file"))
    }

    @Test func `a migration's folder, its file or its snapshot behind a link is not read`() throws {
        let root = try TemporaryFolder()
        let elsewhere = try TemporaryFolder()
        try elsewhere.file("migration.sql")
        try elsewhere.file("snapshot.json")
        try root.folder("migrations")
        try root.link("migrations/20250801120000_linked", to: elsewhere.path)
        try root.folder("migrations/20250802120000_file")
        try root.link("migrations/20250802120000_file/migration.sql", to: "\(elsewhere.path)/migration.sql")
        try root.folder("migrations/20250803120000_snapshot")
        try root.file("migrations/20250803120000_snapshot/migration.sql")
        try root.link("migrations/20250803120000_snapshot/snapshot.json", to: "\(elsewhere.path)/snapshot.json")
        let found = diagnostics(.drizzle, in: root)
        #expect(found.filter { $0.hasPrefix("error[migration-file]") }.count == 2)
        for name in ["20250801120000_linked/migration.sql", "20250802120000_file/migration.sql"] {
            #expect(found.contains { $0.contains("\"migrations/\(name)\" is a link, or reached through one") })
        }
        let snapshot = "\"migrations/20250803120000_snapshot/snapshot.json\" is a link, or reached through one"
        #expect(found.contains { $0.hasPrefix("warning[migration-snapshot]") && $0.contains(snapshot) })
    }
}
