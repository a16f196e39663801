import FleetFixtures
import FleetModel
import Planning
import Testing

@Suite struct MoveTests {
    private func fleet(
        _ role: EnvironmentRole = .development,
        old: [ObservedDatabase],
        new: [ObservedDatabase] = [],
        oldMajor: Int = 15,
        newMajor: Int = 15,
        answers: [Int: QueryAnswer] = [:],
        oldAnswers: [Int: QueryAnswer] = [:],
        entry: (inout Fleet) -> Void = { $0.entry(.names(["shop"]), "shop", on: "new") }
    ) -> Fleet {
        var fleet = Fleet(role: role, classes: [shop, bank])
        fleet.instance("old", state: .retiring, major: oldMajor, databases: old, answers: oldAnswers)
        fleet.instance("new", major: newMajor, databases: new, answers: answers)
        entry(&fleet)
        return fleet
    }

    private var fleetOfOne: Fleet { fleet(old: [.at(3, of: shop, named: "shop")]) }

    @Test func `a database that only a retiring instance holds is moved, never created in its place`() {
        let plan = fleetOfOne.plan()
        #expect(plan.databases.map(\.instance) == ["old", "new"])
        #expect(plan.statuses == [.converged, .missing])
        #expect(plan.codes == [.instanceRetiringInUse, .databaseMissing])
        #expect(plan.kinds == [[.moveDatabase, .check]])
        #expect(plan.cohorts.map(\.instance) == ["new"])
        #expect(plan.cohorts.map(\.source) == ["old"])
        #expect(plan.cohorts.first?.steps.first?.hazards == [.disconnects])
        #expect(plan.cohorts.first?.to == plan.databases.first?.fingerprint)
        #expect(plan.refused.isEmpty)
        #expect(plan.summary.toMove == 1 && plan.summary.toCreate == 0)
        // It is one database, wherever it is.
        #expect(plan.summary.databases == 1)
    }

    @Test func `what is owed besides is done where it was moved to, in the same plan`() {
        let plan = fleet(old: [.at(1, of: shop, named: "shop")]).plan()
        #expect(plan.kinds == [[.moveDatabase, .migrate, .migrate, .check]])
        #expect(plan.cohorts.first?.to != plan.cohorts.first?.from)
    }

    @Test
    func `in production it is backed up where it is, and again before what else is done; sessions end by grant only`() {
        let fleet = fleet(.production, old: [.at(1, of: shop, named: "shop")])
        let plan = fleet.plan()
        #expect(plan.kinds == [[.backup, .moveDatabase, .backup, .migrate, .migrate, .check]])
        #expect(plan.cohorts.first?.steps.map(\.instance) == ["old", "old", nil, nil, nil, nil])
        #expect(plan.refused.map(\.grant) == ["--allow disconnects"])
        #expect(fleet.plan(allowing: [.disconnects]).refused.isEmpty)
        // Nothing is destroyed by it: `maxDestroy` is 0 there.
        #expect(plan.refused.allSatisfy { !$0.why.contains("maxDestroy") })
    }

    @Test func `names of a pattern are those that the retiring instance holds`() {
        let plan = fleet(
            old: [
                .at(3, of: shop, named: "shop_a"), .at(3, of: shop, named: "shop_b"), .at(3, of: shop, named: "other"),
            ]
        ) {
            $0.entry(.match("shop_*"), "shop", on: "new")
        }.plan()
        #expect(plan.cohorts.map(\.databases) == [["shop_a", "shop_b"]])
        #expect(plan.summary.toMove == 2)
    }

    @Test func `names of a query are asked where its database still is`() {
        let plan = fleet(
            old: [.at(1, of: bank, named: "register"), .at(3, of: shop, named: "a")],
            oldAnswers: [1: ["a", "b"]]
        ) {
            $0.entry(.names(["register"]), "bank", on: "new")
            $0.entry(.query(database: "register", sql: "SELECT name FROM all"), "shop", on: "new")
        }.plan()
        #expect(plan.cohorts.map(\.databases) == [["register"], ["a"], ["b"]])
        #expect(plan.kinds.map(\.first) == [.moveDatabase, .moveDatabase, .createDatabase])
        #expect(!plan.codes.contains(.notInspected))
    }

    @Test func `a database that is there already is not moved over`() {
        let plan = fleet(old: [.at(1, of: shop, named: "shop")], new: [.at(3, of: shop, named: "shop")]).plan()
        #expect(plan.cohorts.isEmpty)
        #expect(plan.steps.isEmpty)
        let finding = plan.findings.first { $0.code == .instanceRetiringInUse }
        #expect(finding?.message.contains("nothing is moved over it") == true)
    }

