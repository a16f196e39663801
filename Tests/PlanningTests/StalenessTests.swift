import FleetFixtures
import FleetModel
import Planning
import Testing

@Suite struct StalenessTests {
    private let saved = fleet(.at(1, of: shop, named: "shop_a"), .at(1, of: shop, named: "shop_b")).plan()

    private func compare(_ fresh: ObservedDatabase...) -> Staleness {
        var fleet = Fleet(classes: [shop, bank])
        fleet.instance("one", databases: fresh)
        fleet.entry(.match("shop*"), "shop", on: "one")
        return Staleness.compare(saved: saved, fresh: fleet.plan())
    }

    @Test func `a fleet that did not change makes no plan stale`() {
        #expect(compare(.at(1, of: shop, named: "shop_a"), .at(1, of: shop, named: "shop_b")) == Staleness())
    }

    @Test func `rows, sizes and other databases make no plan stale`() {
        var bigger = ObservedDatabase.at(1, of: shop, named: "shop_a", filled: ["orders"])
        bigger.sizeBytes *= 100
        #expect(
            compare(bigger, .at(1, of: shop, named: "shop_b"), .at(1, of: shop, named: "shop_c")).changes.isEmpty
        )
    }

    @Test func `a changed schema makes a plan stale`() {
        var schema = shop.schema(after: 0..<1)
        _ = schema.run(.addColumn("orders", "by_hand"))
        let staleness = compare(
            .holding(schema, named: "shop_a", history: ["0000_first"]),
            .at(1, of: shop, named: "shop_b")
        )
        #expect(staleness.changes == ["one/shop_a: its schema changed"])
    }

    @Test func `a changed history makes a plan stale`() {
        let staleness = compare(
            .holding(shop.schema(after: 0..<1), named: "shop_a", history: ["0000_first", "x"]),
            .at(1, of: shop, named: "shop_b")
        )
        #expect(staleness.changes == ["one/shop_a: its migration history changed"])
    }

    @Test func `owners and privileges that changed make a plan stale`() {
        var schema = shop.schema(after: 0..<1)
        schema.privileges = "someone else"
        let staleness = compare(
            .holding(schema, named: "shop_a", history: ["0000_first"]),
            .at(1, of: shop, named: "shop_b")
        )
        #expect(staleness.changes == ["one/shop_a: owners or privileges in it changed"])
    }

    @Test func `a database made anew under the same name makes a plan stale`() {
        let staleness = compare(.at(1, of: shop, named: "shop_a", oid: 99), .at(1, of: shop, named: "shop_b"))
        #expect(staleness.changes == ["one/shop_a: was replaced by another database of that name"])
    }

    @Test func `a database that went away makes a plan stale`() {
        #expect(compare(.at(1, of: shop, named: "shop_a")).changes == ["one/shop_b: no entry claims it any more"])
    }

    @Test func `a run that was cut short is continued with the same plan`() {
        let staleness = compare(.at(3, of: shop, named: "shop_a"), .at(2, of: shop, named: "shop_b"))
        #expect(staleness.changes.isEmpty)
        #expect(staleness.done == [DatabaseKey(instance: "one", database: "shop_a")])
        #expect(staleness.continued == [DatabaseKey(instance: "one", database: "shop_b")])
    }

    @Test func `another server behind the same name makes a plan stale`() {
        var fleet = Fleet(classes: [shop, bank])
        fleet.instance(
            "one",
            identifier: "other",
            databases: [.at(1, of: shop, named: "shop_a"), .at(1, of: shop, named: "shop_b")]
        )
        fleet.entry(.match("shop*"), "shop", on: "one")
        #expect(Staleness.compare(saved: saved, fresh: fleet.plan()).changes.first?.contains("another server") == true)
    }

    @Test func `a changed migration folder makes a plan stale`() {
        var edited = shop
        edited.files[1].statements.append(.createTable("more", ["id"]))
        let fresh = fleet(
            .at(1, of: edited, named: "shop_a"),
            .at(1, of: edited, named: "shop_b"),
            classes: [edited, bank]
        ).plan()
        let changes = Staleness.compare(saved: saved, fresh: fresh).changes
        #expect(changes.count == 2)
        #expect(changes.first?.contains("migration folder changed") == true)
    }

    @Test
    func `a database that was to be created and appeared meanwhile makes a plan stale unless it is ours half done`() {
        var missing = Fleet(classes: [shop])
        missing.instance("one")
        missing.entry(.names(["shop"]), "shop", on: "one")
        let saved = missing.plan()

        var fresh = Fleet(classes: [shop])
        fresh.instance("one", databases: [.at(1, of: shop, named: "shop", mark: .pending)])
        fresh.entry(.names(["shop"]), "shop", on: "one")
        #expect(Staleness.compare(saved: saved, fresh: fresh.plan()).changes.isEmpty)
        #expect(Staleness.compare(saved: saved, fresh: fresh.plan()).continued.count == 1)

        var strange = Fleet(classes: [shop])
        strange.instance("one", databases: [.at(1, of: bank, named: "shop")])
        strange.entry(.names(["shop"]), "shop", on: "one")
        #expect(
            Staleness.compare(saved: saved, fresh: strange.plan()).changes == [
                "one/shop: exists now; when the plan was made it did not"
            ]
        )
    }

    @Test func `a drop is stale where someone claims the database by now`() {
        var fleet = Fleet(role: .development, classes: [shop])
        fleet.policy.unmanaged = .drop
        fleet.instance("one", databases: [.at(3, of: shop, named: "stray")])
        let saved = fleet.plan()
        #expect(saved.steps.count == 1)
        #expect(Staleness.compare(saved: saved, fresh: saved).changes.isEmpty)
        fleet.entry(.names(["stray"]), "shop", on: "one")
        #expect(
            Staleness.compare(saved: saved, fresh: fleet.plan()).changes == ["one/stray: is not to be dropped any more"]
        )
    }
}
