import FleetFixtures
import FleetModel
import Migrations
import Planning
import Testing

/// What is said of a shop's code that expects this, its database being as declared.
private func findings(_ expected: ExpectedSchema, _ change: (inout Fleet) -> Void = { _ in }) -> [Finding] {
    var fleet = fleet(.at(3, of: shop, named: "shop"), classes: [shop])
    change(&fleet)
    var input = fleet.input
    input.expected[ExpectationKey(className: "shop", major: 15)] = expected
    return Planner.plan(input).findings
}

/// The schema of a shop with something done to it.
private func shop(_ change: (inout Schema) -> Void) -> ExpectedSchema {
    var schema = shop.schema(after: 0..<3)
    change(&schema)
    return .loaded(schema.catalog, nil)
}

extension [Finding] {
    fileprivate var lines: [String] { map { "\($0.code.rawValue) \($0.object ?? "–"): \($0.message)" } }
}

@Suite struct `Code ahead of its migrations` {
    @Test func `code that agrees is not spoken of`() {
        #expect(findings(shop { _ in }).isEmpty)
    }

    @Test func `a missing table is one finding, other things are told with their table`() {
        let found = findings(
            shop { schema in
                _ = schema.run(.createTable("credits", ["id", "amount"]))
                _ = schema.run(.addColumn("orders", "total"))
                schema.set(.column("orders", "note"), nil)
                schema.set(.column("lines", "id"), "bigint")
                _ = schema.run(.type("currency"))
            }
        )
        #expect(
            found.lines == [
                "code-ahead public.credits: the code of class \"shop\" expects the table, and no migration makes it",
                "code-ahead public.currency: class \"shop\": the code has the enum, and no migration makes it",
                "code-ahead public.lines: class \"shop\": column \"id\" differs",
                "code-ahead public.orders: class \"shop\": the code has column \"total\", and no migration makes it; "
                    + "migrations make column \"note\", and the code no longer has it",
            ]
        )
        #expect(found.allSatisfy { $0.severity == .warning && $0.database == nil && $0.instance == "one" })
        #expect(found.allSatisfy { $0.hint == "generate the migration with `drizzle-kit generate`" })
    }

    @Test func `words say what differs`() {
        let id = ObjectID.column("orders", "state")
        let kind = ObjectID(.enumeration, schema: "public", name: "kind")
        var schema = shop.schema(after: 0..<3)
        schema.set(id, "varchar")
        func worded(_ type: String, _ labels: [String]) -> WordedSchema {
            WordedSchema(objects: [
                .init(id: id, table: .table("orders"), words: type),
                .init(id: kind, words: "(…)", labels: labels),
            ])
        }
        let words = SchemaWords(code: worded("varchar", ["a", "it's"]), migrations: worded("text", ["a", "z"]))
        #expect(
            findings(.loaded(schema.catalog, words)).map(\.message) == [
                "class \"shop\": column \"state\" is varchar in the code and text in the migrations"
            ]
        )
    }

    @Test func `kinds that the code says nothing of are not gone`() {
        var functional = shop
        functional.files.append(.init("0003_functions", [.function("helper", "1")]))
        func found(_ change: (inout Schema) -> Void) -> [Finding] {
            var fleet = fleet(.at(4, of: functional, named: "shop"), classes: [functional])
            fleet.role = .development
            var input = fleet.input
            input.expected[ExpectationKey(className: "shop", major: 15)] = shop(change)
            return Planner.plan(input).findings
        }
        #expect(found { _ in }.isEmpty)
        #expect(found { _ = $0.run(.function("other", "2")) }.map(\.object) == ["public.helper()", "public.other()"])
    }

    @Test func `names are compared as names, and unread columns are not missed`() {
        let names = ExpectedNames(
            tables: [
                .init(name: TableName(name: "lines"), columns: ["extra"], isComplete: false),
                .init(name: TableName(name: "orders"), columns: ["id", "state"]),
                .init(name: TableName(name: "news"), columns: ["id"]),
            ],
            enums: []
        )
        let found = findings(.names(names))
        #expect(found.map(\.object) == ["public.news", "public.lines", "public.orders"])
        #expect(found.last?.message == "class \"shop\": migrations make column \"note\", and the code no longer has it")
        #expect(found.last?.hint?.contains("only names were compared") == true)
    }

    @Test func `names that agree are said to be names, once, and with what was not read`() {
        let tables: [ExpectedNames.Table] = [
            .init(name: TableName(name: "lines"), columns: [], isComplete: false),
            .init(name: TableName(name: "orders"), columns: ["id", "note", "state"]),
        ]
        let found = findings(.names(ExpectedNames(tables: tables, enums: [])))
        #expect(
            found.lines == [
                "not-inspected –: of the code of class \"shop\" only names were compared: types, defaults, indexes and "
                    + "constraints are unknown"
            ]
        )
        #expect(found.map(\.severity) == [.info])
        let unread = ExpectedNames(tables: [], enums: [], notes: ["schema.ts:3: x is not read"], isComplete: false)
        #expect(findings(.names(unread)).count == 1)
        #expect(findings(.names(unread)).first?.message.contains("were not read: schema.ts:3: x is not read") == true)
    }

    @Test func `a hint names no command that refuses`() {
        func hint(_ format: MigrationSource.Format, _ expected: ExpectedSchema) -> String? {
            var fixture = shop
            fixture.format = format
            var fleet = fleet(.at(3, of: fixture, named: "shop"), classes: [fixture])
            fleet.role = .development
            var input = fleet.input
            input.expected[ExpectationKey(className: "shop", major: 15)] = expected
            return Planner.plan(input).findings.first { $0.code == .codeAhead }?.hint
        }
        let names = ExpectedNames(tables: [.init(name: TableName(name: "news"), columns: ["id"])], enums: [])
        let loaded = shop { _ = $0.run(.createTable("news", ["id"])) }
        #expect(hint(.plain, loaded)?.contains("`reconcile generate shop NAME`") == true)
        #expect(hint(.plain, .names(names))?.hasPrefix("generate the migration with `drizzle-kit generate`") == true)
        #expect(hint(.drizzle, .names(names))?.contains("reconcile generate") == false)
    }

    @Test func `views and functions are shown as far as they differ`() {
        let id = ObjectID(.function, schema: "public", name: "helper()")
        var functional = shop
        functional.files.append(.init("0003_functions", [.function("helper", "1")]))
        var schema = functional.schema(after: 0..<4)
        schema.set(id, "2")
        func worded(_ body: String) -> WordedSchema {
            WordedSchema(objects: [.init(id: id, words: "", creation: "CREATE FUNCTION helper()\nAS \(body)")])
        }
        var input = fleet(.at(4, of: functional, named: "shop"), classes: [functional]).input
        let words = SchemaWords(code: worded("2"), migrations: worded("1"))
        input.expected[ExpectationKey(className: "shop", major: 15)] = .loaded(schema.catalog, words)
        #expect(
            Planner.plan(input).findings.first { $0.code == .codeAhead }?.message
                == "class \"shop\": the function differs from what the code expects: line 2: expected \"AS 2\", found "
                + "\"AS 1\""
        )
    }

    @Test func `what cannot be told is said, as an error where the code is at fault`() {
        let failed = findings(.failed("schema.sql:3: no"))
        #expect(failed.map(\.code) == [.notInspected] && failed.map(\.severity) == [.error])
        #expect(failed.first?.message == "what the code of class \"shop\" expects cannot be told: schema.sql:3: no")
        // Migrations ran there, and what the code expects did not.
        let unassessed = findings(.unassessed("division by zero"))
        #expect(unassessed.map(\.code) == [.notInspected] && unassessed.map(\.severity) == [.error])
        #expect(unassessed.first?.message.contains("is not known: division by zero") == true)
        // Where migrations did not either, scratch is too little for both, and of them it is said.
        var halting = shop
        halting.unassessed = ("0002_third", "no such extension")
        let neither = findings(.unassessed("no such extension")) { $0.classes = [halting] }
        #expect(neither.filter { $0.object == "shop" }.map(\.severity) == [.info])
        // Nothing is said of a server that nobody reached, or that is left out.
        #expect(
            findings(.failed("x")) { $0.observed[0].outcome = .unreachable(reason: "no") }.map(\.code) == [
                .instanceUnreachable
            ]
        )
        #expect(findings(.failed("x")) { $0.narrowing = Narrowing(instances: ["other"]) }.isEmpty)
    }
}

