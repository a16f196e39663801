internal import FleetModel

/// The statements that move objects, with everything that hangs on them, to the schema of a quarantine.
enum Quarantine {
    static func statements(_ objects: [ObjectID]) -> [PlannedStatement] {
        objects.filter(\.isTable).compactMap(move) + objects.filter { !$0.isTable }.compactMap(move)
    }

    private static func move(_ object: ObjectID) -> PlannedStatement? {
        guard let schema = object.schema else { return nil }
        let place = "SET SCHEMA \(quoted(PlannedStatement.quarantinePlaceholder))"
        func statement(_ kind: String) -> PlannedStatement {
            PlannedStatement(sql: "ALTER \(kind) \(quoted(schema)).\(quoted(object.name)) \(place)")
        }
        switch object.kind {
        case .table: return statement("TABLE")
        case .foreignTable: return statement("FOREIGN TABLE")
        case .view: return statement("VIEW")
        case .materializedView: return statement("MATERIALIZED VIEW")
        // One that a table owns has moved with it by then.
        case .sequence: return statement("SEQUENCE IF EXISTS")
        case .enumeration, .compositeType, .rangeType, .baseType: return statement("TYPE")
        case .domain: return statement("DOMAIN")
        case .function, .procedure, .aggregate: return routine(object, schema, place)
        default: return nil
        }
    }

    /// A routine's name ends with its argument types, which the server wrote and so are SQL as they stand.
    private static func routine(_ object: ObjectID, _ schema: String, _ place: String) -> PlannedStatement? {
        guard let parenthesis = beginOfArguments(object.name) else { return nil }
        let name = object.name[..<parenthesis]
        let kind = object.kind == .aggregate ? "AGGREGATE" : "ROUTINE"
        return PlannedStatement(
            sql: "ALTER \(kind) \(quoted(schema)).\(quoted(String(name)))\(object.name[parenthesis...]) \(place)"
        )
    }

    /// The last parenthesis that opens outside of quotes: the name before it is whatever somebody made it, unquoted, and
    /// what is read as arguments stands in a statement as it is.
    private static func beginOfArguments(_ name: String) -> String.Index? {
        var isQuoted = false
        for index in name.utf8.indices.reversed() {
            switch name.utf8[index] {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "(") where !isQuoted: return index
            default: break
            }
        }
        return nil
    }
}
