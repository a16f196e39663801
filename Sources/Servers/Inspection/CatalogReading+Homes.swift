internal import FleetModel
internal import Postgres

/// What belongs to a table and does not say so in its name.
extension CatalogReading {
    /// The tables of indexes, and those whose columns own sequences.
    func homes() -> [ObjectID: TableName] {
        var homes: [ObjectID: TableName] = [:]
        if let (entry, rows) = of(.index), let oid = entry.oid, let table = entry.relation {
            for row in 0..<rows.count {
                let index = rows.number(row, oid)
                guard !isExcluded(relation: index), let name = tableName(index) else { continue }
                homes[ObjectID(.index, schema: name.schema, name: name.name)] = tableName(rows.number(row, table))
            }
        }
        for owned in ownedSequences where !isExcluded(relation: owned.sequence) {
            guard let name = tableName(owned.sequence) else { continue }
            homes[ObjectID(.sequence, schema: name.schema, name: name.name)] = tableName(owned.table)
        }
        return homes
    }

    func tableName(_ relation: UInt32) -> TableName? {
        guard let span = context.names.span(NameMap.key(.relation, relation)) else { return nil }
        let parts = context.names.arena[span].split(separator: NameMap.dot, omittingEmptySubsequences: false)
            .map { String(decoding: CopyRows.unescape($0), as: UTF8.self) }
        return parts.count == 2 ? TableName(schema: parts[0], name: parts[1]) : nil
    }

    /// Leaves of the bounds of a partition only their kind in what was compared about a table.
    static func reduceBound(in definition: inout [UInt8]) {
        guard let place = boundPlace else { return }
        var cells = definition.split(separator: 9, omittingEmptySubsequences: false)
        guard cells.indices.contains(place) else { return }
        cells[place] = kindOfBound(cells[place])
        definition = Array(cells.joined(separator: [9]))
    }

    /// `{PARTITIONBOUNDSPEC :strategy r :is_default false …}`.
    private static func kindOfBound(_ tree: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        if tree.firstRange(of: Array(":is_default true".utf8)) != nil { return Array("default".utf8)[...] }
        guard let field = tree.firstRange(of: Array(":strategy ".utf8)) else { return [] }
        return tree[field.upperBound...].prefix(1)
    }

    /// Which of the cells that make up a table's definition has its bounds.
    private static let boundPlace: Int? = CatalogTable.relations.first { $0.id == .relation }.map(
        CatalogLayout.Entry.init
    ).flatMap { entry in
        entry.defining.firstIndex { entry.table.columns[$0.place].sql == "relpartbound" }
    }
}
