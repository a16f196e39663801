internal import FleetModel

/// A place in a document, read as what it must be; what is not names its path.
struct JSONReader {
    private let value: JSONValue?
    private let path: String

    init(_ value: JSONValue?, path: String = "the document") {
        self.value = value
        self.path = path
    }

    subscript(key: String) -> JSONReader { JSONReader(value?[key], path: "\(path).\(key)") }

    private var fault: PlanDocumentError { .malformed(path: path) }

    func string() throws(PlanDocumentError) -> String {
        guard case .string(let text)? = value else { throw fault }
        return text
    }

    func bool() throws(PlanDocumentError) -> Bool {
        guard case .bool(let truth)? = value else { throw fault }
        return truth
    }

    func integer() throws(PlanDocumentError) -> Int64 {
        guard case .integer(let number)? = value else { throw fault }
        return number
    }

    func fingerprint() throws(PlanDocumentError) -> Fingerprint {
        guard let fingerprint = Fingerprint(hex: try string()) else { throw fault }
        return fingerprint
    }

    func timestamp() throws(PlanDocumentError) -> Timestamp {
        guard let timestamp = Timestamp(try string()) else { throw fault }
        return timestamp
    }

    func oid() throws(PlanDocumentError) -> UInt32 {
        guard let oid = UInt32(exactly: try integer()) else { throw fault }
        return oid
    }

    func count() throws(PlanDocumentError) -> Int { Int(try integer()) }

    func word<Word: RawRepresentable<String>>(_ type: Word.Type) throws(PlanDocumentError) -> Word {
        guard let word = Word(rawValue: try string()) else { throw fault }
        return word
    }

    func table() throws(PlanDocumentError) -> (String, String) {
        let text = try string()
        guard let dot = text.firstIndex(of: ".") else { throw fault }
        return (String(text[..<dot]), String(text[text.index(after: dot)...]))
    }

    /// Nil where the key is not there, which is not the same as null.
    func stringIfPresent() throws(PlanDocumentError) -> String? { value == nil ? nil : try string() }

    func optional<Value>(_ read: (JSONReader) throws(PlanDocumentError) -> Value) throws(PlanDocumentError) -> Value? {
        if case .null? = value { return nil }
        return try read(self)
    }

    func list<Value>(_ read: (JSONReader) throws(PlanDocumentError) -> Value) throws(PlanDocumentError) -> [Value] {
        guard case .array(let values)? = value else { throw fault }
        var list: [Value] = []
        for (index, value) in values.enumerated() {
            list.append(try read(JSONReader(value, path: "\(path)[\(index)]")))
        }
        return list
    }

    func optionalString() throws(PlanDocumentError) -> String? {
        try optional { (value) throws(PlanDocumentError) in try value.string() }
    }

    /// The values of an object by their keys, which are names and not words of ours.
    func members<Value>(
        _ read: (JSONReader) throws(PlanDocumentError) -> Value
    ) throws(PlanDocumentError) -> [String: Value] {
        guard case .object(let members)? = value else { throw fault }
        var values: [String: Value] = [:]
        for member in members {
            values[member.key] = try read(JSONReader(member.value, path: "\(path).\(member.key)"))
        }
        return values
    }

    /// What one of those is, named here by its key.
    func looked<Value>(up values: [String: Value]) throws(PlanDocumentError) -> Value {
        guard let value = values[try string()] else { throw fault }
        return value
    }

    func strings() throws(PlanDocumentError) -> [String] {
        try list { (reader) throws(PlanDocumentError) in try reader.string() }
    }

    func words<Word: RawRepresentable<String>>(_ type: Word.Type) throws(PlanDocumentError) -> [Word] {
        try list { (reader) throws(PlanDocumentError) in try reader.word(type) }
    }

    func texts() throws(PlanDocumentError) -> [String: String] {
        guard case .object(let members)? = value else { throw fault }
        var texts: [String: String] = [:]
        for member in members {
            texts[member.key] = try JSONReader(member.value, path: "\(path).\(member.key)").string()
        }
        return texts
    }
}
