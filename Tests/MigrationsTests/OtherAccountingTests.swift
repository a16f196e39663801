import FleetModel
import Migrations
import Testing

/// What the histories of other tools say, each with the rows that its tool would have left.
@Suite struct OtherAccountingTests {
    private func files(_ format: any HistoryFormat, _ listed: (tag: String, number: String, text: String)...)
        -> MigrationFolder
    {
        let sums = format.checksums(
            of: listed.map {
                (ListedMigration(tag: $0.tag, number: $0.number, file: "\($0.tag).sql"), Array($0.text.utf8))
            }
        )
        let migrations = listed.enumerated().map { index, file in
            Migration(
                tag: file.tag,
                number: file.number,
                text: file.text,
                sha256: Fingerprint(of: file.text).hex,
                when: nil,
                isTransactional: true,
                statements: StatementSplitter.split(file.text),
                file: "\(file.tag).sql",
                checksums: sums.isEmpty ? [] : sums[index],
                isRepeatable: file.tag.hasPrefix("R__")
            )
        }
        return MigrationFolder(className: "tenant", source: source(format.format), migrations: migrations)
    }

    private func account(
        _ format: any HistoryFormat,
        _ folder: MigrationFolder,
        _ rows: [[String?]],
        upTo declared: Int? = nil
    ) -> Accounting {
        format.account(
            folder,
            rows: format.history(rows: format.arrange(rows)),
            upTo: declared ?? folder.migrations.count - 1
        )
    }

    // MARK: golang-migrate

    @Test func `golang-migrate's one row stands for all before it`() {
        let format = GolangMigrateFormat()
        let folder = files(format, ("1_a", "1", "A"), ("3_b", "3", "B"), ("20_c", "20", "C"))
        #expect(account(format, folder, []) == Accounting(pending: [0, 1, 2]))
        #expect(account(format, folder, [["3", "f"]]) == Accounting(applied: [0, 1], pending: [2], version: "3_b"))
        #expect(account(format, folder, [["2", "f"]]).unknown == ["version 2"])
        let dirty = account(format, folder, [["20", "t"]])
        #expect(dirty.applied == [0, 1])
        #expect(dirty.unfinished.map(\.object) == ["20_c"])
        #expect(account(format, folder, [["-1", "t"]]).unfinished.map(\.object) == ["version -1"])
    }

    // MARK: versions as text

    @Test func `dbmate and the Supabase CLI take a version for text, Rails for a number`() {
        for format in [DbmateFormat(), SupabaseFormat()] as [any HistoryFormat] {
            let folder = files(format, ("001_a", "001", "A"), ("002_b", "002", "B"), ("003_c", "003", "C"))
            let accounting = account(format, folder, [["003"], ["001"], ["1"]])
            #expect(accounting.applied == [0, 2])
            #expect(accounting.late == [1])
            #expect(accounting.unknown == ["version 1"])
        }
        let rails = RailsFormat()
        let folder = files(rails, ("001_a", "001", "A"), ("20260101000000_b", "20260101000000", "B"))
        #expect(account(rails, folder, [["20260101000000"], ["1"]]).applied == [0, 1])
        let row = rails.historyInsert(folder.migrations[0], run: HistoryRun(id: "r", duration: .zero))
        #expect(row.map(\.value) == [.text("1")])
        // What a loader of SQL wrote with its zeros is the same number.
        #expect(account(rails, folder, [["20260101000000"], ["001"]]).applied == [0, 1])
    }

    @Test func `dbmate's versions are text, and its table keeps no order that could be wrong`() {
        let dbmate = DbmateFormat()
        #expect(dbmate.arrange([["9"], ["10"]]) == [["10"], ["9"]])
        // In the order of the files' names.
        let folder = files(dbmate, ("10_b", "10", "B"), ("1_a", "1", "A"))
        let accounting = account(dbmate, folder, [["1"], ["10"]])
        #expect(accounting.applied == [0, 1])
        #expect(!accounting.outOfOrder)
    }

