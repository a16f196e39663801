package import FleetModel

/// What a set of rules leaves out of one catalog, and what it compares without dates.
struct Exemptions {
    /// By object: the place in `rules.ignored` of the first rule that names it or what it is a part of.
    private(set) var ignored: [ObjectID: Int] = [:]
    /// The tables of each rule in `rules.dated`, with all that belongs to them.
    private(set) var dated: [[TableName: [CatalogObject]]] = []
    private(set) var datedObjects: Set<ObjectID> = []

    init(_ rules: DriftRules, in catalog: Catalog) {
        guard !rules.isEmpty else { return }
        let owners = Set(
            catalog.objects.map(\.id).filter { $0.mayHoldParts && $0.kind != .index && $0.kind != .sequence }
                .map { TableName(schema: $0.schema ?? "", name: $0.name) }
        )
        ignore(rules.ignored, catalog, owners)
        findDated(rules.dated, catalog, owners)
    }

    private mutating func ignore(_ rules: [DriftRules.Ignored], _ catalog: Catalog, _ owners: Set<TableName>) {
        for object in catalog.objects {
            ignored[object.id] = rules.firstIndex { $0.names(object.id) }
        }
        // What lives in something that is ignored goes with it.
        let containers = Dictionary(uniqueKeysWithValues: ignored.filter { $0.key.mayHoldParts })
        guard !containers.isEmpty else { return }
        let byName = Dictionary(
            containers.map { (TableName(schema: $0.key.schema ?? "", name: $0.key.name), $0.value) },
            uniquingKeysWith: min
        )
        for object in catalog.objects where ignored[object.id] == nil {
            let subject = object.id.remarked ?? object.id
            ignored[object.id] =
                containers[subject] ?? subject.owner(among: owners).flatMap { byName[$0] }
                ?? catalog.homes[subject].flatMap { byName[$0] }
        }
    }

    private mutating func findDated(_ rules: [DriftRules.Dated], _ catalog: Catalog, _ owners: Set<TableName>) {
        guard !rules.isEmpty else { return }
        var ruleOf: [TableName: Int] = [:]
        for table in catalog.tables where ignored[ObjectID(.table, schema: table.schema, name: table.name)] == nil {
            ruleOf[table] = rules.firstIndex { $0.names.matches(table) }
        }
        dated = Array(repeating: [:], count: rules.count)
        guard !ruleOf.isEmpty else { return }
        for object in catalog.objects where ignored[object.id] == nil {
            let subject = object.id.remarked ?? object.id
            let own = TableName(schema: subject.schema ?? "", name: subject.name)
            let table =
                subject.isTable && ruleOf[own] != nil
                ? own
                : subject.owner(among: owners) ?? catalog.homes[subject]
            guard let table, let rule = ruleOf[table] else { continue }
            dated[rule][table, default: []].append(object)
            datedObjects.insert(object.id)
        }
    }

    /// Whether an object is compared by its name and nothing else.
    func leaves(_ object: ObjectID) -> Bool {
        // Default privileges are privileges and nothing else, which are compared apart.
        ignored[object] == nil && !datedObjects.contains(object) && object.kind != .defaultPrivileges
    }
}

/// What a table with a date in its name is, whatever the date.
struct DatedShape: Hashable {
    /// Under the names they have without the date.
    let parts: [ObjectID: Fingerprint]

    init(_ table: TableName, _ objects: [CatalogObject], in catalog: Catalog) {
        parts = Dictionary(
            objects.map { ($0.id.undated(table.name), catalog.shapes[$0.id] ?? $0.definition) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    var lines: [String] { parts.map { "\($0.key)\t\($0.value)" }.sorted() }
}

extension DriftRules {
    /// What a catalog is called where these rules hold: equal for two that differ in nothing that counts.
    package func fingerprint(of catalog: Catalog) -> Fingerprint {
        guard !isEmpty else { return catalog.fingerprint }
        let exemptions = Exemptions(self, in: catalog)
        var lines = catalog.objects.filter { exemptions.leaves($0.id) }.map { "\($0.id)\t\($0.definition)" }
        for (rule, tables) in exemptions.dated.enumerated() {
            let shapes = Set(tables.map { DatedShape($0.key, $0.value, in: catalog) })
            lines += shapes.map { "dated \(rule)\n" + $0.lines.joined(separator: "\n") }.sorted()
        }
        return Fingerprint(of: lines.joined(separator: "\n"))
    }
}

extension DriftRules.Ignored {
    /// Whether the rule names the object itself.
    fileprivate func names(_ object: ObjectID) -> Bool {
        guard case .objects(object.kind) = subject else { return false }
        return matches(object.remarked ?? object)
    }

    func matches(_ object: ObjectID) -> Bool {
        names.matches(object.qualifiedName) || object.schema == "public" && names.matches(object.name)
    }
}

extension ObjectID {
    var mayHoldParts: Bool {
        switch kind {
        case .table, .foreignTable, .view, .materializedView, .compositeType, .domain, .index, .sequence: true
        default: false
        }
    }

    /// What a part lives in; of several names that fit the longest, since a table's own may hold dots.
    func owner(among owners: Set<TableName>) -> TableName? { possibleOwners.last(where: owners.contains) }

    /// For each dot in the name of a part, what stands before it: a table's own name may hold dots.
    var possibleOwners: [TableName] {
        guard isPartOfTable, let schema else { return [] }
        return name.indices.filter { name[$0] == "." }.map { TableName(schema: schema, name: String(name[..<$0])) }
    }
}
