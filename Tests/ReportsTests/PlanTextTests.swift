import FleetFixtures
import FleetModel
import Reports
import Testing

@Suite struct PlanTextTests {
    static var estate: Plan {
        Plan(
            toolVersion: "0.1.0", createdAt: 1_768_521_600, gitCommit: nil,
            environments: [Estate.development.plan(), Estate.testing.plan(), Estate.production.plan()])
    }

    @Test func `the estate's plan reads as recorded`() throws {
        try expectGolden(PlanText(Self.estate).rendered(width: 100, style: .plain), "estate-plan.txt")
    }

    @Test func `the estate's inventory reads as recorded`() throws {
        try expectGolden(InventoryText(Self.estate).rendered(width: 100, style: .plain), "estate-inventory.txt")
    }

    @Test func `the estate's plan is the recorded document`() throws {
        try expectGolden(PlanDocument(Self.estate).json.text + "\n", "estate-plan.json")
    }
}
