import FleetModel
import Migrations

extension ManifestDecoder {
    mutating func decodeClass(_ document: YAMLNode) {
        let allowed = [
            "apiVersion", "kind", "name", "description", "migrations", "tables", "expects", "create", "init", "checks",
            "drift",
        ]
        guard let fields = fields(of: document, "the class", allowed: allowed) else { return }
        let name = required("name", in: fields).flatMap { label($0) }
        if let name {
            declared.classNames.append(name)
        } else {
            declared.isComplete = false
        }
        let description = fields["description"].flatMap { text($0, "description")?.value }
        let migrations = required("migrations", in: fields).flatMap { _ in
            fields.pair("migrations").flatMap { migrationSource($0) }
        }
        let tables = fields["tables"].flatMap { tableNames($0) }
        let expects = fields.pair("expects").flatMap { expectation($0) }
        let create = fields.pair("create").flatMap { creationOptions($0) } ?? CreationOptions()
        let initScripts = fields["init"].flatMap { list($0, "init") }?.compactMap { fileInRoot($0, "init") } ?? []
        let checks = fields["checks"].flatMap { databaseChecks($0) } ?? []
        let drift = drift(fields.pair("drift"), mayNameClass: false)
        guard let name, let migrations else { return }
        declared.classes.append(
            DatabaseClass(
                name: name,
                description: description,
                migrations: migrations,
                tables: tables,
                create: create,
                initScripts: initScripts,
                checks: checks,
                drift: drift,
                expects: expects
            )
        )
    }

    private mutating func migrationSource(_ pair: YAMLPair) -> MigrationSource? {
        let allowed = ["directory", "format", "schema", "table", "role", "searchPath"]
        guard let fields = fields(of: pair.value, "\"migrations\"", at: pair.key.range, allowed: allowed) else {
            return nil
        }
        let directory = required("directory", in: fields).flatMap { folderInRoot($0, "directory") }
        let format = required("format", in: fields).flatMap { migrationFormat($0) }
        let schema = fields["schema"].flatMap { self.name($0, "schema")?.value }
        let table = fields["table"].flatMap { self.name($0, "table")?.value }
        let role = fields["role"].flatMap { self.name($0, "role")?.value }
        let searchPath = fields["searchPath"].flatMap { text($0, "searchPath")?.value }
        guard let directory, let format else { return nil }
        let runAs: MigrationSource.RunAs =
            switch role {
            case nil, "owner": .owner
            case "login": .login
            case let role?: .role(role)
            }
        return MigrationSource(
            directory: directory,
            format: format,
            historySchema: schema,
            historyTable: table,
            role: runAs,
            searchPath: searchPath ?? MigrationSource.defaultSearchPath
        )
    }

    private mutating func migrationFormat(_ node: YAMLNode) -> MigrationSource.Format? {
        guard let word = text(node, "format") else { return nil }
        let known = MigrationSource.Format.all + [.auto]
        if let format = known.first(where: { $0.name == word.value }) { return format }
        wrongValue(word, "format", allowed: known.map(\.name))
        return nil
    }

    private mutating func tableNames(_ node: YAMLNode) -> [Located<TableName>]? {
        guard let items = list(node, "tables") else { return nil }
        var tables: [Located<TableName>] = []
        for item in items {
            guard let table = tableName(item) else { continue }
            if tables.contains(where: { $0.value == table.value }) {
                fault(.duplicateName, "table \(quoted(table.value.description)) is listed twice", at: table.range)
            } else {
                tables.append(table)
            }
        }
        return tables
    }

    private mutating func tableName(_ node: YAMLNode) -> Located<TableName>? {
        guard let written = text(node, "tables") else { return nil }
        let parts = written.value.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, !parts.contains("") else {
            fault(
                .wrongValue,
                "\(quoted(written.value)) is not the name of a table",
                at: written.range,
                hint: "write \"table\" or \"schema.table\", without quotes of SQL"
            )
            return nil
        }
        if let long = parts.first(where: { $0.utf8.count > 63 }) {
            fault(
                .nameTooLong,
                "the name \(quoted(long)) is \(long.utf8.count) bytes long, PostgreSQL keeps 63",
                at: written.range
            )
            return nil
        }
        let table =
            parts.count == 2
            ? TableName(schema: String(parts[0]), name: String(parts[1])) : TableName(name: String(parts[0]))
        return Located(table, at: written.range)
    }

    private mutating func creationOptions(_ pair: YAMLPair) -> CreationOptions? {
        let allowed = ["owner", "encoding", "locale", "template", "extensions"]
        guard let fields = fields(of: pair.value, "\"create\"", at: pair.key.range, allowed: allowed) else {
            return nil
        }
        var options = CreationOptions()
        options.owner = fields["owner"].flatMap { name($0, "owner")?.value }
        options.encoding = fields["encoding"].flatMap { text($0, "encoding")?.value }
        options.locale = fields["locale"].flatMap { text($0, "locale")?.value }
        if let template = fields["template"].flatMap({ name($0, "template")?.value }) { options.template = template }
        options.extensions = fields["extensions"].flatMap { names($0, "extensions") }?.map(\.value) ?? []
        return options
    }

    private mutating func databaseChecks(_ node: YAMLNode) -> [DatabaseCheck]? {
        guard let items = list(node, "checks") else { return nil }
        var checks: [DatabaseCheck] = []
        for item in items {
            guard let fields = fields(of: item, "the check", allowed: ["name", "sql"]) else { continue }
            let name = required("name", in: fields).flatMap { text($0, "name") }
            let sql = required("sql", in: fields).flatMap { text($0, "sql") }
            guard let name, let sql else { continue }
            if checks.contains(where: { $0.name == name.value }) {
                fault(.duplicateName, "there are two checks \(quoted(name.value))", at: name.range)
            } else {
                checks.append(DatabaseCheck(name: name.value, sql: sql.value, range: item.range))
            }
        }
        return checks
    }
}
