import FleetFixtures
import FleetModel
import Planning
import Testing

/// The fixtures' entries stand on lines from 30 on, their versions in column 40, and instances on lines from 10 on.
@Suite struct LocationTests {
    private let manifest = "environments/test.yaml"

    private func location(_ code: FindingCode, in plan: EnvironmentPlan) throws -> FilePosition {
        let finding = try #require(plan.findings.first { $0.code == code })
        return try #require(finding.location)
    }

    @Test func `what is owed is located at the version, or at the first file where that says latest`() throws {
        let behind = ObservedDatabase.at(1, of: shop, named: "shop")
        #expect(
            try location(.migrationsPending, in: fleet(behind, version: "0001_second").plan())
                == FilePosition(file: manifest, line: 30, column: 40)
        )
        #expect(
            try location(.migrationsPending, in: fleet(behind).plan())
                == FilePosition(file: "migrations/shop/0001_second.sql")
        )
    }

    @Test func `a database ahead is located at the version`() throws {
        let plan = fleet(.at(3, of: shop, named: "shop"), version: "1").plan()
        #expect(try location(.versionAhead, in: plan) == FilePosition(file: manifest, line: 30, column: 40))
    }

    @Test func `an edited file is located at its beginning`() throws {
        let edited = ObservedDatabase.holding(
            shop.schema(after: 0..<2),
            named: "shop",
            history: ["0000_first", "0001_second!"]
        )
        #expect(
            try location(.migrationEdited, in: fleet(edited).plan())
                == FilePosition(file: "migrations/shop/0001_second.sql")
        )
    }

    @Test func `a migration that fails is located at its statement`() throws {
        let failing = shop(doing: [.createTable("notes", ["id", "text"]), .failing("three")])
        let plan = fleet(.at(1, of: failing, named: "shop"), classes: [failing]).plan()
        #expect(
            try location(.migrationFails, in: plan) == FilePosition(file: "migrations/shop/0001_change.sql", line: 5)
        )
    }

    @Test func `a statement is located in its file`() throws {
        let statements = try #require(fleet(.at(1, of: shop, named: "shop")).plan().cohorts.first?.steps[1].statements)
        #expect(
            statements.map(\.location)
                == [1, 2].map { FilePosition(file: "migrations/shop/0001_second.sql", line: $0) }
        )
    }

    @Test func `a state is located at the entry that claims the database`() throws {
        var drifted = shop.schema(after: 0..<3)
        drifted.set(.column("orders", "note"), "varchar(80)")
        let plan = fleet(
            .holding(drifted, named: "shop", history: shop.files.map(\.tag)),
            .holding(Schema(), named: "shop_empty", history: nil)
        ).plan()
        let entry = FilePosition(file: manifest, line: 30, column: 3)
        #expect(try location(.schemaDrift, in: plan) == entry)
        #expect(try location(.databaseEmpty, in: plan) == entry)
    }

    @Test func `what is missing is located at its own entry`() throws {
        var fleet = fleet(.at(3, of: shop, named: "shop"))
        fleet.entry(.names(["store"]), "shop", on: "one")
        #expect(
            try location(.databaseMissing, in: fleet.plan()) == FilePosition(file: manifest, line: 31, column: 3)
        )
    }

    @Test func `what concerns an instance is located at it`() throws {
        var fleet = fleet(.at(3, of: shop, named: "shop"), .at(0, of: shop, named: "scribble"))
        fleet.instance("two", unreachable: "no route")
        let plan = fleet.plan()
        #expect(try location(.databaseUnmanaged, in: plan) == FilePosition(file: manifest, line: 10, column: 3))
        #expect(try location(.instanceUnreachable, in: plan) == FilePosition(file: manifest, line: 11, column: 3))
    }

    @Test func `a check that fails is located at it`() throws {
        var fleet = fleet(.at(3, of: shop, named: "shop", mark: .done))
        fleet.checks[DatabaseKey(instance: "one", database: "shop")] = [
            CheckOutcome(name: "orders are there", holds: false)
        ]
        #expect(try location(.checkFailed, in: fleet.plan()) == FilePosition(file: "shop.yaml"))
    }

    @Test func `an entry whose query has no answer is located at it`() throws {
        var fleet = Fleet(classes: [shop])
        fleet.instance("one", databases: [], answers: [0: .notThere])
        fleet.entry(.query(database: "list", sql: "SELECT name FROM shops"), "shop", on: "one")
        #expect(try location(.notInspected, in: fleet.plan()) == FilePosition(file: manifest, line: 30, column: 3))
    }

    @Test func `every finding of difficult environments has a place`() {
        for plan in [Difficult.production.plan(), Difficult.staging.plan(), Estate.development.plan()] {
            #expect(!plan.findings.isEmpty)
            #expect(plan.findings.allSatisfy { $0.location != nil })
            #expect(plan.location == FilePosition(file: "environments/\(plan.name).yaml", line: 1, column: 3))
        }
    }
}
