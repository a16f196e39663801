internal import FleetModel

/// A replay's node as bytes: a mark, a digest of what follows, and then every field in turn.
///
/// Much quicker to read than JSON; a fleet's plan reads dozens of nodes of hundreds of objects before it does anything.
enum NodeCoding {
    /// Raised with every change of what is written or measured: an older file is then no file.
    static let version = 3
    private static let mark = Array("reconcile scratch \(version)\n".utf8)

    static func encode(_ node: ReplayNode) -> [UInt8] {
        var writer = ByteWriter()
        switch node {
        case .reached(let catalog, let migration):
            writer.byte(migration == nil ? 0 : 1)
            writer.catalog(catalog)
            if let migration { writer.migration(migration) }
        case .failed(let line, let message):
            writer.byte(2)
            writer.number(line ?? 0)
            writer.text(message)
        }
        return sealed(writer)
    }

    static func sealed(_ writer: ByteWriter) -> [UInt8] { mark + Fingerprint(of: writer.bytes).bytes + writer.bytes }

    /// What `sealed` closed; nil where it was cut short, changed, or is of another version.
    static func opened(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        guard bytes.starts(with: mark), bytes.count > mark.count + 32 else { return nil }
        let body = bytes[(mark.count + 32)...]
        let noted = bytes[mark.count..<mark.count + 32].withUnsafeBytes { Fingerprint(bytes: $0) }
        return noted == Fingerprint(of: body) ? body : nil
    }

    /// Nil where the bytes are not what `encode` gave: cut short, changed, or of another version.
    static func decode(_ bytes: [UInt8]) -> ReplayNode? {
        guard let body = opened(bytes) else { return nil }
        return body.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            let node: ReplayNode? =
                switch reader.byte() {
                case 0: reader.catalog().map { .reached($0, nil) }
                case 1: reader.catalog().flatMap { catalog in reader.migration().map { .reached(catalog, $0) } }
                case 2: reader.failure()
                default: nil
                }
            return reader.isAtEnd ? node : nil
        }
    }
}

extension ByteWriter {
    mutating func table(_ name: TableName) {
        text(name.schema)
        text(name.name)
    }

    mutating func object(_ id: ObjectID) {
        byte(UInt8(ByteReader.kinds.firstIndex(of: id.kind) ?? 0))
        optional(id.schema) { $0.text($1) }
        text(id.name)
    }

    fileprivate mutating func catalog(_ catalog: Catalog) {
        raw(catalog.fingerprint.bytes + catalog.privileges.bytes + catalog.columnOrder.bytes)
        list(catalog.objects) { writer, object in
            writer.object(object.id)
            writer.raw(object.definition.bytes)
            writer.optional(object.privileges) { $0.raw($1.bytes) }
        }
        list(catalog.tables) { $0.table($1) }
        list(catalog.invalidIndexes) { $0.object($1) }
        list(catalog.notInspected) { $0.text($1) }
        list(Array(catalog.homes)) { writer, home in
            writer.object(home.key)
            writer.table(home.value)
        }
        list(Array(catalog.shapes)) { writer, shape in
            writer.object(shape.key)
            writer.raw(shape.value.bytes)
        }
        list(Array(catalog.columnOrders)) { writer, order in
            writer.table(order.key)
            writer.list(order.value) { $0.text($1) }
        }
    }

    fileprivate mutating func migration(_ migration: MeasuredMigration) {
        text(migration.tag)
        list(migration.statements) { writer, statement in
            writer.text(statement.sql)
            writer.list(statement.locks) { writer, lock in
                writer.table(lock.table)
                writer.text(lock.mode)
            }
            writer.list(Array(statement.effects)) { $0.effect($1) }
        }
        list(Array(migration.renamed)) { writer, pair in
            writer.table(pair.key)
            writer.table(pair.value)
        }
    }

    private mutating func effect(_ effect: MeasuredStatement.Effect) {
        func put(_ code: UInt8, _ name: TableName) {
            byte(code)
            table(name)
        }
        switch effect {
        case .rewrites(let name): put(0, name)
        case .scans(let name): put(1, name)
        case .buildsIndex(let name): put(2, name)
        case .buildsIndexConcurrently(let name): put(3, name)
        case .deletes(let name): put(4, name)
        case .truncates(let name): put(5, name)
        case .updates(let name): put(6, name)
        case .inserts(let name): put(7, name)
        case .drops(let id):
            byte(8)
            object(id)
        case .notTransactional: byte(9)
        case .opaque(let reason):
            byte(10)
            text(reason)
        }
    }
}

