package import FleetModel

/// The migration that adds what the code has and no migration makes, in the server's own words.
///
/// Only what is added can be said exactly without asking anyone: what the code no longer has may be meant to go or may hold
/// rows, and what differs can be brought over in more than one way. All of that is refused by name.
package struct AdditiveMigration: Sendable, Hashable {
    /// Without semicolons; each list is one order that may do, the likelier first.
    package var orders: [[String]]
    /// What may go wrong on databases that hold rows, though it went well on an empty one.
    package var warnings: [String]

    package struct Refused: Error, Sendable, Hashable {
        /// What cannot be done, each with its reason.
        package var reasons: [String]
    }

    package init(_ difference: CodeDifference, _ words: SchemaWords) throws(Refused) {
        let tables = difference.missing.filter(\.isTable)
        let parts = (words.migrations.objects + words.code.objects).compactMap { object in
            object.table.map { (object.id, $0) }
        }
        let homes = Dictionary(parts, uniquingKeysWith: { $1 })
        var reasons: [String] = []
        let gone = difference.obsolete.filter(\.hasColumns)
        for object in difference.obsolete where !object.follows(gone, homes) {
            reasons.append("\(Self.title(object)): the code no longer has it; what goes away is decided by a person")
        }
        var values: [String] = []
        for object in difference.changed {
            if let added = Self.values(of: object, words) {
                values += added
            } else {
                reasons.append("\(Self.title(object)): \(Self.change(object, words))")
            }
        }
        var wanted = Set(difference.missing)
        for object in difference.missing where words.code.object(object)?.creation == nil {
            wanted.remove(object)
            // What follows a table that cannot be made is said with it.
            if object.isTable || !object.follows(tables, homes) {
                reasons.append("\(Self.title(object)): no statement for it can be told from the catalog alone")
            }
        }
        guard reasons.isEmpty else { throw Refused(reasons: reasons) }
        let made = words.code.objects.filter { object in
            guard wanted.contains(object.id), object.creation?.isEmpty == false else { return false }
            return object.id.kind != .column || object.table.map { !tables.contains($0) } ?? true
        }
        warnings = made.compactMap { object in
            guard object.id.kind == .column, object.words.hasSuffix("NOT NULL"), !object.words.contains(" DEFAULT "),
                !object.words.contains(" GENERATED ")
            else { return nil }
            return "\(Self.title(object.id)) is NOT NULL without a default: adding it fails where the table has rows"
        }
        let phased = (0...2).flatMap { phase in made.filter { Self.phase($0) == phase } }
        orders = [values + phased.compactMap(\.creation)]
        let plain = values + made.compactMap(\.creation)
        if plain != orders[0] { orders.append(plain) }
    }

    /// Types and sequences are used by tables, and tables by all else.
    private static func phase(_ object: WordedSchema.Object) -> Int {
        switch object.id.kind {
        // One without words says whose a sequence is that was made before.
        case .sequence: object.words.isEmpty ? 2 : 0
        case .schema, .enumeration: 0
        case .table, .column: 1
        default: 2
        }
    }

    /// Statements that add values to an enum, where that is all there is to do; nil where it is not.
    private static func values(of object: ObjectID, _ words: SchemaWords) -> [String]? {
        guard object.kind == .enumeration, let code = words.code.object(object)?.labels,
            let own = words.migrations.object(object)?.labels, code.filter(own.contains) == own, code.count > own.count
        else { return nil }
        var there = own
        let name = "\(quoted(object.schema ?? "public")).\(quoted(object.name))"
        return code.enumerated().compactMap { index, label in
            guard !there.contains(label) else { return nil }
            // Behind the one before it, which is there by now.
            let place =
                index == 0
                ? there.first.map { " BEFORE \(literal($0))" } ?? ""
                : there.last == code[index - 1] ? "" : " AFTER \(literal(code[index - 1]))"
            there.insert(label, at: index == 0 ? 0 : (there.firstIndex(of: code[index - 1]) ?? there.count - 1) + 1)
            return "ALTER TYPE \(name) ADD VALUE \(literal(label))\(place)"
        }
    }

    private static func literal(_ text: String) -> String {
        "'" + text.replacing(each: "'", with: "''") + "'"
    }

    private static func title(_ object: ObjectID) -> String { "\(object.kind.rawValue) \(object.qualifiedName)" }

    private static func change(_ object: ObjectID, _ words: SchemaWords) -> String {
        guard let code = words.code.object(object)?.words, let own = words.migrations.object(object)?.words,
            code != own,
            !code.isEmpty, !own.isEmpty, !(code + own).contains("\n")
        else { return "it differs from the migrations'" }
        return "it is \(code) in the code and \(own) in the migrations"
    }
}
