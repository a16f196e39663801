import FleetModel
import Planning
import Reports
import Schemas
import Testing

@Suite struct SarifTests {
    private static let schema: JSONSchema? = {
        // Its three numbers with a fraction of nothing are the only ones our reader does not take.
        let text = fileBeside("Schemas/sarif-schema-2.1.0.json")
            .replacing("-1.0", with: "-1").replacing("100.0", with: "100")
        return (try? JSONValue(parsing: Array(text.utf8))).flatMap { try? JSONSchema($0, isStrict: true) }
    }()

    private let place = RepositoryPlace(prefix: "deploy/", handbook: "https://docs.example/reconcile/")

    private func expectValid(_ document: JSONValue, location: SourceLocation = #_sourceLocation) throws {
        let schema = try #require(Self.schema, sourceLocation: location)
        #expect(schema.faults(in: document) == [], sourceLocation: location)
    }

    @Test(arguments: PlanTextTests.all.map(\.0))
    func `logs read as recorded, and are what the published schema says`(name: String) throws {
        let plan = try #require(PlanTextTests.all.first { $0.0 == name }?.1)
        let document = PlanSarif(plan, in: place).document
        try expectValid(document)
        try expectGolden(document.text, "\(name)-plan.sarif")
    }

    @Test func `a gate's log reads as recorded, marks only what counts and bears any name`() throws {
        let report = GateTextTests.difficult
        let document = GateSarif(GateTextTests.difficultPlan, report, in: place).document
        try expectValid(document)
        try expectGolden(document.text, "difficult-gate.sarif")
        #expect(results(document).count == report.verdicts.flatMap(\.objections).count { $0.weight != .off })
        for name in Hostile.names {
            try expectValid(GateSarif(GateTextTests.difficultPlan, GateTextTests.hostile(name), in: place).document)
        }
    }

    @Test func `a thousand databases mark a line once`() throws {
        let document = PlanSarif(Large.fleet, in: place).document
        try expectValid(document)
        try expectGolden(document.text, "large-plan.sarif")
        #expect(results(document).count == 2)
    }

    @Test(arguments: Hostile.names)
    func `names of any kind leave a log valid, and are no links`(name: String) throws {
        let document = PlanSarif(Hostile.plan(name), in: place).document
        try expectValid(document)
        for result in results(document) {
            guard case .string(let text)? = result["message"]?["text"] else { continue }
            let plain = text.replacing("\\\\", with: "").replacing("\\[", with: "").replacing("\\]", with: "")
            #expect(!plain.contains("[") && !plain.contains("]"))
        }
        try expectValid(DiagnosticsSarif(Hostile.diagnostics(name), toolVersion: name, in: place).document)
    }

    @Test func `every result has a rule, a line and a name that lasts`() throws {
        let plan = PlanTextTests.refusals
        let document = PlanSarif(plan, in: place).document
        guard case .array(let rules)? = run(document)["tool"]?["driver"]?["rules"] else {
            Issue.record("no rules")
            return
        }
        for rule in rules {
            guard case .string(let uri)? = rule["helpUri"], case .string(let id)? = rule["id"] else {
                Issue.record("\(rule.text)")
                continue
            }
            #expect(uri.hasPrefix("https://docs.example/reconcile/") && (uri.hasSuffix("#\(id)") || id == "refused"))
        }
        for result in results(document) {
            guard case .integer(let index)? = result["ruleIndex"], case .array(let locations)? = result["locations"]
            else {
                Issue.record("\(result.text)")
                continue
            }
            #expect(rules[Int(index)]["id"] == result["ruleId"])
            guard case .string(let uri)? = locations[0]["physicalLocation"]?["artifactLocation"]?["uri"] else {
                Issue.record("\(result.text)")
                continue
            }
            #expect(uri.hasPrefix("deploy/environments/") || uri.hasPrefix("deploy/migrations/"))
        }
        var moved = plan
        for environment in moved.environments.indices {
            for index in moved.environments[environment].findings.indices {
                moved.environments[environment].findings[index].location?.line += 7
            }
        }
        #expect(names(PlanSarif(moved, in: place).document) == names(document))
        #expect(Set(names(document)).count == names(document).count)
    }

    @Test func `without a handbook there are no addresses`() throws {
        let document = PlanSarif(PlanTextTests.converged, in: RepositoryPlace()).document
        try expectValid(document)
        #expect(!document.text.contains("helpUri"))
    }

    @Test func `paths are encoded`() {
        var plan = PlanTextTests.refusals
        plan.environments[0].findings[0].location = FilePosition(file: "environments/a b#ü?.yaml", line: 0, column: 0)
        let text = PlanSarif(plan, in: place).document.text
        #expect(text.contains("deploy/environments/a%20b%23%C3%BC%3F.yaml"))
        #expect(!text.contains("\"startLine\":0"))
    }

    @Test func `what no forge would show is left out, the gravest last, and counted`() throws {
        var plan = PlanTextTests.converged
        plan.environments[0].findings = (1...6000).map {
            Finding(.schemaDrift, $0 > 5500 ? .error : .warning, instance: "one", object: "t\($0)", message: "differs")
        }
        let document = PlanSarif(plan, in: place).document
        #expect(results(document).count == 5000)
        #expect(results(document)[0]["level"] == "error")
        #expect(document.text.contains("1000 results were left out"))
    }

    @Test func `the schema finds what is wrong`() throws {
        let schema = try #require(Self.schema)
        let document = PlanSarif(PlanTextTests.converged, in: place).document
        #expect(schema.faults(in: document.removing(["version"])) != [])
        #expect(schema.faults(in: document.removing(["driver"])) != [])
        #expect(schema.faults(in: document.removing(["id"])) != [])
        #expect(schema.faults(in: ["version": "2.1.0", "runs": 1]) != [])
    }

    private func run(_ document: JSONValue) -> JSONValue {
        guard case .array(let runs)? = document["runs"], let run = runs.first else { return .null }
        return run
    }

    private func results(_ document: JSONValue) -> [JSONValue] {
        guard case .array(let results)? = run(document)["results"] else { return [] }
        return results
    }

    private func names(_ document: JSONValue) -> [String] {
        results(document).map { $0["partialFingerprints"]?.text ?? "" }
    }
}