    @Test func `of two retiring instances that hold it nobody knows the right one`() {
        var fleet = fleetOfOne
        fleet.instance("older", state: .retiring, databases: [.at(3, of: shop, named: "shop")])
        let plan = fleet.plan()
        #expect(plan.cohorts.isEmpty)
        #expect(plan.steps.isEmpty)
        #expect(plan.refused.map(\.what) == ["instance-retiring-in-use: new/shop"])
        #expect(plan.refused.map(\.grant) == [nil])
    }

    @Test func `a retiring instance that cannot be seen may hold it too`() {
        var fleet = fleetOfOne
        fleet.instance("older", state: .retiring, unreachable: "timeout")
        let plan = fleet.plan()
        #expect(plan.cohorts.isEmpty)
        #expect(plan.refused.map(\.what) == ["not-inspected: new/shop"])
    }

    @Test func `what cannot be looked into is neither moved nor created`() {
        let plan = fleet(old: [.opaque(named: "shop", reason: "it allows no connections")]).plan()
        #expect(plan.cohorts.isEmpty)
        #expect(plan.steps.isEmpty)
        #expect(plan.refused.contains { $0.what == "not-inspected: new/shop" && $0.grant == nil })
    }

    @Test func `an older major is refused, a newer one is taken and the rest waits for the next plan`() {
        let older = fleet(old: [.at(1, of: shop, named: "shop")], newMajor: 14).plan()
        #expect(older.cohorts.isEmpty)
        #expect(older.refused.first?.why.contains("is older") == true)
        let newer = fleet(old: [.at(1, of: shop, named: "shop")], newMajor: 18).plan()
        #expect(newer.kinds == [[.moveDatabase]])
        #expect(newer.cohorts.first?.steps.first?.summary.contains("once it is on PostgreSQL 18") == true)
        #expect(newer.cohorts.first?.to != nil)
    }

    @Test func `what policy refuses to repair is not moved either`() {
        var schema = shop.schema(after: 0..<3)
        _ = schema.run(.addColumn("orders", "by_hand"))
        let drifted = ObservedDatabase.holding(schema, named: "shop", history: shop.files.map(\.tag))
        let plan = fleet(.production, old: [drifted]).plan(allowing: [.disconnects])
        #expect(plan.cohorts.map(\.steps) == [[]])
        #expect(plan.refused.map(\.why) == ["repair: refuse"])
        #expect(plan.steps.isEmpty)
    }

    @Test func `an instance that holds nothing claimed any more is retired, after the moves of the same plan`() {
        let moving = fleet(old: [.at(3, of: shop, named: "shop"), .at(1, of: bank, named: "stray")]).plan()
        #expect(moving.steps.map(\.kind) == [.retireInstance])
        #expect(moving.steps.map(\.instance) == ["old"])
        #expect(moving.steps.first?.objects == ["stray"])
        #expect(moving.summary.toRetire == 1)
        let empty = fleet(old: [], new: [.at(3, of: shop, named: "shop")]).plan()
        #expect(empty.steps.map(\.kind) == [.retireInstance])
    }

    @Test func `who looks at some databases only retires nothing`() {
        var fleet = fleet(old: [.at(3, of: shop, named: "shop"), .at(3, of: shop, named: "shop_b")]) {
            $0.entry(.match("shop*"), "shop", on: "new")
        }
        fleet.narrowing = Narrowing(databases: ["shop"])
        #expect(fleet.plan().cohorts.map(\.databases) == [["shop"]])
        #expect(fleet.plan().steps.isEmpty)
        fleet.narrowing = Narrowing(instances: ["old"])
        #expect(fleet.plan().cohorts.isEmpty)
        #expect(fleet.plan().steps.isEmpty)
    }

    @Test func `where one move is refused, partly done work retires nothing`() throws {
        var schema = shop.schema(after: 0..<3)
        _ = schema.run(.addColumn("orders", "by_hand"))
        let drifted = ObservedDatabase.holding(schema, named: "shop_b", history: shop.files.map(\.tag))
        let fleet = fleet(.production, old: [.at(3, of: shop, named: "shop_a"), drifted]) {
            $0.entry(.match("shop*"), "shop", on: "new")
        }
        let review = fleet.policy.review(fleet.plan(), allowing: [.disconnects])
        let approved = try review.approve(.partial).plan
        #expect(approved.cohorts.map(\.databases) == [["shop_a"]])
        #expect(approved.steps.isEmpty)
    }

