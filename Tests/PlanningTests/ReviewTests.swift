import FleetFixtures
import FleetModel
import Planning
import Testing

@Suite struct ReviewTests {
    /// Two cohorts, of which one would lose data.
    private var fleet: Fleet {
        var fixture = shop(doing: [.addColumn("orders", "place")])
        fixture.files.append(.init("0002_loss", [.dropTable("hollow")]))
        var fleet = Fleet(role: .staging, classes: [fixture])
        fleet.instance(
            "one",
            databases: [.at(1, of: fixture, named: "shop_a"), .at(1, of: fixture, named: "shop_b")]
        )
        fleet.entry(.names(["shop_a"]), "shop", version: "1", on: "one")
        fleet.entry(.names(["shop_b"]), "shop", on: "one")
        return fleet
    }

    @Test func `a refusal names the step, the policy and the flag`() {
        let refused = fleet.plan().refused
        #expect(refused.map(\.what) == ["c2.s3: migrate 0002_loss"])
        #expect(refused.map(\.why) == ["allow: none"])
        #expect(refused.map(\.grant) == ["--allow data-loss"])
        #expect(refused.map(\.databases) == [["shop_b"]])
    }

    @Test func `a plan with a refusal is not approved as a whole`() {
        let review = fleet.policy.review(fleet.plan())
        let rejection = #expect(throws: Rejection.self) { try review.approve(.whole) }
        #expect(rejection?.refused == review.plan.refused)
    }

    @Test func `the rest of a plan with a refusal is approved where that is asked for`() throws {
        let approved = try fleet.policy.review(fleet.plan()).approve(.partial)
        #expect(approved.plan.cohorts.map(\.id) == ["c1"])
        #expect(approved.leftOut.count == 1)
    }

    @Test func `what a flag grants is approved and written down`() throws {
        let review = fleet.policy.review(fleet.plan(), allowing: [.dataLoss])
        #expect(review.plan.granted == [.dataLoss])
        let approved = try review.approve(.whole)
        #expect(approved.plan.cohorts.count == 2)
        #expect(approved.leftOut.isEmpty)
    }

    @Test func `reviewing twice says the same as reviewing once`() {
        let once = fleet.plan()
        #expect(fleet.policy.review(once).plan == once)
    }

    @Test func `a drop that is refused takes its backup with it`() throws {
        var fleet = Fleet(role: .staging, classes: [shop])
        fleet.policy.unmanaged = .drop
        fleet.instance("one", databases: [.at(1, of: shop, named: "stray")])
        let approved = try fleet.policy.review(fleet.plan()).approve(.partial)
        #expect(approved.plan.steps.isEmpty)
        #expect(approved.leftOut.map(\.what) == ["s2: drop-database stray"])
    }
}
