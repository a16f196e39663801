import FleetFixtures
import FleetModel
import Planning

/// A class of three migrations, each adding something another way.
let shop: ClassFixture = {
    var fixture = ClassFixture(
        "shop",
        [
            .init("0000_first", [.createTable("orders", ["id", "note"])]),
            .init("0001_second", [.addColumn("orders", "state"), .createTable("lines", ["id"])]),
            .init("0002_third", [.foreignKey("lines", to: "orders")]),
        ]
    )
    fixture.checks = [DatabaseCheck(name: "orders are there", sql: "SELECT true", range: .beginning(of: "shop.yaml"))]
    fixture.initScripts = ["/root/seeds/shop.sql"]
    return fixture
}()

/// Another class, whose tables have no place in a shop.
let bank = ClassFixture(
    "bank",
    [.init("0000_bank", [.createTable("accounts", ["id"]), .type("currency"), .function("rate", "1")])]
)

/// One server with one shop in some state.
func fleet(
    _ databases: ObservedDatabase...,
    role: EnvironmentRole = .production,
    version: String = "latest",
    classes: [ClassFixture] = [shop, bank],
    policy: (inout Policy) -> Void = { _ in }
) -> Fleet {
    var fleet = Fleet(role: role, classes: classes)
    policy(&fleet.policy)
    fleet.instance("one", databases: databases)
    fleet.entry(.match("shop*"), "shop", version: version, on: "one")
    return fleet
}

/// A shop whose pending migration does just this.
func shop(doing statements: [Statement], isTransactional: Bool = true) -> ClassFixture {
    ClassFixture(
        "shop",
        [
            .init(
                "0000_first",
                [
                    .createTable("orders", ["id", "note"]), .createTable("lines", ["id"]),
                    .createTable("hollow", ["id"]),
                ]
            ),
            .init("0001_change", statements, isTransactional: isTransactional),
        ]
    )
}

/// The plan for one shop with rows in `orders` and `lines` but none in `hollow`, one migration behind.
func plan(
    doing statements: [Statement],
    isTransactional: Bool = true,
    role: EnvironmentRole = .production,
    filled: [String] = ["orders", "lines"],
    unassessed: String? = nil
) -> EnvironmentPlan {
    var fixture = shop(doing: statements, isTransactional: isTransactional)
    fixture.unassessed = unassessed.map { ("0001_change", $0) }
    return fleet(.at(1, of: fixture, named: "shop", filled: filled), role: role, classes: [fixture]).plan()
}

extension EnvironmentPlan {
    var codes: [FindingCode] { findings.map(\.code) }
    var statuses: [DatabaseStatus] { databases.map(\.status) }
    var kinds: [[StepKind]] { cohorts.map { $0.steps.map(\.kind) } }

    func database(_ name: String) -> PlannedDatabase? { databases.first { $0.name == name } }

    /// Hazards of the first migration planned.
    var migrationHazards: Set<Hazard>? {
        cohorts.first?.steps.first { $0.kind == .migrate }?.hazards
    }

    func statement(_ index: Int) -> PlannedStatement? {
        cohorts.first?.steps.first { $0.kind == .migrate }?.statements[index]
    }
}
