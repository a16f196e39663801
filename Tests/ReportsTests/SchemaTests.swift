import FleetModel
import Reports
import Schemas
import Testing

/// The schemas in `docs/schemas` against the documents that are made; scripts hold what commands print against them, too.
@Suite struct SchemaTests {
    private static func schema(_ name: String) throws -> JSONSchema {
        let text = fileBeside("../../docs/schemas/\(name).schema.json")
        return try JSONSchema(JSONValue(parsing: Array(text.utf8)), isStrict: true)
    }

    @Test func `plans and inventories are what their schemas say, and every key is described`() throws {
        let plan = try Self.schema("plan")
        let inventory = try Self.schema("inventory")
        let plans = PlanTextTests.all.map(\.1) + [Large.fleet, Hostile.plan("</script>\u{0}|`")]
        for item in plans {
            #expect(plan.faults(in: PlanDocument(item).json) == [])
            #expect(inventory.faults(in: PlanDocument(inventory: item).json) == [])
        }
    }

    @Test func `diagnostics are what their schema says`() throws {
        let schema = try Self.schema("diagnostics")
        for name in Hostile.names {
            #expect(schema.faults(in: DiagnosticsJSON.document(Hostile.diagnostics(name))) == [])
        }
        #expect(schema.faults(in: DiagnosticsJSON.document([])) == [])
    }

    @Test func `what is not such a document is found`() throws {
        let schema = try Self.schema("plan")
        let json = PlanDocument(PlanTextTests.refusals).json
        for key in ["digest", "findings", "code", "statements", "mode", "grant", "column"] {
            #expect(schema.faults(in: json.removing([key])) != [], "\(key)")
        }
        guard case .object(let members) = json else { return }
        #expect(schema.faults(in: .object(members + [.init("more", 1)])) != [])
        #expect(schema.faults(in: .object(members.map { $0.key == "created_at" ? .init($0.key, "now") : $0 })) != [])
    }

    @Test func `closed sets are those of the code`() throws {
        let text = fileBeside("../../docs/schemas/plan.schema.json")
        let schema = try JSONValue(parsing: Array(text.utf8))
        let definitions = try #require(schema["$defs"])
        func words(_ value: JSONValue?) -> [String] {
            guard case .array(let words)? = value?["enum"] else { return [] }
            return words.map { $0.text.filter { $0 != "\"" } }
        }
        func property(_ definition: String, _ key: String) -> JSONValue? {
            definitions[definition]?["properties"]?[key]
        }
        #expect(words(definitions["hazard"]) == Hazard.allCases.map(\.rawValue))
        #expect(words(definitions["code"]) == FindingCode.allCases.map(\.rawValue))
        #expect(words(property("step", "kind")) == StepKind.allCases.map(\.rawValue))
        #expect(words(property("database", "status")) == DatabaseStatus.allCases.map(\.rawValue))
        #expect(words(property("finding", "severity")) == Severity.allCases.map(\.rawValue))
        #expect(words(property("environment", "role")) == EnvironmentRole.allCases.map(\.rawValue))
        #expect(words(property("instance", "state")) == Instance.State.allCases.map(\.rawValue))
    }
}

/// The validator itself, word by word: what it passes over would be tested by nothing.
@Suite struct JSONSchemaTests {
    @Test(arguments: [
        (#"{"type":"integer"}"#, "1", "\"1\""), (#"{"type":["string","null"]}"#, "null", "1"),
        (#"{"enum":["a",1]}"#, "1", "2"), (#"{"const":true}"#, "true", "false"),
        (#"{"required":["a"]}"#, #"{"a":1}"#, "{}"),
        (#"{"properties":{"a":{"type":"null"}}}"#, #"{"a":null,"b":1}"#, #"{"a":1}"#),
        (#"{"properties":{"a":{}},"additionalProperties":false}"#, #"{"a":1}"#, #"{"b":1}"#),
        (#"{"additionalProperties":{"type":"integer"}}"#, #"{"b":1}"#, #"{"b":"1"}"#),
        (
            #"{"patternProperties":{"^x":{"type":"null"}},"additionalProperties":false}"#, #"{"xa":null}"#,
            #"{"a":null}"#
        ),
        (#"{"propertyNames":{"pattern":"^[a-z]+$"}}"#, #"{"ab":1}"#, #"{"A":1}"#),
        (#"{"minProperties":1,"maxProperties":1}"#, #"{"a":1}"#, #"{"a":1,"b":2}"#),
        (#"{"items":{"minimum":2,"maximum":3}}"#, "[2,3]", "[1]"), (#"{"minItems":1,"maxItems":2}"#, "[1]", "[]"),
        (#"{"uniqueItems":true}"#, "[1,2]", "[1,1]"), (#"{"minLength":1,"maxLength":2}"#, "\"ab\"", "\"abc\""),
        (#"{"pattern":"^a"}"#, "\"ab\"", "\"ba\""), (#"{"oneOf":[{"type":"integer"},{"minimum":5}]}"#, "1", "6"),
        (#"{"anyOf":[{"const":1},{"const":2}]}"#, "2", "3"), (#"{"allOf":[{"minimum":1},{"maximum":2}]}"#, "1", "3"),
        (#"{"not":{"const":1}}"#, "2", "1"), (##"{"$defs":{"a":{"const":1}},"$ref":"#/$defs/a"}"##, "1", "2"),
        (#"{"if":{"type":"integer"},"then":{"minimum":1},"else":{"type":"null"}}"#, "null", "0"),
        ("true", "1", ""), ("false", "", "1"),
    ])
    func `a word of a schema tells what conforms from what does not`(schema: String, good: String, bad: String) throws {
        let schema = try JSONSchema(JSONValue(parsing: schema.utf8))
        if !good.isEmpty { #expect(schema.faults(in: try JSONValue(parsing: good.utf8)) == []) }
        if !bad.isEmpty { #expect(schema.faults(in: try JSONValue(parsing: bad.utf8)) != []) }
    }

    @Test func `a word that is not known is refused, wherever it stands`() {
        for text in [
            #"{"dependentSchemas":{}}"#, #"{"items":{"contains":1}}"#, #"{"$defs":{"a":{"anyOf":[{"x":1}]}}}"#,
        ] {
            #expect(throws: JSONSchema.Fault.self) { try JSONSchema(JSONValue(parsing: text.utf8)) }
        }
    }

    @Test func `a key that is not described is a fault where all must be`() throws {
        let schema = try JSONSchema(JSONValue(parsing: #"{"properties":{"a":{}}}"#.utf8), isStrict: true)
        #expect(schema.faults(in: ["a": 1]) == [])
        #expect(schema.faults(in: ["b": 1]) != [])
    }
}
