internal import FleetModel

/// What lies where histories are kept and what was set aside, and is neither.
extension CatalogReading {
    /// Tables in schemas that are left out which belong to no history of the class; none where no class is known.
    var leftOut: [TableName] {
        guard !history.isEmpty, !excludedSchemas.isEmpty, let (entry, rows) = of(.relation), let schema = entry.schema,
            let kind = entry.kind, let oid = entry.oid
        else { return [] }
        return (0..<rows.count).compactMap { row -> TableName? in
            guard rows.byte(row, kind) == UInt8(ascii: "r") || rows.byte(row, kind) == UInt8(ascii: "p"),
                excludedSchemas.contains(rows.number(row, schema)), let name = tableName(rows.number(row, oid))
            else { return nil }
            let isOurs = name.schema == "reconcile" && Self.own.contains(name.name)
            return name.schema.hasPrefix("pg_") || isOurs || history.contains(name) ? nil : name
        }.sorted()
    }

    /// What runs of ours keep in schema `reconcile`, whatever the class.
    private static let own: Set<String> = [
        "fence", "marks", "lease", "runs", "steps", "beside", "moves", "retired",
    ]
}
