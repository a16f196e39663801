import FleetFixtures
import FleetModel
import Migrations
import Planning
import Testing

/// Fleets side by side, all with the same classes.
private func comparison(
    _ fleets: Fleet...,
    expected: [String: ExpectedSchema] = [:],
    majors: [Int] = [15],
    answer: (ClassFixture, ReplayRequest) -> Replay = { $0.answer($1) }
) throws -> Comparison {
    let classes = try #require(fleets.first).classes
    var replays: [ReplayRequest: Replay] = [:]
    var schemas: [ExpectationKey: ExpectedSchema] = [:]
    for fixture in classes {
        for major in majors {
            let request = ReplayRequest(whole: fixture.folder, major: major)
            replays[request] = answer(fixture, request)
            schemas[ExpectationKey(className: fixture.name, major: major)] = expected[fixture.name]
        }
    }
    return Comparison(
        fleets.map(\.input),
        classes: classes.map(\.databaseClass),
        folders: Dictionary(uniqueKeysWithValues: classes.map { ($0.name, $0.folder) }),
        major: majors.first,
        replays: replays,
        expected: schemas
    )
}

extension Comparison {
    fileprivate func row(_ className: String, _ component: String) -> Row? {
        rows.first { $0.className == className && $0.component == component }
    }

    /// The states of a row, one word a column; `–` where there is no cell.
    fileprivate func states(_ className: String, _ component: String) -> String? {
        row(className, component).map { row in
            columns.map { row.cells[$0]?.state.rawValue ?? "–" }.joined(separator: " ")
        }
    }

    fileprivate func tables(_ className: String) -> [[String]] {
        columns.map { row(className, className)?.cells[$0]?.values ?? [] }
    }
}

@Suite struct `Code, migrations and environments side by side` {
    /// The classes of the audit: both stopped at their first migration.
    private var stopped: [ClassFixture] {
        [Estate.master, Estate.tenant].map { fixture in
            var fixture = fixture
            fixture.files.removeLast()
            return fixture
        }
    }

    private var code: [String: ExpectedSchema] {
        [
            "master": .loaded(Estate.master.schema(after: 0..<2).catalog, nil),
            "tenant": .loaded(Estate.tenant.schema(after: 0..<2).catalog, nil),
        ]
    }

    private func environment(_ name: String, _ databases: ObservedDatabase...) -> Fleet {
        var fleet = Fleet(name, role: .development, classes: stopped)
        fleet.instance("main", databases: databases)
        fleet.entry(.names(["rsm_master"]), "master", on: "main")
        fleet.entry(.match("tenant_*"), "tenant", on: "main")
        return fleet
    }

    @Test func `the audit's own table comes out`() throws {
        var native = stopped[0].schema(after: 0..<1)
        _ = native.run(.dropTable("subscription_plans"))
        let found = try comparison(
            environment(
                "vps-docker",
                .at(1, of: stopped[0], named: "rsm_master"),
                .at(1, of: stopped[1], named: "tenant_2"),
                .at(1, of: stopped[1], named: "tenant_3")
            ),
            environment(
                "local-native",
                .holding(native, named: "rsm_master", history: nil),
                .holding(Estate.mixed, named: "tenant_1", history: nil)
            ),
            environment("local-docker", .holding(Schema(), named: "rsm_master", history: nil)),
            expected: code
        )
        #expect(found.columns == ["code", "migrations", "vps-docker", "local-native", "local-docker"])
        #expect(found.tables("master") == [["7"], ["6"], ["6"], ["5"], ["0"]])
        #expect(found.states("master", "public.subscription_plans") == "present present present missing missing")
        #expect(found.states("master", "public.ai_credits") == "present missing missing missing missing")
        #expect(Array(found.tables("tenant").prefix(3)) == [["30"], ["24"], ["24"]])
        for table in ["client_contacts", "service_catalog", "stripe_webhook_events", "task_types"] {
            #expect(found.states("tenant", "public.\(table)")?.hasPrefix("present missing missing missing") == true)
        }
        #expect(found.row("tenant", "public.clients")?.cells["vps-docker"]?.counts == [.present: 2])
        // Master's tables among a tenant's: there, though neither code nor migrations of the class have them.
        let stranger = try #require(found.row("tenant", "public.organizations"))
        #expect(stranger.isUnexpected && stranger.differs && stranger.belongsTo == "master")
        #expect(found.states("tenant", "public.organizations") == "missing missing missing present –")
        #expect(found.states("master", "migrations") == "differs present present missing missing")
        #expect(found.row("master", "migrations")?.cells["vps-docker"]?.values == ["0000_massive_zodiak"])
        // What agrees everywhere is left out, unless all is asked for.
        let some = found.differences
        #expect(some.row("tenant", "public.tenant_databases") != nil)
        #expect(found.row("tenant", "public.clients") != nil)
        #expect(!some.rows.contains { $0.table == "public.clients" && !$0.differs })
        #expect(some.rows.count < found.rows.count)
    }

