internal import FleetModel

/// More findings than these about one database tell a reader nothing new.
private let mostDrifts = 12

extension Assessor {
    /// A difference as findings: one for each table that is missing or too many, one for each other thing changed.
    func describe(_ difference: CatalogDifference, _ expected: Catalog) -> [Remark] {
        let hint = repairHint(quarantine: nil)
        let missing = difference.missingTables
        let unexpected = difference.unexpectedTables
        let tables =
            missing.map {
                Remark(
                    .tableMissing,
                    .error,
                    object: $0.qualifiedName,
                    "the table should be there but is not",
                    hint: hint
                )
            }
            + unexpected.map {
                Remark(
                    .tableUnexpected,
                    .error,
                    object: $0.qualifiedName,
                    "no migration of the class creates the table",
                    hint: hint
                )
            }

        // Parts of tables are told with their table; what came with a missing table needs no word of its own.
        let known = expected.tables.map { ObjectID(.table, schema: $0.schema, name: $0.name) } + unexpected
        var order: [ObjectID] = []
        var words: [ObjectID: [String]] = [:]
        let changes =
            difference.missing.map { ($0, "is missing") }
            + difference.unexpected.map { ($0, "is not expected") }
            + difference.changed.map { ($0, "differs") }
        for (object, how) in changes where !object.isTable || how == "differs" {
            let gone = how == "is missing" ? missing : unexpected
            if how != "differs", gone.contains(where: { object.isPart(of: $0) || object.isLikelyCompanion(of: $0) }) {
                continue
            }
            let place = object.split(among: known)
            let owner = place?.table ?? object
            if words[owner] == nil { order.append(owner) }
            let what = place.map { "\(object.kind.rawValue) \"\($0.part)\"" } ?? object.kind.rawValue
            words[owner, default: []].append("\(what) \(how)")
        }
        order.sort()
        var drifts = order.prefix(mostDrifts).map { owner in
            Remark(.schemaDrift, .error, object: owner.qualifiedName, list(words[owner] ?? []), hint: hint)
        }
        if order.count > mostDrifts {
            drifts.append(
                Remark(.schemaDrift, .error, "\(order.count - mostDrifts) more objects differ", hint: hint)
            )
        }
        return tables + drifts
    }
}
