internal import FleetModel

extension Hazard {
    /// What it means, in one sentence.
    var meaning: String {
        switch self {
        case .dataLoss: "a table, column, type, database or row goes away"
        case .tableRewrite: "every row of a table is written anew"
        case .fullScan: "a whole table is read"
        case .blocksWrites: "writers wait while work that grows with the table is done"
        case .blocksReads: "readers wait while work that grows with the table is done"
        case .disconnects: "sessions on the database are ended"
        case .notTransactional: "it cannot be rolled back, and stays half-done where it fails"
        case .unassessed: "nobody can tell what it does: scratch could not run it, or it writes rows by code"
        }
    }
}
