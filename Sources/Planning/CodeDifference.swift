package import FleetModel

/// What sets the schema that the code expects apart from the one that the migrations make, privileges aside.
package struct CodeDifference: Sendable, Hashable {
    /// The code has it, and no migration makes it.
    package var missing: [ObjectID] = []
    /// Migrations make it, and the code no longer has it.
    package var obsolete: [ObjectID] = []
    package var changed: [ObjectID] = []
    /// Kinds that migrations make and the code says nothing of, such as functions beside definitions of tables.
    package var unsaid: [ObjectKind] = []

    package var isEmpty: Bool { missing.isEmpty && obsolete.isEmpty && changed.isEmpty }

    /// Nil where nothing is known of what the code expects.
    ///
    /// What the class's rules leave out of drift does not count here either.
    package init?(_ expected: ExpectedSchema, newest: Catalog, rules: DriftRules = .none) {
        switch expected {
        case .loaded(let catalog, _): self.init(catalog, newest: newest, rules)
        case .names(let names): self.init(names, newest: newest)
        case .failed, .unassessed: return nil
        }
    }

    private init(_ code: Catalog, newest: Catalog, _ rules: DriftRules) {
        guard code.fingerprint != newest.fingerprint else { return }
        let difference = CatalogDifference(observed: newest, expected: code, rules: rules)
        let said = SaidKinds(code)
        missing = difference.missing
        changed = difference.changed
        obsolete = difference.unexpected.filter { said.contains($0.kind) }
        unsaid = Set(difference.unexpected.map(\.kind)).filter { !said.contains($0) }.sorted()
    }

    private init(_ names: ExpectedNames, newest: Catalog) {
        let wanted = names.objects
        let tables = newest.tables.map { ObjectID(.table, schema: $0.schema, name: $0.name) }
        let known = Set(newest.objects.map(\.id)).union(tables)
        missing = wanted.subtracting(known).sorted()
        let open = Set(
            names.tables.filter { !$0.isComplete }.map { ObjectID(.table, schema: $0.name.schema, name: $0.name.name) }
        )
        let named = Set(names.tableObjects)
        obsolete = known.subtracting(wanted).filter { object in
            switch object.kind {
            case .table, .enumeration: names.isComplete
            case .column:
                // Columns of views are the view's; those of a table that the code does not have go with it.
                object.split(among: tables).map { named.contains($0.table) && !open.contains($0.table) } ?? false
            default: false
            }
        }.sorted()
    }
}

/// The kinds of objects that a loaded schema speaks of.
///
/// Tables and what they are made of are always meant. Others, such as functions, are only where the schema has at least
/// one: definitions of tables in code know nothing of them, and they are not gone because of that.
struct SaidKinds {
    private let kinds: Set<ObjectKind>

    init(_ catalog: Catalog) {
        let always: Set<ObjectKind> = [
            .table, .column, .constraint, .index, .sequence, .enumeration, .view, .materializedView,
        ]
        kinds = always.union(catalog.objects.map(\.id.kind))
    }

    func contains(_ kind: ObjectKind) -> Bool { kinds.contains(kind) }
}

extension ObjectID {
    var hasColumns: Bool { isTable || kind == .view || kind == .materializedView || kind == .compositeType }

    /// Whether it goes without saying where one of the tables is missing: a part of it, or what came with it.
    func follows(_ tables: [ObjectID], _ homes: [ObjectID: ObjectID]) -> Bool {
        if let home = homes[self], tables.contains(home) { return true }
        if let subject = remarked { return tables.contains(subject) || subject.follows(tables, homes) }
        return tables.contains { isPart(of: $0) || isLikelyCompanion(of: $0) }
    }
}

extension Catalog {
    /// The tables of indexes and sequences.
    var homesOfObjects: [ObjectID: ObjectID] {
        homes.mapValues { ObjectID(.table, schema: $0.schema, name: $0.name) }
    }
}
