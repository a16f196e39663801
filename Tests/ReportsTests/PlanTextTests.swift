import FleetFixtures
import FleetModel
import Planning
import Reports
import Testing

@Suite struct PlanTextTests {
    static var estate: Plan {
        Plan(
            toolVersion: "0.1.0",
            createdAt: 1_768_521_600,
            gitCommit: nil,
            environments: [Estate.development.plan(), Estate.testing.plan(), Estate.production.plan()]
        )
    }

    /// A production in which most of what can be refused is, and a staging that repairs and drops.
    static var refusals: Plan {
        Plan(
            toolVersion: "0.1.0",
            createdAt: 1_768_521_600,
            gitCommit: "0123abc",
            environments: [Difficult.production.plan(), Difficult.staging.plan()]
        )
    }

    /// Nothing owed anywhere.
    static var converged: Plan {
        var fleet = Fleet("production", role: .production, classes: [Estate.tenant])
        fleet.instance("one", databases: [.at(2, of: Estate.tenant, named: "tenant_1")])
        fleet.entry(.match("tenant_*"), "tenant", on: "one")
        return Plan(toolVersion: "0.1.0", createdAt: 1_768_521_600, gitCommit: nil, environments: [fleet.plan()])
    }

    /// A server that is given up, its databases moving to another, and what is left on it.
    static var moving: Plan {
        var fleet = Fleet("production", role: .production, classes: [Estate.master, Estate.tenant])
        fleet.instance(
            "vps-docker",
            state: .retiring,
            databases: [
                .at(2, of: Estate.master, named: "rsm_master", oid: 16_385),
                .at(1, of: Estate.tenant, named: "tenant_2", filled: ["clients"], oid: 16_386),
                .at(1, of: Estate.tenant, named: "tenant_3", filled: ["clients"], oid: 16_387),
                .at(0, of: Estate.tenant, named: "scribble", oid: 16_388),
            ]
        )
        fleet.instance("vps-native")
        fleet.entry(.names(["rsm_master"]), "master", on: "vps-native")
        fleet.entry(.match("tenant_*"), "tenant", on: "vps-native")
        return Plan(toolVersion: "0.1.0", createdAt: 1_768_521_600, gitCommit: nil, environments: [fleet.plan()])
    }

    static let all: [(String, Plan)] = [
        ("estate", estate), ("refusals", refusals), ("converged", converged), ("moving", moving),
    ]

    @Test(arguments: all.map(\.0))
    func `plans read as recorded`(name: String) throws {
        let plan = try #require(Self.all.first { $0.0 == name }?.1)
        try expectGolden(PlanText(plan).rendered(width: 100, style: .plain), "\(name)-plan.txt")
        try expectGolden(InventoryText(plan).rendered(width: 100, style: .plain), "\(name)-inventory.txt")
        try expectGolden(PlanDocument(plan).json.text, "\(name)-plan.json")
    }

    @Test func `a plan on a narrow terminal reads as recorded`() throws {
        try expectGolden(PlanText(Self.refusals).rendered(width: 60, style: .plain), "refusals-plan-60.txt")
        try expectGolden(InventoryText(Self.refusals).rendered(width: 60, style: .plain), "refusals-inventory-60.txt")
    }

    /// Half a screen of a phone: rows stay rows, whatever columns that costs.
    @Test func `an inventory on the narrowest terminal keeps its rows`() throws {
        let text = InventoryText(Self.refusals).rendered(width: 40, style: .plain)
        try expectGolden(text, "refusals-inventory-40.txt")
        for line in text.split(separator: "\n") where line.hasPrefix("    ?") || line.hasPrefix("    ✗") {
            #expect(line.count <= 40 || line.contains("-"), "\(line)")
        }
    }

    @Test(arguments: all.map(\.0))
    func `colour changes nothing but colour`(name: String) throws {
        let plan = try #require(Self.all.first { $0.0 == name }?.1)
        let colored = PlanText(plan).rendered(width: 100, style: .colored)
        #expect(colored.contains("\u{1B}["))
        #expect(stripped(colored) == PlanText(plan).rendered(width: 100, style: .plain))
        let inventory = InventoryText(plan).rendered(width: 100, style: .colored)
        #expect(stripped(inventory) == InventoryText(plan).rendered(width: 100, style: .plain))
    }

    private func stripped(_ text: String) -> String {
        var result = ""
        var isEscape = false
        for character in text {
            if character == "\u{1B}" { isEscape = true }
            if !isEscape { result.append(character) }
            if isEscape, character == "m" { isEscape = false }
        }
        return result
    }

    @Test(arguments: Hostile.names)
    func `no name moves the cursor, hides or reorders text`(name: String) {
        let plan = Hostile.plan(name)
        for text in [
            PlanText(plan).rendered(width: 100, style: .plain), InventoryText(plan).rendered(width: 100, style: .plain),
        ] {
            for scalar in text.unicodeScalars where scalar != "\n" {
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: Issue.record("\(scalar.value) in \(text)")
                default: continue
                }
            }
        }
    }

    @Test func `no line of a plan is wider than asked for where words allow it`() {
        for width in [60, 80, 100, 140] {
            let text = PlanText(Self.estate).rendered(width: width, style: .plain)
            for line in text.split(separator: "\n") where line.hasPrefix("         ") {
                #expect(line.count <= width, "\(line)")
            }
        }
    }
}
