internal import Postgres

/// The catalogs of one major version and where in their rows things stand.
struct CatalogLayout: Sendable {
    let major: Int
    let entries: [Entry]
    let wanted: Set<CatalogTable.Identifier>
    private(set) var columns = Columns()
    private let places: [Int?]

    /// One catalog with the places of what every row has.
    struct Entry: Sendable {
        var table: CatalogTable
        var oid: Int?
        var name: Int?
        var schema: Int?
        var owner: Int?
        var access: Int?
        var relation: Int?
        var columnNumber: Int?
        var kind: Int?
        var ordinal: Int?
        var accessKind = AccessList.Kind.none
        /// Columns that make up the definition, in their order.
        var defining: [(place: Int, form: ColumnForm)] = []

        init(_ table: CatalogTable) {
            self.table = table
            for (place, column) in table.columns.enumerated() {
                switch column.form {
                case .oid: oid = place
                case .name: name = place
                case .schema: schema = place
                case .owner: owner = place
                case .access(let kind): (access, accessKind) = (place, kind)
                case .relation: relation = place
                case .table:
                    relation = place
                    defining.append((place, .reference(.relation)))
                case .columnNumber: columnNumber = place
                case .kind: kind = place
                case .ordinal: ordinal = place
                case .unused: break
                case .value, .isSet, .reference, .references, .columns, .columnSet, .columnsOf, .set, .columnOptions,
                    .roles, .tree, .text:
                    defining.append((place, column.form))
                }
            }
        }

        /// Whether the relation is a part of the name.
        var isNamedAfterRelation: Bool {
            guard let relation, case .relation = table.columns[relation].form else { return false }
            return true
        }
    }

    /// The tables that a server of `major` has: all that are always read, and of the optional ones those `wanted`.
    init(major: Int, wanted: Set<CatalogTable.Identifier>) {
        entries = CatalogTable.all.filter { !CatalogTable.optional.contains($0.id) || wanted.contains($0.id) }
            .compactMap { $0.resolved(major: major) }.map(Entry.init)
        self.major = major
        self.wanted = wanted
        var places = [Int?](repeating: nil, count: CatalogTable.Identifier.allCases.count)
        for (place, entry) in entries.enumerated() { places[entry.table.id.rawValue] = place }
        self.places = places
        columns = findColumns()
    }

    func place(of id: CatalogTable.Identifier) -> Int? { places[id.rawValue] }

    /// Columns that code asks for by name.
    struct Columns: Sendable {
        var toast = 0, options = 0, hasSubclass = 0, generated = 0, pages = 0, size = 0
        var attributeTarget = 0, attributeOptions = 0
        var constraintType = 0, constraintParent = 0
        var triggerIsEnabled = 0, triggerIsInternal = 0, triggerConstraint = 0, triggerFunction = 0
        var element = 0, category = 0, typeRelation = 0
        var labelOID = 0, label = 0
        var dependent = 0, dependency = 0
        var isValid = 0
        var parent = 0
        var described = 0, labelled = 0
        var ownerName = 0, currentUser = 0, currentUserName = 0
        /// Of the sizes that tell which catalogs are worth asking for, in their order.
        var firstSign = 0
        var argumentTypes = 0, hasBody = 0
        var castTarget = 0
    }

    private func column(_ name: SQL, of id: CatalogTable.Identifier) -> Int {
        guard let place = place(of: id) else { return 0 }
        let found = entries[place].table.columns.firstIndex { $0.sql == name }
        guard let found else { preconditionFailure("no column \(name.text) is asked for") }
        return found
    }

    private func findColumns() -> Columns {
        var columns = Columns()
        columns.toast = column("reltoastrelid", of: .relation)
        columns.hasSubclass = column("relhassubclass", of: .relation)
        columns.generated = column("attgenerated", of: .attribute)
        columns.options = column("reloptions", of: .relation)
        columns.pages = column("relpages", of: .relation)
        columns.size = column(CatalogTable.size, of: .relation)
        columns.attributeTarget = column("attstattarget", of: .attribute)
        columns.attributeOptions = column("attoptions", of: .attribute)
        columns.constraintType = column("contypid", of: .constraint)
        columns.constraintParent = column("conparentid", of: .constraint)
        columns.triggerIsInternal = column("tgisinternal", of: .trigger)
        columns.triggerConstraint = column("tgconstraint", of: .trigger)
        columns.triggerFunction = column("tgfoid", of: .trigger)
        columns.element = column("typelem", of: .type)
        columns.category = column("typcategory", of: .type)
        columns.typeRelation = column("typrelid", of: .type)
        columns.labelOID = column("oid", of: .enumLabel)
        columns.label = column("enumlabel", of: .enumLabel)
        columns.dependent = column("classid", of: .depend)
        columns.dependency = column("deptype", of: .depend)
        columns.isValid = column("indisvalid", of: .index)
        columns.parent = column("inhparent", of: .inherits)
        columns.described = column("classoid", of: .description)
        columns.labelled = column("classoid", of: .securityLabel)
        columns.ownerName = column(CatalogTable.ownerName, of: .database)
        columns.currentUser = column(CatalogTable.currentUser, of: .database)
        columns.currentUserName = column("current_user", of: .database)
        columns.firstSign = column(CatalogTable.signs[0].size, of: .database)
        columns.triggerIsEnabled = column("tgenabled", of: .trigger)
        columns.argumentTypes = column("proargtypes", of: .function)
        columns.hasBody = column("prosqlbody IS NOT NULL", of: .function)
        columns.castTarget = column("casttarget", of: .cast)
        return columns
    }

    var statements: SQL { SQL(joining: entries.map(\.table.statement), separator: "; ") }
}