    @Test func `a saved move is stale where what it moves has changed, done where it is in place`() {
        let saved = fleetOfOne.plan()
        #expect(Staleness.compare(saved: saved, fresh: fleetOfOne.plan()) == Staleness())
        let replaced = fleet(old: [.at(3, of: shop, named: "shop", oid: 99)]).plan()
        #expect(
            Staleness.compare(saved: saved, fresh: replaced).changes
                == ["old/shop: was replaced by another database of that name"]
        )
        let done = fleet(old: [], new: [.at(3, of: shop, named: "shop", oid: 77)]).plan()
        let staleness = Staleness.compare(saved: saved, fresh: done)
        #expect(staleness.changes.isEmpty)
        #expect(staleness.done == [DatabaseKey(instance: "new", database: "shop")])
    }

    @Test func `what another environment claims on the retiring server is not moved away from it`() {
        var ours = fleet(old: [.at(3, of: shop, named: "shop_theirs")]) { $0.entry(.match("shop*"), "shop", on: "new") }
        var theirs = Fleet("other", role: .staging, classes: [shop])
        theirs.instance("elsewhere", identifier: "id-old")
        theirs.entry(.names(["shop_theirs"]), "shop", on: "elsewhere")
        ours.others = [OtherEnvironment(environment: theirs.environment, observed: theirs.observedEnvironment)]
        #expect(ours.input.claims.conflicts.map(\.code) == [.claimedTwice])
    }

    @Test func `an instance is not retired while another environment claims something on it, or may`() {
        func fleet(_ entry: (inout Fleet) -> Void) -> EnvironmentPlan {
            var ours = self.fleet(old: [.at(3, of: shop, named: "shop"), .at(3, of: shop, named: "theirs")])
            var theirs = Fleet("other", role: .staging, classes: [shop])
            theirs.instance("elsewhere", identifier: "id-old")
            entry(&theirs)
            ours.others = [OtherEnvironment(environment: theirs.environment, observed: theirs.observedEnvironment)]
            return ours.plan()
        }
        let claimed = fleet { $0.entry(.names(["theirs"]), "shop", on: "elsewhere") }
        #expect(claimed.steps.isEmpty)
        #expect(claimed.kinds == [[.moveDatabase, .check]])
        #expect(claimed.findings.contains { $0.message.contains("claim \"theirs\" on it, so it is not retired") })
        let unknown = fleet { $0.entry(.query(database: "register", sql: "SELECT 1"), "shop", on: "elsewhere") }
        #expect(unknown.steps.isEmpty)
        let none = fleet { $0.entry(.names(["another"]), "shop", on: "elsewhere") }
        #expect(none.steps.map(\.kind) == [.retireInstance])
    }

    @Test
    func `a template that an entry claims is seen, neither moved nor created; one that nobody claims is no finding`() {
        var template = ObservedDatabase.at(3, of: shop, named: "shop")
        template.isTemplate = true
        let plan = fleet(old: [template]).plan()
        #expect(plan.cohorts.isEmpty)
        #expect(plan.steps.isEmpty)
        #expect(plan.refused.first?.why.contains("it is a template") == true)
        template.name = "mould"
        let other = fleet(old: [.at(3, of: shop, named: "shop"), template]).plan()
        #expect(other.steps.map(\.kind) == [.retireInstance])
        #expect(!other.codes.contains(.databaseUnmanaged))
        let pattern = fleet(old: [template]) { $0.entry(.match("m*"), "shop", on: "new") }.plan()
        #expect(pattern.steps.isEmpty)
    }

    @Test func `nothing is retired while a query that may claim what is left is not answered`() {
        var fleet = fleet(old: [.at(3, of: shop, named: "shop")]) {
            $0.entry(.query(database: "register", sql: "SELECT name FROM all"), "shop", on: "new")
        }
        #expect(fleet.plan().steps.isEmpty)
        fleet.narrowing = Narrowing(instances: ["old"])
        fleet.instances.removeLast()
        fleet.observed.removeLast()
        fleet.instance("new", unreachable: "left out")
        #expect(fleet.plan().steps.isEmpty)
    }

    @Test func `a saved retirement is stale where the instance holds more by now`() {
        let saved = fleetOfOne.plan()
        var fresh = fleet(old: [.at(3, of: shop, named: "shop"), .at(3, of: shop, named: "late")])
        fresh.entry(.match("late*"), "shop", on: "new")
        #expect(
            Staleness.compare(saved: saved, fresh: fresh.plan()).changes
                == ["old: holds \"late\", which the plan does not move, so it cannot be retired"]
        )
    }
}