@Suite struct `Migrations that only add` {
    private func words(_ code: [WordedSchema.Object], _ migrations: [WordedSchema.Object] = []) -> SchemaWords {
        SchemaWords(code: WordedSchema(objects: code), migrations: WordedSchema(objects: migrations))
    }

    private func difference(
        missing: [ObjectID] = [],
        obsolete: [ObjectID] = [],
        changed: [ObjectID] = []
    ) throws -> CodeDifference {
        var difference = try #require(CodeDifference(.loaded(Schema().catalog, nil), newest: Schema().catalog))
        (difference.missing, difference.obsolete, difference.changed) = (missing, obsolete, changed)
        return difference
    }

    @Test func `columns of a new table come with it, all else has a statement of its own`() throws {
        let table = ObjectID.table("a")
        let objects: [WordedSchema.Object] = [
            .init(id: table, words: "", creation: "CREATE TABLE a"),
            .init(id: .column("a", "id"), table: table, words: "int NOT NULL", creation: "ALTER TABLE a ADD COLUMN id"),
            .init(id: .index("a_pkey"), table: table, words: "", creation: ""),
            .init(id: .index("by_id"), table: table, words: "", creation: "CREATE INDEX by_id"),
            .init(
                id: .column("b", "n"),
                table: .table("b"),
                words: "int NOT NULL",
                creation: "ALTER TABLE b ADD COLUMN n"
            ),
        ]
        let migration = try AdditiveMigration(difference(missing: objects.map(\.id)), words(objects))
        #expect(migration.orders[0] == ["CREATE TABLE a", "ALTER TABLE b ADD COLUMN n", "CREATE INDEX by_id"])
        #expect(migration.warnings.count == 1 && migration.warnings[0].hasPrefix("column public.b.n is NOT NULL"))
    }

