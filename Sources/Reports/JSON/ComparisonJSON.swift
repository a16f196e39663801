package import FleetModel
package import Planning

/// A comparison as the one JSON document that is printed.
package struct ComparisonDocument: Sendable {
    private let comparison: Comparison

    package init(_ comparison: Comparison) {
        self.comparison = comparison
    }

    package var json: JSONValue {
        [
            "columns": JSONValue(comparison.columns), "rows": .array(comparison.rows.map(json)),
            "cohorts": .array(comparison.cohorts.map(json)), "notes": JSONValue(comparison.notes),
        ]
    }

    private func json(_ row: Comparison.Row) -> JSONValue {
        func byColumn(_ value: (Comparison.Cell) -> JSONValue?) -> JSONValue {
            .object(
                comparison.columns.compactMap { column in
                    row.cells[column].flatMap(value).map { JSONValue.Member(column, $0) }
                }
            )
        }
        var members: [JSONValue.Member] = [
            .init("class", .string(row.className)), .init("component", .string(row.component)),
            .init("kind", .string(row.kind)), .init("table", JSONValue(row.table)),
            .init("cells", byColumn { .string($0.state.rawValue) }),
            .init(
                "counts",
                byColumn { cell in
                    .object(
                        Comparison.State.allCases.compactMap { state in
                            cell.counts[state].map { JSONValue.Member(state.rawValue, .integer(Int64($0))) }
                        }
                    )
                }
            ),
            .init("unexpected", .bool(row.isUnexpected)), .init("belongs_to", JSONValue(row.belongsTo)),
            .init("differs", .bool(row.differs)),
        ]
        if row.kind == "class" {
            members.append(
                .init("tables", byColumn { .array($0.values.compactMap { Int64($0) }.map { .integer($0) }) })
            )
        } else if row.kind == Comparison.migrations {
            members.append(.init("versions", byColumn { JSONValue($0.values) }))
        }
        return .object(members)
    }

    private func json(_ cohort: Comparison.Cohort) -> JSONValue {
        [
            "environment": .string(cohort.environment), "class": .string(cohort.className),
            "databases": JSONValue(cohort.databases), "exists": .bool(cohort.exists),
            "tables": JSONValue(cohort.tables), "version": JSONValue(cohort.version),
            "unknown": JSONValue(cohort.unknown),
        ]
    }
}
