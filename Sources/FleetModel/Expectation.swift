/// Where the code says what it expects of a class's databases.
package struct Expectation: Sendable, Hashable {
    package enum Source: Sendable, Hashable {
        /// A file of SQL; an absolute path.
        case sql(String)
        /// A program and its arguments, run in `folder`, which prints SQL.
        case command([String], folder: String, timeLimit: Duration)
        /// A TypeScript file with Drizzle's definitions, or a folder of them; an absolute path.
        case drizzle(String, casing: Casing?)
    }

    /// What Drizzle makes of a key that stands for a column without a name of its own.
    package enum Casing: String, Sendable, Hashable, CaseIterable {
        case snakeCase = "snake_case"
        case camelCase
    }

    package var source: Source
    /// Where the manifest says so.
    package var range: SourceRange

    package init(_ source: Source, at range: SourceRange) {
        self.source = source
        self.range = range
    }

    /// A schema is printed in a second or two; a cold start of Node behind a package manager takes some more.
    package static let timeLimit = Duration.seconds(60)
}

/// Names that definitions in code hold: tables with their columns, and enums; nothing of what they are.
package struct ExpectedNames: Sendable, Hashable {
    package struct Table: Sendable, Hashable {
        package var name: TableName
        package var columns: [String]
        /// Whether these are all: a column that is built in a way that was not read may be missing.
        package var isComplete: Bool

        package init(name: TableName, columns: [String], isComplete: Bool = true) {
            self.name = name
            self.columns = columns
            self.isComplete = isComplete
        }
    }

    /// Sorted by name.
    package var tables: [Table]
    /// Sorted by name.
    package var enums: [TableName]
    /// What could not be read, for a reader.
    package var notes: [String]
    /// Whether these are all tables and enums: one whose name is computed is missing.
    package var isComplete: Bool

    package init(tables: [Table], enums: [TableName], notes: [String] = [], isComplete: Bool = true) {
        self.tables = tables
        self.enums = enums
        self.notes = notes
        self.isComplete = isComplete
    }

    /// The kinds of objects that it names.
    package static let kinds: Set<ObjectKind> = [.table, .column, .enumeration]

    /// The tables it names.
    package var tableObjects: [ObjectID] { tables.map { ObjectID(.table, schema: $0.name.schema, name: $0.name.name) } }

    package var objects: Set<ObjectID> {
        var all = Set(enums.map { ObjectID(.enumeration, schema: $0.schema, name: $0.name) })
        for table in tables {
            all.insert(ObjectID(.table, schema: table.name.schema, name: table.name.name))
            for column in table.columns {
                all.insert(ObjectID(.column, schema: table.name.schema, name: "\(table.name.name).\(column)"))
            }
        }
        return all
    }
}

/// What the code expects, as far as it could be told.
package enum ExpectedSchema: Sendable {
    /// Loaded on scratch, so everything can be compared; with words where it differs from the newest migration.
    case loaded(Catalog, SchemaWords?)
    /// Read from definitions: names and nothing more.
    case names(ExpectedNames)
    /// The SQL or the command is at fault, whichever server it is for.
    case failed(String)
    /// Nothing can be said (no server of the major, a missing extension).
    case unassessed(String)
}

/// Two schemas in the server's own words: what the code expects, and what the migrations make.
package struct SchemaWords: Sendable, Hashable {
    package var code: WordedSchema
    package var migrations: WordedSchema

    package init(code: WordedSchema, migrations: WordedSchema) {
        self.code = code
        self.migrations = migrations
    }
}

/// A schema's objects as the server deparses them, in the order in which they were made.
package struct WordedSchema: Sendable, Hashable {
    package struct Object: Sendable, Hashable {
        package var id: ObjectID
        /// The table it is a part of, or follows.
        package var table: ObjectID?
        /// What it is, for a reader and for DDL: `numeric(10,2) NOT NULL`, `FOREIGN KEY (…) REFERENCES …`.
        package var words: String
        /// What makes it; nil where no one statement does, or where it comes with another object.
        package var creation: String?
        /// Values of an enum, in order.
        package var labels: [String]

        package init(
            id: ObjectID,
            table: ObjectID? = nil,
            words: String,
            creation: String? = nil,
            labels: [String] = []
        ) {
            self.id = id
            self.table = table
            self.words = words
            self.creation = creation
            self.labels = labels
        }
    }

    package var objects: [Object]

    package init(objects: [Object]) {
        self.objects = objects
    }

    package func object(_ id: ObjectID) -> Object? { objects.first { $0.id == id } }
}

/// Of which class, and on which major, something is expected.
package struct ExpectationKey: Sendable, Hashable {
    package var className: String
    package var major: Int

    package init(className: String, major: Int) {
        self.className = className
        self.major = major
    }
}
