import FleetModel
import Migrations
import Testing

@Suite struct HistoryFormatTests {
    @Test func `rows come in the order in which they ran, by number and by time`() {
        let drizzle = MigrationSource.Format.drizzle.history
        #expect(
            drizzle.arrange([["10", "c", "3"], ["9", "b", nil], ["1", "a", "5"]]).map(\.[0]) == ["1", "9", "10"]
        )
        let plain = MigrationSource.Format.plain.history
        let rows = [
            ["10", "c", "z", "2026-11-26 07:25:22.4649+00"], ["9", "b", "y", "2026-11-26 07:25:22.4649+00"],
            ["2", "d", "w", "infinity"], ["11", "a", "x", "1969-12-31 23:59:59.9995+00"],
        ]
        #expect(
            plain.arrange(rows) == [
                ["11", "a", "x", "-1"], ["9", "b", "y", "1795677922464"], ["10", "c", "z", "1795677922464"],
                ["2", "d", "w", nil],
            ]
        )
    }

    @Test(arguments: [
        ("1970-01-01 00:00:00+00", "0"), ("2000-02-29 12:00:00.5+00", "951825600500"),
        ("2026-03-01 00:00:00", "1772323200000"),
        ("12026-03-01 00:00:01+00", "317341843201000"), ("2026-11-26 07:25:22+01", nil),
        ("0044-03-15 00:00:00+00 BC", nil),
        ("-infinity", nil), ("", nil), ("2026-11-26", nil),
    ])
    func `a time is read as the server writes it in UTC`(_ text: String, _ milliseconds: String?) {
        #expect(
            MigrationSource.Format.plain.history.arrange([["1", "a", "x", text]]) == [["1", "a", "x", milliseconds]]
        )
    }

    @Test(arguments: MigrationSource.Format.all)
    func `columns that identify are columns`(_ format: MigrationSource.Format) {
        let columns = format.history.columns + format.history.optionalColumns
        #expect(format.history.identifyingColumns.allSatisfy(columns.indices.contains))
    }
}
