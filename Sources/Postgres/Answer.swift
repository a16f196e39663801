/// What one statement of a query string answered.
package enum Answer: Sendable {
    case rows(Rows)
    /// The lines of a `COPY … TO STDOUT`, one after the other, each with its newline.
    case copy([UInt8])
    /// A statement without rows, with its command tag (`INSERT 0 1`).
    case done(tag: String)

    package var rows: Rows? {
        guard case .rows(let rows) = self else { return nil }
        return rows
    }
}

/// Rows as text.
package struct Rows: Sendable, RandomAccessCollection {
    package let columns: [String]
    package let values: [[String?]]

    package init(columns: [String], values: [[String?]]) {
        self.columns = columns
        self.values = values
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { values.count }
    package subscript(position: Int) -> [String?] { values[position] }

    /// The only value of the only row; nil where there is no such row, or it is null.
    package var scalar: String? {
        guard values.count == 1, let value = values[0].first else { return nil }
        return value
    }
}
