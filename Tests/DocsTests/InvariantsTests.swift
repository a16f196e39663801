import Testing

/// The table that `make torture` fills in, and that says what is promised.
@Suite struct `Invariants in docs` {
    private struct Row {
        var number: Int
        var sentence: String
        var how: String
        var figures: String
    }

    private static func rows() throws -> [Row] {
        try Page("docs/safety.md").rows(under: "The invariants").compactMap { cells in
            guard cells.count == 4, let number = Int(cells[0]) else { return nil }
            return Row(number: number, sentence: cells[1], how: cells[2], figures: cells[3])
        }
    }

    @Test func `each of the 36 has one row, in order, with what it says and how it is tried`() throws {
        let rows = try Self.rows()
        #expect(rows.map(\.number) == Array(1...36))
        for row in rows {
            #expect(!row.sentence.isEmpty && !row.how.isEmpty && !row.figures.isEmpty, "\(row.number)")
        }
    }

    @Test func `a script that a row names is there, and says that it proves it`() throws {
        for row in try Self.rows() {
            for match in row.how.matches(of: #/`([a-z0-9-]+)`/#) {
                let path = "Tests/CommandTests/Scripts/\(match.1).txtar"
                guard exists(path) else {
                    Issue.record("\(row.number): there is no \(path)")
                    continue
                }
                let proves = try Page(path).text.firstMatch(of: #/(?m)^# proves: ([0-9 ]+)$/#)?.1 ?? ""
                #expect(proves.split(separator: " ").contains("\(row.number)"), "\(row.number): \(path)")
            }
        }
    }
}
