import FleetModel
@testable import Migrations
import Testing

/// drizzle's second layout: names instead of times, on tables that either drizzle made.
@Suite struct DrizzleFoldersTests {
    private let format = DrizzleFormat()
    private let a = migration("20250801120000_a", when: 1_754_049_600_000)
    private let b = migration("20250801120001_b", when: 1_754_049_601_000)
    private let c = migration("20250801120002_c", when: 1_754_049_602_000)
    private var files: MigrationFolder { folder(.drizzle, a, b, c) }

    private func account(_ applied: [[String?]], upTo declared: Int = 2, in files: MigrationFolder? = nil)
        -> Accounting
    {
        format.account(files ?? self.files, rows: format.history(rows: applied), upTo: declared)
    }

    /// As drizzle 0.45 left them in a table without names: the journal's milliseconds are still there.
    private func old(_ migrations: Migration...) -> [[String?]] {
        rows(of: migrations, .drizzle).map { row in
            [row[0], row[1], row[2].flatMap { Int64($0) }.map { String($0 + 464) }, nil, nil]
        }
    }

    /// As drizzle 0.45 writes them into a table that drizzle 1.0 made.
    private func unnamed(_ migrations: Migration...) -> [[String?]] {
        rows(of: migrations, .drizzle).map { [$0[0], $0[1], $0[2], "", "1754049700000"] }
    }

    // MARK: folders

    @Test(arguments: [
        ("20250801120000_init", 1_754_049_600_000), ("19700101000000", 0), ("19691231235959_x", -1000),
        ("20240229235959_x", 1_709_251_199_000), ("20251341250000_x", 1_770_771_600_000),
        ("20250001000000_x", 1_733_011_200_000), ("00991231000000_x", 946_598_400_000),
    ])
    func `a name's time is what JavaScript makes of it`(_ name: String, _ milliseconds: Int64) {
        // node -e 'console.log(Date.UTC(2025, 13 - 1, 41, 25, 0, 0))'
        #expect(DrizzleName.milliseconds(of: name) == milliseconds)
    }

    @Test func `a name that drizzle cannot read has no time`() {
        for name in ["0001_init", "2025080112000_x", "add_users", "", "２０２５０８０１１２００００_x"] {
            #expect(DrizzleName.milliseconds(of: name) == nil)
        }
        #expect(DrizzleName.isMoment("20240229000000_x"))
        #expect(!DrizzleName.isMoment("20250229000000_x"))
        #expect(!DrizzleName.isMoment("20250801240000_x"))
    }

    @Test(arguments: [
        ("0001_phase_17", 1_700_000_000_123, "20231114221320_phase_17"), ("_named", 0, "19700101000000_named"),
        ("0003", 1_709_251_199_999, "20240229235959_"), ("20250801120000_x", -1, "19691231235959_x"),
    ])
    func `a file of the first layout becomes the folder that drizzle-kit up makes of it`(
        _ tag: String,
        _ when: Int64,
        _ name: String
    ) {
        #expect(DrizzleName.upgraded(tag: tag, when: when) == name)
    }

