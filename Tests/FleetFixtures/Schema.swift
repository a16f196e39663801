package import FleetModel

/// A schema small enough to think about: what a migration of a test makes of it, and what scratch would have measured.
package struct Schema: Sendable, Hashable {
    package private(set) var objects: [ObjectID: String] = [:]
    /// Order matters for `columnOrder` alone.
    private var columns: [String] = []
    package var invalid: Set<ObjectID> = []
    package var privileges = "owner"

    package init() {}

    package var catalog: Catalog {
        let sorted = objects.keys.sorted()
        let text = sorted.map { "\($0)=\(objects[$0] ?? "")" }.joined(separator: "\n")
        return Catalog(
            fingerprint: Fingerprint(of: text),
            privileges: Fingerprint(of: privileges),
            columnOrder: Fingerprint(of: columns.joined(separator: ",")),
            objects: sorted.map {
                CatalogObject(
                    id: $0,
                    definition: Fingerprint(of: objects[$0] ?? ""),
                    privileges: Fingerprint(of: privileges)
                )
            },
            tables: sorted.filter { $0.kind == .table }.map { TableName(schema: $0.schema ?? "public", name: $0.name) },
            invalidIndexes: invalid.sorted()
        )
    }

    package mutating func set(_ id: ObjectID, _ definition: String?) { objects[id] = definition }

    /// Does what the statement says; returns what scratch would have seen.
    package mutating func run(_ statement: Statement) -> MeasuredStatement {
        let before = objects
        var effects: Set<MeasuredStatement.Effect> = []
        var locks: [TableLock] = []
        func lock(_ table: String, _ mode: String) {
            if before[.table(table)] != nil { locks.append(TableLock(table: TableName(name: table), mode: mode)) }
        }
        switch statement {
        case .createTable(let table, let names):
            objects[.table(table)] = "table"
            objects[.index("\(table)_pkey")] = "unique"
            for column in names { add(column, to: table) }
        case .addColumn(let table, let column):
            add(column, to: table)
            lock(table, "AccessExclusiveLock")
        case .dropTable(let table):
            for id in objects.keys
            where id == .table(table) || id.name.hasPrefix("\(table).") || id.name.hasPrefix("\(table)_") {
                objects[id] = nil
            }
            effects.insert(.drops(.table(table)))
            lock(table, "AccessExclusiveLock")
        case .dropColumn(let table, let column):
            objects[.column(table, column)] = nil
            effects.insert(.drops(.column(table, column)))
            lock(table, "AccessExclusiveLock")
        case .rename(let table, let name):
            for (id, definition) in objects where id == .table(table) || id.name.hasPrefix("\(table).") {
                objects[id] = nil
                var renamed = id
                renamed.name = name + id.name.dropFirst(table.count)
                objects[renamed] = definition
            }
            lock(table, "AccessExclusiveLock")
        case .index(let table, let name):
            objects[.index(name)] = "index"
            effects.insert(.buildsIndex(TableName(name: table)))
            lock(table, "ShareLock")
        case .indexConcurrently(let table, let name):
            objects[.index(name)] = "index"
            effects.formUnion([.buildsIndexConcurrently(TableName(name: table)), .notTransactional])
            lock(table, "ShareUpdateExclusiveLock")
        case .changeType(let table, let column, let type):
            objects[.column(table, column)] = type
            effects.formUnion([.rewrites(TableName(name: table)), .scans(TableName(name: table))])
            lock(table, "AccessExclusiveLock")
        case .setNotNull(let table, let column):
            objects[.column(table, column)] = "text not null"
            effects.insert(.scans(TableName(name: table)))
            lock(table, "AccessExclusiveLock")
        case .foreignKey(let table, let other):
            objects[ObjectID(.constraint, schema: "public", name: "\(table).\(table)_\(other)_fk")] = "fk"
            effects.insert(.scans(TableName(name: table)))
            lock(table, "ShareRowExclusiveLock")
            lock(other, "ShareRowExclusiveLock")
        case .function(let name, let body): objects[ObjectID(.function, schema: "public", name: "\(name)()")] = body
        case .extension(let name): objects[ObjectID(.extension, schema: nil, name: name)] = "extension"
        case .type(let name): objects[ObjectID(.enumeration, schema: "public", name: name)] = "enum"
        case .delete(let table):
            effects.insert(.deletes(TableName(name: table)))
            lock(table, "RowExclusiveLock")
        case .truncate(let table):
            effects.insert(.truncates(TableName(name: table)))
            lock(table, "AccessExclusiveLock")
        case .update(let table):
            effects.insert(.updates(TableName(name: table)))
            lock(table, "RowExclusiveLock")
        case .insert(let table):
            effects.insert(.inserts(TableName(name: table)))
            lock(table, "RowExclusiveLock")
        case .procedure: effects.insert(.opaque("a DO block writes rows"))
        case .needs, .failing: break
        }
        return MeasuredStatement(sql: statement.sql, locks: locks, effects: effects)
    }

    private mutating func add(_ column: String, to table: String) {
        objects[.column(table, column)] = "text"
        columns.append("\(table).\(column)")
    }
}

