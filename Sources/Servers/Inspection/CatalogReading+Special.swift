internal import FleetModel

/// Columns, remarks and what else is more than a row.
extension CatalogReading {
    func addColumns(_ details: CatalogDetails, to result: inout CanonicalCatalog) {
        guard let (entry, rows) = of(.attribute), let relation = entry.relation, let number = entry.columnNumber else {
            return
        }
        var last: (oid: UInt32, isCompared: Bool) = (0, false)
        var order: [(key: UInt64, row: Int)] = []
        order.reserveCapacity(rows.count)
        for row in 0..<rows.count {
            let oid = rows.number(row, relation)
            if oid != last.oid { last = (oid, relations[oid].map { !$0.isExcluded && $0.hasColumns } ?? false) }
            guard last.isCompared else { continue }
            order.append((NameMap.key(.relation, oid, column: rows.number(row, number)), row))
        }
        let isSorted = zip(order, order.dropFirst()).allSatisfy { $0.key < $1.key }
        if !isSorted { order.sort { $0.key < $1.key } }
        for (key, row) in order { addColumn(entry, rows, row, key, details, to: &result) }
        var start = 0
        while start < order.count {
            let oid = rows.number(order[start].row, relation)
            var end = start
            while end < order.count, rows.number(order[end].row, relation) == oid { end += 1 }
            result.columnOrder.add(.table) {
                context.names.append(.relation, oid, to: &$0)
            } definition: { out in
                for place in start..<end {
                    out.append(contentsOf: rows.cell(order[place].row, entry.name ?? 0))
                    out.append(9)
                }
            }
            start = end
        }
    }

    private func addColumn(
        _ entry: CatalogLayout.Entry,
        _ rows: CopyRows,
        _ row: Int,
        _ key: UInt64,
        _ details: CatalogDetails,
        to result: inout CanonicalCatalog
    ) {
        let oid = entry.relation.map { rows.number(row, $0) } ?? 0
        let name = { (out: inout [UInt8]) in
            if let span = context.names.span(NameMap.key(.relation, oid)) {
                out.append(context.names.arena, span)
            }
            out.append(NameMap.dot)
            out.append(rows.bytes, rows.range(row, entry.name ?? 0))
        }
        result.definitions.add(.column, name: name) { out in
            for (place, form) in entry.defining {
                append(rows, row, place, form, oid, to: &out)
                out.append(9)
            }
            details.append(key, to: &out)
        }
        result.keys.append(key)
        guard let access = entry.access, !rows.isNull(row, access) else { return }
        var text: [UInt8] = []
        AccessList.append(
            rows.cell(row, access),
            .column,
            isSequence: false,
            owner: [],
            databaseOwner: CopyRows.unescape(databaseOwner.name),
            to: &text
        )
        guard !text.isEmpty else { return }
        result.privileges.add(.column, name: name) { $0.append(contentsOf: text) }
    }

    /// Subscriptions of all databases stand in one catalog.
    func addSubscriptions(to result: inout CanonicalCatalog) {
        guard let (entry, rows) = of(.subscription), let (database, own) = of(.database), own.count > 0,
            let place = database.oid, let home = entry.oid
        else { return }
        for row in 0..<rows.count where rows.number(row, home) == own.number(0, place) {
            result.definitions.add(.subscription) {
                $0.append(contentsOf: rows.cell(row, entry.name ?? 0))
            } definition: { out in
                for (place, form) in entry.defining {
                    append(rows, row, place, form, 0, to: &out)
                    out.append(9)
                }
            }
            result.keys.append(0)
            result.notInspected = ["connections of subscriptions"]
        }
    }

    /// Comments and security labels of what is compared.
    func addRemarks(_ id: CatalogTable.Identifier, _ kind: ObjectKind, to result: inout CanonicalCatalog) {
        guard let (entry, rows) = of(id), rows.count > 0, let oid = entry.oid, let column = entry.columnNumber else {
            return
        }
        var records: [UInt64: Int] = [:]
        records.reserveCapacity(result.keys.count)
        for (record, key) in result.keys.enumerated() where key != 0 { records[key] = record }
        let catalog = id == .description ? layout.columns.described : layout.columns.labelled
        for row in 0..<rows.count {
            guard let objectClass = ObjectClass(catalog: rows.number(row, catalog)),
                let record = records[NameMap.key(objectClass, rows.number(row, oid), column: rows.number(row, column))]
            else { continue }
            let target = result.definitions.kind(of: record)
            let name = Array(result.definitions.name(of: record))
            let text = rows.range(row, entry.defining[0].place)
            // Every new database has it.
            let isStandard = target == .schema && rows.bytes[text].elementsEqual("standard public schema".utf8)
            guard !isStandard else { continue }
            result.definitions.add(kind) { out in
                // `schema` FF `kind name`: the remark lives where its object does.
                var rest = name[...]
                if let dot = rest.firstIndex(of: NameMap.dot) {
                    out.append(contentsOf: rest[...dot])
                    rest = rest[(dot + 1)...]
                }
                out.append(contentsOf: target.rawValue.utf8)
                out.append(UInt8(ascii: " "))
                out.append(contentsOf: rest)
                guard kind == .securityLabel else { return }
                out.append(contentsOf: " by ".utf8)
                out.append(contentsOf: rows.cell(row, entry.defining[0].place))
            } definition: {
                for (place, _) in entry.defining { $0.append(contentsOf: rows.cell(row, place)) }
            }
            result.keys.append(0)
        }
    }

    func addDefaultPrivileges(to result: inout CanonicalCatalog) {
        guard let (entry, rows) = of(.defaultPrivileges), let owner = entry.owner, let schema = entry.schema,
            let access = entry.access, let kind = entry.kind
        else { return }
        for row in 0..<rows.count {
            let home = rows.number(row, schema)
            guard !excludedSchemas.contains(home) else { continue }
            let role = rows.number(row, owner)
            result.privileges.add(.defaultPrivileges) { out in
                if home != 0, let span = context.names.span(NameMap.key(.schema, home)) {
                    out.append(contentsOf: context.names.arena[span])
                    out.append(NameMap.dot)
                }
                out.append(contentsOf: Self.kindName(rows.byte(row, kind)).utf8)
                out.append(contentsOf: " of ".utf8)
                out.append(
                    contentsOf: role == databaseOwner.oid ? Array("the database's owner".utf8) : roleName(role)
                )
            } definition: {
                AccessList.append(
                    rows.cell(row, access),
                    .none,
                    isSequence: false,
                    owner: [],
                    databaseOwner: CopyRows.unescape(databaseOwner.name),
                    to: &$0
                )
            }
        }
    }

    private static func kindName(_ letter: UInt8) -> StaticString {
        switch letter {
        case UInt8(ascii: "r"): "tables"
        case UInt8(ascii: "S"): "sequences"
        case UInt8(ascii: "f"): "functions"
        case UInt8(ascii: "T"): "types"
        case UInt8(ascii: "n"): "schemas"
        default: "large objects"
        }
    }
}

extension StaticString {
    fileprivate var utf8: [UInt8] { withUTF8Buffer { Array($0) } }
}
