internal import FleetModel
internal import Postgres

/// What an OID in a catalog may point to.
///
/// The raw value is part of the key under which an object's name is kept.
enum ObjectClass: UInt8 {
    case schema, relation, type, function, `operator`, collation, language, accessMethod, operatorClass, operatorFamily
    case textSearchConfiguration, textSearchDictionary, textSearchParser, textSearchTemplate, foreignDataWrapper
    case foreignServer, `extension`, tablespace, constraint, trigger, rule, policy, statistics, eventTrigger
    case publication, cast, conversion, transform, enumLabel, largeObject, defaultPrivileges, role, none

    /// By the OID of the catalog that holds it, as `classoid` of `pg_description` has it.
    init?(catalog: UInt32) {
        switch catalog {
        case 2615: self = .schema
        case 1259: self = .relation
        case 1247: self = .type
        case 1255: self = .function
        case 2617: self = .operator
        case 3456: self = .collation
        case 2612: self = .language
        case 2601: self = .accessMethod
        case 2616: self = .operatorClass
        case 2753: self = .operatorFamily
        case 3602: self = .textSearchConfiguration
        case 3600: self = .textSearchDictionary
        case 3601: self = .textSearchParser
        case 3764: self = .textSearchTemplate
        case 2328: self = .foreignDataWrapper
        case 1417: self = .foreignServer
        case 3079: self = .extension
        case 2606: self = .constraint
        case 2620: self = .trigger
        case 2618: self = .rule
        case 3256: self = .policy
        case 3381: self = .statistics
        case 3466: self = .eventTrigger
        case 6104: self = .publication
        case 2605: self = .cast
        case 2607: self = .conversion
        case 3576: self = .transform
        default: return nil
        }
    }
}

/// What one column of a catalog contributes to the canonical form.
enum ColumnForm {
    /// The row's own OID; in a detail, that of the object it belongs to.
    case oid
    case name
    case schema
    /// The OID of a role: the server would look up each name anew.
    case owner
    case access(AccessList.Kind)
    /// The relation that the row is a part of: it comes first in the name, and column numbers are its.
    case relation
    /// The relation whose numbers the row's columns are; no part of the name.
    case table
    /// The column number that goes with the OID of a detail.
    case columnNumber
    /// One character that decides on the kind.
    case kind
    /// Orders the details of one object; its value does not count.
    case ordinal
    /// As it stands.
    case value
    /// Of an OID only whether it is one.
    case isSet
    case reference(ObjectClass)
    /// `1 2 3` or `{1,2,3}`.
    case references(ObjectClass)
    /// Column numbers of the row's relation, in an order that matters.
    case columns
    /// Column numbers of the row's relation, in an order that does not.
    case columnSet
    /// Column numbers of another relation, whose OID stands in the column at this place.
    case columnsOf(place: Int)
    /// A text array in an order that does not matter.
    case set
    /// As `set`, of what was set on a column.
    case columnOptions
    /// Names of roles as an array of `regrole`.
    case roles
    /// A `pg_node_tree`.
    case tree
    /// In the server's own words.
    case text
    /// Read for its own sake.
    case unused
}

/// A column as it is asked for.
struct CatalogColumn {
    var sql: SQL
    var form: ColumnForm
    /// The first and last major versions that have it.
    var majors: ClosedRange<Int>

    init(_ sql: SQL, _ form: ColumnForm = .value, _ majors: ClosedRange<Int> = 14...99) {
        self.sql = sql
        self.form = form
        self.majors = majors
    }
}

/// One catalog: which columns are asked for and what its rows are.
struct CatalogTable {
    enum Role {
        /// Every row is an object of its own.
        case object(ObjectClass, ObjectKind)
        /// Every row is a part of an object of this class.
        case detail(ObjectClass)
        /// Read by code of its own.
        case special
    }

    var id: Identifier
    var role: Role
    var name: SQL
    var columns: [CatalogColumn]
    var filter: SQL?
    var majors: ClosedRange<Int>

    enum Identifier: Int, CaseIterable {
        case namespace, relation, attribute, attributeDefault, constraint, index, type, enumLabel, range, function
        case aggregate, trigger, rewrite, sequence, inherits, partitioned, policy, `extension`, statistics
        case eventTrigger, publication, publicationRelation, publicationNamespace, foreignDataWrapper, foreignServer
        case foreignTable, `operator`, operatorClass, operatorFamily, accessOperator, accessFunction, cast, collation
        case conversion, language, transform, accessMethod, textSearchConfiguration, textSearchMap
        case textSearchDictionary, textSearchParser, textSearchTemplate, tablespace
        case ruleText, functionBody, role, database, depend, description, securityLabel, defaultPrivileges, largeObject,
            subscription
    }

    init(
        _ id: Identifier,
        _ role: Role,
        _ name: SQL,
        where filter: SQL? = nil,
        majors: ClosedRange<Int> = 14...99,
        _ columns: [CatalogColumn]
    ) {
        self.id = id
        self.role = role
        self.name = name
        self.columns = columns
        self.filter = filter
        self.majors = majors
    }

    /// For one major version, which decides on the columns.
    func resolved(major: Int) -> CatalogTable? {
        guard majors.contains(major) else { return nil }
        var copy = self
        copy.columns = columns.filter { $0.majors.contains(major) }
        return copy
    }

    /// `COPY` of a bare table skips the planner; whatever is computed or filtered cannot.
    var statement: SQL {
        let list = SQL(joining: columns.map(\.sql))
        let isPlain =
            filter == nil
            && columns.allSatisfy { column in
                column.sql.text.utf8.allSatisfy { ($0 >= 97 && $0 <= 122) || $0 == 95 }
            }
        if isPlain { return "COPY \(name) (\(list)) TO STDOUT" }
        guard let filter else { return "COPY (SELECT \(list) FROM \(name)) TO STDOUT" }
        return "COPY (SELECT \(list) FROM \(name) WHERE \(filter)) TO STDOUT"
    }

    func place(where matches: (ColumnForm) -> Bool) -> Int? { columns.firstIndex { matches($0.form) } }
}
