/// Cuts SQL into the statements that PostgreSQL would see in it.
package enum StatementSplitter {
    /// Splits a text in time linear in its length.
    ///
    /// Quotes of all kinds, dollar quotes, nested comments, parentheses, `BEGIN ATOMIC` bodies and the data lines
    /// of `COPY … FROM stdin` are read as `psql` reads them; a statement begins at its first word, and a text that
    /// ends inside a quote or a comment gives its rest as the last statement.
    package static func split(_ text: String) -> [StatementText] {
        let bytes = Array(text.utf8)
        return statements(of: StatementScan(bytes), in: bytes)
    }

    static func statements(of scan: StatementScan, in bytes: [UInt8]) -> [StatementText] {
        let lines = LineIndex(bytes)
        return scan.pieces.map { piece in
            StatementText(
                sql: String(decoding: bytes[piece.sql], as: UTF8.self),
                line: lines.line(of: piece.sql.lowerBound),
                copyData: piece.copyData.map { String(decoding: bytes[$0], as: UTF8.self) }
            )
        }
    }
}
