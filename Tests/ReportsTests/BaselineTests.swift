import FleetFixtures
import FleetModel
import Planning
import Reports
import Testing

/// A recorded inventory written, read, and planned from.
@Suite struct BaselineTests {
    static let fleets: [(String, Fleet)] = [
        ("development", Estate.development), ("testing", Estate.testing), ("production", Estate.production),
        ("difficult", Difficult.production), ("repairing", Difficult.staging),
    ]

    private func baseline(_ fleet: Fleet, history: String = "drizzle") -> Baseline {
        Baseline(
            toolVersion: "0.1.0",
            recordedAt: 1_768_521_600,
            environments: [Baseline.Recorded(fleet.observedEnvironment, of: fleet.environment) { _, _, _ in history }]
        )
    }

    private func read(_ baseline: Baseline) throws -> Baseline {
        try Baseline.read(BaselineDocument(baseline).bytes + [10], toolVersion: "0.1.0").baseline
    }

    private func plan(_ fleet: Fleet) -> Plan {
        Plan(toolVersion: "0.1.0", createdAt: 0, gitCommit: nil, environments: [fleet.plan()])
    }

    /// The fleet as the baseline remembers it.
    private func remembered(_ fleet: Fleet, _ baseline: Baseline, history: String = "drizzle") -> Fleet {
        var fleet = fleet
        fleet.observed = baseline.observed(fleet.environment) { _, _, _ in history }.instances
        return fleet
    }

    @Test(arguments: fleets.map(\.0))
    func `the plan from what was recorded is the plan of the fleet`(name: String) throws {
        let fleet = try #require(Self.fleets.first { $0.0 == name }?.1)
        let again = remembered(fleet, try read(baseline(fleet)))
        #expect(PlanDocument(plan(again)).contentDigest == PlanDocument(plan(fleet)).contentDigest)
    }

