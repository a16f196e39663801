extension FilePart {
    /// Leaves out a `BEGIN` that is the first statement and the `COMMIT` that is the last.
    ///
    /// Tools that send a file as it stands make people write them; here the file and its row commit together anyway.
    mutating func dropOwnTransaction() {
        let pieces = StatementScan(bytes).pieces.map(\.sql)
        guard let first = pieces.first, let last = pieces.last, pieces.count > 1,
            Self.beginnings.contains(words(of: first)), Self.ends.contains(words(of: last))
        else { return }
        for piece in [first, last] {
            blank(piece)
            if let semicolon = bytes[piece.upperBound...].firstIndex(where: { !$0.isSQLSpace }),
                bytes[semicolon] == UInt8(ascii: ";")
            {
                blank(semicolon..<(semicolon + 1))
            }
        }
    }

    /// Lets a file run outside a transaction where its one statement cannot run inside of one.
    ///
    /// A tool that sends a file as one message runs such a file well, and its user had no reason to mark it.
    mutating func freeLoneStatement() {
        let statements = StatementScan(bytes).pieces.map(\.sql)
        if statements.count == 1, refusesTransaction(statements[0]) { isTransactional = false }
    }

    /// The statements that PostgreSQL does not run inside a transaction, by the words they begin with.
    var statementsOutsideTransactions: (count: Int, of: Int, first: Range<Int>?) {
        let statements = StatementScan(bytes).pieces.map(\.sql)
        let outside = statements.filter(refusesTransaction)
        return (outside.count, statements.count, outside.first)
    }

    /// See <https://www.postgresql.org/docs/current/sql-createindex.html>, `sql-vacuum.html` and their like.
    private func refusesTransaction(_ statement: Range<Int>) -> Bool {
        let words = words(of: statement, limit: 8)
        switch (words.first, words.dropFirst().first) {
        case ("create", "index"), ("create", "unique"), ("drop", "index"), ("reindex", _):
            return words.contains("concurrently")
        case ("vacuum", _), ("alter", "system"), ("create", "database"), ("drop", "database"),
            ("create", "tablespace"), ("drop", "tablespace"), ("create", "subscription"), ("drop", "subscription"):
            return true
        default: return false
        }
    }

    private func words(of range: Range<Int>, limit: Int = 3) -> [String] {
        String(decoding: bytes[range].prefix(400), as: UTF8.self).lowercased()
            .split(maxSplits: limit, whereSeparator: { $0.isWhitespace || $0 == "(" || $0 == ")" })
            .prefix(limit).map(String.init)
    }

    private static let beginnings: [[String]] = [
        ["begin"], ["begin", "work"], ["begin", "transaction"], ["start", "transaction"],
    ]
    private static let ends: [[String]] = [
        ["commit"], ["commit", "work"], ["commit", "transaction"], ["end"], ["end", "work"], ["end", "transaction"],
    ]
}
