internal import FleetModel

/// The statements that move objects, with everything that hangs on them, to the schema of a quarantine.
enum Quarantine {
    static func statements(_ objects: [ObjectID]) -> [PlannedStatement] {
        // Routines first, by the types of their arguments as they are called before those move.
        let routines = objects.filter { [.function, .procedure, .aggregate].contains($0.kind) }
        let others = objects.filter { !routines.contains($0) }
        return (routines + others.filter(\.isTable) + others.filter { !$0.isTable }).compactMap(move)
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

    /// A routine's name ends with its argument types: built-in ones as SQL writes them, others as `schema.name`.
    ///
    /// Names stand there as they are, so what holds a comma or a parenthesis may be read wrongly. Everything but built-in
    /// types is quoted: then the statement finds nothing, and its transaction is rolled back.
    private static func routine(_ object: ObjectID, _ schema: String, _ place: String) -> PlannedStatement? {
        let name = object.name
        guard name.utf8.last == UInt8(ascii: ")"), let parenthesis = name.utf8.lastIndex(of: UInt8(ascii: "(")) else {
            return nil
        }
        let arguments = name[name.utf8.index(after: parenthesis)..<name.utf8.index(before: name.endIndex)]
        let types = arguments.split(separator: ", ").map { type(String($0)) }.joined(separator: ", ")
        let kind = object.kind == .aggregate ? "AGGREGATE" : "ROUTINE"
        let routine = quoted(String(name[..<parenthesis]))
        return PlannedStatement(sql: "ALTER \(kind) \(quoted(schema)).\(routine)(\(types)) \(place)")
    }

    private static func type(_ text: String) -> String {
        if let dot = text.utf8.firstIndex(of: UInt8(ascii: ".")) {
            return "\(quoted(String(text[..<dot]))).\(quoted(String(text[text.utf8.index(after: dot)...])))"
        }
        // Two built-in types are written in quotes.
        let isBuiltIn = text.replacing(/^"(char|any)"/, with: "").utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || "_ []".utf8.contains(byte)
        }
        return isBuiltIn ? text : quoted(text)
    }
}
