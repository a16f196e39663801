internal import FleetModel
internal import Synchronization

/// What databases have in common: a catalog, a history, kept once however many databases hold it.
package final class CatalogPool: Sendable {
    private let state = Mutex(State())

    package init() {}

    private struct LayoutKey: Hashable {
        var major: Int
        var wanted: Set<CatalogTable.Identifier>
    }

    private struct State {
        var catalogs: [CatalogKey: PooledCatalog] = [:]
        var histories: [[[String?]]: HistoryRows] = [:]
        var layouts: [LayoutKey: CatalogLayout] = [:]
        /// What some database needed: those that follow will need it too.
        var wanted: Set<CatalogTable.Identifier> = []
        var ruleTexts: [Fingerprint: [UInt8]] = [:]
        /// At first nothing is remembered, and some rules cannot be.
        var asksForRuleTexts = true
        var hasUnmemorableRules = false
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

    func history(_ rows: [[String?]], _ query: HistoryQuery) -> HistoryRows {
        if let found = state.withLock({ $0.histories[rows] }) { return found }
        let made = HistoryRows(exists: true, rows: rows, digest: query.digest(rows))
        return state.withLock { state in
            if let found = state.histories[rows] { return found }
            state.histories[rows] = made
            return made
        }
    }

    /// The catalogs to ask for, those included that a database has needed before.
    func layout(major: Int, adding needed: Set<CatalogTable.Identifier>) -> CatalogLayout {
        state.withLock { state in
            var wanted = state.wanted.union(needed)
            if state.asksForRuleTexts || state.hasUnmemorableRules { wanted.insert(.ruleText) }
            let key = LayoutKey(major: major, wanted: wanted)
            if let found = state.layouts[key] { return found }
            let made = CatalogLayout(major: major, wanted: wanted)
            state.layouts[key] = made
            return made
        }
    }

    /// Notes what the databases to come will need; the texts of rules are asked for only by whom the pool cannot help.
    func want(_ needs: Set<CatalogTable.Identifier>) {
        state.withLock { $0.wanted.formUnion(needs.subtracting([.ruleText])) }
    }

    func ruleText(_ key: Fingerprint) -> [UInt8]? { state.withLock { $0.ruleTexts[key] } }

    /// Notes that there are rules whose words must be asked for in every database.
    func noteUnmemorableRule() { state.withLock { $0.hasUnmemorableRules = true } }

    func remember(_ text: [UInt8], of key: Fingerprint) {
        state.withLock { state in
            state.ruleTexts[key] = text
            // From now on most databases will find their rules here.
            state.asksForRuleTexts = false
        }
    }
}

/// What tells two catalogs apart.
struct CatalogKey: Hashable, Sendable {
    var fingerprint: Fingerprint
    var privileges: Fingerprint
    var columnOrder: Fingerprint
    var notInspected: [String]
    var leftOut: [TableName]
}

/// A catalog with what maps a database's own rows to it.
struct PooledCatalog: Sendable {
    var catalog: Catalog
    /// For the n-th table in the order of the canonical form: its place in `catalog.tables`.
    var tablePlaces: [Int]
}
