internal import FleetModel

/// Two schemas' words as bytes, in the same wrapping as a replay's nodes.
extension NodeCoding {
    static func encode(_ words: SchemaWords) -> [UInt8] {
        var writer = ByteWriter()
        writer.schema(words.code)
        writer.schema(words.migrations)
        return sealed(writer)
    }

    static func words(_ bytes: [UInt8]) -> SchemaWords? {
        guard let body = opened(bytes) else { return nil }
        return body.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            guard let code = reader.schema(), let migrations = reader.schema(), reader.isAtEnd else { return nil }
            return SchemaWords(code: code, migrations: migrations)
        }
    }
}

extension ByteWriter {
    fileprivate mutating func schema(_ schema: WordedSchema) {
        list(schema.objects) { writer, object in
            writer.object(object.id)
            writer.optional(object.table) { $0.object($1) }
            writer.text(object.words)
            writer.optional(object.creation) { $0.text($1) }
            writer.list(object.labels) { $0.text($1) }
        }
    }
}

extension ByteReader {
    fileprivate mutating func schema() -> WordedSchema? {
        list { $0.worded() }.map { WordedSchema(objects: $0) }
    }

    private mutating func worded() -> WordedSchema.Object? {
        guard let id = object(), let hasTable = byte() else { return nil }
        var table: ObjectID?
        if hasTable == 1 {
            guard let read = object() else { return nil }
            table = read
        }
        guard let words = text(), let hasCreation = byte() else { return nil }
        var creation: String?
        if hasCreation == 1 {
            guard let read = text() else { return nil }
            creation = read
        }
        return list { $0.text() }.map {
            WordedSchema.Object(id: id, table: table, words: words, creation: creation, labels: $0)
        }
    }
}
