/// What every database of one class must look like.
package struct DatabaseClass: Sendable {
    package var name: Located<String>
    package var description: String?
    package var migrations: MigrationSource
    /// The tables the class owns at its latest version, where the manifest lists them.
    package var tables: [Located<TableName>]?
    package var create: CreationOptions
    /// SQL files (absolute paths), run once when a database is created or rebuilt.
    package var initScripts: [Located<String>]
    package var checks: [DatabaseCheck]
    /// Where the code says what it expects; nil where the manifest names nothing.
    package var expects: Expectation?
    /// Differences that do not count in any environment.
    package var drift: DriftRules

    package init(
        name: Located<String>,
        description: String?,
        migrations: MigrationSource,
        tables: [Located<TableName>]?,
        create: CreationOptions,
        initScripts: [Located<String>],
        checks: [DatabaseCheck],
        drift: DriftRules = .none,
        expects: Expectation? = nil
    ) {
        self.name = name
        self.description = description
        self.migrations = migrations
        self.tables = tables
        self.create = create
        self.initScripts = initScripts
        self.checks = checks
        self.expects = expects
        self.drift = drift
    }
}

/// Where a class's migrations and their history are kept, and how they run.
package struct MigrationSource: Sendable {
    /// Whose layout and whose history: one of those that `Migrations` knows, or `auto`.
    package struct Format: Sendable, Hashable {
        /// As the manifest names it.
        package var name: String
        /// Where the history is kept when the manifest is silent.
        package var defaultSchema: String
        package var defaultTable: String

        package init(name: String, defaultSchema: String, defaultTable: String) {
            self.name = name
            self.defaultSchema = defaultSchema
            self.defaultTable = defaultTable
        }

        /// Whatever the folder turns out to be; known once it was looked at.
        package static let auto = Format(name: "auto", defaultSchema: "", defaultTable: "")
    }

    /// Who a migration's statements run as.
    package enum RunAs: Sendable, Hashable {
        /// The database's owner.
        case owner
        /// The role we log in as.
        case login
        case role(String)
    }

    /// Absolute path.
    package var directory: Located<String>
    package var format: Format
    /// Schema and name of the history table, where the manifest says them.
    package var declaredSchema: String?
    package var declaredTable: String?
    package var role: RunAs
    package var searchPath: String

    package init(
        directory: Located<String>,
        format: Format,
        historySchema: String?,
        historyTable: String?,
        role: RunAs,
        searchPath: String
    ) {
        self.directory = directory
        self.format = format
        declaredSchema = historySchema
        declaredTable = historyTable
        self.role = role
        self.searchPath = searchPath
    }

    package var historySchema: String { declaredSchema ?? format.defaultSchema }
    package var historyTable: String { declaredTable ?? format.defaultTable }

    package static let defaultSearchPath = "\"$user\", public"
}

/// How a database of the class is created; nil means the server's own default.
package struct CreationOptions: Sendable, Hashable {
    package var owner: String?
    package var encoding: String?
    package var locale: String?
    /// `template0` unless the manifest says otherwise.
    package var template: String
    package var extensions: [String]

    package init(
        owner: String? = nil,
        encoding: String? = nil,
        locale: String? = nil,
        template: String = "template0",
        extensions: [String] = []
    ) {
        self.owner = owner
        self.encoding = encoding
        self.locale = locale
        self.template = template
        self.extensions = extensions
    }
}

/// A question that must be answered `true` after every apply.
package struct DatabaseCheck: Sendable, Hashable {
    package var name: String
    package var sql: String
    package var range: SourceRange

    package init(name: String, sql: String, range: SourceRange) {
        self.name = name
        self.sql = sql
        self.range = range
    }
}

/// A table's schema and name, unquoted.
package struct TableName: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var schema: String
    package var name: String

    package init(schema: String = "public", name: String) {
        self.schema = schema
        self.name = name
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.schema, left.name) < (right.schema, right.name)
    }

    package var description: String { "\(schema).\(name)" }
}
