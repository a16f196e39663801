internal import FleetModel

/// The canonical forms of one database: what it holds, who may what, and where its columns stand.
struct CanonicalCatalog {
    var definitions = CatalogRecords(capacity: 160 << 10)
    var privileges = CatalogRecords(capacity: 4 << 10)
    var columnOrder = CatalogRecords(capacity: 32 << 10)
    /// What each line of `definitions` is of.
    var keys: [UInt64] = []
    /// Ordinary and partitioned tables with their lines in `definitions`.
    var tables: [(record: Int, relation: UInt32)] = []
    /// Lines in `definitions`.
    var invalidIndexes: [Int] = []
    var notInspected: [String] = []
    var leftOut: [TableName] = []
    /// Whether the words of a view or a rule are still to be asked for.
    var lacksRuleText = false

    /// Finds the same catalog in the pool, or makes it: only the first of its kind costs objects.
    ///
    /// - Parameters:
    ///   - pool: of catalogs seen before.
    ///   - reading: what it was made of, looked at again for what only a new catalog says of itself.
    /// - Returns: the catalog, and its tables' relations in the order of `catalog.tables`.
    func pooled(in pool: CatalogPool, of reading: CatalogReading) -> (catalog: Catalog, relations: [UInt32]) {
        let order = definitions.sorted
        let key = CatalogKey(
            fingerprint: definitions.fingerprint(order),
            privileges: privileges.fingerprint(privileges.sorted),
            columnOrder: columnOrder.fingerprint(columnOrder.sorted),
            notInspected: notInspected,
            leftOut: leftOut
        )
        var place = [Int](repeating: 0, count: keys.count)
        for (position, record) in order.enumerated() { place[record] = position }
        let tables = tables.sorted { place[$0.record] < place[$1.record] }
        let found = pool.catalog(key) { made(key, tables.map(\.record), reading) }
        var relations = [UInt32](repeating: 0, count: tables.count)
        for (table, place) in zip(tables, found.tablePlaces) { relations[place] = table.relation }
        return (found.catalog, relations)
    }

    private func made(_ key: CatalogKey, _ tableRecords: [Int], _ reading: CatalogReading) -> PooledCatalog {
        let names = tableRecords.map { record in
            let identity = definitions.identity(of: record)
            return TableName(schema: identity.schema ?? "", name: identity.name)
        }
        let sorted = names.indices.sorted { names[$0] < names[$1] }
        var places = [Int](repeating: 0, count: names.count)
        for (place, index) in sorted.enumerated() { places[index] = place }
        let homes = reading.homes()
        let catalog = Catalog(
            fingerprint: key.fingerprint,
            privileges: key.privileges,
            columnOrder: key.columnOrder,
            objects: objects,
            tables: sorted.map { names[$0] },
            invalidIndexes: invalidIndexes.map(definitions.identity).sorted(),
            notInspected: notInspected,
            leftOut: leftOut,
            homes: homes,
            shapes: shapes(homes),
            columnOrders: columnOrders
        )
        return PooledCatalog(catalog: catalog, tablePlaces: places)
    }

    private var columnOrders: [TableName: [String]] {
        var orders: [TableName: [String]] = [:]
        for record in columnOrder.records.indices {
            // Here names stand between marks.
            let parts = columnOrder.name(of: record).filter { $0 != NameMap.mark }
                .split(separator: NameMap.dot, omittingEmptySubsequences: false)
                .map { String(decoding: CopyRows.unescape($0), as: UTF8.self) }
            guard parts.count == 2 else { continue }
            orders[TableName(schema: parts[0], name: parts[1])] = columnOrder.definitionBytes(of: record)
                .split(separator: 9).map { String(decoding: CopyRows.unescape($0), as: UTF8.self) }
        }
        return orders
    }

    /// Definitions of what may be named after a day, without that name; of a partition's bounds only the kind.
    private func shapes(_ homes: [ObjectID: TableName]) -> [ObjectID: Fingerprint] {
        var shapes: [ObjectID: Fingerprint] = [:]
        for record in definitions.records.indices {
            // `schema` FF `table` FF `part`
            let parts = definitions.name(of: record).split(separator: NameMap.dot, omittingEmptySubsequences: false)
            guard parts.count > 1 else { continue }
            let kind = definitions.kind(of: record)
            let table: [UInt8]
            switch kind {
            case .table, .column, .constraint, .trigger, .rule, .policy: table = Array(parts[1])
            case .index, .sequence:
                guard let home = homes[definitions.identity(of: record)] else { continue }
                table = Array(home.name.utf8)
            default: continue
            }
            guard DatedName.mayHoldDate(table) else { continue }
            var text = Array(definitions.definitionBytes(of: record))
            if kind == .table { CatalogReading.reduceBound(in: &text) }
            shapes[definitions.identity(of: record)] = Fingerprint(of: text.replacing(table, with: [NameMap.mark]))
        }
        return shapes
    }

    private var objects: [CatalogObject] {
        var privileged: [ObjectID: Fingerprint] = [:]
        for record in privileges.records.indices {
            privileged[privileges.identity(of: record)] = privileges.definition(of: record)
        }
        var objects = definitions.records.indices.map { record in
            let id = definitions.identity(of: record)
            let own = privileged.removeValue(forKey: id)
            return CatalogObject(
                id: id,
                definition: definitions.definition(of: record),
                privileges: own ?? (definitions.records[record].hasOwner ? CatalogObject.privilegesOfTheStart : nil)
            )
        }
        // Default privileges are nothing but privileges.
        for (id, fingerprint) in privileged {
            objects.append(CatalogObject(id: id, definition: Fingerprint(of: ""), privileges: fingerprint))
        }
        return objects.sorted { $0.id < $1.id }
    }
}