    @Test func `names are in the order in which JavaScript sorts them`() {
        // node -e 'console.log([…].sort((a, b) => a.localeCompare(b)))'
        let ordered = ["1", "1_a_b", "1_a-b", "1_a10", "1_a2", "1_AA", "1_ab", "1_aB", "1_Ab", "1a"]
        #expect(ordered.reversed().sorted(by: DrizzleName.precedes) == ordered)
        let printable = (0x20...0x7E).map { String(UnicodeScalar($0)) }
        #expect(
            printable.sorted(by: DrizzleName.precedes).joined()
                == " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwWxXyYzZ"
        )
    }

    // MARK: accounting

    @Test func `what the table names is applied, the rest is pending, also what is older`() {
        let accounting = account(rows(of: [a, c], .drizzle))
        #expect(
            accounting
                == Accounting(
                    applied: [0, 2],
                    pending: [1],
                    late: [1],
                    version: c.tag,
                    lastChange: 1_754_049_602_000
                )
        )
        // drizzle 1.0 would run it as well: nothing is passed over.
        #expect(format.dueByOwnRule(files, rows: format.history(rows: rows(of: [a, c], .drizzle))) == [1])
    }

    @Test func `a named row with another hash is an edited file`() {
        var applied = rows(of: [a, b], .drizzle)
        applied[1][1] = "beef"
        #expect(account(applied).edited == [1])
        #expect(account(applied).pending == [2])
    }

    @Test func `a row that names no folder is unknown, unless its text is that of one nobody holds`() {
        var applied = rows(of: [a, b], .drizzle)
        applied[1][3] = "20250801115900_old_name"
        let renamed = account(applied)
        #expect(renamed.applied == [0, 1])
        #expect(renamed.unnamed == [1])
        #expect(format.dueByOwnRule(files, rows: format.history(rows: applied)) == [1, 2])
        applied[1][1] = "feed"
        #expect(
            account(applied).unknown == ["row 2: hash feed, created_at 1754049601000, name 20250801115900_old_name"]
        )
    }

    @Test func `a table of an older drizzle is matched by the second`() {
        let accounting = account(old(a, b))
        #expect(accounting.applied == [0, 1])
        #expect(accounting.pending == [2])
        #expect(accounting.unnamed == [])
        #expect(format.dueByOwnRule(files, rows: format.history(rows: old(a, b))) == [2])
        var edited = old(a, b)
        edited[1][1] = "beef"
        #expect(account(edited).edited == [1])
    }

    @Test func `of one second the hash decides, and without a second the hash alone`() {
        let twin = migration("20250801120000_twin", when: a.when)
        let files = folder(.drizzle, a, twin, b)
        #expect(account(old(twin), in: files).applied == [1])
        var strange = old(twin)
        strange[0][1] = "beef"
        #expect(account(strange, in: files).unknown.count == 1)
        var elsewhere = old(b)
        elsewhere[0][2] = "5"
        #expect(account(elsewhere, in: files).applied == [2])
        elsewhere[0][2] = nil
        #expect(account(elsewhere, in: files).applied == [2])
        elsewhere[0][1] = "beef"
        #expect(account(elsewhere, in: files).unknown == ["row 1: hash beef, no created_at"])
    }

    @Test func `rows that drizzle 0.45 wrote into a newer table are applied, and drizzle 1.0 would run them again`() {
        var applied = rows(of: [a], .drizzle) + unnamed(b)
        applied[1][0] = "2"
        let accounting = account(applied)
        #expect(accounting.applied == [0, 1])
        #expect(accounting.unnamed == [1])
        #expect(accounting.lastChange == 1_754_049_700_000)
        #expect(format.dueByOwnRule(files, rows: format.history(rows: applied)) == [1, 2])
    }

    @Test func `a migration that two migrators ran is held once more`() {
        let accounting = account(rows(of: [a, b, b], .drizzle))
        #expect(accounting.applied == [0, 1])
        #expect(accounting.repeated == [1])
    }

    // MARK: the first layout on a newer table

    @Test func `the first layout knows its rows whoever wrote them`() {
        let first = migration("0000_a", when: 1_754_049_600_464)
        let second = migration("0001_b", when: 1_754_049_601_464)
        let files = folder(.drizzle, first, second)
        var applied = rows(of: [first, second], .drizzle)
        #expect(applied.map(\.[3]) == ["20250801120000_a", "20250801120001_b"])
        // drizzle 1.0 writes the time of the folder.
        applied[1][2] = "1754049601000"
        #expect(account(applied, upTo: 1, in: files).applied == [0, 1])
        applied[1][1] = "beef"
        #expect(account(applied, upTo: 1, in: files).edited == [1])
    }

    // MARK: the upgrade

    @Test func `what an older table owes is shown, and nothing where it owes nothing`() {
        #expect(account(rows(of: [a, b], .drizzle)).upgrade == [])
        #expect(account([]).upgrade == [])
        let upgrade = account(old(a)).upgrade
        #expect(upgrade.count == 2)
        #expect(
            upgrade.first == """
                ALTER TABLE "drizzle"."__drizzle_migrations" ADD COLUMN IF NOT EXISTS "name" text, \
                ADD COLUMN IF NOT EXISTS "applied_at" timestamp with time zone, \
                ALTER COLUMN "applied_at" SET DEFAULT now()
                """
        )
        #expect(
            upgrade.last?.hasPrefix("UPDATE \"drizzle\".\"__drizzle_migrations\" AS h SET \"name\" = m.name") == true
        )
        #expect(account(rows(of: [a], .drizzle) + unnamed(b)).upgrade.map { $0.prefix(6) } == ["UPDATE"])
    }

    @Test func `the first layout leaves the table as it is`() {
        let files = folder(.drizzle, migration("0000_a", when: 1))
        #expect(format.upgrade(schema: "drizzle", table: "t", folder: files).isEmpty)
        #expect(format.account(files, rows: format.history(rows: old(a)), upTo: 0).upgrade == [])
    }

    @Test func `rows of a table without names, and rows without a name, are told apart`() {
        let three: [[String?]] = [["2", "b", "5"], ["1", "a", "5"]]
        #expect(format.arrange(three) == [["1", "a", "5", nil, nil], ["2", "b", "5", nil, nil]])
        let five: [[String?]] = [["2", "b", "5", nil, "2025-08-01 12:00:00+00"], ["1", "a", "5", "x", nil]]
        #expect(format.arrange(five) == [["1", "a", "5", "x", nil], ["2", "b", "5", "", "1754049600000"]])
    }

    @Test(arguments: 0..<200)
    func `after we applied everything drizzle finds nothing to do`(_ seed: UInt64) {
        var random = Seeded(state: seed)
        let migrations = (0..<Int.random(in: 1...8, using: &random)).map { index in
            let second = Int64.random(in: 0...3, using: &random)
            return migration("1970010100000\(second)_m\(index)", when: second * 1000)
        }.sorted { DrizzleName.precedes($0.tag, $1.tag) }
        let files = MigrationFolder(className: "tenant", source: source(.drizzle), migrations: migrations)
        let done = migrations.filter { _ in Bool.random(using: &random) }
        var history = rows(of: done, .drizzle)
        // A table from before drizzle 1.0, one of drizzle 1.0, or one that 0.45 wrote to since.
        switch Int.random(in: 0..<3, using: &random) {
        case 0: for index in history.indices { history[index][3] = nil }
        case 1: for index in history.indices where Bool.random(using: &random) { history[index][3] = "" }
        default: break
        }
        let latest = migrations.count - 1
        let before = format.account(files, rows: format.history(rows: history), upTo: latest)
        #expect(before.unknown == [] && before.edited == [] && before.repeated == [])
        #expect(before.applied.sorted() == migrations.indices.filter { done.contains(migrations[$0]) })
        // The upgrade names what is unnamed; then our rows follow.
        let named = rows(of: before.applied.map { migrations[$0] } + before.pending.map { migrations[$0] }, .drizzle)
        let after = format.history(rows: named)
        #expect(format.dueByOwnRule(files, rows: after) == [])
        #expect(format.account(files, rows: after, upTo: latest).pending == [])
    }
}

