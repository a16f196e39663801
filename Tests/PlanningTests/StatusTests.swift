import FleetFixtures
import FleetModel
import Migrations
import Planning
import Testing

@Suite struct StatusTests {
    @Test func `a fleet where everything is as declared gets an empty plan`() {
        let plan = fleet(.at(3, of: shop, named: "shop_a"), .at(3, of: shop, named: "shop_b")).plan()
        #expect(plan.statuses == [.converged, .converged])
        #expect(plan.findings.isEmpty)
        #expect(plan.cohorts.isEmpty)
        #expect(plan.steps.isEmpty)
        #expect(plan.refused.isEmpty)
        #expect(!plan.owesChanges)
    }

    @Test func `a database behind its version is pending and gets one step for each migration`() {
        let plan = fleet(.at(1, of: shop, named: "shop")).plan()
        #expect(plan.statuses == [.pending])
        #expect(plan.codes == [.migrationsPending])
        #expect(plan.kinds == [[.backup, .migrate, .migrate, .check]])
        #expect(plan.cohorts.first?.steps.map(\.id) == ["c1.s1", "c1.s2", "c1.s3", "c1.s4"])
        #expect(plan.cohorts.first?.steps[1].migrations == ["0001_second"])
        #expect(
            plan.cohorts.first?.steps[1].migrationDigests == ["0001_second": shop.folder.migrations[1].sha256]
        )
        #expect(plan.cohorts.first?.to == shop.schema(after: 0..<3).catalog.fingerprint)
        #expect(plan.database("shop")?.observedVersion == "0000_first")
        #expect(plan.database("shop")?.expectedVersion == "0002_third")
    }

    @Test func `migrations beyond the declared version are not owed`() {
        let plan = fleet(.at(1, of: shop, named: "shop"), version: "1").plan()
        #expect(plan.kinds == [[.backup, .migrate, .check]])
        #expect(plan.database("shop")?.expectedVersion == "0001_second")
    }

    @Test func `a named database that does not exist is created, migrated, initialized and checked`() {
        var fleet = Fleet(classes: [shop])
        fleet.instance("one")
        fleet.entry(.names(["shop"]), "shop", on: "one")
        let plan = fleet.plan()
        #expect(plan.statuses == [.missing])
        #expect(plan.codes == [.databaseMissing])
        #expect(plan.kinds == [[.createDatabase, .migrate, .migrate, .migrate, .initialize, .check]])
        #expect(plan.cohorts.first?.from == nil)
        #expect(plan.refused.isEmpty)
        #expect(plan.summary.toCreate == 1)
    }

    @Test func `a database that holds nothing gets everything but its creation, and no backup`() {
        let plan = fleet(.holding(Schema(), named: "shop", history: nil)).plan()
        #expect(plan.statuses == [.empty])
        #expect(plan.codes == [.databaseEmpty])
        #expect(plan.kinds == [[.migrate, .migrate, .migrate, .initialize, .check]])
    }

    @Test func `an empty database gets the extensions its class is created with`() {
        var fixture = shop
        fixture.create.extensions = ["citext", "hstore"]
        var schema = Schema()
        schema.set(ObjectID(.extension, schema: nil, name: "hstore"), "1.8")
        let plan = fleet(.holding(schema, named: "shop", history: []), classes: [fixture]).plan()
        #expect(plan.statuses == [.empty])
        #expect(plan.cohorts.first?.steps.first?.statements.map(\.sql) == ["CREATE EXTENSION IF NOT EXISTS \"citext\""])
    }

    @Test func `a database with no history whose schema is a version is adopted and migrated on`() {
        let plan = fleet(.holding(shop.schema(after: 0..<2), named: "shop", history: nil)).plan()
        #expect(plan.statuses == [.pending])
        #expect(plan.codes == [.historyMissing, .migrationsPending])
        #expect(plan.findings.first?.severity == .warning)
        #expect(plan.kinds == [[.backup, .adopt, .migrate, .check]])
        #expect(plan.cohorts.first?.steps[1].migrations == ["0000_first", "0001_second"])
        #expect(plan.database("shop")?.observedVersion == "0001_second")
    }

    @Test func `migrations that change no schema are adopted with the rest and said to be`() {
        var fixture = shop
        fixture.files.append(.init("0003_rows", [.insert("orders")]))
        let plan = fleet(.holding(shop.schema(after: 0..<3), named: "shop", history: nil), classes: [fixture]).plan()
        #expect(plan.cohorts.first?.steps[1].migrations.last == "0003_rows")
        #expect(plan.findings.first?.message.contains("0003_rows") == true)
    }

    @Test func `migrations that undo one another are not said to change nothing`() {
        var fixture = shop
        fixture.files.append(.init("0003_make", [.createTable("tried", ["id"])]))
        fixture.files.append(.init("0004_drop", [.dropTable("tried")]))
        let plan = fleet(.holding(shop.schema(after: 0..<3), named: "shop", history: nil), classes: [fixture]).plan()
        #expect(plan.cohorts.first?.steps[1].migrations.last == "0004_drop")
        let message = plan.findings.first?.message ?? ""
        #expect(message.contains("(0003_make, 0004_drop together leave the same schema: "), "\(message)")
    }

    @Test func `init scripts that did not run to their end are run`() {
        let plan = fleet(.at(3, of: shop, named: "shop", mark: .pending), role: .testing).plan()
        #expect(plan.statuses == [.pending])
        #expect(plan.kinds == [[.initialize, .check]])
    }

    @Test func `an index left invalid is built anew without a grant`() {
        var schema = shop.schema(after: 0..<3)
        schema.invalid = [.index("orders_pkey")]
        let plan = fleet(.holding(schema, named: "shop", history: shop.files.map(\.tag))).plan()
        #expect(plan.statuses == [.pending])
        #expect(plan.codes == [.indexInvalid])
        #expect(plan.kinds == [[.backup, .migrate, .check]])
        #expect(plan.statement(0)?.sql == "REINDEX INDEX CONCURRENTLY \"public\".\"orders_pkey\"")
        #expect(plan.migrationHazards == [])
        #expect(plan.refused.isEmpty)
    }

    @Test func `an invalid index that only a coming migration builds makes room for it`() {
        let fixture = shop(doing: [.indexConcurrently("orders", "orders_new")], isTransactional: false)
        var schema = fixture.schema(after: 0..<1)
        schema.set(.index("orders_new"), "index")
        schema.invalid = [.index("orders_new")]
        let plan = fleet(
            .holding(schema, named: "shop", history: ["0000_first"]),
            role: .testing,
            classes: [fixture]
        ).plan()
        #expect(plan.codes == [.migrationsPending, .indexInvalid])
        #expect(plan.statement(0)?.sql == "DROP INDEX CONCURRENTLY \"public\".\"orders_new\"")
        #expect(plan.kinds == [[.migrate, .migrate]])
    }

    @Test func `privileges that differ are a warning and change nothing`() {
        var schema = shop.schema(after: 0..<3)
        schema.privileges = "someone else"
        let plan = fleet(.holding(schema, named: "shop", history: shop.files.map(\.tag))).plan()
        #expect(plan.statuses == [.converged])
        #expect(plan.codes == [.schemaDrift])
        #expect(plan.findings.first?.severity == .warning)
        #expect(!plan.owesChanges)
        #expect(plan.refused.isEmpty)
    }

    @Test func `a check that does not hold makes a database drifted and plans nothing`() {
        var fleet = fleet(.at(3, of: shop, named: "shop"))
        fleet.checks = [
            DatabaseKey(instance: "one", database: "shop"): [CheckOutcome(name: "orders are there", holds: false)]
        ]
        let plan = fleet.plan()
        #expect(plan.statuses == [.drifted])
        #expect(plan.codes == [.checkFailed])
        #expect(!plan.owesChanges)
    }

    @Test func `what an earlier run kept aside is listed and left alone`() {
        let plan = fleet(
            .at(3, of: shop, named: "shop"),
            .at(1, of: shop, named: "shop__rcl_20260101"),
            role: .development
        ) { $0.unmanaged = .drop }.plan()
        #expect(plan.statuses == [.converged, .aside])
        #expect(plan.steps.isEmpty)
        #expect(plan.findings.isEmpty)
    }

    @Test func `a database that could not be looked into is unknown and refused`() {
        let plan = fleet(.opaque(named: "shop", reason: "permission denied"), role: .development).plan()
        #expect(plan.statuses == [.unknown])
        #expect(plan.codes == [.notInspected])
        #expect(plan.cohorts.isEmpty)
        #expect(plan.refused.map(\.grant) == [nil])
    }

    @Test func `another tool's history is named where the class has none`() {
        let state = shop.schema(after: 0..<3).catalog
        var database = ObservedDatabase.holding(shop.schema(after: 0..<3), named: "shop", history: nil)
        guard case .observed(var content) = database.content else { return }
        content.catalog = Catalog(
            fingerprint: state.fingerprint,
            privileges: state.privileges,
            columnOrder: state.columnOrder,
            objects: state.objects,
            tables: state.tables,
            leftOut: [TableName(schema: "reconcile", name: "migrations")]
        )
        database.content = .observed(content)
        let messages = fleet(database).plan().findings.map(\.message)
        #expect(
            messages.first
                == "no history is recorded in drizzle.__drizzle_migrations, though there is reconcile.migrations; "
                + "the schema is that of 0002_third"
        )
        #expect(
            messages.contains(
                "holds objects that are not compared: schema reconcile with 1 table of no history of the class "
                    + "(migrations)"
            )
        )
    }

    @Test func `objects that are not compared are told`() {
        let state = shop.schema(after: 0..<3).catalog
        let catalog = Catalog(
            fingerprint: state.fingerprint,
            privileges: state.privileges,
            columnOrder: state.columnOrder,
            objects: state.objects,
            tables: state.tables,
            notInspected: ["large objects"]
        )
        var database = ObservedDatabase.at(3, of: shop, named: "shop")
        guard case .observed(var content) = database.content else { return }
        content.catalog = catalog
        database.content = .observed(content)
        let plan = fleet(database).plan()
        #expect(plan.statuses == [.converged])
        #expect(plan.codes == [.notInspected])
        #expect(plan.findings.first?.severity == .info)
    }
}
