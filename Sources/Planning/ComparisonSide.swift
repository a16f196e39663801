internal import FleetModel
internal import Migrations

/// What is held against each other of one class: one side for code, one for migrations, one for each cohort of databases.
struct ComparisonSide {
    enum Content {
        case catalog([ObjectID: Fingerprint], invalid: Set<ObjectID>, major: Int)
        case names(ExpectedNames, objects: Set<ObjectID>)
        /// There is no database.
        case nothing
        case unknown
    }

    var column: String
    var content: Content
    /// Databases in it.
    var count = 1
    var tables: [ObjectID] = []
    /// The newest migration applied, where that is known.
    var version: String?
    /// Kinds that it says nothing of, though it has none.
    var said: SaidKinds?
    /// Tables whose columns are not all known.
    var open: Set<ObjectID> = []
    /// What rules of `drift` leave out on this side, whether it has it or not.
    var exempt: Set<ObjectID> = []

    init(_ column: String, _ catalog: Catalog, major: Int) {
        self.column = column
        content = .catalog(
            Dictionary(catalog.objects.map { ($0.id, $0.definition) }, uniquingKeysWith: { first, _ in first }),
            invalid: Set(catalog.invalidIndexes),
            major: major
        )
        tables = catalog.tables.map { ObjectID(.table, schema: $0.schema, name: $0.name) }
    }

    init(_ column: String, _ names: ExpectedNames) {
        self.column = column
        content = .names(names, objects: names.objects)
        tables = names.tableObjects
        open = Set(
            names.tables.filter { !$0.isComplete }.map { ObjectID(.table, schema: $0.name.schema, name: $0.name.name) }
        )
    }

    init(_ column: String, _ content: Content) {
        self.column = column
        self.content = content
    }

    var exists: Bool { if case .nothing = content { false } else { true } }
    var isKnown: Bool { if case .unknown = content { false } else { true } }

    /// Nil where it is not known whether the object is there.
    func has(_ object: ObjectID, in table: ObjectID?) -> Bool? {
        switch content {
        case .unknown: nil
        case .nothing: false
        case .catalog(let objects, _, _):
            if objects[object] != nil { true } else if let said, !said.contains(object.kind) { nil } else { false }
        case .names(let names, let objects):
            if objects.contains(object) {
                true
            } else if !ExpectedNames.kinds.contains(object.kind) || table.map(open.contains) == true {
                nil
            } else if object.kind != .column, !names.isComplete {
                nil
            } else {
                false
            }
        }
    }

    /// What it is, and on which major that may be compared; nil where only its name is known.
    func definition(_ object: ObjectID) -> (Fingerprint, major: Int)? {
        guard case .catalog(let objects, _, let major) = content else { return nil }
        return objects[object].map { ($0, major) }
    }

    /// Whether it can say that an object does not belong on another side: names of one major may not be those of another.
    func judges(_ object: ObjectID, in table: ObjectID?, on other: ComparisonSide) -> Bool {
        switch (content, other.content) {
        case (.catalog(_, _, let own), .catalog(_, _, let major)): own == major && has(object, in: table) != nil
        case (.names, _): has(object, in: table) != nil
        default: false
        }
    }

    func isInvalid(_ object: ObjectID) -> Bool {
        guard case .catalog(_, let invalid, _) = content else { return false }
        return invalid.contains(object)
    }
}

extension Comparison.State {
    /// How a side stands against those that say what should be there.
    init(_ object: ObjectID, in table: ObjectID?, on side: ComparisonSide, against references: [ComparisonSide]) {
        guard let isThere = side.has(object, in: table) else {
            self = .unknown
            return
        }
        guard isThere else {
            self = .missing
            return
        }
        guard !side.isInvalid(object) else {
            self = .differs
            return
        }
        guard let own = side.definition(object) else {
            self = .present
            return
        }
        // The first that has it on the same major: digests of two majors say nothing of each other.
        let wanted = references.lazy.compactMap { $0.definition(object) }.first { $0.major == own.major }
        self = wanted == nil || wanted?.0 == own.0 ? .present : .differs
    }
}
