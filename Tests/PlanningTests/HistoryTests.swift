import FleetFixtures
import FleetModel
import Migrations
import Planning
import Testing

/// Histories that are not simply behind; production refuses what must be repaired.
@Suite struct HistoryTests {
    private func holding(_ history: [String], _ positions: [Int], version: String = "latest") -> EnvironmentPlan {
        fleet(.holding(shop.schema(after: positions), named: "shop", history: history), version: version).plan()
    }

    @Test func `a file edited after it ran is drift`() {
        let plan = holding(["0000_first!", "0001_second"], [0, 1])
        #expect(plan.statuses == [.drifted])
        #expect(plan.codes == [.migrationEdited])
        #expect(plan.findings.first?.object == "0000_first")
        #expect(plan.refused.map(\.why) == ["repair: refuse"])
        #expect(plan.refused.first?.cohort == "c1")
    }

    @Test func `a history row that no file matches is drift`() {
        let plan = holding(["0000_first", "0009_elsewhere"], [0])
        #expect(plan.statuses == [.drifted])
        #expect(plan.codes == [.migrationUnknown])
        #expect(plan.findings.first?.object == "0009_elsewhere")
    }

    @Test func `a database beyond its declared version is drift`() {
        let plan = holding(["0000_first", "0001_second", "0002_third"], [0, 1, 2], version: "0001_second")
        #expect(plan.statuses == [.drifted])
        #expect(plan.codes == [.versionAhead])
        #expect(plan.findings.first?.object == "0002_third")
        #expect(plan.findings.first?.hint?.contains("declare version 0002_third") == true)
    }

    @Test func `a schema beyond the declared version without a history is drift`() {
        let plan = fleet(.holding(shop.schema(after: 0..<3), named: "shop", history: nil), version: "1").plan()
        #expect(plan.statuses == [.drifted])
        #expect(plan.codes == [.historyMissing, .versionAhead])
    }

    @Test func `a migration merged late is applied where the order makes no difference`() {
        let fixture = ClassFixture(
            "shop",
            [
                .init("0000_first", [.createTable("orders", ["id"])]),
                .init("0001_late", [.createTable("lines", ["id"])]),
                .init("0002_there", [.createTable("notes", ["id"])]),
            ]
        )
        let plan = fleet(
            .holding(fixture.schema(after: [0, 2]), named: "shop", history: ["0000_first", "0002_there"]),
            classes: [fixture]
        ).plan()
        #expect(plan.statuses == [.pending])
        #expect(plan.codes == [.migrationOutOfOrder, .migrationsPending])
        #expect(plan.findings.first?.severity == .info)
        #expect(plan.kinds == [[.backup, .migrate]])
        #expect(plan.cohorts.first?.steps[1].migrations == ["0001_late"])
        #expect(plan.refused.isEmpty)
    }