/// What a migration of a test may do.
package enum Statement: Sendable, Hashable {
    case createTable(String, [String])
    case addColumn(String, String)
    case dropTable(String)
    case dropColumn(String, String)
    case rename(String, to: String)
    case index(String, String)
    case indexConcurrently(String, String)
    case changeType(String, String, String)
    case setNotNull(String, String)
    case foreignKey(String, to: String)
    case function(String, String)
    case type(String)
    case `extension`(String)
    case delete(String)
    case truncate(String)
    case update(String)
    case insert(String)
    case procedure
    /// Runs only where a table exists.
    case needs(String)
    case failing(String)

    package var sql: String {
        switch self {
        case .createTable(let table, let columns):
            "CREATE TABLE \"\(table)\" (\n" + columns.map { "\t\"\($0)\" text" }.joined(separator: ",\n") + "\n)"
        case .addColumn(let table, let column): "ALTER TABLE \"\(table)\" ADD COLUMN \"\(column)\" text"
        case .dropTable(let table): "DROP TABLE \"\(table)\""
        case .dropColumn(let table, let column): "ALTER TABLE \"\(table)\" DROP COLUMN \"\(column)\""
        case .rename(let table, let name): "ALTER TABLE \"\(table)\" RENAME TO \"\(name)\""
        case .index(let table, let name): "CREATE INDEX \"\(name)\" ON \"\(table)\" (\"id\")"
        case .indexConcurrently(let table, let name): "CREATE INDEX CONCURRENTLY \"\(name)\" ON \"\(table)\" (\"id\")"
        case .changeType(let table, let column, let type):
            "ALTER TABLE \"\(table)\" ALTER COLUMN \"\(column)\" TYPE \(type)"
        case .setNotNull(let table, let column): "ALTER TABLE \"\(table)\" ALTER COLUMN \"\(column)\" SET NOT NULL"
        case .foreignKey(let table, let other):
            "ALTER TABLE \"\(table)\" ADD CONSTRAINT \"\(table)_\(other)_fk\" FOREIGN KEY (\"\(other)_id\") REFERENCES "
                + "\"\(other)\" (\"id\")"
        case .function(let name, let body): "CREATE OR REPLACE FUNCTION \(name)() RETURNS text RETURN '\(body)'"
        case .extension(let name): "CREATE EXTENSION \"\(name)\""
        case .type(let name): "CREATE TYPE \"\(name)\" AS ENUM ('a', 'b')"
        case .delete(let table): "DELETE FROM \"\(table)\""
        case .truncate(let table): "TRUNCATE \"\(table)\""
        case .update(let table): "UPDATE \"\(table)\" SET \"id\" = \"id\""
        case .insert(let table): "INSERT INTO \"\(table)\" DEFAULT VALUES"
        case .procedure: "DO $$ BEGIN PERFORM tidy(); END $$"
        case .needs(let table): "SELECT 1 FROM \"\(table)\""
        case .failing(let message): "SELECT '\(message)'::int"
        }
    }
}

extension ObjectID {
    package static func table(_ name: String) -> ObjectID { ObjectID(.table, schema: "public", name: name) }
    package static func index(_ name: String) -> ObjectID { ObjectID(.index, schema: "public", name: name) }

    package static func column(_ table: String, _ name: String) -> ObjectID {
        ObjectID(.column, schema: "public", name: "\(table).\(name)")
    }
}