    @Test func `the Supabase CLI's rows keep the statements as it cuts them`() {
        let text = "-- the first\nSELECT 1; ;\n\nSELECT ';' -- not here;\n;\nDO $$ BEGIN NULL; END $$;\n-- the end\n"
        let row = SupabaseFormat().historyInsert(
            migration("20260101000000_a_b", text: text),
            run: HistoryRun(id: "r", duration: .zero)
        )
        #expect(row.map(\.column) == ["version", "name", "statements"])
        #expect(
            row.map(\.value) == [
                .text("20260101000000"), .text("a_b"),
                .texts([
                    "-- the first\nSELECT 1", "SELECT ';' -- not here;", "DO $$ BEGIN NULL; END $$", "-- the end",
                ]),
            ]
        )
    }

    @Test func `a semicolon in a comment cuts nothing, and the data of COPY stay with it`() {
        let text =
            "SELECT 1 /* ; */; -- one; two\nSELECT 2\n;COPY a FROM stdin;\n1;2\n\\.\nSELECT 3; -- alone;\n;SELECT 4"
        let row = SupabaseFormat().historyInsert(
            migration("1_a", text: text),
            run: HistoryRun(id: "r", duration: .zero)
        )
        #expect(
            row.last?.value
                == .texts([
                    "SELECT 1 /* ; */", "-- one; two\nSELECT 2", "COPY a FROM stdin;\n1;2", "SELECT 3", "-- alone;",
                    "SELECT 4",
                ])
        )
    }

    // MARK: goose

    @Test func `the newest row of a version counts for goose`() {
        let format = GooseFormat()
        let folder = files(format, ("1_a", "1", "A"), ("2_b", "2", "B"), ("3_c", "3", "C"))
        func row(_ id: Int, _ version: Int, _ isApplied: String) -> [String?] {
            ["\(id)", "\(version)", isApplied, "1970-01-01 00:00:0\(id)"]
        }
        let rows = [row(4, 2, "f"), row(1, 0, "t"), row(2, 1, "t"), row(3, 2, "t"), row(5, 9, "t")]
        #expect(
            account(format, folder, rows)
                == Accounting(applied: [0], pending: [1, 2], unknown: ["version 9"], version: "1_a", lastChange: 5000)
        )
        #expect(account(format, folder, rows + [row(6, 2, "t")]).applied == [0, 1])
    }

    // MARK: Flyway

    private let flyway = FlywayFormat()
    private var flywayFiles: MigrationFolder {
        files(
            flyway,
            ("V1__a", "1", "A"),
            ("V1_5__b", "1.5", "B"),
            ("V2__c", "2", "C"),
            ("R__view", "", "V")
        )
    }

    private func flywayRow(
        _ rank: Int,
        _ version: String?,
        _ description: String,
        _ type: String = "SQL",
        _ checksum: String? = nil,
        success: String = "t"
    ) -> [String?] {
        ["\(rank)", version, description, type, "script", checksum, "1970-01-01 00:00:01", success]
    }

    private func flywaySum(_ position: Int) -> String? { flywayFiles.migrations[position].checksums.first }

    @Test func `flyway's versions are numbers, and a baseline stands for all up to its own`() {
        let rows = [
            flywayRow(1, nil, "<< Flyway Schema Creation >>", "SCHEMA"), flywayRow(2, "1.50.0", "base", "BASELINE"),
            flywayRow(3, "2.0", "c", "SQL", flywaySum(2)),
        ]
        let accounting = account(flyway, flywayFiles, rows)
        #expect(accounting.applied == [0, 1, 2])
        #expect(accounting.pending == [3])
        #expect(accounting.late == [])
    }

    @Test func `a checksum that differs is an edited file for flyway, one that is missing is not`() {
        let rows = [flywayRow(1, "1", "a", "SQL", "5"), flywayRow(2, "1.5", "b", "SQL", nil)]
        let accounting = account(flyway, flywayFiles, rows)
        #expect(accounting.edited == [0])
        #expect(accounting.applied == [0, 1])
    }

    @Test func `what flyway took back is pending again, what failed is no more than said`() {
        let rows = [
            flywayRow(1, "1", "a", "SQL", flywaySum(0)), flywayRow(2, "1.5", "b", "SQL", flywaySum(1)),
            flywayRow(3, "1.5", "b", "UNDO_SQL"), flywayRow(4, "9", "gone", "SQL", "1"),
            flywayRow(5, "9", "gone", "DELETE"),
            flywayRow(6, "2", "c", "SQL", flywaySum(2), success: "f"), flywayRow(7, "7", "code", "JDBC"),
        ]
        let accounting = account(flyway, flywayFiles, rows)
        #expect(accounting.applied == [0])
        #expect(accounting.unknown == ["version 7: script"])
        #expect(accounting.unfinished.map(\.object) == ["version 2: script"])
    }

    @Test func `a repeatable migration is due again when it changed, and nothing is late for it`() {
        let done = [flywayRow(1, "1", "a", "SQL", flywaySum(0)), flywayRow(2, nil, "view", "SQL", flywaySum(3))]
        let same = account(flyway, flywayFiles, done)
        #expect(same.applied == [0, 3])
        #expect(same.pending == [1, 2])
        #expect(same.late == [])
        #expect(!same.outOfOrder)
        #expect(same.version == "V1__a")
        #expect(same.repeating == [])
        let changed = account(flyway, flywayFiles, done + [flywayRow(3, nil, "view", "SQL", "9")])
        #expect(changed.applied == [0])
        #expect(changed.pending == [1, 2, 3])
        #expect(changed.repeating == [3])
        #expect(flywayFiles.position(ofVersion: "2.0") == 3)
        #expect(flywayFiles.position(ofVersion: "1.5") == 1)
        #expect(flywayFiles.versionTag(after: 4) == "V2__c")
    }

    // MARK: Prisma

    private let prisma = PrismaFormat()
    private var prismaFiles: MigrationFolder {
        files(prisma, ("1_a", "1", "CREATE TABLE a ();\n"), ("2_b", "2", "B"))
    }

    private func prismaRow(
        _ name: String,
        _ checksum: String,
        finished: Bool = true,
        rolledBack: Bool = false,
        at second: Int = 1
    ) -> [String?] {
        let time = "2026-01-01 00:00:0\(second)+00"
        return [name, checksum, finished ? time : nil, rolledBack ? time : nil, time]
    }

    @Test func `prisma lets either line end and an old form pass`() {
        let folder = prismaFiles
        let windows = Fingerprint(of: "CREATE TABLE a ();\r\n").hex
        #expect(account(prisma, folder, [prismaRow("1_a", windows)]).applied == [0])
        let whole = folder.migrations[1].checksums[0]
        let short = stride(from: 0, to: 64, by: 2).map { place -> String in
            let byte = whole.dropFirst(place).prefix(2)
            return byte.hasPrefix("0") ? String(byte.dropFirst()) : String(byte)
        }.joined()
        #expect(short.count < 64)
        #expect(account(prisma, folder, [prismaRow("2_b", short)]).edited == [])
        #expect(account(prisma, folder, [prismaRow("2_b", windows)]).edited == [1])
    }

    @Test func `prisma may have rolled a migration back and run it again`() {
        let sum = prismaFiles.migrations[0].checksums[0]
        let rows = [
            prismaRow("1_a", "old", finished: false, rolledBack: true, at: 1), prismaRow("1_a", sum, at: 2),
            prismaRow("2_b", "", finished: false, at: 3),
        ]
        let accounting = account(prisma, prismaFiles, rows)
        #expect(accounting.applied == [0])
        #expect(accounting.edited == [])
        #expect(accounting.unfinished.map(\.object) == ["2_b"])
        #expect(account(prisma, prismaFiles, Array(rows[..<2]) + [prismaRow("1_a", sum, at: 4)]).repeated == [0])
        #expect(account(prisma, prismaFiles, [prismaRow("gone", "x")]).unknown == ["gone"])
    }

    @Test func `when prisma's migrations ran tells nothing of what ran`() {
        let sum = prismaFiles.migrations[0].checksums[0]
        let first = prisma.arrange([prismaRow("1_a", sum, at: 1)])
        let later = prisma.arrange([prismaRow("1_a", sum, at: 5)])
        #expect(prisma.digest(rows: first) == prisma.digest(rows: later))
        let begun = prisma.arrange([prismaRow("1_a", sum, finished: false, at: 1)])
        #expect(prisma.digest(rows: first) != prisma.digest(rows: begun))
    }

    // MARK: Atlas

    private let atlas = AtlasFormat()
    private var atlasFiles: MigrationFolder { files(atlas, ("1_a", "1", "A"), ("2_b", "2", "B"), ("3_c", "3", "C")) }

    private func atlasRow(
        _ version: String,
        _ hash: String,
        type: Int = 2,
        applied: Int = 1,
        error: String? = "",
        at second: Int = 1
    ) -> [String?] {
        [version, "\(type)", "\(applied)", "1", "2026-01-01 00:00:0\(second)+00", error, hash]
    }

    private func atlasSum(_ position: Int) -> String { atlasFiles.migrations[position].checksums[0] }

    @Test func `atlas's baseline, what it resolved and what it left half-done`() {
        let rows = [
            [".atlas_cloud_identifier", "2", "0", "0", "2026-01-01 00:00:00+00", nil, "x"],
            atlasRow("1", "", type: 1, applied: 1), atlasRow("2", "", type: 4, applied: 0, at: 2),
            atlasRow("3", atlasSum(2), applied: 0, error: "failed", at: 3),
        ]
        let accounting = account(atlas, atlasFiles, rows)
        #expect(accounting.applied == [0, 1])
        #expect(accounting.unfinished.map(\.object) == ["3_c"])
        #expect(account(atlas, atlasFiles, [atlasRow("9", "x")]).unknown == ["version 9"])
    }

    @Test func `the row of atlas's cloud is counted with the others, and is no migration`() {
        let cloud = [".atlas_cloud_identifier", "2", "0", "0", "2026-01-01 00:00:09+00", nil, ""]
        let rows = [atlasRow("1", atlasSum(0))]
        #expect(atlas.arrange(rows + [cloud]).count == 2)
        #expect(account(atlas, atlasFiles, rows + [cloud]) == account(atlas, atlasFiles, rows))
        let digests = [rows, rows + [cloud]].map { atlas.digest(rows: atlas.arrange($0)) }
        #expect(digests[0] == digests[1])
    }

    @Test func `atlas's directives may have more than one blank, and words in front`() {
        func isTransactional(_ text: String) -> Bool {
            atlas.part(of: Array(text.utf8), ListedMigration(tag: "1", number: "1", file: "1.sql")).isTransactional
        }
        #expect(!isTransactional("-- atlas:txmode  none\n\nSELECT 1;"))
        #expect(!isTransactional("-- an index\n-- see: atlas:txmode none \n\nSELECT 1;"))
        #expect(isTransactional("-- atlas:txmode none\nSELECT 1;"))
        #expect(isTransactional("-- atlas:txmode none\n"))
    }

    @Test func `of atlas's sums only the first that differs says which file was edited`() {
        let edited = files(atlas, ("1_a", "1", "A"), ("2_b", "2", "B, more"), ("3_c", "3", "C"))
        let rows = (0..<3).map { atlasRow("\($0 + 1)", atlasSum($0), at: $0 + 1) }
        #expect(account(atlas, atlasFiles, rows).edited == [])
        #expect(account(atlas, edited, rows).edited == [1])
    }

    @Test func `a file merged in front changes atlas's sums, and edits nothing`() {
        let before = files(atlas, ("1_a", "1", "A"), ("3_c", "3", "C"))
        let rows = [
            atlasRow("1", before.migrations[0].checksums[0], at: 1),
            atlasRow("3", before.migrations[1].checksums[0], at: 2),
        ]
        let accounting = account(atlas, atlasFiles, rows)
        #expect(accounting.edited == [])
        #expect(accounting.late == [1])
    }

    @Test func `atlas's sums are over the files' bytes, a byte order mark among them`() {
        let before = files(atlas, ("1_a", "1", "\u{FEFF}A"), ("3_c", "3", "C"))
        var now = files(atlas, ("1_a", "1", "\u{FEFF}A"), ("2_b", "2", "B"), ("3_c", "3", "C"))
        // As the loader leaves it out of what runs.
        now.migrations[0].text = "A"
        let rows = before.migrations.enumerated().map { atlasRow($1.number, $1.checksums[0], at: $0 + 1) }
        #expect(account(atlas, now, rows).edited == [])
    }

    // MARK: all

    @Test(arguments: MigrationSource.Format.all)
    func `the columns written are columns of the table that is made`(_ format: MigrationSource.Format) {
        let history = format.history
        guard history.name != "drizzle" else { return }
        let written = history.historyInsert(
            migration("1_a", when: 1),
            run: HistoryRun(id: "r", duration: .milliseconds(1500))
        )
        let made = history.creation(schema: "s", table: "t").map { "\($0)" }.joined()
        for column in written.map(\.column) + history.columns { #expect(made.contains(column), "\(column)") }
    }
}
