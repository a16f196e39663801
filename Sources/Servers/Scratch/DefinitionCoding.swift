internal import FleetModel

/// How the objects of a state read, as bytes: kept beside the replay that led to it.
enum DefinitionCoding {
    private static let mark = Array("reconcile definitions \(NodeCoding.version)\n".utf8)

    static func encode(_ definitions: [ObjectID: Definition]) -> [UInt8] {
        var writer = ByteWriter()
        writer.list(definitions.sorted { $0.key < $1.key }) { writer, item in
            writer.object(item.key)
            writer.text(item.value.text)
            writer.optional(item.value.owner) { $0.text($1) }
            writer.optional(item.value.grants) { $0.text($1) }
        }
        return mark + Fingerprint(of: writer.bytes).bytes + writer.bytes
    }

    /// Nil where the bytes are not what `encode` gave.
    static func decode(_ bytes: [UInt8]) -> [ObjectID: Definition]? {
        guard bytes.starts(with: mark), bytes.count > mark.count + 32 else { return nil }
        let body = bytes[(mark.count + 32)...]
        let noted = bytes[mark.count..<mark.count + 32].withUnsafeBytes { Fingerprint(bytes: $0) }
        guard noted == Fingerprint(of: body) else { return nil }
        return body.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            guard let items = reader.list({ $0.definition() }), reader.isAtEnd else { return nil }
            return Dictionary(items, uniquingKeysWith: { first, _ in first })
        }
    }
}

extension ByteReader {
    fileprivate mutating func definition() -> (ObjectID, Definition)? {
        guard let id = object(), let text = text(), let owner = optionalText(), let grants = optionalText() else {
            return nil
        }
        return (id, Definition(text: text, owner: owner, grants: grants))
    }

    /// The outer nil: less than asked for.
    private mutating func optionalText() -> String?? {
        guard let isThere = byte() else { return nil }
        guard isThere == 1 else { return .some(nil) }
        return text().map { .some($0) }
    }
}
