internal import FleetModel
internal import Synchronization

/// What databases have in common: a catalog, a history, kept once however many databases hold it.
package final class CatalogPool: Sendable {
    private let state = Mutex(State())

    package init() {}

    private struct State {
        var catalogs: [CatalogKey: PooledCatalog] = [:]
        var histories: [[[String?]]: HistoryRows] = [:]
        var layouts: [Int: CatalogLayout] = [:]
    }

    /// How many different catalogs it holds.
    package var count: Int { state.withLock { $0.catalogs.count } }

    /// The catalog under this key, made if this is the first of its kind.
    func catalog(_ key: CatalogKey, make: () -> PooledCatalog) -> PooledCatalog {
        if let found = state.withLock({ $0.catalogs[key] }) { return found }
        let made = make()
        return state.withLock { state in
            if let found = state.catalogs[key] { return found }
            state.catalogs[key] = made
            return made
        }
    }

    func history(_ rows: [[String?]], digest: ([[String?]]) -> Fingerprint) -> HistoryRows {
        if let found = state.withLock({ $0.histories[rows] }) { return found }
        let made = HistoryRows(exists: true, rows: rows, digest: digest(rows))
        return state.withLock { state in
            if let found = state.histories[rows] { return found }
            state.histories[rows] = made
            return made
        }
    }

    func layout(major: Int) -> CatalogLayout {
        state.withLock { state in
            if let found = state.layouts[major] { return found }
            let made = CatalogLayout(major: major)
            state.layouts[major] = made
            return made
        }
    }
}

/// What tells two catalogs apart.
struct CatalogKey: Hashable, Sendable {
    var fingerprint: Fingerprint
    var privileges: Fingerprint
    var columnOrder: Fingerprint
    var notInspected: [String]
}

/// A catalog with what maps a database's own rows to it.
struct PooledCatalog: Sendable {
    var catalog: Catalog
    /// For the n-th table in the order of the canonical form: its place in `catalog.tables`.
    var tablePlaces: [Int]
}
