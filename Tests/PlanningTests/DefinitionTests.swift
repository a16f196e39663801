import FleetFixtures
import FleetModel
@testable import Planning
import Testing

@Suite struct DefinitionTests {
    /// So many shops, each drifted in one of three ways.
    private func driftedFleet(of count: Int) -> Fleet {
        let states = (0..<3).map { number in
            var schema = shop.schema(after: 0..<3)
            schema.set(.index("by_hand_\(number)"), "index")
            _ = schema.run(.dropColumn("orders", "note"))
            return schema
        }
        var fleet = Fleet(classes: [shop, bank])
        let tags = shop.files.map(\.tag)
        fleet.instance(
            "one",
            databases: (0..<count).map { .holding(states[$0 % 3], named: "shop_\($0)", history: tags) }
        )
        fleet.entry(.match("shop_*"), "shop", on: "one")
        return fleet
    }

    @Test(arguments: [3, 30, 1000])
    func `of each state one database is asked, however many are in it`(count: Int) {
        let needs = Planner.draft(driftedFleet(of: count).input).needs
        let asked = needs.compactMap { need -> String? in
            guard case .database(_, let name) = need.source else { return nil }
            return name
        }
        #expect(asked.count == 3 && Set(needs.map(\.key)).count == 4)
        // And once what their recorded version leaves behind.
        #expect(needs.count == 4)
        #expect(needs.contains { if case .replay(_, count: 3) = $0.source { true } else { false } })
    }

    @Test func `nothing is asked where nothing differs`() {
        #expect(Planner.draft(fleet(.at(3, of: shop, named: "shop")).input).needs.isEmpty)
        #expect(Planner.draft(fleet(.at(1, of: shop, named: "shop")).input).needs.isEmpty)
    }

    @Test func `answers add words and change nothing else`() throws {
        var input = driftedFleet(of: 3).input
        let (bare, needs) = Planner.draft(input)
        for need in needs {
            input.definitions[need.key] = Dictionary(
                uniqueKeysWithValues: need.objects.map { ($0, Definition(text: "<\($0.name)>")) }
            )
        }
        var told = Planner.plan(input)
        #expect(
            told.findings.filter { $0.database == "shop_0" }.map(\.message) == [
                "index is not expected: found <by_hand_0>", "column \"note\" is missing: expected <orders.note>",
            ]
        )
        #expect(told.findings[0].found == "<by_hand_0>" && told.findings[0].expected == nil)
        for index in told.findings.indices {
            told.findings[index].message = bare.findings[index].message
            told.findings[index].expected = nil
            told.findings[index].found = nil
        }
        #expect(told == bare)
    }

    @Test(arguments: [
        ("integer NOT NULL", "bigint", "expected integer NOT NULL, found bigint"),
        ("a\n  b\nc", "a\n b\n  d", "line 3: expected \"c\", found \"d\""),
        ("a\nb\nc", "a\nc", "line 2: expected \"b\", found nothing"),
        ("a\nb\nc\nd", "x\nb\nc\ny", "line 1: expected \"a ⏎ b ⏎ c ⏎ d\", found \"x ⏎ b ⏎ c ⏎ y\""),
        ("same", "same", "expected and found read alike: same"),
    ])
    func `two definitions are one line`(expected: String, found: String, text: String) {
        #expect(DefinitionText.comparison(expected: expected, found: found, .changed) == text)
    }

    @Test func `long ones are cut around what differs`() throws {
        let common = String(repeating: "x", count: 5000)
        let end = String(repeating: "y", count: 500)
        let text = try #require(
            DefinitionText.comparison(expected: common + "1" + end, found: common + "2" + end, .changed)
        )
        #expect(text.count < 600)
        #expect(text.contains("x1y") && text.contains("x2y"))
    }

    @Test func `many differences are named, the first of them told`() {
        var schema = shop.schema(after: 0..<3)
        for number in 0..<60 { schema.set(.index("by_hand_\(number)"), "index") }
        let findings = fleet(.holding(schema, named: "shop", history: shop.files.map(\.tag))).plan().findings
        #expect(findings.count == 41)
        #expect(findings.last?.message.hasPrefix("20 more objects differ: public.by_hand_") == true)
    }
}