/// The top of a JSON document.
@Suite struct JSONHeadTests {
    private func head(_ text: String) -> JSONHead { JSONHead(Array(text.utf8)) }

    @Test func `values of the top are read, what is deeper is looked through`() {
        let text =
            #"{"id": "a\"b", "prevIds": ["x", "y"], "n": -1.5e3, "ddl": [{"id": "deep", "a": [1, {}, ""]}], "e": []}"#
        let head = head(text)
        #expect(head.fault == nil)
        #expect(head.text("id") == #"a\"b"#)
        #expect(head.texts("prevIds") == ["x", "y"])
        #expect(head.texts("e") == [])
        #expect(head.values["ddl"] == .other && head.values["n"] == .other)
        #expect(head.values["deep"] == nil)
        #expect(head.range(of: "id") == 7..<13)
        #expect(head.range(of: "none") == 0..<0)
    }

    @Test(arguments: [
        ("", 0), ("[]", 0), ("{\"a\": 1", 7), ("{\"a\" 1}", 5), ("{\"a\": [1}", 8), ("{\"a\": 1}}", 8),
        ("{\"a\": \"b}", 6),
        ("{\"a\": {\"b\": 1,\n<<<<<<< HEAD\n}}", 15), ("{\"a\": nil}", 6), ("{\"a\": 1,}", 8),
        ("{\"a\": [\"x\", <]}", 12),
    ])
    func `the place where it stops being JSON is known`(_ text: String, _ offset: Int) {
        #expect(head(text).fault == offset)
    }
}
