import FleetModel
import Migrations
import Postgres
import Testing

@Suite struct DrizzleAccountingTests {
    private let format = DrizzleFormat()
    private let a = migration("0000_a", when: 100)
    private let b = migration("0001_b", when: 200)
    private let c = migration("0002_c", when: 300)
    private var files: MigrationFolder { folder(.drizzle, a, b, c) }

    private func account(_ applied: [[String?]]?, upTo declared: Int = 2, in files: MigrationFolder? = nil)
        -> Accounting
    {
        format.account(files ?? self.files, rows: format.history(rows: applied), upTo: declared)
    }

    @Test func `without a history everything is pending`() {
        let accounting = account(nil)
        #expect(accounting == Accounting(pending: [0, 1, 2]))
        #expect(account([]) == accounting)
        #expect(account([], upTo: 0).pending == [0])
    }

    @Test func `what was applied is not pending`() {
        let accounting = account(rows(of: [a, b], .drizzle))
        #expect(accounting == Accounting(applied: [0, 1], pending: [2], version: "0001_b", lastChange: 200))
    }

    @Test func `one that was merged late is pending and late`() {
        let accounting = account(rows(of: [a, c], .drizzle))
        #expect(
            accounting
                == Accounting(
                    applied: [0, 2],
                    pending: [1],
                    late: [1],
                    passedOver: [1],
                    version: "0002_c",
                    lastChange: 300
                )
        )
    }

    @Test func `an entry at the end of the journal that is older than what ran is passed over too`() {
        let files = folder(.drizzle, a, c, b)
        let accounting = account(rows(of: [a, c], .drizzle), in: files)
        #expect(accounting.pending == [2])
        #expect(accounting.late == [])
        #expect(accounting.passedOver == [2])
        #expect(account([], in: files).passedOver == [])
    }

    @Test func `one that ran out of order is said to have`() {
        let accounting = account(rows(of: [a, c, b], .drizzle))
        #expect(accounting.outOfOrder)
        #expect(accounting.applied == [0, 2, 1])
        #expect(accounting.version == "0002_c")
        #expect(accounting.pending == [])
    }

    @Test func `what is beyond the declared version is ahead`() {
        let accounting = account(rows(of: [a, b, c], .drizzle), upTo: 0)
        #expect(accounting.ahead == [1, 2])
        #expect(accounting.pending == [])
    }

    @Test func `a row of a migration's time with another hash means an edited file`() {
        var applied = rows(of: [a, b], .drizzle)
        applied[1][1] = String(repeating: "0", count: 64)
        let accounting = account(applied)
        #expect(
            accounting
                == Accounting(applied: [0, 1], pending: [2], edited: [1], version: "0001_b", lastChange: 200)
        )
    }

    @Test func `a row that is like no file is unknown, and one newer than all files too`() {
        let accounting = account(
            rows(of: [a], .drizzle) + [["7", "abcdef0123456789", "250", "x", nil], ["9", nil, nil, "", nil]]
        )
        #expect(
            accounting.unknown == [
                "row 7: hash abcdef012345, created_at 250, name x", "row 9: hash , no created_at",
            ]
        )
        #expect(accounting.lastChange == 250)
        #expect(accounting.pending == [1, 2])
        #expect(accounting.late == [])
    }

    @Test func `a journal written anew still matches by hash`() {
        var applied = rows(of: [a, b], .drizzle)
        applied[1][2] = "150"
        let accounting = account(applied)
        #expect(accounting.applied == [0, 1])
        #expect(accounting.edited == [])
    }

    @Test func `two migrators at once leave a row twice, and it counts once`() {
        let accounting = account(rows(of: [a, b, b], .drizzle))
        #expect(accounting.applied == [0, 1])
        #expect(accounting.repeated == [1])
        #expect(accounting.unknown == [])
    }

    @Test func `two files with the same text are two migrations`() {
        let d = migration("0003_d", when: 400, text: b.text)
        let files = folder(.drizzle, a, b, c, d)
        #expect(account(rows(of: [a, b, c], .drizzle), upTo: 3, in: files).pending == [3])
        #expect(account(rows(of: [a, b, c, d], .drizzle), upTo: 3, in: files).applied == [0, 1, 2, 3])
        let twice = account(rows(of: [a, b, b], .drizzle), upTo: 3, in: files)
        #expect(twice.pending == [2, 3])
        #expect(twice.repeated == [1])
        #expect(account(rows(of: [a, d], .drizzle), upTo: 3, in: files).applied == [0, 3])
    }

    @Test func `a file whose old and new text both ran is edited once and applied once`() {
        let old = migration("0001_b", when: 200, text: "SELECT 'old';")
        let accounting = account(rows(of: [a, old, b], .drizzle))
        #expect(accounting.applied == [0, 1])
        #expect(accounting.edited == [1])
    }

    @Test func `a copy that was edited after it ran is edited and no second run of the original`() {
        let copy = migration("0002_c", when: 300, text: b.text)
        let accounting = account(rows(of: [a, b, copy], .drizzle))
        #expect(accounting == Accounting(applied: [0, 1, 2], edited: [2], version: "0002_c", lastChange: 300))
    }

    @Test func `an entry of the same time as another is not taken for its edit`() {
        let files = folder(
            .drizzle,
            a,
            migration("0001_x", when: 200, text: "SELECT 'x';"),
            migration("0002_y", when: 200)
        )
        let accounting = account(rows(of: [a, files.migrations[2]], .drizzle), in: files)
        #expect(accounting.applied == [0, 2])
        #expect(accounting.late == [1])
        #expect(accounting.edited == [])
    }

    @Test func `the digest says what was applied and in which order, and nothing of ids`() {
        let first = rows(of: [a, b], .drizzle)
        var gap = first
        gap[1][0] = "17"
        #expect(format.digest(rows: first) == format.digest(rows: gap))
        #expect(format.digest(rows: first) != format.digest(rows: rows(of: [b, a], .drizzle)))
        #expect(
            format.digest(rows: [["1", nil, "1", nil, nil]]) != format.digest(rows: [["1", "", "1", nil, nil]])
        )
        var old = first
        old[0][3] = nil
        #expect(format.digest(rows: first) != format.digest(rows: old))
        #expect(format.digest(rows: []) != HistoryRows.missing.digest)
    }

    @Test func `the rows are those of drizzle-orm`() {
        let row = format.historyInsert(b, run: HistoryRun(id: "r", duration: .seconds(1)))
        #expect(row.map(\.column) == ["hash", "created_at", "name"])
        // The last one only where drizzle 1.0 has been: it is the folder that drizzle-kit up makes of the file.
        #expect(row.map(\.value) == [.text(b.sha256), .integer(200), .text("19700101000000_b")])
        #expect(format.optionalColumns.contains("name"))
        #expect(
            format.creation(schema: "drizzle", table: "__drizzle_migrations")[1].text
                == "CREATE TABLE IF NOT EXISTS \"drizzle\".\"__drizzle_migrations\" (\n\tid SERIAL PRIMARY KEY,\n"
                + "\thash text NOT NULL,\n\tcreated_at bigint\n)"
        )
    }
}

