import FleetFixtures
import FleetModel
import Planning
import Testing

@Suite struct ClaimsTests {
    private func unmanagedFleet(_ unmanaged: Policy.Unmanaged, role: EnvironmentRole = .development) -> Fleet {
        fleet(.at(3, of: shop, named: "shop"), .at(1, of: shop, named: "stray"), role: role) {
            $0.unmanaged = unmanaged
        }
    }

    @Test func `a database nobody claims is reported`() {
        let plan = unmanagedFleet(.report).plan()
        #expect(plan.database("stray")?.status == .unmanaged)
        #expect(plan.database("stray")?.className == nil)
        #expect(plan.codes == [.databaseUnmanaged])
        #expect(plan.refused.isEmpty)
        #expect(!plan.owesChanges)
    }

    @Test func `a database nobody claims is ignored where policy says so`() {
        let plan = unmanagedFleet(.ignore).plan()
        #expect(plan.database("stray")?.status == .unmanaged)
        #expect(plan.findings.isEmpty)
    }

    @Test func `a database nobody claims is refused where policy says so`() {
        let plan = unmanagedFleet(.refuse).plan()
        #expect(plan.refused.map(\.why) == ["unmanaged: refuse"])
        #expect(plan.refused.first?.databases == ["stray"])
    }

    @Test func `a database nobody claims is dropped where policy says so, after a backup in staging`() {
        let plan = unmanagedFleet(.drop, role: .staging).plan()
        #expect(plan.steps.map(\.kind) == [.backup, .dropDatabase])
        #expect(plan.steps.map(\.id) == ["s1", "s2"])
        #expect(plan.steps.last?.hazards == [.dataLoss, .disconnects])
        #expect(plan.steps.last?.database == "stray")
        #expect(plan.summary.toDrop == 1)
        // Its data may go by policy; that sessions are ended must still be granted.
        #expect(plan.refused.map(\.grant) == ["--allow disconnects"])
    }

