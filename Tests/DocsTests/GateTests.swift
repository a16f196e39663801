import FleetModel
import Testing

/// Rules of the gate: each has its place on the page that every report names.
@Suite struct `Rules in docs` {
    @Test func `every rule is explained under its own heading, in the order of the code`() throws {
        let headings = try Page("docs/gate.md").text.matches(of: #/(?m)^### `([a-z-]+)`$/#).map { String($0.1) }
        #expect(headings == GateRule.allCases.map(\.code))
    }

    @Test func `rules that production may not weaken, and those nobody may, are named`() throws {
        let page = try Page("docs/gate.md")
        #expect(page.names(under: "Levels").sorted() == GateLevel.allCases.map(\.rawValue).sorted())
        for rule in GateRule.allCases {
            let section = try #require(page.section("`\(rule.code)`"))
            #expect(section.contains("always an error in production") == rule.protectsRows, "\(rule.code)")
            #expect(section.contains("has no level") != rule.mayBeSet, "\(rule.code)")
            #expect(section.contains("Cure:"), "\(rule.code)")
        }
    }
}