/// drizzle-orm's own rule on histories of ours: an entry is due where its `when` is above the largest `created_at`.
@Suite struct DrizzleRuleTests {
    @Test(arguments: 0..<200)
    func `after we applied everything drizzle finds nothing to do`(_ seed: UInt64) {
        var random = Seeded(state: seed)
        // Any history drizzle or we may have left, and any order of times: merged late, equal, jumping.
        let migrations = (0..<Int.random(in: 1...8, using: &random)).map {
            migration("000\($0)_m", when: Int64.random(in: 1...10, using: &random))
        }
        let files = MigrationFolder(className: "tenant", source: source(.drizzle), migrations: migrations)
        let format = DrizzleFormat()
        var done = migrations.filter { _ in Bool.random(using: &random) }
        let latest = migrations.count - 1
        let before = format.account(files, rows: format.history(rows: rows(of: done, .drizzle)), upTo: latest)
        #expect(before.applied.count + before.pending.count == migrations.count)
        done += before.pending.map { migrations[$0] }
        let history = format.history(rows: rows(of: done, .drizzle))
        let after = format.account(files, rows: history, upTo: latest)
        #expect(after.pending == [] && after.unknown == [] && after.edited == [] && after.repeated == [])
        #expect(after.applied.sorted() == Array(migrations.indices))
        #expect(format.dueByOwnRule(files, rows: history) == [])
    }

    @Test func `its rule skips what was merged late and runs everything on no history`() {
        let a = migration("0000_a", when: 100)
        let late = migration("0001_late", when: 150)
        let b = migration("0002_b", when: 200)
        let files = folder(.drizzle, a, late, b)
        let format = DrizzleFormat()
        #expect(format.dueByOwnRule(files, rows: .missing) == [0, 1, 2])
        #expect(format.dueByOwnRule(files, rows: format.history(rows: rows(of: [a], .drizzle))) == [1, 2])
        #expect(format.dueByOwnRule(files, rows: format.history(rows: rows(of: [a, b], .drizzle))) == [])
        #expect(format.dueByOwnRule(files, rows: format.history(rows: [["1", "x", nil, nil, nil]])) == [0, 1, 2])
    }
}
