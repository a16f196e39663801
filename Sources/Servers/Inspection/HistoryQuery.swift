package import FleetModel
package import Postgres

/// What to read of a database's history table within the one round trip, and how to tell two histories apart.
package struct HistoryQuery: Sendable {
    package var schema: String
    package var table: String
    /// Expressions over the table's own columns, each giving text; written by us, never from a manifest.
    package var columns: [SQL]
    package var order: SQL
    /// Over the columns that say what was applied, not when or by whom.
    package var digest: @Sendable ([[String?]]) -> Fingerprint

    package init(
        schema: String,
        table: String,
        columns: [SQL],
        order: SQL,
        digest: @escaping @Sendable ([[String?]]) -> Fingerprint
    ) {
        self.schema = schema
        self.table = table
        self.columns = columns
        self.order = order
        self.digest = digest
    }
}
