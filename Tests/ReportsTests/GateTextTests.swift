import FleetFixtures
import FleetModel
import Planning
import Reports
import Testing

@Suite struct GateTextTests {
    private static func verdict(_ fleet: Fleet, pending: Bool = false, _ rules: [GateRule: GateSettings.Setting] = [:])
        -> GateVerdict
    {
        Gate(settings: GateSettings(rules: rules), allowsPending: pending, granted: []).judge(fleet.plan())
    }

    static var difficult: GateReport {
        GateReport(verdicts: [verdict(Difficult.production), verdict(Difficult.staging)], allowsPending: false)
    }

    private static var offline: GateReport {
        let tenant = Estate.tenant
        let replay = ClassReplay(
            databaseClass: tenant.databaseClass,
            folder: tenant.folder,
            major: 15,
            replay: tenant.answer(ReplayRequest(whole: tenant.folder, major: 15))
        )
        let source = GateReport.Source(
            file: "fleet.json",
            digest: String(repeating: "a", count: 64),
            recordedAt: 1_768_521_600,
            age: 93_600
        )
        return GateReport(
            verdicts: [
                verdict(
                    Estate.production,
                    pending: true,
                    [.finding(.databaseUnmanaged): .init(level: .off, reason: "dumps of the audit")]
                )
            ],
            allowsPending: true,
            offline: .init(classes: [replay.summary], baseline: source)
        )
    }

    @Test func `a verdict reads as recorded`() throws {
        try expectGolden(GateText(Self.difficult).rendered(width: 100, style: .plain), "difficult-gate.txt")
        try expectGolden(GateText(Self.difficult).rendered(width: 60, style: .plain), "difficult-gate-60.txt")
        try expectGolden(GateText(Self.offline).rendered(width: 100, style: .plain), "offline-gate.txt")
    }

    @Test func `a verdict for a pull request reads as recorded, and fits a comment`() throws {
        let plan = Plan(
            toolVersion: "0.1.0",
            createdAt: 1_768_521_600,
            gitCommit: nil,
            environments: [Difficult.production.plan(), Difficult.staging.plan()]
        )
        try expectGolden(GateMarkdown(plan, Self.difficult).rendered(), "difficult-gate.md")
        let short = GateMarkdown(plan, Self.difficult).rendered(limit: 3000)
        #expect(short.utf16.count <= 3000 && short.hasPrefix("## ✗ The gate is blocked (1, failed) for `production`"))
        let alone = Plan(toolVersion: "0.1.0", createdAt: 1_768_521_600, gitCommit: nil, environments: [])
        try expectGolden(GateMarkdown(alone, Self.offline).rendered(), "offline-gate.md")
    }

    @Test func `its document reads as recorded, and is no plan that could be applied`() throws {
        let plan = Plan(
            toolVersion: "0.1.0",
            createdAt: 1_768_521_600,
            gitCommit: nil,
            environments: [Estate.production.plan()]
        )
        let document = PlanDocument(plan, Self.offline)
        try expectGolden(document.json.text, "offline-gate.json")
        #expect(document.contentDigest == PlanDocument(plan).contentDigest)
        #expect(throws: PlanDocumentError.notCanonical) { try Plan(reading: document.bytes) }
    }

    static var difficultPlan: Plan {
        Plan(
            toolVersion: "0.1.0",
            createdAt: 1_768_521_600,
            gitCommit: nil,
            environments: [Difficult.production.plan(), Difficult.staging.plan()]
        )
    }

    /// The same with a name of anybody's choice in every place.
    static func hostile(_ name: String) -> GateReport {
        var report = Self.difficult
        report.verdicts[0].environment = name
        for index in report.verdicts[0].objections.indices {
            report.verdicts[0].objections[index].message = name
            report.verdicts[0].objections[index].hint = name
            report.verdicts[0].objections[index].reason = name
            report.verdicts[0].objections[index].databases = [name]
            report.verdicts[0].objections[index].instance = name
            report.verdicts[0].objections[index].object = name
            report.verdicts[0].objections[index].className = name
        }
        return report
    }

    @Test func `what is found in an object names it, once`() {
        var drift = GateObjection(.finding(.schemaDrift), .refused, "table: privileges differ")
        drift.databases = ["shop"]
        drift.object = "public.items"
        var ahead = GateObjection(.finding(.codeAhead), .owed, "migrations make the table")
        ahead.className = "shop"
        ahead.object = "public.orders"
        var failing = GateObjection(.own(.replayFails), .refused, "0002_x fails")
        failing.className = "shop"
        failing.object = "0002_x"
        let verdict = GateVerdict(environment: "here", role: .staging, objections: [drift, ahead, failing])
        let report = GateReport(verdicts: [verdict], allowsPending: false)
        let text = GateText(report).rendered(width: 200, style: .plain)
        #expect(text.contains(" shop: public.items: table: privileges differ"))
        #expect(text.contains(" class shop: public.orders: migrations make the table"))
        #expect(text.contains(" class shop: 0002_x fails"))
        let plan = Plan(toolVersion: "0.1.0", createdAt: 0, gitCommit: nil, environments: [])
        let page = GateMarkdown(plan, report).rendered()
        #expect(page.contains("`schema-drift` `shop`: `public.items`: table: privileges differ"))
        #expect(page.contains("`code-ahead` `shop`: `public.orders`: migrations make the table"))
        #expect(page.contains("`replay-fails` `shop`: 0002"))
    }

    @Test(arguments: Hostile.names)
    func `no name moves the cursor, hides or reorders text`(name: String) {
        let text = GateText(Self.hostile(name)).rendered(width: 100, style: .plain)
        #expect(
            text.unicodeScalars.allSatisfy { scalar in
                scalar == "\n" || ![.control, .format, .lineSeparator].contains(scalar.properties.generalCategory)
            }
        )
    }
}
