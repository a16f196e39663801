import FleetFixtures
import FleetModel
import Planning
import Testing

@Suite struct InstanceTests {
    @Test func `an instance out of reach makes its named databases unknown and plans nothing there`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.instance("gone", unreachable: "connection refused")
        fleet.instance("here")
        fleet.entry(.names(["shop_a"]), "shop", on: "gone")
        fleet.entry(.names(["shop_b"]), "shop", on: "here")
        let plan = fleet.plan()
        #expect(plan.hasUnreachable)
        #expect(plan.statuses == [.unknown, .missing])
        #expect(plan.codes == [.instanceUnreachable, .databaseMissing])
        #expect(plan.findings.first?.message.contains("connection refused") == true)
        #expect(plan.cohorts.map(\.databases) == [["shop_b"]])
        #expect(plan.instances.first?.sizeBytes == nil)
    }

    @Test func `two instances that are one server are refused, both of them are named`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.instance("one", identifier: "same")
        fleet.instance("two", identifier: "same")
        fleet.entry(.names(["shop_a"]), "shop", on: "one")
        fleet.entry(.names(["shop_b"]), "shop", on: "two")
        let plan = fleet.plan()
        #expect(plan.statuses == [.unknown, .unknown])
        #expect(plan.findings.map(\.severity) == [.error, .error])
        #expect(plan.cohorts.isEmpty)
        #expect(plan.refused.count == 2)
    }

    @Test func `a standby is an error and nothing is planned on it`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.instance("one", inRecovery: true, databases: [.at(1, of: shop, named: "shop")])
        fleet.entry(.names(["shop"]), "shop", on: "one")
        let plan = fleet.plan()
        #expect(plan.statuses == [.unknown])
        #expect(plan.findings.first?.message.contains("standby") == true)
        #expect(plan.cohorts.isEmpty)
        #expect(plan.refused.map(\.grant) == [nil])
    }

    @Test func `a database that an unreachable retiring instance may hold is not created in its place`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.instance("old", state: .retiring, unreachable: "timeout")
        fleet.instance("new")
        fleet.entry(.names(["shop"]), "shop", on: "new")
        let plan = fleet.plan()
        #expect(plan.cohorts.isEmpty)
        #expect(plan.databases.first { $0.instance == "new" }?.status == .unknown)
    }

    @Test func `nothing on a retiring instance is planned or dropped`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.policy.unmanaged = .drop
        fleet.instance(
            "old",
            state: .retiring,
            databases: [.at(1, of: shop, named: "shop"), .at(1, of: shop, named: "left")]
        )
        fleet.instance("new", databases: [.at(3, of: shop, named: "shop")])
        fleet.entry(.match("shop"), "shop", on: "new")
        let plan = fleet.plan()
        #expect(plan.cohorts.isEmpty)
        #expect(plan.steps.isEmpty)
        #expect(plan.codes.contains(.instanceRetiringInUse))
    }
}
