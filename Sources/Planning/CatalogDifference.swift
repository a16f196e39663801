internal import FleetModel

/// What sets one catalog apart from the one it should be, privileges aside.
struct CatalogDifference {
    var missing: [ObjectID] = []
    var unexpected: [ObjectID] = []
    var changed: [ObjectID] = []
    /// What differs and does not count, with the place of the rule that says so.
    var ignored: [(object: ObjectID, how: Kind, rule: Int)] = []
    /// Tables with a date in their names, where they are not by name those expected, with the place of the rule.
    var dated: [(rule: Int, found: [TableName], expected: [TableName])] = []
    /// Of an object whose name holds a date: the one it is held against, where that has another name.
    var counterparts: [ObjectID: ObjectID] = [:]

    enum Kind: String {
        case missing = "is missing"
        case unexpected = "is not expected"
        case changed = "differs"
    }

    var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && changed.isEmpty }
    var count: Int { missing.count + unexpected.count + changed.count }

    /// Objects for which `leaving` says true are not compared on the observed side.
    init(
        observed: Catalog,
        expected: Catalog,
        rules: DriftRules = .none,
        leaving: (ObjectID) -> Bool = { _ in false }
    ) {
        let here = Exemptions(rules, in: observed)
        let there = Exemptions(rules, in: expected)
        // An index that an interrupted build left behind is a finding of its own, not drift.
        let invalid = Set(observed.invalidIndexes)
        func add(_ object: ObjectID, _ how: Kind) {
            if let rule = here.ignored[object] ?? there.ignored[object] {
                ignored.append((object, how, rule))
                return
            }
            switch how {
            case .missing: missing.append(object)
            case .unexpected: unexpected.append(object)
            case .changed: changed.append(object)
            }
        }
        func isComparedByName(_ object: ObjectID) -> Bool {
            object.kind != .defaultPrivileges && !here.datedObjects.contains(object)
                && !there.datedObjects.contains(object)
        }
        var rest: [ObjectID: Fingerprint] = [:]
        rest.reserveCapacity(expected.objects.count)
        for object in expected.objects where isComparedByName(object.id) { rest[object.id] = object.definition }
        for object in observed.objects where isComparedByName(object.id) && !leaving(object.id) {
            guard let definition = rest.removeValue(forKey: object.id) else {
                if !invalid.contains(object.id) { add(object.id, .unexpected) }
                continue
            }
            if definition != object.definition, !invalid.contains(object.id) { add(object.id, .changed) }
        }
        for object in rest.keys.sorted() { add(object, .missing) }
        for (rule, (tables, wanted)) in zip(here.dated, there.dated).enumerated() {
            let tables = tables.filter { table in !table.value.contains { leaving($0.id) } }
            compareDated(observed, tables, expected, wanted)
            guard !tables.isEmpty, !wanted.isEmpty, Set(tables.keys) != Set(wanted.keys) else { continue }
            dated.append((rule, tables.keys.sorted(), wanted.keys.sorted()))
        }
        for key in [\Self.missing, \Self.unexpected, \Self.changed] { self[keyPath: key].sort() }
    }

    /// Tables with a date in their names as two sets of shapes: how many there are and of which day does not matter.
    private mutating func compareDated(
        _ observed: Catalog,
        _ tables: [TableName: [CatalogObject]],
        _ expected: Catalog,
        _ wanted: [TableName: [CatalogObject]]
    ) {
        var expectedShapes: [DatedShape: TableName] = [:]
        for table in wanted.keys.sorted() {
            let shape = DatedShape(table, wanted[table] ?? [], in: expected)
            expectedShapes[shape] = expectedShapes[shape] ?? table
        }
        var seen: Set<DatedShape> = []
        guard let model = expectedShapes.min(by: { $0.value < $1.value }) else {
            unexpected += tables.values.flatMap { $0.map(\.id) }
            return
        }
        for table in tables.keys.sorted() {
            let objects = tables[table] ?? []
            let shape = DatedShape(table, objects, in: observed)
            if expectedShapes[shape] != nil {
                seen.insert(shape)
            } else {
                compare(table, objects, shape, model.value, wanted[model.value] ?? [], model.key)
            }
        }
        // One that differs is told already, against the first of those expected.
        let isToldAlready = seen.isEmpty && !tables.isEmpty
        for (shape, table) in expectedShapes where !seen.contains(shape) && !(isToldAlready && table == model.value) {
            missing += (wanted[table] ?? []).map(\.id)
        }
    }

    private mutating func compare(
        _ table: TableName,
        _ objects: [CatalogObject],
        _ shape: DatedShape,
        _ model: TableName,
        _ wanted: [CatalogObject],
        _ modelShape: DatedShape
    ) {
        func byName(_ objects: [CatalogObject], _ table: TableName) -> [ObjectID: ObjectID] {
            Dictionary(objects.map { ($0.id.undated(table.name), $0.id) }, uniquingKeysWith: { first, _ in first })
        }
        let here = byName(objects, table)
        let there = byName(wanted, model)
        for (name, object) in here {
            guard let counterpart = there[name] else {
                unexpected.append(object)
                continue
            }
            guard shape.parts[name] != modelShape.parts[name] else { continue }
            changed.append(object)
            counterparts[object] = counterpart
        }
        for (name, counterpart) in there where here[name] == nil {
            // Named as it would be here.
            let object = ObjectID(
                name.kind,
                schema: name.schema,
                name: name.name.replacing("{date}", with: table.name)
            )
            missing.append(object)
            counterparts[object] = counterpart
        }
    }

    var missingTables: [ObjectID] { missing.filter(\.isTable) }
    var unexpectedTables: [ObjectID] { unexpected.filter(\.isTable) }
}

