import FleetFixtures
import FleetModel
import Planning
import Testing

@Suite struct HazardTests {
    @Test(
        arguments: [
            ([.addColumn("orders", "place")], []),
            ([.createTable("new", ["id"]), .foreignKey("new", to: "orders")], []),
            ([.createTable("new", ["id"]), .index("new", "new_idx"), .changeType("new", "id", "int")], []),
            ([.index("orders", "orders_idx")], [.blocksWrites]),
            ([.index("hollow", "hollow_idx")], []),
            ([.changeType("orders", "id", "bigint")], [.tableRewrite, .blocksReads, .blocksWrites]),
            ([.changeType("hollow", "id", "bigint")], []),
            ([.setNotNull("orders", "note")], [.fullScan, .blocksReads, .blocksWrites]),
            ([.foreignKey("orders", to: "lines")], [.fullScan, .blocksWrites]),
            ([.foreignKey("hollow", to: "lines")], []),
            ([.dropTable("orders")], [.dataLoss]),
            ([.dropTable("hollow")], [.dataLoss]),
            ([.dropColumn("orders", "note")], [.dataLoss]),
            ([.delete("orders")], [.dataLoss]),
            ([.truncate("lines")], [.dataLoss]),
            ([.update("orders")], []),
            ([.insert("orders")], []),
            ([.procedure], [.unassessed]),
            ([.createTable("new", ["id"]), .dropTable("new")], []),
            ([.createTable("new", ["id"]), .delete("new")], []),
            // Renamed first, then touched under the new name.
            ([.rename("orders", to: "old"), .dropTable("old")], [.dataLoss]),
            ([.rename("orders", to: "old"), .createTable("orders", ["id"]), .dropTable("old")], [.dataLoss]),
            ([.rename("orders", to: "old"), .index("old", "old_idx")], [.blocksReads, .blocksWrites]),
            // The lock taken first is held while the index is built.
            ([.addColumn("lines", "place"), .index("orders", "orders_idx")], [.blocksReads, .blocksWrites]),
            ([.addColumn("hollow", "place"), .index("orders", "orders_idx")], [.blocksWrites]),
        ] as [([Statement], Set<Hazard>)]
    )
    func `what scratch measured becomes a hazard where tables hold rows`(statements: [Statement], hazards: Set<Hazard>)
    {
        #expect(plan(doing: statements).migrationHazards == hazards)
    }

    @Test func `an index built concurrently is not transactional and blocks nobody`() {
        let plan = plan(doing: [.indexConcurrently("orders", "orders_idx")], isTransactional: false)
        #expect(plan.migrationHazards == [.notTransactional])
        #expect(plan.refused.map(\.grant) == ["--allow not-transactional"])
    }

    @Test func `locks end with each statement where there is no transaction`() {
        let plan = plan(doing: [.addColumn("lines", "place"), .index("orders", "orders_idx")], isTransactional: false)
        #expect(plan.migrationHazards == [.blocksWrites])
    }

    @Test func `one database of a cohort with rows is enough`() {
        let fixture = shop(doing: [.index("orders", "orders_idx")])
        let plan = fleet(
            .at(1, of: fixture, named: "shop_a"),
            .at(1, of: fixture, named: "shop_b", filled: ["orders"]),
            classes: [fixture]
        ).plan()
        #expect(plan.cohorts.count == 1)
        #expect(plan.migrationHazards == [.blocksWrites])
    }

    @Test func `a table renamed by an earlier migration keeps its rows`() {
        var fixture = shop(doing: [.rename("orders", to: "old")])
        fixture.files.append(.init("0002_more", [.index("old", "old_idx")]))
        let plan = fleet(.at(1, of: fixture, named: "shop", filled: ["orders"]), classes: [fixture]).plan()
        #expect(plan.cohorts.first?.steps[2].hazards == [.blocksWrites])
    }

    @Test func `a new database can be harmed by nothing`() {
        let statements: [Statement] = [
            .delete("orders"), .dropTable("hollow"), .changeType("orders", "id", "int"), .procedure,
            .indexConcurrently("orders", "x"),
        ]
        var fleet = Fleet(classes: [shop(doing: statements, isTransactional: false)])
        fleet.instance("one")
        fleet.entry(.names(["shop"]), "shop", on: "one")
        #expect(fleet.plan().cohorts.first?.steps.flatMap(\.hazards) == [])
        #expect(fleet.plan().refused.isEmpty)
    }

    @Test func `brief locks are shown and are no hazard`() {
        let plan = plan(doing: [
            .addColumn("orders", "place"), .createTable("new", ["id"]), .foreignKey("new", to: "lines"),
        ])
        #expect(
            plan.statement(0)?.locks == [TableLock(table: TableName(name: "orders"), mode: "AccessExclusiveLock")]
        )
        #expect(
            plan.statement(2)?.locks == [TableLock(table: TableName(name: "lines"), mode: "ShareRowExclusiveLock")]
        )
    }

    @Test func `what is done to rows is told`() {
        #expect(plan(doing: [.update("orders")]).statement(0)?.note == "updates rows of public.orders")
        #expect(plan(doing: [.delete("orders")]).statement(0)?.note == "deletes rows of public.orders")
    }

    @Test(arguments: EnvironmentRole.allCases)
    func `hazards are granted where nothing is precious and refused elsewhere`(role: EnvironmentRole) {
        let plan = plan(doing: [.dropTable("orders")], role: role)
        let isCareful = role == .staging || role == .production
        #expect(plan.refused.map(\.grant) == (isCareful ? ["--allow data-loss"] : []))
        #expect(plan.cohorts.first?.steps.map(\.kind) == (isCareful ? [.backup, .migrate] : [.migrate]))
    }

    @Test func `a staging database is backed up only before what may destroy`() {
        #expect(plan(doing: [.addColumn("orders", "place")], role: .staging).kinds == [[.migrate]])
        #expect(plan(doing: [.delete("orders")], role: .staging).kinds == [[.backup, .migrate]])
    }
}