    @Test func `databases in one state fold, and a cell says how many are in which`() throws {
        var drifted = stopped[1].schema(after: 0..<1)
        drifted.set(.column("clients", "name"), "varchar")
        _ = drifted.run(.dropTable("rooms"))
        let found = try comparison(
            environment(
                "production",
                .at(1, of: stopped[0], named: "rsm_master"),
                .at(1, of: stopped[1], named: "tenant_1"),
                .at(1, of: stopped[1], named: "tenant_2"),
                .holding(drifted, named: "tenant_3", history: ["0000_massive_zodiak"])
            )
        )
        #expect(
            found.cohorts.filter { $0.className == "tenant" }.map(\.databases) == [
                ["main/tenant_1", "main/tenant_2"], ["main/tenant_3"],
            ]
        )
        let column = try #require(found.rows.first { $0.component == "name" && $0.table == "public.clients" })
        #expect(column.cells["production"] == .init(state: .differs, counts: [.present: 2, .differs: 1]))
        #expect(found.row("tenant", "public.clients")?.cells["production"]?.counts == [.present: 2, .differs: 1])
        #expect(found.row("tenant", "public.rooms")?.cells["production"]?.state == .missing)
        // Of a missing table the parts are not told again, nor is the index that came with it.
        #expect(!found.differences.rows.contains { $0.component == "rooms_pkey" || $0.table == "public.rooms" })
        #expect(found.tables("tenant")[2] == ["23", "24"])
        // Nobody said what the code expects.
        #expect(found.states("tenant", "public.invoices") == "unknown present present")
        #expect(found.notes.contains("code of class \"tenant\": not known: its manifest has no `expects`"))
        #expect(!found.isIncomplete)
    }

    @Test func `what is out of reach is unknown, never missing`() throws {
        var fleet = Fleet("production", classes: stopped)
        fleet.instance("main", unreachable: "no route to host")
        fleet.entry(.names(["rsm_master"]), "master", on: "main")
        fleet.entry(.match("tenant_*"), "tenant", on: "main")
        let found = try comparison(fleet, expected: code)
        #expect(found.isIncomplete)
        #expect(found.states("master", "public.ai_credits") == "present missing unknown")
        #expect(found.states("tenant", "public.clients") == "present present unknown")
        #expect(found.cohorts.map(\.databases) == [["main/rsm_master"], ["main/*"]])
        #expect(found.notes.first == "production: instance \"main\" cannot be reached: no route to host")
        #expect(!found.differences.rows.contains { $0.component == "public.clients" })
    }

    @Test func `a database that does not exist lacks itself and nothing more`() throws {
        let found = try comparison(environment("production", .at(1, of: stopped[1], named: "tenant_1")))
        let head = try #require(found.row("master", "master"))
        #expect(head.cells["production"]?.counts == [.missing: 1] && head.differs)
        #expect(head.cells["production"]?.values == [])
        #expect(found.states("master", "public.users") == "unknown present missing")
        #expect(found.row("master", "public.users")?.differs == false)
    }

    @Test func `names alone tell what is there, and nothing of what it is`() throws {
        let names = ExpectedNames(
            tables: [
                .init(name: TableName(name: "orders"), columns: ["id", "state", "total"]),
                .init(name: TableName(name: "lines"), columns: [], isComplete: false),
            ],
            enums: [],
            notes: ["schema.ts:1: something is not read"]
        )
        var fleet = fleet(.at(3, of: shop, named: "shop"), classes: [shop])
        fleet.name = "code"
        let found = try comparison(fleet, expected: ["shop": .names(names)])
        #expect(found.columns == ["code", "migrations", "environment code"])
        #expect(found.states("shop", "public.orders") == "present differs differs")
        #expect(found.states("shop", "note") == "missing present present")
        #expect(found.states("shop", "total") == "present missing missing")
        #expect(found.states("shop", "public.lines") == "present present present")
        let rows = found.rows.filter { $0.table == "public.lines" }
        #expect(rows.map(\.kind) == ["column", "constraint", "index"])
        #expect(rows.allSatisfy { $0.cells["code"]?.state == .unknown && !$0.differs })
        #expect(found.notes.count == 3 && found.notes[2].hasSuffix("something is not read"))
    }

    @Test func `each database is held against its own major`() throws {
        // The same words have another digest on another major.
        func renamed(_ fixture: ClassFixture, _ request: ReplayRequest) -> Replay {
            guard request.major == 17 else { return fixture.answer(request) }
            var schema = fixture.schema(after: 0..<3)
            for id in schema.objects.keys { schema.set(id, "\(schema.objects[id] ?? "") on 17") }
            return Replay(states: [schema.catalog], migrations: [], end: .complete)
        }
        var fleet = Fleet(role: .development, classes: [shop])
        var newer = shop.schema(after: 0..<3)
        for id in newer.objects.keys { newer.set(id, "\(newer.objects[id] ?? "") on 17") }
        fleet.instance("old", databases: [.at(3, of: shop, named: "shop_1")])
        fleet.instance("new", major: 17, databases: [.holding(newer, named: "shop_2", history: nil)])
        fleet.entry(.match("shop_*"), "shop", on: "old")
        fleet.entry(.match("shop_*"), "shop", on: "new")
        let found = try comparison(fleet, majors: [15, 17], answer: renamed)
        #expect(found.cohorts.count == 2)
        #expect(found.row("shop", "public.orders")?.cells["test"]?.counts == [.present: 2])
        #expect(found.differences.rows.map(\.kind) == ["class", "migrations"])
        // Without programs of that major the names alone are compared, and that is said.
        let without = try comparison(fleet, majors: [15, 17]) { fixture, request in
            request.major == 15
                ? fixture.answer(request)
                : Replay(states: [], migrations: [], end: .unassessed(at: 0, reason: "no PostgreSQL 17"))
        }
        #expect(without.row("shop", "public.orders")?.cells["test"]?.counts == [.present: 2])
        #expect(without.notes.contains("migrations of class \"shop\" on PostgreSQL 17: not known: no PostgreSQL 17"))
    }

    @Test func `what a major without programs has is not called unexpected`() throws {
        var fleet = Fleet(role: .development, classes: [shop])
        var newer = shop.schema(after: 0..<3)
        newer.set(ObjectID(.constraint, schema: "public", name: "orders.orders_id_not_null"), "NOT NULL")
        fleet.instance("old", databases: [.at(3, of: shop, named: "shop_1")])
        fleet.instance("new", major: 18, databases: [.holding(newer, named: "shop_2", history: nil)])
        fleet.entry(.match("shop_*"), "shop", on: "old")
        fleet.entry(.match("shop_*"), "shop", on: "new")
        let found = try comparison(fleet, majors: [15, 18]) { fixture, request in
            request.major == 15
                ? fixture.answer(request)
                : Replay(states: [], migrations: [], end: .unassessed(at: 0, reason: "no PostgreSQL 18"))
        }
        let row = try #require(found.row("shop", "orders_id_not_null"))
        #expect(row.cells["test"]?.counts == [.missing: 1, .unknown: 1] && !row.differs)
        #expect(found.row("shop", "public.orders")?.cells["test"]?.counts == [.present: 2])
    }

    @Test func `a database that nobody may look into exists, and leaves the comparison incomplete`() throws {
        var fleet = fleet(.at(3, of: shop, named: "shop"), classes: [shop])
        guard case .reachable(let facts, var databases) = fleet.observed[0].outcome else { return }
        databases[0].content = .unobserved(reason: "it allows no connections")
        fleet.observed[0].outcome = .reachable(facts, databases)
        let found = try comparison(fleet)
        #expect(found.isIncomplete && found.cohorts.map(\.exists) == [true])
        #expect(found.cohorts.map(\.unknown) == ["it allows no connections"])
    }

    @Test func `what rules leave out does not count, and is counted`() throws {
        var schema = shop.schema(after: 0..<3)
        _ = schema.run(.createTable("scratch_1", ["id"]))
        var fleet = fleet(.holding(schema, named: "shop", history: nil), classes: [shop])
        let before = try comparison(fleet)
        #expect(before.row("shop", "public.scratch_1")?.differs == true)
        #expect(before.uncompared(in: "shop") == "the code, owners and grants")
        fleet.drift = DriftRules(ignored: [
            DriftRules.Ignored(
                subject: .objects(.table),
                names: try #require(Glob("scratch_*")),
                text: "table scratch_*",
                reason: "of tests"
            )
        ])
        let found = try comparison(fleet)
        #expect(found.row("shop", "public.scratch_1")?.differs == false)
        #expect(!found.differences.rows.contains { $0.component == "public.scratch_1" })
        #expect(
            found.notes.contains(
                "class \"shop\": 1 component differs where rules of `drift` leave it out, and that does not count"
            )
        )
    }
}
