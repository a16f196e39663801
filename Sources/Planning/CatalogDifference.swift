internal import FleetModel

/// What sets one catalog apart from the one it should be, privileges aside.
struct CatalogDifference {
    var missing: [ObjectID] = []
    var unexpected: [ObjectID] = []
    var changed: [ObjectID] = []

    var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && changed.isEmpty }
    var count: Int { missing.count + unexpected.count + changed.count }

    /// Objects for which `leaving` says true are not compared on the observed side.
    init(observed: Catalog, expected: Catalog, leaving: (ObjectID) -> Bool = { _ in false }) {
        // An index that an interrupted build left behind is a finding of its own, not drift.
        let invalid = Set(observed.invalidIndexes)
        var rest = Dictionary(expected.objects.map { ($0.id, $0.definition) }, uniquingKeysWith: { first, _ in first })
        for object in observed.objects where !leaving(object.id) {
            guard let definition = rest.removeValue(forKey: object.id) else {
                if !invalid.contains(object.id) { unexpected.append(object.id) }
                continue
            }
            if definition != object.definition, !invalid.contains(object.id) { changed.append(object.id) }
        }
        missing = rest.keys.sorted()
    }

    var missingTables: [ObjectID] { missing.filter(\.isTable) }
    var unexpectedTables: [ObjectID] { unexpected.filter(\.isTable) }
}

extension Catalog {
    /// Whether a database in this state is at `expected`, an index left invalid aside.
    func fits(_ expected: Catalog) -> Bool {
        if fingerprint == expected.fingerprint { return true }
        // Comparing object by object costs more and can say more only where an index is in doubt.
        guard !invalidIndexes.isEmpty else { return false }
        return CatalogDifference(observed: self, expected: expected).isEmpty
    }

    /// Objects whose owner or grants are not as expected; of use only where the objects themselves agree.
    func privilegeDifferences(from expected: Catalog) -> [ObjectID] {
        guard privileges != expected.privileges else { return [] }
        let wanted = Dictionary(
            expected.objects.map { ($0.id, $0.privileges) },
            uniquingKeysWith: { first, _ in first }
        )
        return objects.compactMap { object in
            guard let other = wanted[object.id] else { return nil }
            return other == object.privileges ? nil : object.id
        }
    }
}

extension ObjectID {
    var isTable: Bool { kind == .table || kind == .foreignTable }

    /// Kinds that live in a table and leave with it, named `table.part`.
    private var isPartOfTable: Bool {
        switch kind {
        case .column, .constraint, .trigger, .rule, .policy: true
        default: false
        }
    }

    /// Whether it is a part of the table, told by its name.
    func isPart(of table: ObjectID) -> Bool {
        isPartOfTable && schema == table.schema && name.hasPrefix(table.name + ".")
    }

    /// Whether its name says that it came with the table: `users_pkey`, `users_id_seq`.
    func isLikelyCompanion(of table: ObjectID) -> Bool {
        (kind == .index || kind == .sequence) && schema == table.schema && name.hasPrefix(table.name + "_")
    }

    /// `table.column` as its table's name and its own, where one of the tables is its.
    func split(among tables: [ObjectID]) -> (table: ObjectID, part: String)? {
        guard isPartOfTable else { return nil }
        // A table's name may itself hold a dot: the longest that fits is meant.
        let owner = tables.filter { isPart(of: $0) }.max { $0.name.utf8.count < $1.name.utf8.count }
        return owner.map { ($0, String(name.dropFirst($0.name.count + 1))) }
    }

    /// `schema.name`, or the name alone where it lives in no schema.
    var qualifiedName: String { (schema.map { "\($0)." } ?? "") + name }
}
