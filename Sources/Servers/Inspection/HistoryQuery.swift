package import FleetModel
package import Migrations

/// What to read of a database's history table within the one round trip, and how to tell two histories apart.
package struct HistoryQuery: Sendable {
    package var schema: String
    package var table: String
    /// The table's own, in the order in which `arrange` is given them; none where the table is only to be left out of the
    /// catalog.
    package var columns: [String]
    /// Further ones, given after `columns`, that the table may lack.
    package var optionalColumns: [String]
    /// Tables beside it that are left out of the catalog as well.
    package var companions: [String]
    /// From rows as the table has them to rows as `HistoryRows` has them: in the order in which the migrations ran.
    package var arrange: @Sendable ([[String?]]) -> [[String?]]
    /// Over the columns that say what was applied, not when or by whom.
    package var digest: @Sendable ([[String?]]) -> Fingerprint

    package init(
        schema: String,
        table: String,
        columns: [String],
        optionalColumns: [String] = [],
        companions: [String] = [],
        arrange: @escaping @Sendable ([[String?]]) -> [[String?]] = { $0 },
        digest: @escaping @Sendable ([[String?]]) -> Fingerprint
    ) {
        self.schema = schema
        self.table = table
        self.columns = columns
        self.optionalColumns = optionalColumns
        self.companions = companions
        self.arrange = arrange
        self.digest = digest
    }

    package init(schema: String, table: String, format: any HistoryFormat) {
        self.init(
            schema: schema,
            table: table,
            columns: format.columns,
            optionalColumns: format.optionalColumns,
            companions: format.companions,
            arrange: { format.arrange($0) },
            digest: { format.digest(rows: $0) }
        )
    }

    /// Of a table that is only to be left out of the catalog; there is none to read.
    package static func leavingOut(schema: String, table: String) -> HistoryQuery {
        HistoryQuery(schema: schema, table: table, columns: []) { _ in Fingerprint(of: "") }
    }

    /// The history's table and those beside it.
    var tables: Set<TableName> {
        Set(([table] + companions).map { TableName(schema: schema, name: $0) })
    }
}
