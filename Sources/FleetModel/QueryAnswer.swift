/// What came of asking a database for the names of others.
package enum QueryAnswer: Sendable, Hashable {
    case names([String])
    /// The database does not exist yet.
    case notThere
    /// The database has not got what the query reads; migrations that are still to come may bring it.
    case lacking(reason: String)
    /// It was asked, and no names came of it.
    case failed(reason: String)

    package var names: [String]? {
        guard case .names(let names) = self else { return nil }
        return names
    }
}

extension [Int: QueryAnswer] {
    /// The names that are known, by entry; answers without names say nothing of whose a database is.
    package var known: [Int: QueryAnswer] { filter { $0.value.names != nil } }
}
