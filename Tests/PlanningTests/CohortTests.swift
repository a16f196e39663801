import FleetFixtures
import FleetModel
import Planning
import Testing

@Suite struct CohortTests {
    @Test func `databases in one state are planned once`() {
        let plan = Estate.production.plan()
        #expect(plan.cohorts.map(\.databases.count) == [1, 12])
        #expect(plan.cohorts.map(\.id) == ["c1", "c2"])
        #expect(plan.cohorts[1].databases.first == "tenant_10")
        #expect(plan.summary.toMigrate == 13)
        #expect(plan.refused.isEmpty)
    }

    @Test func `entries are worked in order, master first`() {
        let plan = Estate.development.plan()
        #expect(
            plan.cohorts.map(\.className) == ["master", "tenant", "tenant", "tenant", "master", "tenant", "tenant"]
        )
        #expect(plan.cohorts.map(\.instance).prefix(4).allSatisfy { $0 == "local-native" })
        #expect(
            plan.kinds == [
                [.rebuildDatabase, .check], [.rebuildDatabase, .check], [.migrate, .check], [.adopt, .migrate, .check],
                [.migrate, .migrate, .initialize, .check], [.rebuildDatabase, .check],
                [.createDatabase, .migrate, .migrate, .initialize, .check],
            ]
        )
        #expect(plan.statuses.count == 9)
        #expect(plan.database("tenant_4")?.status == .converged)
    }

    @Test func `a cohort never reaches past an entry of another class`() {
        var fleet = Fleet(role: .development, classes: [shop, bank])
        fleet.instance("one")
        fleet.entry(.names(["shop_a"]), "shop", on: "one")
        fleet.entry(.names(["shop_b"]), "shop", on: "one")
        fleet.entry(.names(["bank"]), "bank", on: "one")
        fleet.entry(.names(["shop_c"]), "shop", on: "one")
        #expect(fleet.plan().cohorts.map(\.databases) == [["shop_a", "shop_b"], ["bank"], ["shop_c"]])
    }

    @Test func `another order of columns makes another cohort`() {
        var swapped = Schema()
        _ = swapped.run(.createTable("orders", ["note", "id"]))
        let plan = fleet(
            .at(1, of: shop, named: "shop_a"),
            .holding(swapped, named: "shop_b", history: ["0000_first"])
        ).plan()
        #expect(plan.cohorts.map(\.databases) == [["shop_a"], ["shop_b"]])
        #expect(plan.cohorts[0].from == plan.cohorts[1].from)
    }

    @Test func `grants that differ do not part a cohort`() {
        var schema = shop.schema(after: 0..<1)
        schema.privileges = "someone else"
        let plan = fleet(
            .at(1, of: shop, named: "shop_a"),
            .holding(schema, named: "shop_b", history: ["0000_first"])
        ).plan()
        #expect(plan.cohorts.map(\.databases) == [["shop_a", "shop_b"]])
    }

    @Test func `a database at another version or on another instance is in another cohort`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.instance("one", databases: [.at(1, of: shop, named: "shop_a")])
        fleet.instance("two", databases: [.at(1, of: shop, named: "shop_b"), .at(1, of: shop, named: "shop_c")])
        fleet.entry(.names(["shop_b"]), "shop", on: "two")
        fleet.entry(.names(["shop_a"]), "shop", on: "one")
        fleet.entry(.names(["shop_c"]), "shop", version: "1", on: "two")
        #expect(fleet.plan().cohorts.map(\.databases) == [["shop_a"], ["shop_b"], ["shop_c"]])
    }

    @Test func `the order in which servers answer does not matter`() {
        var fleet = Estate.development
        let plan = fleet.plan()
        fleet.observed = fleet.observed.reversed().map { instance in
            guard case .reachable(let facts, let databases) = instance.outcome else { return instance }
            return ObservedInstance(name: instance.name, outcome: .reachable(facts, databases.reversed()))
        }
        #expect(fleet.plan() == plan)
    }

    @Test func `ten thousand databases in three states are three cohorts, soon`() {
        var fleet = Fleet(role: .development, classes: [shop, bank])
        let states = [1, 2, 0].map { ObservedDatabase.at($0, of: shop, named: "x") }
        fleet.instance(
            "one",
            databases: (0..<10_000).map { number in
                var database = states[number % 3]
                database.name = "shop_\(number)"
                return database
            }
        )
        fleet.entry(.match("shop_*"), "shop", on: "one")
        let clock = ContinuousClock()
        let time = clock.measure { #expect(fleet.plan().cohorts.count == 3) }
        #expect(time < .seconds(20))
    }
}
