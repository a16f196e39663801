package import FleetModel

/// One node of a manifest as it was written, with both of its ends.
package struct YAMLNode: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        case scalar(YAMLScalar)
        case mapping([YAMLPair])
        case sequence([YAMLNode])
        /// Something that was reported already (an alias, a literal secret): no more is to be said of it.
        case unusable
    }

    package var content: Content
    package var range: SourceRange

    package init(_ content: Content, at range: SourceRange) {
        self.content = content
        self.range = range
    }

    /// Whether it is a plain scalar that YAML reads as null: `~`, `null` or nothing at all.
    var isNull: Bool {
        guard case .scalar(let scalar) = content else { return false }
        return scalar.coreValue == .null
    }

    /// What it is, as a diagnostic would say it.
    var kindName: String {
        switch content {
        case .scalar(let scalar): scalar.coreValue.kindName
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .unusable: "something unusable"
        }
    }
}

/// One key of a mapping with its value.
package struct YAMLPair: Sendable, Hashable {
    package var key: Located<String>
    package var value: YAMLNode

    package init(key: Located<String>, value: YAMLNode) {
        self.key = key
        self.value = value
    }
}

/// A scalar's text, escapes and folding resolved, and how it was written.
package struct YAMLScalar: Sendable, Hashable {
    package enum Style: Sendable, Hashable { case plain, quoted, block }

    package var text: String
    package var style: Style

    package init(_ text: String, style: Style) {
        self.text = text
        self.style = style
    }
}

/// What a scalar is by the core schema of YAML 1.2 (chapter 10.3).
///
/// Not by YAML 1.1, whose rules libyaml leaves to its callers: there `no`, `on` and `22:22` would not be text.
enum CoreValue: Hashable {
    case null
    case bool(Bool)
    /// Nil where the number does not fit.
    case integer(Int?)
    case float
    case text

    var kindName: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer: "a number"
        case .float: "a decimal number"
        case .text: "text"
        }
    }
}

extension YAMLScalar {
    /// What the core schema makes of the scalar; quoted and block scalars are always text.
    var coreValue: CoreValue {
        guard style == .plain else { return .text }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .float
        default: return number
        }
    }

    private var number: CoreValue {
        let bytes = Array(text.utf8)
        if text.hasPrefix("0o"), bytes.count > 2, bytes[2...].allSatisfy({ (0x30...0x37).contains($0) }) {
            return .integer(Int(text.dropFirst(2), radix: 8))
        }
        if text.hasPrefix("0x"), bytes.count > 2, bytes[2...].allSatisfy(\.isHexadecimalDigit) {
            return .integer(Int(text.dropFirst(2), radix: 16))
        }
        var rest = bytes[...]
        if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") { rest.removeFirst() }
        if [".inf", ".Inf", ".INF"].contains(String(decoding: rest, as: UTF8.self)) { return .float }
        let whole = rest.prefix(while: \.isDigit)
        if !whole.isEmpty, whole.count == rest.count { return .integer(Int(text)) }
        rest = rest.dropFirst(whole.count)
        var fraction = rest[rest.startIndex..<rest.startIndex]
        if rest.first == UInt8(ascii: ".") {
            fraction = rest.dropFirst().prefix(while: \.isDigit)
            rest = rest.dropFirst(1 + fraction.count)
        }
        if whole.isEmpty && fraction.isEmpty { return .text }
        if let first = rest.first, first == UInt8(ascii: "e") || first == UInt8(ascii: "E") {
            rest.removeFirst()
            if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest.removeFirst() }
            if rest.isEmpty { return .text }
            rest = rest.drop(while: \.isDigit)
        }
        return rest.isEmpty ? .float : .text
    }
}

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }

    fileprivate var isHexadecimalDigit: Bool {
        isDigit || (0x41...0x46).contains(self) || (0x61...0x66).contains(self)
    }
}
