import FleetFixtures
import FleetModel
import Planning
import Reports
import Testing

/// Fleets that fit no screen, on one.
@Suite struct ManyDatabasesTests {
    private static let crowd = plan(Crowd.production(of: 1000))

    private static let all: [(name: String, plan: Plan)] = [
        ("crowd", crowd), ("large", Large.fleet), ("scattered", Large.scattered),
    ]

    /// Names that are wider or narrower than they are long.
    private static let wide: Plan = {
        var fleet = Fleet("production", role: .production, classes: [Estate.master, Estate.tenant])
        let names = [
            "tenant_plain", "tenant_日本語", "tenant_한국어", "tenant_🐘🐘", "tenant_e\u{301}e\u{301}", "tenant_ﾊﾝｶｸ",
            "tenant_ＡＢ",
            "tenant_🇫🇷", "tenant_❤\u{FE0F}", "tenant_कि", String(repeating: "名", count: 20),
        ]
        fleet.instance(
            "東京",
            databases: names.map { .at(2, of: Estate.tenant, named: $0) }
                + [.opaque(named: "tenant_x", reason: String(repeating: "権限がありません。", count: 12))]
        )
        fleet.entry(.match("*"), "tenant", on: "東京")
        return plan(fleet)
    }()

    private static func plan(_ fleet: Fleet) -> Plan {
        Plan(toolVersion: "0.1.0", createdAt: 1_768_521_600, gitCommit: nil, environments: [fleet.plan()])
    }

    @Test(arguments: ["crowd", "large", "scattered"], [80, 120])
    func `a thousand databases read as recorded`(name: String, width: Int) throws {
        let plan = try #require(Self.all.first { $0.name == name }?.plan)
        try expectGolden(PlanText(plan).rendered(width: width, style: .plain), "\(name)-plan-\(width).txt")
        try expectGolden(InventoryText(plan).rendered(width: width, style: .plain), "\(name)-inventory-\(width).txt")
    }

    @Test(arguments: ["crowd", "large", "scattered"])
    func `a thousand databases fit a screen`(name: String) throws {
        let plan = try #require(Self.all.first { $0.name == name }?.plan)
        for text in [
            PlanText(plan).rendered(width: 100, style: .plain), InventoryText(plan).rendered(width: 100, style: .plain),
        ] {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            #expect(lines.count <= 50, "\(text)")
            for line in lines { #expect(TerminalText.columns(of: String(line)) <= 100, "\(line)") }
        }
    }

    @Test(arguments: ["crowd", "large"])
    func `everything is everything`(name: String) throws {
        let plan = try #require(Self.all.first { $0.name == name }?.plan)
        let inventory = InventoryText(plan).rendered(width: 100, style: .plain, detail: .whole)
        let whole = PlanText(plan).rendered(width: 100, style: .plain, detail: .whole)
        let words = Set(whole.split { " ,:\n".contains($0) })
        for database in plan.environments[0].databases {
            #expect(inventory.contains(" \(database.name) "))
            #expect(database.status == .converged || words.contains { $0.hasSuffix(database.name) }, "\(database.name)")
        }
        let statements = plan.environments[0].cohorts.flatMap(\.steps).flatMap(\.statements)
        for line in statements.flatMap({ $0.sql.split(separator: "\n") }) {
            #expect(whole.contains(line.drop { $0 == "\t" || $0 == " " }), "\(line)")
        }
        #expect(!inventory.contains(" more") && !whole.contains(" more"), "something is folded")
    }

    @Test func `wide characters keep columns in line`() throws {
        for width in [80, 120] {
            let text = InventoryText(Self.wide).rendered(width: width, style: .plain)
            let lines = text.split(separator: "\n").map(String.init)
            let rows = lines.filter { $0.hasPrefix("    ✓ ") || $0.hasPrefix("    ? ") }
            #expect(rows.count == 12)
            let heads = try #require(lines.first { $0.contains("version") })
            func columns(_ line: String, before word: String) -> Int? {
                line.firstRange(of: word).map { TerminalText.columns(of: String(line[..<$0.lowerBound])) }
            }
            let place = columns(heads, before: "class")
            for row in rows { #expect(columns(row, before: " tenant ").map { $0 + 1 } == place, "\(row)") }
            for line in lines { #expect(TerminalText.columns(of: line) <= width, "\(line)") }
        }
        try expectGolden(InventoryText(Self.wide).rendered(width: 80, style: .plain), "wide-inventory-80.txt")
    }

    @Test(arguments: [
        ("abc", 3), ("日本語", 6), ("한국어", 6), ("\u{1112}\u{1161}\u{11AB}", 2), ("🐘", 2), ("🇫🇷", 2), ("👍🏽", 2),
        ("e\u{301}", 1), ("a\u{20DD}", 1), ("ﾊﾝ", 2), ("Ａ", 2), ("❤", 1), ("❤\u{FE0F}", 2), ("✓", 1), ("→", 1),
        ("…", 1),
        ("⠋", 1), ("कि", 2), ("שלום", 4), ("𠀀", 2), ("⌚", 2), ("🚀", 2), ("「", 2), ("", 0),
    ])
    func `a text takes as many columns as a terminal gives it`(text: String, columns: Int) {
        #expect(TerminalText.columns(of: text) == columns)
    }

    @Test(arguments: [(7, "7"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (0, "0")])
    func `long numbers are parted`(number: Int, text: String) {
        #expect(TerminalText.number(number) == text)
    }
}
