package import FleetModel

/// A JSON Schema, and what of a document does not conform to it.
///
/// It knows the words of drafts 4, 7 and 2020-12 that the schemas here use; a schema with any other word is refused, so that
/// none is passed over in silence.
package struct JSONSchema: Sendable {
    private let root: JSONValue
    /// Whether keys that a schema does not name are faults where it does not say.
    private let isStrict: Bool
    private static let mostFaults = 10

    private static let notes: Set<String> = [
        "$schema", "$id", "id", "$comment", "title", "description", "default", "examples", "definitions", "$defs",
        "format",
        "markdownDescription",
    ]
    private static let words: Set<String> = [
        "$ref", "type", "enum", "const", "properties", "required", "additionalProperties", "patternProperties",
        "propertyNames", "items", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "minLength",
        "maxLength", "pattern", "minimum", "maximum", "oneOf", "anyOf", "allOf", "not", "if", "then", "else",
    ]

    package struct Fault: Error, CustomStringConvertible {
        package var description: String
    }

    package init(_ schema: JSONValue, isStrict: Bool = false) throws {
        root = schema
        self.isStrict = isStrict
        try Self.check(schema, at: "#")
    }

    /// What does not conform, with its place; empty where all does.
    package func faults(in document: JSONValue) -> [String] {
        var faults: [String] = []
        hold(document, against: root, at: "$", &faults)
        return faults
    }

    private static func check(_ schema: JSONValue, at path: String) throws {
        if case .bool = schema { return }
        guard case .object(let members) = schema else { throw Fault(description: "\(path) is no schema") }
        for member in members {
            guard words.contains(member.key) || notes.contains(member.key) else {
                throw Fault(description: "\(path): the word \"\(member.key)\" is not known here")
            }
            let place = "\(path)/\(member.key)"
            switch member.key {
            case "properties", "patternProperties", "definitions", "$defs":
                for item in member.value.members { try check(item.value, at: "\(place)/\(item.key)") }
            case "oneOf", "anyOf", "allOf":
                for (index, item) in member.value.elements.enumerated() { try check(item, at: "\(place)/\(index)") }
            case "additionalProperties", "propertyNames", "items", "not", "if", "then", "else":
                try check(member.value, at: place)
            default: break
            }
        }
    }

    private func resolve(_ reference: String) -> JSONValue? {
        guard reference.hasPrefix("#") else { return nil }
        return reference.dropFirst().split(separator: "/").reduce(root as JSONValue?) { $0?[String($1)] }
    }

    private func conforms(_ value: JSONValue, to schema: JSONValue) -> Bool {
        var faults: [String] = []
        hold(value, against: schema, at: "", &faults)
        return faults.isEmpty
    }

    private func hold(_ value: JSONValue, against schema: JSONValue, at path: String, _ faults: inout [String]) {
        guard faults.count < Self.mostFaults else { return }
        if schema == false { return faults.append("\(path): nothing is allowed here") }
        for member in schema.members {
            hold(value, against: member.key, member.value, of: schema, at: path, &faults)
        }
    }

    private func hold(
        _ value: JSONValue,
        against word: String,
        _ rule: JSONValue,
        of schema: JSONValue,
        at path: String,
        _ faults: inout [String]
    ) {
        switch word {
        case "$ref":
            guard let target = rule.string.flatMap(resolve) else {
                return faults.append("\(path): \(rule.text) is nowhere")
            }
            hold(value, against: target, at: path, &faults)
        case "type":
            let types = rule.string.map { [$0] } ?? rule.elements.compactMap(\.string)
            if !types.contains(where: value.isOf) { faults.append("\(path): \(value.kind) instead of \(types)") }
        case "enum":
            if !rule.elements.contains(value) { faults.append("\(path): \(value.text) is none of \(rule.text)") }
        case "const": if value != rule { faults.append("\(path): \(value.text) is not \(rule.text)") }
        case "oneOf":
            let count = rule.elements.count { conforms(value, to: $0) }
            if count != 1 { faults.append("\(path): fits \(count) of \(rule.elements.count) alternatives") }
        case "anyOf":
            if !rule.elements.contains(where: { conforms(value, to: $0) }) {
                faults.append("\(path): fits no alternative")
            }
        case "allOf": for part in rule.elements { hold(value, against: part, at: path, &faults) }
        case "not": if conforms(value, to: rule) { faults.append("\(path): is what it must not be") }
        case "if":
            guard let branch = conforms(value, to: rule) ? schema["then"] : schema["else"] else { return }
            hold(value, against: branch, at: path, &faults)
        default:
            switch value {
            case .object(let members): hold(members, against: word, rule, of: schema, at: path, &faults)
            case .array(let values): hold(values, against: word, rule, at: path, &faults)
            case .string(let text): hold(text, against: word, rule, at: path, &faults)
            case .integer(let number):
                guard case .integer(let limit) = rule else { return }
                if word == "minimum", number < limit { faults.append("\(path): \(number) is less than \(limit)") }
                if word == "maximum", number > limit { faults.append("\(path): \(number) is more than \(limit)") }
            case .null, .bool: break
            }
        }
    }

    private func hold(
        _ members: [JSONValue.Member],
        against word: String,
        _ rule: JSONValue,
        of schema: JSONValue,
        at path: String,
        _ faults: inout [String]
    ) {
        switch word {
        case "required":
            for key in rule.elements.compactMap(\.string) where !members.contains(where: { $0.key == key }) {
                faults.append("\(path): \"\(key)\" is missing")
            }
        case "properties":
            for member in members {
                guard let part = rule[member.key] else {
                    let says = schema["additionalProperties"] != nil || schema["patternProperties"] != nil
                    if isStrict, !says { faults.append("\(path): no \"\(member.key)\" is described") }
                    continue
                }
                hold(member.value, against: part, at: "\(path).\(member.key)", &faults)
            }
        case "patternProperties":
            for member in members {
                for pattern in rule.members where member.key.fits(pattern.key) {
                    hold(member.value, against: pattern.value, at: "\(path).\(member.key)", &faults)
                }
            }
        case "additionalProperties":
            for member in members where schema["properties"]?[member.key] == nil {
                let patterns = schema["patternProperties"]?.members ?? []
                if patterns.contains(where: { member.key.fits($0.key) }) { continue }
                hold(member.value, against: rule, at: "\(path).\(member.key)", &faults)
            }
        case "propertyNames": for member in members { hold(.string(member.key), against: rule, at: path, &faults) }
        case "minProperties": if members.count < rule.count { faults.append("\(path): too few keys") }
        case "maxProperties": if members.count > rule.count { faults.append("\(path): too many keys") }
        default: break
        }
    }

    private func hold(
        _ values: [JSONValue],
        against word: String,
        _ rule: JSONValue,
        at path: String,
        _ faults: inout [String]
    ) {
        switch word {
        case "items":
            for (index, value) in values.enumerated() { hold(value, against: rule, at: "\(path)[\(index)]", &faults) }
        case "minItems": if values.count < rule.count { faults.append("\(path): too few") }
        case "maxItems": if values.count > rule.count { faults.append("\(path): too many") }
        case "uniqueItems":
            if rule == true, Set(values).count < values.count { faults.append("\(path): the same twice") }
        default: break
        }
    }

    private func hold(
        _ text: String,
        against word: String,
        _ rule: JSONValue,
        at path: String,
        _ faults: inout [String]
    ) {
        switch word {
        case "pattern":
            if let pattern = rule.string, !text.fits(pattern) {
                faults.append("\(path): \(text) does not fit \(pattern)")
            }
        case "minLength": if text.unicodeScalars.count < rule.count { faults.append("\(path): too short") }
        case "maxLength": if text.unicodeScalars.count > rule.count { faults.append("\(path): too long") }
        default: break
        }
    }
}

extension JSONValue {
    fileprivate var members: [Member] { if case .object(let members) = self { members } else { [] } }
    fileprivate var elements: [JSONValue] { if case .array(let values) = self { values } else { [] } }
    fileprivate var string: String? { if case .string(let text) = self { text } else { nil } }
    fileprivate var count: Int { if case .integer(let number) = self { Int(number) } else { 0 } }

    fileprivate var kind: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    fileprivate func isOf(_ type: String) -> Bool { type == kind || (type == "number" && kind == "integer") }
}

extension String {
    fileprivate func fits(_ pattern: String) -> Bool {
        guard let expression = try? Regex(pattern) else { return false }
        return firstMatch(of: expression) != nil
    }
}
