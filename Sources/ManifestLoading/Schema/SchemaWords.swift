package import FleetModel

/// The two kinds of manifests as JSON Schemas, so that an editor completes and checks them while they are written.
///
/// Draft 7, which editors know. A schema cannot say all that the loader checks (`reconcile validate` does); what the loader
/// takes, it never calls wrong.
package enum ManifestSchema: String, CaseIterable, Sendable {
    case environment
    case databaseClass = "class"

    package var document: JSONValue {
        switch self {
        case .environment: EnvironmentSchema.document
        case .databaseClass: ClassSchema.document
        }
    }
}

/// What both schemas are made of.
enum SchemaWords {
    /// Where text is wanted, YAML's plain `1`, `0001` and `true` are text as well.
    static let textTypes: JSONValue = ["string", "number", "boolean"]

    static func text(_ description: String, _ more: JSONValue.Member...) -> JSONValue {
        .object([.init("description", .string(description)), .init("type", textTypes)] + more)
    }

    /// A name as PostgreSQL keeps it.
    static func name(_ description: String) -> JSONValue {
        text(description, .init("minLength", 1), .init("maxLength", 63))
    }

    static func flag(_ description: String) -> JSONValue {
        ["description": .string(description), "type": "boolean"]
    }

    static func number(_ description: String, from least: Int, to most: Int? = nil) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("description", .string(description)), .init("type", "integer"), .init("minimum", JSONValue(least)),
        ]
        if let most { members.append(.init("maximum", JSONValue(most))) }
        return .object(members)
    }

    static func choice(_ description: String, _ values: [String]) -> JSONValue {
        ["description": .string(description), "enum": JSONValue(values)]
    }

    static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ description: String,
        _: Choice.Type
    ) -> JSONValue { choice(description, Choice.allCases.map(\.rawValue)) }

    static func list(_ description: String, of item: JSONValue, least: Int = 0, isUnique: Bool = false) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("description", .string(description)), .init("type", "array"), .init("items", item),
        ]
        if least > 0 { members.append(.init("minItems", JSONValue(least))) }
        if isUnique { members.append(.init("uniqueItems", true)) }
        return .object(members)
    }

    static func duration(_ description: String) -> JSONValue {
        [
            "description": .string("\(description) A number and ms, s, min, h or d."), "type": "string",
            "pattern": "^[0-9]+(ms|s|min|h|d)$",
        ]
    }

    /// A mapping with these keys and no others.
    static func mapping(
        _ description: String,
        required: [String] = [],
        _ keys: [(String, JSONValue)],
        _ more: JSONValue.Member...
    ) -> JSONValue {
        .object(
            [
                .init("description", .string(description)), .init("type", "object"),
                .init("required", JSONValue(required)),
                .init("properties", .object(keys.map { JSONValue.Member($0.0, $0.1) })),
                .init("additionalProperties", false),
            ] + more
        )
    }

    static func document(_ title: String, _ kind: String, required: [String], _ keys: [(String, JSONValue)])
        -> JSONValue
    {
        let header: [(String, JSONValue)] = [
            ("apiVersion", ["description": "The form of the manifest.", "const": .string(ManifestDecoder.apiVersion)]),
            ("kind", ["description": "What the manifest declares.", "const": .string(kind)]),
        ]
        let body = mapping(title, required: ["apiVersion", "kind"] + required, header + keys)
        guard case .object(let members) = body else { return body }
        return .object(
            [
                .init("$schema", "http://json-schema.org/draft-07/schema#"),
                .init("title", .string("reconcile: \(kind)")),
            ] + members
        )
    }
}
