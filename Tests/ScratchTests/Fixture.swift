import Effects
import FleetModel
import Glibc
import Migrations
import Postgres
import Servers
import TestSupport

/// A class and its folder, built from SQL texts.
struct Fixture {
    var databaseClass: DatabaseClass
    var folder: MigrationFolder
    var major: Int

    init(
        _ texts: [String],
        create: CreationOptions = CreationOptions(),
        role: MigrationSource.RunAs = .owner,
        major: Int
    ) {
        let range = SourceRange.somewhere
        let source = MigrationSource(
            directory: Located("/nowhere", at: range),
            format: .drizzle,
            historySchema: "drizzle",
            historyTable: "__drizzle_migrations",
            role: role,
            searchPath: MigrationSource.defaultSearchPath
        )
        databaseClass = DatabaseClass(
            name: Located("tenant", at: range),
            description: nil,
            migrations: source,
            tables: nil,
            create: create,
            initScripts: [],
            checks: []
        )
        let migrations = texts.enumerated().map { index, text in
            let number = String(repeating: "0", count: 4 - String(index).count) + String(index)
            return Migration(
                tag: "\(number)_step",
                number: number,
                text: text,
                sha256: Fingerprint(of: text).hex,
                when: nil,
                isTransactional: !text.contains("reconcile: no-transaction"),
                statements: StatementSplitter.split(text),
                file: "migrations/\(number)_step.sql"
            )
        }
        folder = MigrationFolder(className: "tenant", source: source, migrations: migrations)
        self.major = major
    }

    func request(_ sequence: [Int]) -> ReplayRequest {
        ReplayRequest(className: "tenant", major: major, sequence: sequence)
    }

    func answer(_ scratch: Scratch, _ sequences: [[Int]], roles: [String] = []) async throws -> [Replay] {
        let answers = try await scratch.answer(
            sequences.map(request),
            folders: ["tenant": folder],
            classes: [databaseClass],
            roles: [major: roles]
        )
        return sequences.compactMap { answers[request($0)] }
    }
}

extension SourceRange {
    static let somewhere = SourceRange(
        file: "manifests/tenant.yaml",
        start: SourcePosition(line: 1, column: 1),
        end: SourcePosition(line: 1, column: 2)
    )
}

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        var template = Array("\(TestServer.parent)/rcl-scratch-test-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "no temporary folder")
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    var entries: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            )
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    deinit {
        for entry in entries { unlink("\(path)/\(entry)") }
        rmdir(path)
    }
}

/// A catalog of tables, columns and nothing else: enough to tell versions apart.
let columnsOnly: Scratch.Inspect = { session, historySchema, _ in
    let rows =
        try await session.run(
            """
            SELECT n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
                WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
                AND n.nspname <> \(literal: historySchema) ORDER BY 1, 2, 3
            """
        ).first?.rows ?? Rows(columns: [], values: [])
    var objects: [CatalogObject] = []
    for row in rows {
        objects.append(
            CatalogObject(
                id: ObjectID(.column, schema: row[0], name: "\(row[1] ?? "").\(row[2] ?? "")"),
                definition: Fingerprint(of: row[3] ?? "")
            )
        )
    }
    let tables = Set(rows.map { TableName(schema: $0[0] ?? "", name: $0[1] ?? "") })
    let whole = Fingerprint(of: objects.map { "\($0.id) \($0.definition)" }.joined(separator: "\n"))
    return Catalog(
        fingerprint: whole,
        privileges: whole,
        columnOrder: whole,
        objects: objects,
        tables: tables.sorted()
    )
}