extension ByteReader {
    fileprivate static let kinds = Array(ObjectKind.allCases)

    fileprivate mutating func table() -> TableName? {
        guard let schema = text(), let name = text() else { return nil }
        return TableName(schema: schema, name: name)
    }

    mutating func object() -> ObjectID? {
        guard let kind = byte(), kind < Self.kinds.count, let hasSchema = byte() else { return nil }
        var schema: String?
        if hasSchema == 1 {
            schema = text()
            if schema == nil { return nil }
        }
        return text().map { ObjectID(Self.kinds[Int(kind)], schema: schema, name: $0) }
    }

    fileprivate mutating func fingerprint() -> Fingerprint? {
        raw(32).flatMap { Fingerprint(bytes: UnsafeRawBufferPointer(rebasing: $0)) }
    }

    fileprivate mutating func failure() -> ReplayNode? {
        guard let line = number(), let message = text() else { return nil }
        return .failed(line: line == 0 ? nil : line, message: message)
    }

    fileprivate mutating func catalog() -> Catalog? {
        guard let whole = fingerprint(), let privileges = fingerprint(), let order = fingerprint(),
            let objects = list({ $0.catalogObject() }), let tables = list({ $0.table() }),
            let invalid = list({ $0.object() }), let notInspected = list({ $0.text() }),
            let homes = list({ $0.pair({ $0.object() }, { $0.table() }) }),
            let shapes = list({ $0.pair({ $0.object() }, { $0.fingerprint() }) }),
            let orders = list({ $0.pair({ $0.table() }, { $0.list({ $0.text() }) }) })
        else { return nil }
        return Catalog(
            fingerprint: whole,
            privileges: privileges,
            columnOrder: order,
            objects: objects,
            tables: tables,
            invalidIndexes: invalid,
            notInspected: notInspected,
            homes: Dictionary(homes, uniquingKeysWith: { first, _ in first }),
            shapes: Dictionary(shapes, uniquingKeysWith: { first, _ in first }),
            columnOrders: Dictionary(orders, uniquingKeysWith: { first, _ in first })
        )
    }

    private mutating func pair<Left, Right>(
        _ left: (inout ByteReader) -> Left?,
        _ right: (inout ByteReader) -> Right?
    ) -> (Left, Right)? {
        guard let left = left(&self), let right = right(&self) else { return nil }
        return (left, right)
    }

    private mutating func catalogObject() -> CatalogObject? {
        guard let id = object(), let definition = fingerprint(), let hasPrivileges = byte() else { return nil }
        guard hasPrivileges == 1 else { return CatalogObject(id: id, definition: definition) }
        return fingerprint().map { CatalogObject(id: id, definition: definition, privileges: $0) }
    }

    fileprivate mutating func migration() -> MeasuredMigration? {
        guard let tag = text(), let statements = list({ $0.statement() }),
            let renamed = list({ reader -> (TableName, TableName)? in
                guard let old = reader.table(), let new = reader.table() else { return nil }
                return (old, new)
            })
        else { return nil }
        return MeasuredMigration(
            tag: tag,
            statements: statements,
            renamed: Dictionary(renamed, uniquingKeysWith: { first, _ in first })
        )
    }

    private mutating func statement() -> MeasuredStatement? {
        guard let sql = text(), let locks = list({ $0.lock() }), let effects = list({ $0.effect() }) else { return nil }
        return MeasuredStatement(sql: sql, locks: locks, effects: Set(effects))
    }

    private mutating func lock() -> TableLock? {
        guard let name = table(), let mode = text() else { return nil }
        return TableLock(table: name, mode: mode)
    }

    private mutating func effect() -> MeasuredStatement.Effect? {
        switch byte() {
        case 0: table().map { .rewrites($0) }
        case 1: table().map { .scans($0) }
        case 2: table().map { .buildsIndex($0) }
        case 3: table().map { .buildsIndexConcurrently($0) }
        case 4: table().map { .deletes($0) }
        case 5: table().map { .truncates($0) }
        case 6: table().map { .updates($0) }
        case 7: table().map { .inserts($0) }
        case 8: object().map { .drops($0) }
        case 9: .notTransactional
        case 10: text().map { .opaque($0) }
        default: nil
        }
    }
}
