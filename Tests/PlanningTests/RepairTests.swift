import FleetFixtures
import FleetModel
import Planning
import Testing

@Suite struct RepairTests {
    /// A shop at its first version in which the bank's tables stand as well.
    private var mixed: Schema {
        var schema = shop.schema(after: 0..<1)
        for (id, definition) in bank.schema(after: 0..<1).objects { schema.set(id, definition) }
        return schema
    }

    private func plan(
        _ schema: Schema,
        history: [String]? = ["0000_first"],
        role: EnvironmentRole,
        policy: (inout Policy) -> Void = { _ in }
    ) -> EnvironmentPlan {
        fleet(.holding(schema, named: "shop", history: history, filled: ["orders"]), role: role, policy: policy).plan()
    }

    @Test func `tables of another class make a database corrupted, each is named`() {
        let plan = plan(mixed, role: .production)
        #expect(plan.statuses == [.corrupted])
        #expect(plan.codes == [.tableMisplaced, .migrationsPending])
        #expect(plan.findings.first?.object == "public.accounts")
        #expect(plan.findings.first?.message.contains("\"bank\"") == true)
        #expect(plan.kinds == [[]])
        #expect(plan.refused.map(\.why) == ["repair: refuse"])
        #expect(plan.refused.first?.grant == "policy `repair: quarantine` or `repair: rebuild`")
    }

    @Test(arguments: [EnvironmentRole.development, .testing])
    func `where nothing is precious a corrupted database is rebuilt`(role: EnvironmentRole) {
        let plan = plan(mixed, role: role)
        #expect(plan.kinds == [[.rebuildDatabase, .check]])
        #expect(plan.cohorts.first?.steps.first?.hazards == [.dataLoss, .disconnects])
        #expect(plan.cohorts.first?.steps.first?.migrations == shop.files.map(\.tag))
        #expect(plan.cohorts.first?.to == shop.schema(after: 0..<3).catalog.fingerprint)
        #expect(plan.refused.isEmpty)
        #expect(plan.summary.toRebuild == 1)
    }

    @Test func `in staging what is misplaced is moved away with what came with it, and the rest migrated`() {
        let plan = plan(mixed, role: .staging)
        #expect(plan.kinds == [[.quarantineTables, .migrate, .migrate, .check]])
        let step = plan.cohorts.first?.steps.first
        #expect(step?.objects == ["table public.accounts", "enum public.currency", "function public.rate()"])
        #expect(step?.hazards == [])
        #expect(plan.refused.isEmpty)
    }

    @Test func `a quarantine leaves a version to adopt where no history is recorded`() {
        let plan = plan(mixed, history: nil, role: .staging)
        #expect(plan.codes == [.tableMisplaced, .historyMissing, .migrationsPending])
        #expect(plan.kinds == [[.quarantineTables, .adopt, .migrate, .migrate, .check]])
    }

    @Test func `quarantine is refused where what remains is no version`() {
        var schema = mixed
        schema.set(.column("orders", "note"), nil)
        let plan = plan(schema, role: .staging)
        #expect(plan.kinds == [[]])
        #expect(plan.refused.map(\.why) == ["repair: quarantine cannot mend it"])
        #expect(plan.refused.first?.grant == "policy `repair: rebuild`")
    }

    @Test func `a missing table, an unexpected one and other drift are told apart`() {
        var schema = shop.schema(after: 0..<2)
        _ = schema.run(.dropTable("lines"))
        _ = schema.run(.createTable("scribble", ["id"]))
        schema.set(.column("orders", "note"), "integer")
        let plan = plan(schema, history: ["0000_first", "0001_second"], role: .production)
        #expect(plan.statuses == [.drifted])
        #expect(plan.codes == [.tableMissing, .tableUnexpected, .schemaDrift])
        #expect(plan.findings.map(\.object) == ["public.lines", "public.scribble", "public.orders"])
        #expect(plan.findings.last?.message == "column \"note\" differs")
        #expect(plan.findings.allSatisfy { $0.severity == .error })
    }

    @Test func `a schema that fits no version names the closest and what is missing from it`() {
        var schema = shop.schema(after: 0..<2)
        _ = schema.run(.dropTable("lines"))
        let plan = plan(schema, history: nil, role: .production)
        #expect(plan.statuses == [.drifted])
        #expect(plan.codes.first == .historyMissing)
        #expect(plan.findings.first?.severity == .error)
        #expect(plan.findings.first?.message.contains("closest is 0000_first") == true)
        #expect(plan.refused.count == 1)
    }

    @Test func `drift without misplaced tables is beyond a quarantine`() {
        var schema = shop.schema(after: 0..<1)
        schema.set(.column("orders", "note"), "integer")
        let plan = plan(schema, role: .staging)
        #expect(plan.refused.map(\.why) == ["repair: quarantine cannot mend it"])
    }

    @Test func `a rebuild in staging is backed up, and only what it disconnects must be granted`() {
        let plan = plan(mixed, role: .staging) { $0.repair = .rebuild }
        #expect(plan.kinds == [[.backup, .rebuildDatabase, .check]])
        #expect(plan.refused.map(\.grant) == ["--allow disconnects"])
    }

    @Test func `a rebuild with a migration that fails is refused`() {
        var fixture = shop
        fixture.files.append(.init("0003_bad", [.failing("broken")]))
        let plan = fleet(
            .holding(mixed, named: "shop", history: ["0000_first"]),
            role: .development,
            classes: [fixture, bank]
        ).plan()
        #expect(plan.codes.contains(.migrationFails))
        #expect(plan.kinds == [[]])
        #expect(plan.refused.map(\.grant) == [nil])
    }

    @Test func `the maintenance database is not rebuilt`() {
        var fleet = Fleet(role: .development, classes: [shop, bank])
        fleet.instance("one", databases: [.holding(mixed, named: "postgres", history: ["0000_first"])])
        fleet.entry(.names(["postgres"]), "shop", on: "one")
        let plan = fleet.plan()
        #expect(plan.kinds == [[]])
        #expect(plan.refused.map(\.grant) == [nil])
    }

    @Test func `no more databases are rebuilt than policy lets one run destroy`() {
        var fleet = Fleet(role: .development, classes: [shop, bank])
        fleet.policy.maxDestroy = .percent(50)
        fleet.instance(
            "one",
            databases: [
                .holding(mixed, named: "shop_a", history: ["0000_first"]),
                .holding(mixed, named: "shop_b", history: ["0000_first"]), .at(3, of: shop, named: "shop_c"),
            ]
        )
        fleet.entry(.match("shop*"), "shop", on: "one")
        let plan = fleet.plan()
        #expect(plan.refused.map(\.why) == ["maxDestroy: 50%; the plan would rebuild or drop 2 of 3 claimed"])
        fleet.policy.maxDestroy = .count(2)
        #expect(fleet.plan().refused.isEmpty)
    }

    @Test func `production may destroy nothing unless its manifest says how many`() {
        let plan = plan(mixed, role: .production) { $0.repair = .rebuild }
        #expect(plan.kinds == [[.backup, .rebuildDatabase, .check]])
        #expect(plan.refused.map(\.grant) == ["--allow disconnects", "policy `maxDestroy: 1`"])
    }

    @Test func `production is backed up before it loses data, whatever is written`() {
        let plan = plan(mixed, role: .production) {
            $0.repair = .rebuild
            $0.backupWhen = .never
        }
        #expect(plan.kinds == [[.backup, .rebuildDatabase, .check]])
    }
}