    @Test func `values of an enum are put where the code has them`() throws {
        let kind = ObjectID(.enumeration, schema: "public", name: "o\"dd")
        func labelled(_ labels: [String]) -> [WordedSchema.Object] { [.init(id: kind, words: "(…)", labels: labels)] }
        let both = words(labelled(["new", "a", "it's", "x", "b", "z"]), labelled(["a", "b"]))
        #expect(
            try AdditiveMigration(difference(changed: [kind]), both).orders == [
                [
                    "ALTER TYPE \"public\".\"o\"\"dd\" ADD VALUE 'new' BEFORE 'a'",
                    "ALTER TYPE \"public\".\"o\"\"dd\" ADD VALUE 'it''s' AFTER 'a'",
                    "ALTER TYPE \"public\".\"o\"\"dd\" ADD VALUE 'x' AFTER 'it''s'",
                    "ALTER TYPE \"public\".\"o\"\"dd\" ADD VALUE 'z'",
                ]
            ]
        )
        let empty = words(labelled(["x", "y"]), labelled([]))
        #expect(
            try AdditiveMigration(difference(changed: [kind]), empty).orders == [
                [
                    "ALTER TYPE \"public\".\"o\"\"dd\" ADD VALUE 'x'",
                    "ALTER TYPE \"public\".\"o\"\"dd\" ADD VALUE 'y'",
                ]
            ]
        )
        let reordered = words(labelled(["b", "a", "c"]), labelled(["a", "b"]))
        #expect(throws: AdditiveMigration.Refused.self) {
            try AdditiveMigration(difference(changed: [kind]), reordered)
        }
    }

    @Test func `what goes away, changes or has no words is refused by name`() throws {
        let domain = ObjectID(.domain, schema: "public", name: "email")
        let difference = try difference(
            missing: [domain, .column("part", "id"), .table("part")],
            obsolete: [.table("old"), .column("old", "id"), .column("b", "gone")],
            changed: [.column("b", "n")]
        )
        let both = words(
            [.init(id: .column("b", "n"), words: "bigint"), .init(id: .table("part"), words: "")],
            [.init(id: .column("b", "n"), words: "integer")]
        )
        do throws(AdditiveMigration.Refused) {
            _ = try AdditiveMigration(difference, both)
            Issue.record("nothing was refused")
        } catch {
            #expect(
                error.reasons == [
                    "table public.old: the code no longer has it; what goes away is decided by a person",
                    "column public.b.gone: the code no longer has it; what goes away is decided by a person",
                    "column public.b.n: it is bigint in the code and integer in the migrations",
                    "domain public.email: no statement for it can be told from the catalog alone",
                    "table public.part: no statement for it can be told from the catalog alone",
                ]
            )
        }
    }
}
