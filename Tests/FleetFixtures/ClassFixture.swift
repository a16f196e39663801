package import FleetModel
package import Migrations

/// A class of databases with its folder, for tests.
package struct ClassFixture: Sendable {
    package struct File: Sendable {
        package var tag: String
        package var statements: [Statement]
        package var isTransactional: Bool

        package init(_ tag: String, _ statements: [Statement], isTransactional: Bool = true) {
            self.tag = tag
            self.statements = statements
            self.isTransactional = isTransactional
        }
    }

    package var name: String
    package var files: [File]
    package var initScripts: [String] = []
    package var checks: [DatabaseCheck] = []
    package var create = CreationOptions()
    package var format = MigrationSource.Format.drizzle
    /// Where scratch cannot go on, and why.
    package var unassessed: (tag: String, reason: String)?

    package init(_ name: String, _ files: [File]) {
        self.name = name
        self.files = files
    }

    private static let nowhere = SourceRange.beginning(of: "manifests/test.yaml")

    package var databaseClass: DatabaseClass {
        DatabaseClass(
            name: Located(name, at: Self.nowhere),
            description: nil,
            migrations: source,
            tables: nil,
            create: create,
            initScripts: initScripts.map { Located($0, at: Self.nowhere) },
            checks: checks
        )
    }

    private var source: MigrationSource {
        MigrationSource(
            directory: Located("/root/migrations/\(name)", at: Self.nowhere),
            format: format,
            historySchema: "drizzle",
            historyTable: "__drizzle_migrations",
            role: .owner,
            searchPath: MigrationSource.defaultSearchPath
        )
    }

    package var folder: MigrationFolder {
        MigrationFolder(
            className: name,
            source: source,
            migrations: files.map { file in
                let text = file.statements.map(\.sql).joined(separator: ";\n")
                return Migration(
                    tag: file.tag,
                    number: String(file.tag.prefix { $0.isNumber }),
                    text: text,
                    sha256: Fingerprint(of: text).hex,
                    when: nil,
                    isTransactional: file.isTransactional,
                    statements: file.statements.indices.map {
                        StatementText(sql: file.statements[$0].sql, line: file.line(of: $0))
                    },
                    file: "migrations/\(name)/\(file.tag).sql"
                )
            }
        )
    }

    /// The schema after these migrations.
    package func schema(after positions: some Sequence<Int>) -> Schema {
        var schema = Schema()
        for statement in positions.flatMap({ files[$0].statements }) { _ = schema.run(statement) }
        return schema
    }

    /// What scratch would answer.
    package func answer(_ request: ReplayRequest) -> Replay {
        var schema = Schema()
        var replay = Replay(states: [schema.catalog], migrations: [], end: .complete)
        for (place, position) in request.sequence.enumerated() {
            let file = files[position]
            if let unassessed, unassessed.tag == file.tag {
                replay.end = .unassessed(at: place, reason: unassessed.reason)
                return replay
            }
            var measured: [MeasuredStatement] = []
            for (index, statement) in file.statements.enumerated() {
                if let message = statement.failure(in: schema) {
                    replay.end = .failed(at: place, message: message)
                    replay.failureLine = file.line(of: index)
                    return replay
                }
                measured.append(schema.run(statement))
            }
            replay.migrations.append(
                MeasuredMigration(tag: file.tag, statements: measured, renamed: file.renamed(leading: schema))
            )
            replay.states.append(schema.catalog)
        }
        return replay
    }
}

extension ClassFixture.File {
    /// The statements stand one below the other.
    fileprivate func line(of index: Int) -> Int {
        1 + statements.prefix(index).reduce(0) { $0 + 1 + $1.sql.count { $0 == "\n" } }
    }

    fileprivate func renamed(leading schema: Schema) -> [TableName: TableName] {
        var renamed: [TableName: TableName] = [:]
        for case .rename(let old, let new) in statements where schema.objects[.table(new)] != nil {
            renamed[TableName(name: old)] = TableName(name: new)
        }
        return renamed
    }
}

extension Statement {
    fileprivate func failure(in schema: Schema) -> String? {
        switch self {
        case .failing(let message): message
        case .needs(let table), .addColumn(let table, _), .dropTable(let table), .index(let table, _):
            schema.objects[.table(table)] == nil ? "relation \"\(table)\" does not exist" : nil
        default: nil
        }
    }
}
