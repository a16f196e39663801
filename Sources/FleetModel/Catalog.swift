/// Kinds of things a database's catalog holds, as far as they are compared.
package enum ObjectKind: String, Sendable, Hashable, CaseIterable, Comparable {
    case schema, table, foreignTable = "foreign-table", column, constraint, index, sequence, view
    case materializedView = "materialized-view", function, procedure, aggregate, trigger, rule, enumeration = "enum"
    case domain, compositeType = "composite-type", rangeType = "range-type", baseType = "type", policy, `extension`
    case statistics, eventTrigger = "event-trigger", publication, subscription, foreignServer = "foreign-server"
    case foreignDataWrapper = "foreign-data-wrapper", userMapping = "user-mapping", `operator`
    case operatorClass = "operator-class", operatorFamily = "operator-family", cast, collation, conversion
    case language, transform, accessMethod = "access-method", textSearchConfiguration = "text-search-configuration"
    case textSearchDictionary = "text-search-dictionary", textSearchParser = "text-search-parser"
    case textSearchTemplate = "text-search-template", largeObject = "large-object"
    case defaultPrivileges = "default-privileges", comment, securityLabel = "security-label", setting

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What names one object within a database.
package struct ObjectID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var kind: ObjectKind
    /// Nil for what lives in no schema (extensions, schemas themselves).
    package var schema: String?
    /// Unquoted; `table.column` for columns, `table.constraint` for constraints, with argument types for functions.
    package var name: String

    package init(_ kind: ObjectKind, schema: String?, name: String) {
        self.kind = kind
        self.schema = schema
        self.name = name
    }

    package static func < (left: Self, right: Self) -> Bool {
        if left.kind != right.kind { return left.kind < right.kind }
        return (left.schema ?? "", left.name) < (right.schema ?? "", right.name)
    }

    package var description: String { "\(kind.rawValue) \(schema.map { "\($0)." } ?? "")\(name)" }

    /// What a comment or a security label is on; nil for everything else.
    package var remarked: ObjectID? {
        guard kind == .comment || kind == .securityLabel, let blank = name.firstIndex(of: " "),
            let kind = ObjectKind(rawValue: String(name[..<blank]))
        else { return nil }
        var rest = name[name.index(after: blank)...]
        if self.kind == .securityLabel, let by = rest.ranges(of: " by ").last { rest = rest[..<by.lowerBound] }
        return ObjectID(kind, schema: schema, name: String(rest))
    }
}

/// One object and a digest of all that was compared about it, its own name and owner left out.
package struct CatalogObject: Sendable, Hashable {
    package var id: ObjectID
    package var definition: Fingerprint
    /// Owner and grants, recorded relative to the database's owner; nil where the kind has none.
    package var privileges: Fingerprint?

    /// Of what belongs to the database's owner and was never granted to anybody.
    package static let privilegesOfTheStart = Fingerprint(of: "the database's owner, the privileges of the start")

    package init(id: ObjectID, definition: Fingerprint, privileges: Fingerprint? = nil) {
        self.id = id
        self.definition = definition
        self.privileges = privileges
    }
}

/// The canonical catalog of one database: all it holds, in one order.
///
/// Shared by all databases that hold the same.
package final class Catalog: Sendable {
    /// Everything in the catalog a user made or can set, but rows, order of columns, sizes, owners and privileges.
    package let fingerprint: Fingerprint
    /// Owners and privileges alone.
    package let privileges: Fingerprint
    /// The physical order of columns, on which `INSERT … SELECT *` depends.
    package let columnOrder: Fingerprint
    /// Sorted by identity; history schemas and `quarantine_*` left out.
    package let objects: [CatalogObject]
    /// Ordinary and partitioned tables, sorted.
    package let tables: [TableName]
    /// Indexes that an interrupted build left invalid.
    package let invalidIndexes: [ObjectID]
    /// Classes of objects present in the database that were not inspected, for the finding `not-inspected`.
    package let notInspected: [String]
    /// Tables where histories are kept or what was set aside, of no history of the class: not compared either.
    package let leftOut: [TableName]
    /// The tables of indexes, and those that own sequences: nothing in their own names says so.
    package let homes: [ObjectID: TableName]
    /// Of tables with a date in their names and what belongs to them: the definition without that name and without the
    /// bounds of a partition, of which the kind alone counts.
    package let shapes: [ObjectID: Fingerprint]
    /// The columns of each relation in their physical order.
    package let columnOrders: [TableName: [String]]

    package init(
        fingerprint: Fingerprint,
        privileges: Fingerprint,
        columnOrder: Fingerprint,
        objects: [CatalogObject],
        tables: [TableName],
        invalidIndexes: [ObjectID] = [],
        notInspected: [String] = [],
        leftOut: [TableName] = [],
        homes: [ObjectID: TableName] = [:],
        shapes: [ObjectID: Fingerprint] = [:],
        columnOrders: [TableName: [String]] = [:]
    ) {
        self.fingerprint = fingerprint
        self.privileges = privileges
        self.columnOrder = columnOrder
        self.objects = objects
        self.tables = tables
        self.invalidIndexes = invalidIndexes
        self.notInspected = notInspected
        self.leftOut = leftOut
        self.homes = homes
        self.shapes = shapes
        self.columnOrders = columnOrders
    }
}
