import FleetModel
@testable import Planning
import Testing

@Suite struct QuarantineTests {
    private static let odd = [
        "a(); DROP TABLE precious; --", "x\"(", "say \"(\"", "quarantine_<date>", "caf\u{E9}(", "\"\u{301}(x",
        "line\nbreak",
    ]

    @Test(
        arguments: odd,
        [
            ("integer, public.mood, \"char\"[]", "integer, \"public\".\"mood\", \"char\"[]"), ("", ""),
            ("public.x\"; DROP TABLE precious; --", "\"public\".\"x\"\"; DROP TABLE precious; --\""),
            ("text, public.a, b\"); --", "text, \"public\".\"a\", \"b\"\"); --\""),
        ]
    )
    func `nothing in a routine's name or its arguments is more than a name`(name: String, types: (String, String)) {
        let object = ObjectID(.function, schema: "public", name: "\(name)(\(types.0))")
        let quoted = name.replacing(each: "\"", with: "\"\"")
        let statements = Quarantine.statements([object]).map { $0.placed(in: "quarantine_20260101") }
        #expect(
            statements == ["ALTER ROUTINE \"public\".\"\(quoted)\"(\(types.1)) SET SCHEMA \"quarantine_20260101\""]
        )
    }

    @Test(arguments: odd)
    func `only where a table goes is put in place, whatever it is called`(name: String) {
        let statement = Quarantine.statements([ObjectID(.table, schema: name, name: name)]).first
        let quoted = "\"" + name.replacing(each: "\"", with: "\"\"") + "\""
        #expect(
            statement?.placed(in: "quarantine_20260101")
                == "ALTER TABLE \(quoted).\(quoted) SET SCHEMA \"quarantine_20260101\""
        )
    }
}