    @Test func `what databases share is written once, and sizes are coarse`() throws {
        let document = try #require(
            String(validating: BaselineDocument(baseline(Estate.production)).bytes, as: UTF8.self)
        )
        let json = try JSONValue(parsing: Array(document.utf8))
        guard case .object(let catalogs)? = json["catalogs"] else { throw Missing() }
        let databases = Estate.production.observed.flatMap(\.databases)
        #expect(catalogs.count < databases.count)
        #expect(document.contains("\"size_bytes\":8388608") && !document.contains("8000000"))
    }

    @Test func `names asked for are remembered by the question, not by the entry's place`() throws {
        var fleet = Fleet(classes: [Estate.tenant])
        fleet.instance("one", databases: [.at(2, of: Estate.tenant, named: "a")], answers: [0: ["a", "b"]])
        fleet.entry(.query(database: "hub", sql: "SELECT name"), "tenant", on: "one")
        let baseline = try read(baseline(fleet))
        let asked = fleet.entries[0]
        fleet.entries = []
        fleet.entry(.names(["first"]), "tenant", on: "one")
        fleet.entries.append(asked)
        let known = remembered(fleet, baseline).observed[0].facts?.queriedNames
        #expect(known == [1: .names(["a", "b"])])
        fleet.entries[1].selector.value = .query(database: "hub", sql: "SELECT another")
        let unknown = remembered(fleet, baseline).observed[0].facts?.queriedNames
        #expect(unknown == [1: .notThere])
    }

    @Test(arguments: [QueryAnswer.notThere, .lacking(reason: "SECRET row"), .failed(reason: "SECRET row")])
    func `why a question gave no names is remembered, but not in the server's words`(answer: QueryAnswer) throws {
        var fleet = Fleet(classes: [Estate.tenant])
        fleet.instance("one", answers: [0: answer])
        fleet.entry(.query(database: "hub", sql: "SELECT name"), "tenant", on: "one")
        let document = BaselineDocument(baseline(fleet))
        #expect(!String(decoding: document.bytes, as: UTF8.self).contains("SECRET"))
        let known = remembered(fleet, try read(baseline(fleet))).observed[0].facts?.queriedNames[0]
        switch (answer, known) {
        case (.notThere, .notThere), (.lacking, .lacking), (.failed, .failed): break
        default: Issue.record("\(answer) is remembered as \(String(describing: known))")
        }
    }

    @Test func `a question that was not recorded is a failure, not a fleet without databases`() throws {
        var fleet = Fleet(classes: [Estate.master, Estate.tenant])
        fleet.instance(
            "one",
            databases: [.at(2, of: Estate.master, named: "hub"), .at(2, of: Estate.tenant, named: "a")],
            answers: [1: ["a"]]
        )
        fleet.entry(.names(["hub"]), "hub", on: "one")
        fleet.entry(.query(database: "hub", sql: "SELECT name"), "tenant", on: "one")
        let baseline = try read(baseline(fleet))
        #expect(remembered(fleet, baseline).plan().refused.isEmpty)
        fleet.entries[1].selector.value = .query(database: "hub", sql: "SELECT  name")
        let plan = remembered(fleet, baseline).plan()
        #expect(plan.refused.map(\.why).allSatisfy { $0.contains("the recorded inventory") } && plan.refused.count == 1)
        #expect(Gate(settings: GateSettings(), allowsPending: true, granted: []).judge(plan).status == .refused)
        // A database that did not exist then has told nothing.
        fleet.entries[1].selector.value = .query(database: "later", sql: "SELECT name")
        #expect(remembered(fleet, baseline).plan().refused.isEmpty)
    }

    @Test func `what was not recorded, or lies elsewhere now, is unknown`() throws {
        let baseline = try read(baseline(Estate.production))
        var fleet = Estate.production
        fleet.instances[0].connection = [
            ConnectionParameter(keyword: "host", value: "/run/elsewhere", range: .beginning(of: "x"))
        ]
        fleet.instance("another")
        let plan = remembered(fleet, baseline).plan()
        let unreachable = plan.instances.filter { !$0.reachable }.map(\.name)
        #expect(unreachable.contains(fleet.instances[0].name.value) && unreachable.contains("another"))
        #expect(plan.findings.contains { $0.message.contains("recorded at another address") })
        #expect(plan.findings.contains { $0.message.contains("the recorded inventory does not know it") })
    }

    @Test func `a history that was not read is not taken for an empty one`() throws {
        var fleet = Fleet(classes: [Estate.tenant])
        fleet.instance("one", databases: [.at(2, of: Estate.tenant, named: "a")])
        fleet.entry(.names(["a"]), "tenant", on: "one")
        let plan = remembered(fleet, try read(baseline(fleet)), history: "another table").plan()
        #expect(plan.databases.map(\.status) == [.unknown])
        #expect(plan.cohorts.isEmpty && !plan.refused.isEmpty)
    }

    @Test func `every byte counts`() {
        let bytes = BaselineDocument(baseline(Difficult.staging)).bytes
        for place in stride(from: 3, to: bytes.count, by: bytes.count / 23) {
            var altered = bytes
            altered[place] = altered[place] == UInt8(ascii: "7") ? UInt8(ascii: "3") : UInt8(ascii: "7")
            #expect(throws: BaselineError.self) { try Baseline.read(altered, toolVersion: "0.1.0") }
            #expect(throws: BaselineError.self) { try Baseline.read(Array(bytes[..<place]), toolVersion: "0.1.0") }
        }
    }

    @Test func `what another program or another format wrote is refused by name`() throws {
        let bytes = BaselineDocument(baseline(Difficult.staging)).bytes
        #expect(throws: BaselineError.otherTool("0.1.0")) { try Baseline.read(bytes, toolVersion: "0.2.0") }
        #expect(throws: BaselineError.notABaseline) { try Baseline.read(Array("{}".utf8), toolVersion: "0.1.0") }
        let plan = PlanDocument(plan(Difficult.staging)).bytes
        #expect(throws: BaselineError.notABaseline) { try Baseline.read(plan, toolVersion: "0.1.0") }
        let text = String(decoding: bytes, as: UTF8.self)
            .replacing("\"format_version\":\"1.0\"", with: "\"format_version\":\"2.0\"")
        #expect(throws: BaselineError.unsupportedVersion("2.0")) {
            try Baseline.read(Array(text.utf8), toolVersion: "0.1.0")
        }
    }

    private struct Missing: Error {}
}
