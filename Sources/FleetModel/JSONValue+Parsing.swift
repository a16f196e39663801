/// Why a text is not JSON as reconcile reads it.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Bytes before the place.
    package var offset: Int
    package var message: String

    package var description: String { "\(message) at byte \(offset)" }
}

extension JSONValue {
    /// Reads one document strictly: UTF-8, no duplicate keys, no fractions, no half surrogate pairs, nothing after it.
    package init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
        let bytes = Array(bytes)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw JSONError(offset: 0, message: "the text is not UTF-8")
        }
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    var at = 0
    var depth = 0

    /// Deeper documents are nothing of ours and would exhaust the stack.
    private static let deepest = 64
    /// Beyond this, readers that keep numbers as doubles would see another one (RFC 7493).
    private static let largest: Int64 = (1 << 53) - 1

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() throws(JSONError) -> JSONValue {
        skipBlanks()
        let value = try value()
        skipBlanks()
        guard at == bytes.count else { throw fault("more text after the document") }
        return value
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private func fault(_ message: String) -> JSONError { JSONError(offset: at, message: message) }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { at += 1 }
    }

    private mutating func take(_ word: String) -> Bool {
        guard bytes[at...].starts(with: word.utf8) else { return false }
        at += word.utf8.count
        return true
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        switch next {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case let byte? where byte == UInt8(ascii: "-") || (48...57).contains(byte): return .integer(try integer())
        default:
            if take("null") { return .null }
            if take("true") { return .bool(true) }
            if take("false") { return .bool(false) }
            throw fault(next == nil ? "the text ends too early" : "no value begins here")
        }
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        guard depth <= Self.deepest else { throw fault("nested too deeply") }
        at += 1
        skipBlanks()
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        try enter()
        var members: [JSONValue.Member] = []
        var keys: Set<[UInt8]> = []
        if take("}") {
            depth -= 1
            return .object([])
        }
        while true {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw fault("a key must begin here") }
            let key = try string()
            guard keys.insert(Array(key.utf8)).inserted else { throw fault("the key \"\(key)\" stands here twice") }
            skipBlanks()
            guard take(":") else { throw fault("a colon must stand here") }
            skipBlanks()
            members.append(JSONValue.Member(key, try value()))
            skipBlanks()
            if take("}") { break }
            guard take(",") else { throw fault("a comma or a closing brace must stand here") }
        }
        depth -= 1
        return .object(members)
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        try enter()
        var values: [JSONValue] = []
        if take("]") {
            depth -= 1
            return .array([])
        }
        while true {
            skipBlanks()
            values.append(try value())
            skipBlanks()
            if take("]") { break }
            guard take(",") else { throw fault("a comma or a closing bracket must stand here") }
        }
        depth -= 1
        return .array(values)
    }

    private mutating func integer() throws(JSONError) -> Int64 {
        let start = at
        if next == UInt8(ascii: "-") { at += 1 }
        let digits = at
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { at += 1 }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if let byte = next, byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e") {
            throw fault("only whole numbers are read")
        }
        guard at > digits, bytes[digits] != UInt8(ascii: "0") || text == "0", let value = Int64(text),
            value.magnitude <= Self.largest.magnitude
        else { throw JSONError(offset: start, message: "\(text) is no number that can be read") }
        return value
    }

    private mutating func string() throws(JSONError) -> String {
        at += 1
        var text: [UInt8] = []
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += String(try escaped()).utf8
            case 0..<0x20: throw fault("a control character must be escaped")
            default: text.append(byte)
            }
        }
        throw fault("a string is not closed")
    }

    private mutating func escaped() throws(JSONError) -> Character {
        guard let byte = next else { throw fault("a string is not closed") }
        at += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            var code = UInt32(try unit())
            if (0xD800..<0xDC00).contains(code), take("\\u") {
                let low = UInt32(try unit())
                guard (0xDC00..<0xE000).contains(low) else { throw fault("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair") }
            return Character(scalar)
        default: throw fault("no such escape")
        }
    }

    private mutating func unit() throws(JSONError) -> UInt16 {
        guard at + 4 <= bytes.count else { throw fault("a string is not closed") }
        let text = bytes[at..<(at + 4)]
        guard text.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }),
            let value = UInt16(String(decoding: text, as: UTF8.self), radix: 16)
        else { throw fault("four hexadecimal digits must stand here") }
        at += 4
        return value
    }
}