extension Catalog {
    /// Whether a database in this state is at `expected`, an index left invalid aside.
    func fits(_ expected: Catalog, _ rules: DriftRules = .none) -> Bool {
        if fingerprint == expected.fingerprint { return true }
        // Comparing object by object costs more and can say more only where an index is in doubt, or a rule holds.
        guard !invalidIndexes.isEmpty || !rules.isEmpty else { return false }
        return CatalogDifference(observed: self, expected: expected, rules: rules).isEmpty
    }

    /// Objects whose owner or grants are not as expected; of use only where the objects themselves agree.
    ///
    /// - Returns: each with the one it is held against, which has another name where that holds a date.
    func privilegeDifferences(
        from expected: Catalog,
        _ rules: DriftRules = .none
    ) -> [(object: ObjectID, counterpart: ObjectID)] {
        guard privileges != expected.privileges else { return [] }
        let here = Exemptions(rules, in: self)
        let there = Exemptions(rules, in: expected)
        var wanted: [ObjectID: CatalogObject] = [:]
        for object in expected.objects { wanted[object.id] = object }
        for tables in there.dated {
            for (table, objects) in tables.sorted(by: { $0.key < $1.key }).reversed() {
                for object in objects { wanted[object.id.undated(table.name)] = object }
            }
        }
        var undated: [ObjectID: ObjectID] = [:]
        for tables in here.dated {
            for (table, objects) in tables {
                for object in objects { undated[object.id] = object.id.undated(table.name) }
            }
        }
        var seen: Set<ObjectID> = []
        var differing = objects.compactMap { object -> (ObjectID, ObjectID)? in
            guard let other = wanted[object.id] ?? undated[object.id].flatMap({ wanted[$0] }) else {
                return object.id.kind == .defaultPrivileges ? (object.id, object.id) : nil
            }
            seen.insert(other.id)
            return other.privileges == object.privileges ? nil : (object.id, other.id)
        }
        // Privileges for what is yet to come are there or not.
        differing += expected.objects.map(\.id).filter { $0.kind == .defaultPrivileges && !seen.contains($0) }
            .map { ($0, $0) }
        return differing.sorted { $0.0 < $1.0 }
    }

    /// Relations that are in both and of whose columns those that are in both stand in another order.
    func reordered(from expected: Catalog) -> [TableName] {
        guard columnOrder != expected.columnOrder else { return [] }
        return columnOrders.filter { table, order in
            guard let other = expected.columnOrders[table], other != order else { return false }
            // What only one side has is told elsewhere.
            let common = Set(order).intersection(other)
            return order.filter(common.contains) != other.filter(common.contains)
        }.keys.sorted()
    }
}

extension ObjectID {
    var isTable: Bool { kind == .table || kind == .foreignTable }

    /// Kinds that live in a table and leave with it, named `table.part`.
    var isPartOfTable: Bool {
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

    /// The same with the table's name replaced, wherever it stands in its own.
    func undated(_ table: String) -> ObjectID {
        ObjectID(kind, schema: schema, name: name.replacing(table, with: "{date}"))
    }

    /// `schema.name`, or the name alone where it lives in no schema.
    var qualifiedName: String { (schema.map { "\($0)." } ?? "") + name }
}
