internal import FleetModel
package import Planning

extension ComparisonTable {
    package init(_ comparison: Comparison) {
        self.init(
            columns: comparison.columns,
            rows: comparison.rows.map { row in
                Row(
                    className: row.className,
                    component: row.component,
                    kind: row.kind,
                    table: row.table,
                    owner: row.belongsTo,
                    cells: comparison.columns.map { column in row.cells[column].map { Cell($0, of: row) } },
                    differs: row.differs,
                    isHead: row.kind == "class" || row.kind == Comparison.migrations
                )
            },
            notes: comparison.notes + comparison.cohorts.compactMap { Self.note($0, of: comparison) }
        )
    }

    /// Who stands behind a column in more than one state.
    private static func note(_ cohort: Comparison.Cohort, of comparison: Comparison) -> String? {
        let others = comparison.cohorts.count {
            $0.environment == cohort.environment && $0.className == cohort.className
        }
        guard others > 1 || cohort.unknown != nil else { return nil }
        let state: String
        if let unknown = cohort.unknown {
            state = "unknown, \(unknown)"
        } else if let tables = cohort.tables {
            let version = cohort.version.map { "at \($0)" } ?? "without a history"
            state = "\(counted(tables, "table", "tables")), \(version)"
        } else {
            state = "no database"
        }
        let shown = cohort.databases.prefix(5).joined(separator: ", ")
        let rest = cohort.databases.count - min(5, cohort.databases.count)
        let which = rest > 0 ? "\(shown) and \(rest) more" : shown
        return "\(cohort.environment), class \(cohort.className): \(state)" + (which.isEmpty ? "" : ": \(which)")
    }
}

extension ComparisonTable.Cell {
    fileprivate init(_ cell: Comparison.Cell, of row: Comparison.Row) {
        self.init(Self.state(cell.state, of: row), text: Self.text(cell, of: row))
    }

    private static func state(_ state: Comparison.State, of row: Comparison.Row) -> ComparisonTable.State {
        switch state {
        case .present: row.isUnexpected ? .unexpected : .present
        case .missing: row.isUnexpected ? .absent : .missing
        case .differs: .differs
        case .unknown: .unknown
        }
    }

    private static func text(_ cell: Comparison.Cell, of row: Comparison.Row) -> String? {
        if !cell.values.isEmpty {
            let none = cell.counts[.missing].map { ["\($0) missing"] } ?? []
            return (cell.values + none).joined(separator: ", ")
        }
        guard cell.counts.count > 1 else { return nil }
        return Comparison.State.allCases.compactMap { state in
            cell.counts[state].map { "\($0) \(Self.state(state, of: row).rawValue)" }
        }.joined(separator: ", ")
    }
}