    @Test func `what the tool itself passes over for ever is said, also where the folder's order is kept`() {
        let end = holding(["0000_first", "0001_second^"], [0, 1])
        #expect(end.codes == [.migrationOutOfOrder, .migrationsPending])
        #expect(end.findings.first?.severity == .info)
        #expect(end.findings.first?.object == "0002_third")
        #expect(
            end.findings.first?.message == "merged late: 0002_third is older than what is applied, and drizzle's own "
                + "migrator never runs 0002_third here and says nothing"
        )
        #expect(end.cohorts.first?.steps.flatMap(\.migrations) == ["0002_third"])
        let late = holding(["0000_first", "0002_third^"], [0, 2])
        #expect(late.findings.first?.message.contains("drizzle's own migrator never runs 0001_second here") == true)
        #expect(holding(["0000_first", "0001_second", "0002_third^"], [0, 1, 2]).codes == [])
    }

    @Test
    func `what the tool would run again is a warning, and what its table owes is shown with the first row written`() {
        let behind = holding(["0000_first?", "0001_second"], [0, 1])
        #expect(behind.codes == [.migrationOutOfOrder, .migrationsPending])
        #expect(behind.findings.first?.severity == .warning)
        #expect(behind.findings.first?.message.hasSuffix("drizzle's own migrator would run it again") == true)
        let steps = behind.cohorts.first?.steps.filter { $0.kind == .migrate }
        #expect(steps?.map { $0.statements.map(\.sql).first } == ["UPDATE history"])
        #expect(steps?.first?.summary == "apply 0002_third (1 statement)")
        #expect(steps?.first?.statements.first?.hazards == [])
        // Nothing is written for its own sake.
        let there = holding(["0000_first?", "0001_second", "0002_third"], [0, 1, 2])
        #expect(there.statuses == [.converged])
        #expect(there.codes == [.migrationOutOfOrder])
        #expect(there.cohorts.flatMap(\.steps).isEmpty)
    }

    @Test func `an extension that the server has not got is named before anything is done`() {
        let fixture = ClassFixture(
            "shop",
            [
                .init("0000_first", [.extension("citext"), .createTable("orders", ["id"])]),
                .init("0001_map", [.extension("postgis")]),
            ]
        )
        func plan(_ installed: Set<String>?, applied: Int) -> EnvironmentPlan {
            var fleet = Fleet(role: .production, classes: [fixture])
            fleet.instance(
                "one",
                extensions: installed,
                databases: applied == 0 ? [] : [.at(applied, of: fixture, named: "shop")]
            )
            fleet.entry(.names(["shop"]), "shop", on: "one")
            return fleet.plan()
        }
        let lacking = plan(["citext"], applied: 1)
        #expect(lacking.codes == [.migrationsPending, .migrationFails])
        #expect(lacking.findings.last?.object == "postgis")
        #expect(lacking.refused.map(\.what) == ["migration-fails: c1"])
        #expect(lacking.refused.first?.grant == nil)
        #expect(
            plan([], applied: 0).findings.filter { $0.code == .migrationFails }.map(\.object) == ["citext", "postgis"]
        )
        // What is in the database is on the server, whatever the list says.
        #expect(plan(["postgis"], applied: 1).refused.isEmpty)
        #expect(plan(nil, applied: 1).refused.isEmpty)
        #expect(plan([], applied: 2).codes == [])
    }

    @Test func `a migration merged late that ends in another schema is one for repair`() {
        let fixture = ClassFixture(
            "shop",
            [
                .init("0000_first", [.createTable("orders", ["id"])]), .init("0001_late", [.function("tax", "old")]),
                .init("0002_there", [.function("tax", "new")]),
            ]
        )
        let plan = fleet(
            .holding(fixture.schema(after: [0, 2]), named: "shop", history: ["0000_first", "0002_there"]),
            classes: [fixture]
        ).plan()
        #expect(plan.statuses == [.drifted])
        #expect(plan.codes == [.migrationOutOfOrder])
        #expect(plan.findings.first?.severity == .error)
        #expect(plan.refused.map(\.why) == ["repair: refuse"])
    }

    @Test func `a migration merged late that fails after what is applied is one for repair`() {
        let fixture = ClassFixture(
            "shop",
            [
                .init("0000_first", [.createTable("orders", ["id"])]), .init("0001_late", [.needs("orders")]),
                .init("0002_there", [.dropTable("orders"), .createTable("notes", ["id"])]),
            ]
        )
        let plan = fleet(
            .holding(fixture.schema(after: [0, 2]), named: "shop", history: ["0000_first", "0002_there"]),
            classes: [fixture]
        ).plan()
        #expect(plan.statuses == [.drifted])
        #expect(plan.codes == [.migrationOutOfOrder])
        #expect(plan.findings.first?.message.contains("does not exist") == true)
    }

    @Test func `migrations that ran in another order to the same end are as good as any`() {
        let fixture = ClassFixture(
            "shop",
            [.init("0000_a", [.createTable("a", ["id"])]), .init("0001_b", [.createTable("b", ["id"])])]
        )
        let plan = fleet(
            .holding(fixture.schema(after: [1, 0]), named: "shop", history: ["0001_b", "0000_a"]),
            classes: [fixture]
        ).plan()
        #expect(plan.statuses == [.converged])
        #expect(plan.findings.isEmpty)
    }

    @Test func `a pending migration that fails on scratch is refused and nothing can grant it`() {
        let fixture = shop(doing: [.failing("no such thing")])
        let plan = fleet(.at(1, of: fixture, named: "shop"), role: .development, classes: [fixture]).plan()
        #expect(plan.statuses == [.pending])
        #expect(plan.codes == [.migrationsPending, .migrationFails])
        #expect(plan.kinds == [[]])
        #expect(plan.refused.map(\.grant) == [nil])
        #expect(plan.refused.first?.what == "migration-fails: c1")
    }

    @Test func `a migration beyond the declared version may fail as it likes`() {
        let fixture = shop(doing: [.failing("no such thing")])
        let plan = fleet(.at(1, of: fixture, named: "shop"), version: "0", classes: [fixture]).plan()
        #expect(plan.statuses == [.converged])
        #expect(plan.findings.isEmpty)
    }

    @Test func `what scratch cannot run is not assessed, and says why`() {
        let plan = plan(doing: [.addColumn("orders", "place")], unassessed: "extension postgis is not available")
        #expect(plan.migrationHazards == [.unassessed])
        #expect(plan.statement(0)?.note?.contains("postgis") == true)
        #expect(plan.cohorts.first?.to == nil)
        #expect(plan.refused.map(\.grant) == ["--allow unassessed"])
    }

    @Test func `a recorded history that scratch cannot replay leaves a database unknown`() {
        var fixture = shop
        fixture.unassessed = ("0001_second", "extension postgis is not available")
        let plan = fleet(.at(3, of: fixture, named: "shop"), classes: [fixture]).plan()
        #expect(plan.statuses == [.unknown])
        #expect(plan.codes == [.notInspected])
        #expect(plan.refused.isEmpty)
    }

    @Test func `a database without history is not judged where scratch knows too few versions`() {
        var fixture = shop
        fixture.unassessed = ("0001_second", "extension postgis is not available")
        let plan = fleet(
            .holding(shop.schema(after: 0..<3), named: "shop", history: nil),
            role: .development,
            classes: [fixture]
        ).plan()
        #expect(plan.statuses == [.unknown])
        #expect(plan.kinds == [[]])
        #expect(plan.refused.map(\.grant) == [nil])
    }

    @Test func `a migration recorded twice is told and is no drift`() {
        let plan = holding(["0000_first", "0001_second", "0002_third", "0001_second"], [0, 1, 2])
        #expect(plan.statuses == [.converged])
        #expect(plan.codes == [.migrationOutOfOrder])
        #expect(plan.findings.first?.message.contains("more than once") == true)
    }

    @Test func `a migration cut short outside a transaction is gone on with`() {
        let fixture = shop(
            doing: [.addColumn("orders", "place"), .indexConcurrently("orders", "orders_new")],
            isTransactional: false
        )
        var schema = fixture.schema(after: 0..<1)
        _ = schema.run(.addColumn("orders", "place"))
        var database = ObservedDatabase.holding(schema, named: "shop", history: ["0000_first"])
        let drifted = fleet(database, role: .testing, classes: [fixture]).plan()
        #expect(drifted.statuses == [.drifted])

        guard case .observed(var state) = database.content else { return }
        state.unfinished = fixture.folder.migrations[1].sha256
        database.content = .observed(state)
        let plan = fleet(database, role: .testing, classes: [fixture]).plan()
        #expect(plan.statuses == [.pending])
        #expect(plan.kinds == [[.migrate]])
        #expect(plan.cohorts.first?.to == fixture.schema(after: 0..<2).catalog.fingerprint)
    }

    @Test func `scratch is asked each question once`() {
        let fleet = fleet(
            .at(3, of: shop, named: "shop_a"),
            .at(1, of: shop, named: "shop_b"),
            .holding(shop.schema(after: [0, 2]), named: "shop_c", history: ["0000_first", "0002_third"])
        )
        #expect(
            fleet.input.replayRequests == [
                ReplayRequest(className: "bank", major: 15, sequence: [0]),
                ReplayRequest(className: "shop", major: 15, sequence: [0, 1, 2]),
                ReplayRequest(className: "shop", major: 15, sequence: [0, 2, 1]),
            ]
        )
    }
}
