internal import FleetModel
internal import Migrations
internal import Postgres

/// Where a history stood when we last looked or wrote, by which a row of somebody else's is told.
struct HistoryMark: Sendable, Hashable {
    var count: Int
    /// The values of the one row of a history that keeps no other, since its number never changes.
    var only: [String: String]?

    /// Of a database that has no history yet.
    static let none = HistoryMark(count: 0)

    init(count: Int, only: [String: String]? = nil) {
        self.count = count
        self.only = only
    }

    init(_ history: HistoryRows, _ format: any HistoryFormat) {
        count = history.rows.count
        guard format.keepsOneRow, let row = history.rows.first else { return }
        only = [:]
        for (column, value) in zip(format.columns, row) { only?[column] = value }
    }

    /// After the rows of these migrations were written too.
    func after(_ migrations: [Migration], _ format: any HistoryFormat) -> HistoryMark {
        guard let last = migrations.last else { return self }
        guard format.keepsOneRow else {
            return HistoryMark(count: (count == 0 ? format.firstRows.count : count) + migrations.count)
        }
        let written = format.historyInsert(last, run: HistoryRun(id: "", duration: .zero))
        var only: [String: String] = [:]
        for cell in written { only[cell.column] = cell.value.asServed }
        return HistoryMark(count: 1, only: only)
    }

    /// True in SQL where the table does not stand there any more.
    func isPassed(in name: SQL) -> SQL {
        let counted: SQL = "(SELECT count(*) FROM \(name)) <> \(count)"
        let values = (only ?? [:]).sorted { $0.key < $1.key }
        guard !values.isEmpty else { return counted }
        // Not a cast: of a boolean it makes another text than COPY gives.
        let same = values.map { SQL("concat(t.\(identifier: $0.key)) = \(literal: $0.value)") }
        return "\(counted) OR NOT EXISTS (SELECT FROM \(name) t WHERE \(SQL(joining: same, separator: " AND ")))"
    }
}

extension HistoryValue {
    /// As COPY gives the value back; nil for its own answers.
    fileprivate var asServed: String? {
        switch self {
        case .text(let text): text
        case .integer(let number): "\(number)"
        case .boolean(let isTrue): isTrue ? "t" : "f"
        case .texts, .null, .now, .clock, .sessionUser, .uuid, .next: nil
        }
    }
}
