import FleetModel
import Migrations
import Postgres
import Testing

@Suite struct PlainAccountingTests {
    private let format = PlainFormat()
    private let a = migration("0001_a")
    private let b = migration("0002_b")
    private let c = migration("10_c")
    private var files: MigrationFolder { folder(.plain, a, b, c) }

    private func account(_ applied: [[String?]]?, upTo declared: Int = 2) -> Accounting {
        format.account(files, rows: format.history(rows: applied), upTo: declared)
    }

    @Test func `what we write is what we find applied`() {
        #expect(account(nil) == Accounting(pending: [0, 1, 2]))
        let all = account(rows(of: [a, b, c], .plain))
        #expect(all == Accounting(applied: [0, 1, 2], version: "10_c", lastChange: 1002))
    }

    @Test func `late, out of order and ahead are told apart`() {
        let late = account(rows(of: [c, a], .plain), upTo: 1)
        #expect(late.pending == [1])
        #expect(late.late == [1])
        #expect(late.outOfOrder)
        #expect(late.ahead == [2])
    }

    @Test func `a row of the same number with another hash means an edited file`() {
        var applied = rows(of: [a, b], .plain)
        applied[0][2] = "0"
        #expect(account(applied).edited == [0])
        #expect(account(applied).applied == [0, 1])
    }

    @Test func `a row of a number that no file has is unknown`() {
        #expect(account([["99", "gone", "0", "5"]]).unknown == ["version 99: gone"])
        #expect(account([["99", "gone", "0", "5"]]).lastChange == 5)
    }

    @Test func `a row says number, name, hash, time, person, run and duration`() {
        let row = format.historyInsert(c, run: HistoryRun(id: "r1", duration: .milliseconds(1500)))
        #expect(
            row.map(\.column)
                == ["version", "name", "sha256", "applied_at", "applied_by", "run_id", "duration_ms"]
        )
        #expect(
            row.map(\.value)
                == [
                    .integer(10), .text("c"), .text(c.sha256), .now, .sessionUser, .text("r1"), .integer(1500),
                ]
        )
        for column in row.map(\.column) {
            #expect(format.creation(schema: "s", table: "t")[1].text.contains("    \(column) "))
        }
    }

    @Test func `the digest says nothing of times`() {
        let first = rows(of: [a, b], .plain)
        var later = first
        later[1][3] = "5000"
        #expect(format.digest(rows: first) == format.digest(rows: later))
    }
}
