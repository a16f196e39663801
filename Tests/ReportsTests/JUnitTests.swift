import Effects
import FleetModel
import Planning
import Reports
import Testing

@Suite struct JUnitTests {
    @Test(arguments: ["refusals", "moving", "converged"])
    func `results read as recorded`(name: String) throws {
        let plan = try #require(PlanTextTests.all.first { $0.0 == name }?.1)
        try expectGolden(PlanJUnit(plan).text, "\(name)-plan.junit.xml")
    }

    @Test func `a gate's results fail where it is shut, and have a case for every rule`() throws {
        let report = GateTextTests.difficult
        let text = GateJUnit(GateTextTests.difficultPlan, report).text
        try expectGolden(text, "difficult-gate.junit.xml")
        for rule in GateRule.allCases { #expect(text.contains("name=\"\(rule.code)\""), "\(rule.code)") }
        #expect(!text.contains("failures=\"0\" errors=\"0\""))
    }

    @Test func `hostile names read as recorded`() throws {
        let name = "<a b=\"c\">]]>&\u{0}\u{1F}\u{FFFE}"
        try expectGolden(DiagnosticsJUnit(Hostile.diagnostics(name)).text, "hostile-diagnostics.junit.xml")
    }

    @Test func `there is a case for each database and rule, and the counts are right`() {
        let text = PlanJUnit(Large.fleet).text
        let lines = text.split(separator: "\n")
        let cases = lines.count { $0.hasPrefix("    <testcase ") }
        // Each code but unreachable, and whether it is refused; three for the instance.
        #expect(cases == 1000 * FindingCode.allCases.count + 3)
        #expect(lines[1] == "<testsuites name=\"reconcile\" tests=\"\(cases)\" failures=\"6\" errors=\"0\">")
        #expect(lines.count { $0.hasPrefix("      <failure ") } == 6)
    }

    @Test func `what could not be seen is an error, and what stands behind it is skipped`() {
        let text = PlanJUnit(PlanTextTests.refusals).text
        #expect(
            text.contains(
                "name=\"vps-native: instance-unreachable\" file=\"environments/production.yaml\" line=\"11\">"
            )
        )
        #expect(text.contains("<error message=\"cannot be reached: ssh vps: connection timed out"))
        #expect(text.contains("name=\"tenant_eu: schema-drift\">\n      <skipped message=\"unknown"))
    }
}

/// What a reader of XML makes of it.
@Suite(.enabled("xmllint must be installed") { Tool.xmllint.path != nil })
struct ValidJUnitTests {
    private func expectValid(_ text: String, _ what: String, location: SourceLocation = #_sourceLocation) async throws {
        let schema = pathBeside("Schemas/junit-10.xsd")
        let result = try await Tool.xmllint.run(["--noout", "--nonet", "--schema", schema, "-"], text)
        #expect(result.status == 0, "\(what): \(result.errors)", sourceLocation: location)
    }

    @Test func `every plan is what the schema of a large reader says`() async throws {
        for (name, plan) in PlanTextTests.all { try await expectValid(PlanJUnit(plan).text, name) }
        try await expectValid(PlanJUnit(Large.fleet).text, "large")
        let gate = GateJUnit(GateTextTests.difficultPlan, GateTextTests.difficult)
        try await expectValid(gate.text, "gate")
        let names = Hostile.names.flatMap { GateTextTests.hostile($0).verdicts.prefix(1) }
        let hostile = GateReport(verdicts: names, allowsPending: false)
        try await expectValid(GateJUnit(GateTextTests.difficultPlan, hostile).text, "hostile gate")
    }

    @Test func `names of any kind leave it valid`() async throws {
        var plan = Hostile.plan("")
        plan.environments = Hostile.names.flatMap { Hostile.plan($0).environments.prefix(1) }
        try await expectValid(PlanJUnit(plan).text, "plan")
        try await expectValid(DiagnosticsJUnit(Hostile.names.flatMap(Hostile.diagnostics)).text, "diagnostics")
    }

    @Test func `the schema finds what is wrong`() async throws {
        let schema = pathBeside("Schemas/junit-10.xsd")
        let broken = PlanJUnit(PlanTextTests.converged).text.replacing(" tests=", with: " count=")
        let result = try await Tool.xmllint.run(["--noout", "--nonet", "--schema", schema, "-"], broken)
        #expect(result.status != 0)
    }
}