    @Test func `templates and the maintenance database are nobody's and are claimed by no pattern`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.policy.unmanaged = .drop
        fleet.instance(
            "one",
            databases: ["postgres", "template0", "template1"].map { .at(0, of: shop, named: $0) }
        )
        fleet.entry(.match("*"), "shop", on: "one")
        #expect(fleet.plan().databases.isEmpty)
        #expect(fleet.plan().steps.isEmpty)
    }

    @Test func `the first entry that claims a name wins`() {
        var fleet = Fleet(role: .development, classes: [shop, bank])
        fleet.instance("one", databases: [.at(1, of: bank, named: "shop_bank"), .at(3, of: shop, named: "shop_a")])
        fleet.entry(.names(["shop_bank"]), "bank", on: "one")
        fleet.entry(.match("shop_*"), "shop", on: "one")
        let plan = fleet.plan()
        #expect(plan.databases.map(\.className) == ["bank", "shop"])
        #expect(plan.statuses == [.converged, .converged])
    }

    @Test func `names come from a query, and those it gives that do not exist are created`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.instance("one", databases: [.at(3, of: shop, named: "a")], answers: [0: ["b", "a"]])
        fleet.entry(.query(database: "register", sql: "SELECT name FROM all"), "shop", on: "one")
        let plan = fleet.plan()
        #expect(plan.databases.map(\.name) == ["a", "b"])
        #expect(plan.statuses == [.converged, .missing])
    }

    @Test func `a query that cannot be asked yet is told, and nothing is dropped meanwhile`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.policy.unmanaged = .drop
        fleet.instance("one", databases: [.at(3, of: shop, named: "stray")], answers: [0: .notThere])
        fleet.entry(.query(database: "register", sql: "SELECT name FROM all"), "shop", on: "one")
        let plan = fleet.plan()
        #expect(plan.codes == [.notInspected, .databaseUnmanaged])
        #expect(plan.findings.first?.severity == .info)
        #expect(plan.steps.isEmpty)
    }

    @Test(arguments: [QueryAnswer.failed(reason: "permission denied"), .lacking(reason: "permission denied")])
    func `a query that was asked and gave no names is refused, and nobody takes it for none`(answer: QueryAnswer) {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.policy.unmanaged = .drop
        fleet.instance("one", databases: [.at(3, of: shop, named: "stray")], answers: [0: answer])
        fleet.entry(.query(database: "postgres", sql: "SELECT name FROM all"), "shop", on: "one")
        fleet.entry(.query(database: "postgres", sql: "SELECT name FROM another"), "shop", on: "one")
        let plan = fleet.plan()
        #expect(plan.findings.map(\.severity) == [.error, .info, .warning])
        #expect(plan.findings[0].message.hasSuffix("database \"postgres\" gave none: permission denied"))
        #expect(plan.refused.map(\.why) == [plan.findings[0].message] && plan.refused[0].grant == nil)
        #expect(plan.steps.isEmpty)
        let verdict = Gate(settings: GateSettings(), allowsPending: true, granted: []).judge(plan)
        #expect(verdict.status == .refused)
        #expect(verdict.objections[0].location == plan.findings[0].location)
        #expect(verdict.objections.map(\.weight) == [.error, .warning, .warning])
    }

    @Test func `what a pending migration may bring is no reason to refuse that, and still nobody passes the gate`() {
        func plan(_ answer: QueryAnswer, at count: Int) -> EnvironmentPlan {
            var fleet = Fleet(role: .development, classes: [shop, bank])
            fleet.instance("one", databases: [.at(count, of: shop, named: "shop", mark: .done)], answers: [1: answer])
            fleet.entry(.names(["shop"]), "shop", on: "one")
            fleet.entry(.query(database: "shop", sql: "SELECT name FROM all"), "bank", on: "one")
            return fleet.plan()
        }
        let missing = QueryAnswer.lacking(reason: "relation \"all\" does not exist")
        #expect(plan(missing, at: 1).refused.isEmpty && !plan(missing, at: 1).cohorts.isEmpty)
        #expect(plan(missing, at: 3).refused.count == 1)
        #expect(plan(.failed(reason: "permission denied"), at: 1).refused.count == 1)
        let gate = Gate(settings: GateSettings(), allowsPending: true, granted: [])
        #expect(gate.judge(plan(missing, at: 1)).status == .refused)
    }

    @Test func `what a retiring server could not tell is no more known than what its own could not`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.instance("old", state: .retiring, answers: [0: .failed(reason: "no")])
        fleet.instance("new", answers: [0: .notThere])
        fleet.entry(.query(database: "register", sql: "SELECT name FROM all"), "shop", on: "new")
        #expect(fleet.plan().refused.map(\.what) == ["not-inspected: new/entry at line 30"])
    }

    @Test(arguments: [
        (String(repeating: "ü", count: 40), "80 bytes"), ("postgres", "maintenance"), ("x__rcl_1", "kept aside"),
        ("", "empty"),
    ])
    func `a query's name that no database may have is refused`(name: String, reason: String) {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.instance("one", answers: [0: [name]])
        fleet.entry(.query(database: "register", sql: "SELECT name FROM all"), "shop", on: "one")
        let plan = fleet.plan()
        #expect(plan.databases.isEmpty)
        #expect(plan.findings.first?.message.contains(reason) == true)
        #expect(plan.refused.map(\.grant) == [nil])
    }

    @Test func `what another environment claims on the same server is not unmanaged`() {
        var ours = fleet(.at(3, of: shop, named: "shop"), .at(1, of: shop, named: "theirs_1"), role: .development) {
            $0.unmanaged = .drop
        }
        var theirs = Fleet("other", role: .staging, classes: [shop])
        theirs.instance("elsewhere", identifier: "id-one")
        theirs.entry(.match("theirs_*"), "shop", on: "elsewhere")
        ours.others = [OtherEnvironment(environment: theirs.environment, observed: theirs.observedEnvironment)]
        #expect(ours.plan().databases.map(\.name) == ["shop"])
        #expect(ours.plan().steps.isEmpty)
        #expect(ours.input.claims.conflicts.isEmpty)
    }

    @Test func `nothing is dropped while another environment's query on the same server is unanswered`() {
        var ours = fleet(.at(3, of: shop, named: "shop"), .at(1, of: shop, named: "stray"), role: .development) {
            $0.unmanaged = .drop
        }
        var theirs = Fleet("other", role: .staging, classes: [shop])
        theirs.instance("one")
        theirs.entry(.query(database: "register", sql: "SELECT 1"), "shop", on: "one")
        ours.others = [OtherEnvironment(environment: theirs.environment)]
        #expect(ours.plan().steps.isEmpty)
        #expect(ours.plan().database("stray")?.status == .unmanaged)
    }

    @Test func `the same database claimed by two environments is a conflict`() {
        var ours = fleet(.at(3, of: shop, named: "shop"))
        var theirs = Fleet("other", role: .staging, classes: [shop])
        theirs.instance("elsewhere", identifier: "id-one")
        theirs.entry(.names(["shop"]), "shop", on: "elsewhere")
        ours.others = [OtherEnvironment(environment: theirs.environment, observed: theirs.observedEnvironment)]
        let conflicts = ours.input.claims.conflicts
        #expect(conflicts.map(\.code) == [.claimedTwice])
        #expect(conflicts.first?.range?.file == "environments/test.yaml")
    }

    @Test func `names that look alike but are spelled with other bytes are two databases`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.instance("one", databases: [.at(3, of: shop, named: "cafe\u{301}")])
        fleet.entry(.names(["caf\u{E9}"]), "shop", on: "one")
        let plan = fleet.plan()
        #expect(plan.statuses == [.missing, .unmanaged])
    }

    @Test func `a plan may be narrowed to instances and names, and says so`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.instance("one", databases: [.at(1, of: shop, named: "shop_a"), .at(1, of: shop, named: "shop_b")])
        fleet.instance("two", unreachable: "gone")
        fleet.entry(.match("shop_*"), "shop", on: "one")
        fleet.entry(.names(["x"]), "shop", on: "two")
        fleet.narrowing = Narrowing(instances: ["one"], databases: ["*_b"])
        let plan = fleet.plan()
        #expect(plan.databases.map(\.name) == ["shop_b"])
        #expect(plan.instances.map(\.name) == ["one"])
        #expect(plan.cohorts.map(\.databases) == [["shop_b"]])
        #expect(plan.narrowed == ["--instance one", "--database *_b"])
        #expect(Narrowing(instances: ["one", "three"]).unknownInstances(in: [fleet.environment]) == ["three"])
    }

    @Test func `a pattern that fits nothing is told, where everything is known`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.instance("one", databases: [.at(1, of: shop, named: "shop_a")], answers: [1: ["asked"]])
        fleet.entry(.names(["declared"]), "shop", on: "one")
        fleet.entry(.query(database: "register", sql: "SELECT name FROM all"), "shop", on: "one")
        let narrowing = Narrowing(databases: ["shop_*", "decl*", "asked", "nope*", "[a"])
        func unmatched(_ fleet: Fleet) -> [String] {
            narrowing.unmatchedDatabases(in: [(fleet.environment, fleet.observedEnvironment)])
        }
        #expect(unmatched(fleet) == ["nope*"])
        var unanswered = fleet
        unanswered.observed = []
        unanswered.instances = []
        unanswered.instance("one", answers: [1: .notThere])
        #expect(unmatched(unanswered).isEmpty)
        fleet.instance("two", unreachable: "gone")
        #expect(unmatched(fleet).isEmpty)
    }
}
