package import FleetModel

/// One migration file as its folder gives it.
package struct Migration: Sendable, Hashable {
    /// File name without `.sql`: `0001_phase_17`.
    package var tag: String
    /// The leading digits of the tag as written, empty where there are none.
    package var number: String
    /// What runs as a whole: the file without a byte order mark, and with the semicolon that the format's own mark
    /// for the end of a statement lets people leave out.
    package var text: String
    /// Lower-case hexadecimal SHA-256 of the file's bytes.
    package var sha256: String
    /// The format's own checksums: the one it stores, then others that it lets pass; none where it keeps none.
    package var checksums: [String]
    /// Milliseconds since 1970 from the folder's journal; nil where the format has none.
    package var when: Int64?
    /// False where the first lines hold `-- reconcile: no-transaction`, or what the format has for it.
    package var isTransactional: Bool
    /// Whether it runs again when its file changes.
    package var isRepeatable: Bool
    /// The pieces the server will be asked to run one by one when measured, or outside a transaction; joined they are the text.
    package var statements: [StatementText]
    /// Relative to the root, for diagnostics.
    package var file: String
    /// Relative to the migration folder.
    package var path: String

    package init(
        tag: String,
        number: String,
        text: String,
        sha256: String,
        when: Int64?,
        isTransactional: Bool,
        statements: [StatementText],
        file: String,
        path: String? = nil,
        checksums: [String] = [],
        isRepeatable: Bool = false
    ) {
        self.tag = tag
        self.number = number
        self.text = text
        self.sha256 = sha256
        self.when = when
        self.isTransactional = isTransactional
        self.statements = statements
        self.file = file
        self.path = path ?? "\(tag).sql"
        self.checksums = checksums
        self.isRepeatable = isRepeatable
    }
}

/// One statement of a file, and where it begins.
package struct StatementText: Sendable, Hashable {
    /// Without leading and trailing white space and without its semicolon.
    package var sql: String
    /// 1-based line of the file on which the statement's first word stands.
    package var line: Int
    /// The data lines after `COPY … FROM stdin`, without the closing `\.`; nil for all other statements.
    package var copyData: String?

    package init(sql: String, line: Int, copyData: String? = nil) {
        self.sql = sql
        self.line = line
        self.copyData = copyData
    }
}

/// A class's migrations in the order they run on an empty database.
package struct MigrationFolder: Sendable {
    package var className: String
    package var source: MigrationSource
    package var migrations: [Migration]

    package init(className: String, source: MigrationSource, migrations: [Migration]) {
        self.className = className
        self.source = source
        self.migrations = migrations
    }

    /// Position of the migration that a manifest's `version` names (a tag, a number with or without zeros, `latest`).
    package func position(ofVersion version: String) -> Int? {
        guard let last = migrations.indices.last else { return nil }
        if version == "latest" { return last }
        let number = MigrationNumber(version)
        let named =
            migrations.firstIndex { $0.tag == version }
            ?? number.flatMap { number in migrations.firstIndex { MigrationNumber($0.number) == number } }
        // What runs again whenever it changes comes after all others, and is as of the newest.
        return named.map { migrations[($0 + 1)...].allSatisfy(\.isRepeatable) ? last : $0 }
    }

    /// The tag by which a person would name the state after this many migrations.
    package func versionTag(after count: Int) -> String? {
        let done = migrations.prefix(count)
        return (done.last { !$0.isRepeatable } ?? done.last)?.tag
    }
}
