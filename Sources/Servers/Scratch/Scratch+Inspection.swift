internal import FleetModel
internal import Postgres

extension Scratch {
    /// Takes catalogs as they are taken of real databases, kept once however many versions are alike.
    package static func inspector(_ pool: CatalogPool) -> Inspect {
        { session, historySchema, historyTable in
            // Scratch has no history; named, so that a schema of its name is left out here too.
            let history = HistoryQuery.leavingOut(schema: historySchema, table: historyTable)
            return try await Inspector.inspect(session, history: history, pool: pool).catalog
        }
    }
}
