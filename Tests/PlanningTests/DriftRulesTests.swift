import FleetFixtures
import FleetModel
@testable import Planning
import Testing

@Suite struct DriftRulesTests {
    /// A catalog of tables with columns and an index each.
    private func catalog(
        _ tables: [String: [String: String]],
        others: [ObjectID: String] = [:],
        indexes: [String: String] = [:]
    ) -> Catalog {
        var objects: [ObjectID: String] = others
        var homes: [ObjectID: TableName] = [:]
        var shapes: [ObjectID: Fingerprint] = [:]
        for (table, columns) in tables {
            objects[ObjectID(.table, schema: "public", name: table)] = "table \(table)"
            for (column, type) in columns {
                objects[ObjectID(.column, schema: "public", name: "\(table).\(column)")] = type
            }
        }
        for (index, table) in indexes {
            let id = ObjectID(.index, schema: "public", name: index)
            objects[id] = "on \(table)"
            homes[id] = TableName(name: table)
        }
        for (id, text) in objects {
            for table in tables.keys where DatedName.mayHoldDate(table.utf8) && text.contains(table) {
                shapes[id] = Fingerprint(of: text.replacing(table, with: "*"))
            }
        }
        let sorted = objects.sorted { $0.key < $1.key }
        return Catalog(
            fingerprint: Fingerprint(of: sorted.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")),
            privileges: Fingerprint(of: ""),
            columnOrder: Fingerprint(of: ""),
            objects: sorted.map { CatalogObject(id: $0.key, definition: Fingerprint(of: $0.value)) },
            tables: tables.keys.sorted().map { TableName(name: $0) },
            homes: homes,
            shapes: shapes
        )
    }

    private func rule(_ kind: ObjectKind, _ names: String) throws -> DriftRules.Ignored {
        DriftRules.Ignored(
            subject: .objects(kind),
            names: try #require(Glob(names)),
            text: "\(kind.rawValue) \(names)",
            reason: "because"
        )
    }

    private func dated(_ names: String) throws -> DriftRules {
        DriftRules(dated: [
            DriftRules.Dated(names: try #require(DatedName(names)), text: "table \(names)", reason: "because")
        ])
    }

    @Test func `an ignored table takes along what is its own, and nothing else`() throws {
        let expected = catalog(["a": ["id": "int"]])
        let observed = catalog(
            ["a": ["id": "int"], "tmp_x": ["id": "int"], "tmp": ["id": "int"]],
            others: [
                ObjectID(.comment, schema: "public", name: "table tmp_x"): "mine",
                ObjectID(.comment, schema: "public", name: "column a.id"): "not mine",
                ObjectID(.constraint, schema: "public", name: "tmp_x.k"): "check",
            ],
            indexes: ["any_name": "tmp_x", "tmp_x_on_a": "a"]
        )
        let rules = DriftRules(ignored: [try rule(.table, "tmp_*")])
        let difference = CatalogDifference(observed: observed, expected: expected, rules: rules)
        #expect(
            difference.unexpected.map(\.description) == [
                "column public.tmp.id", "comment public.column a.id", "index public.tmp_x_on_a", "table public.tmp",
            ]
        )
        #expect(
            Set(difference.ignored.map(\.object.description)) == [
                "table public.tmp_x", "column public.tmp_x.id", "comment public.table tmp_x",
                "constraint public.tmp_x.k", "index public.any_name",
            ]
        )
        #expect(difference.missing.isEmpty && difference.changed.isEmpty)
    }

    @Test func `a rule leaves alone the parts of a table whose name goes on after a dot`() throws {
        let expected = catalog(["a": ["id": "int"], "a.b": ["id": "int"], "e_2026": [:], "e_2026.x": ["id": "int"]])
        let observed = catalog(["a": ["id": "text"], "a.b": ["id": "text"], "e_2026": [:], "e_2026.x": ["id": "text"]])
        var rules = DriftRules(ignored: [try rule(.table, "a")])
        rules.dated = try dated("e_{date}").dated
        let difference = CatalogDifference(observed: observed, expected: expected, rules: rules)
        #expect(difference.changed.map(\.description) == ["column public.a.b.id", "column public.e_2026.x.id"])
        #expect(difference.ignored.map(\.object.description) == ["column public.a.id"])
    }

    @Test func `a rule on objects hides no privileges`() throws {
        let plain = catalog(["a": ["id": "int"]])
        func granted(_ text: String) -> Catalog {
            Catalog(
                fingerprint: plain.fingerprint,
                privileges: Fingerprint(of: text),
                columnOrder: plain.columnOrder,
                objects: plain.objects.map {
                    CatalogObject(id: $0.id, definition: $0.definition, privileges: Fingerprint(of: text))
                },
                tables: plain.tables
            )
        }
        let rules = DriftRules(ignored: [try rule(.table, "a")])
        let differing = granted("mine").privilegeDifferences(from: granted("yours"), rules)
        #expect(differing.map(\.object.description) == ["column public.a.id", "table public.a"])
    }

    @Test func `what is missing or changed is ignored alike`() throws {
        let expected = catalog(["a": ["id": "int", "x": "int"]], indexes: ["i": "a"])
        let observed = catalog(["a": ["id": "int", "x": "text"]])
        let rules = DriftRules(ignored: [try rule(.index, "public.i"), try rule(.column, "*.x")])
        #expect(observed.fits(expected, rules))
        #expect(!observed.fits(expected, DriftRules(ignored: [try rule(.index, "public.i")])))
        #expect(rules.fingerprint(of: observed) == rules.fingerprint(of: expected))
    }

    @Test func `tables with a date are compared by what they are`() throws {
        let day = ["id": "int", "at": "date"]
        let expected = catalog(
            ["events": day, "events_2026_11": day],
            indexes: ["events_2026_11_at": "events_2026_11"]
        )
        let rules = try dated("public.events_{date}")
        let other = catalog(
            ["events": day, "events_2019_07": day, "events_2019_08": day],
            indexes: ["events_2019_07_at": "events_2019_07", "events_2019_08_at": "events_2019_08"]
        )
        #expect(other.fits(expected, rules) && !other.fits(expected))
        #expect(rules.fingerprint(of: other) == rules.fingerprint(of: expected))
        let quiet = CatalogDifference(observed: other, expected: expected, rules: rules).dated
        #expect(quiet.map(\.rule) == [0])
        #expect(quiet.first?.found.map(\.name) == ["events_2019_07", "events_2019_08"])
        #expect(quiet.first?.expected.map(\.name) == ["events_2026_11"])
        #expect(CatalogDifference(observed: expected, expected: expected, rules: rules).dated.isEmpty)
        // One unlike the others.
        let odd = catalog(
            ["events": day, "events_2019_07": day, "events_2019_08": ["id": "bigint", "at": "date"]],
            indexes: ["events_2019_07_at": "events_2019_07"]
        )
        let difference = CatalogDifference(observed: odd, expected: expected, rules: rules)
        #expect(difference.changed.map(\.description) == ["column public.events_2019_08.id"])
        #expect(difference.missing.map(\.description) == ["index public.events_2019_08_at"])
        #expect(
            difference.counterparts[difference.missing[0]]?.description == "index public.events_2026_11_at"
        )
        // None at all, and one that no migration makes.
        #expect(!catalog(["events": day]).fits(expected, rules))
        #expect(!other.fits(catalog(["events": day]), rules))
        // A name with another beginning, or without a date.
        #expect(!catalog(["events": day, "event_2019_07": day]).fits(expected, rules))
        #expect(!catalog(["events": day, "events_old": day]).fits(expected, rules))
    }

    @Test(arguments: [
        ("events_{date}", "events_2026_11", true), ("events_{date}", "events_20261126", true),
        ("events_{date}", "events_2026-11-26", true), ("events_{date}", "events_2026_", false),
        ("events_{date}", "events_26", false), ("events_{date}", "events__2026", false),
        ("events_{date}", "events_2026_11_x", false), ("events_y{date}m{date}", "events_y2026m11", true),
        ("events_p{date}", "events_p2026_11", true), ("public.events_{date}", "events_2026", true),
        ("other.events_{date}", "events_2026", false),
    ])
    func `a date is digits in groups`(pattern: String, name: String, matches: Bool) throws {
        #expect(try #require(DatedName(pattern)).matches(TableName(name: name)) == matches)
    }

    @Test func `a name without a date, or with two in a row, is no pattern`() {
        #expect(DatedName("events") == nil)
        #expect(DatedName("events_{date}{date}") == nil)
    }

    /// What decides after an apply whether a database is as planned is the same as what decides in a plan.
    @Test func `equal fingerprints are no difference, and no difference is equal fingerprints`() throws {
        var random = Seeded(state: 11)
        let rules = DriftRules(
            ignored: [try rule(.table, "tmp_*"), try rule(.index, "i_*"), try rule(.column, "*.spare")],
            dated: try dated("part_{date}").dated
        )
        var seen = (equal: 0, different: 0)
        let catalogs = (0..<40).map { _ in
            var tables: [String: [String: String]] = [:]
            for name in ["a", "b", "tmp_x", "part_2026_01", "part_2026_02", "part_x"] where random.next() % 2 == 0 {
                tables[name] = ["id": random.next() % 3 == 0 ? "int" : "text"]
                if random.next() % 3 == 0 { tables[name]?["spare"] = "int" }
            }
            var indexes: [String: String] = [:]
            for name in ["i_a", "j_a"] where random.next() % 2 == 0 && tables["a"] != nil { indexes[name] = "a" }
            return catalog(tables, indexes: indexes)
        }
        let names = catalogs.map(rules.fingerprint)
        for (left, name) in zip(catalogs, names) {
            for (right, other) in zip(catalogs, names) {
                let isEqual = name == other
                #expect(CatalogDifference(observed: left, expected: right, rules: rules).isEmpty == isEqual)
                if isEqual { seen.equal += 1 } else { seen.different += 1 }
            }
        }
        #expect(seen.equal > 45 && seen.different > 100, "\(seen)")
    }

    @Test func `what is ignored makes no database drifted, and is told with its reason`() throws {
        var drifted = shop.schema(after: 0..<3)
        drifted.set(.index("by_hand"), "index")
        var fleet = fleet(.holding(drifted, named: "shop", history: shop.files.map(\.tag)))
        #expect(fleet.plan().statuses == [.drifted])
        fleet.drift.ignored = [try rule(.index, "by_*")]
        let plan = fleet.plan()
        #expect(plan.statuses == [.converged])
        #expect(plan.findings.map(\.severity) == [.info])
        #expect(plan.findings[0].message.contains("ignored by rule \"index by_*\" (because): index public.by_hand"))
        // A rule for another class changes nothing here.
        fleet.drift.ignored[0].className = "bank"
        #expect(fleet.plan().statuses == [.drifted])
    }

    @Test(arguments: [
        (["b", "x", "a"], ["a", "b"], true), (["a", "x", "b"], ["a", "b"], false), (["b"], ["a", "b"], false),
        (["a", "b"], ["a", "b"], false),
    ])
    func `an added or dropped column is no other order`(here: [String], there: [String], isOther: Bool) {
        func ordered(_ columns: [String]) -> Catalog {
            Catalog(
                fingerprint: Fingerprint(of: ""),
                privileges: Fingerprint(of: ""),
                columnOrder: Fingerprint(of: columns.joined(separator: ",")),
                objects: [],
                tables: [],
                columnOrders: [TableName(name: "t"): columns]
            )
        }
        #expect(ordered(here).reordered(from: ordered(there)).isEmpty == !isOther)
    }

    @Test func `default privileges of one side are one difference, which a rule on grants covers`() throws {
        let state = shop.schema(after: 0..<3).catalog
        let object = ObjectID(.defaultPrivileges, schema: nil, name: "tables of the database's owner")
        var database = ObservedDatabase.at(3, of: shop, named: "shop")
        guard case .observed(var content) = database.content else { return }
        content.catalog = Catalog(
            fingerprint: state.fingerprint,
            privileges: Fingerprint(of: "granted"),
            columnOrder: state.columnOrder,
            objects: state.objects + [
                CatalogObject(id: object, definition: Fingerprint(of: ""), privileges: Fingerprint(of: "granted"))
            ],
            tables: state.tables
        )
        database.content = .observed(content)
        var fleet = fleet(database)
        func told() -> [Finding] {
            var input = fleet.input
            for need in Planner.draft(input).needs {
                input.definitions[need.key] = [:]
                guard case .database = need.source else { continue }
                input.definitions[need.key] = [
                    object: Definition(text: "", owner: "the database's owner", grants: "everybody: SELECT")
                ]
            }
            return Planner.plan(input).findings
        }
        #expect(told().map(\.message) == ["default-privileges: privileges differ: found everybody: SELECT"])
        for subject in [DriftRules.Ignored.Subject.grants, .objects(.defaultPrivileges)] {
            var rule = try rule(.table, "*")
            rule.subject = subject
            fleet.drift.ignored = [rule]
            #expect(told().map(\.severity) == [.info])
        }
    }

    @Test func `a schema without history fits a version but for what is ignored`() throws {
        var schema = shop.schema(after: 0..<2)
        schema.set(.index("by_hand"), "index")
        var fleet = fleet(.holding(schema, named: "shop", history: nil))
        fleet.drift.ignored = [try rule(.index, "by_*")]
        let plan = fleet.plan()
        #expect(plan.database("shop")?.observedVersion == "0001_second")
        #expect(plan.kinds.first?.contains(.adopt) == true)
    }
}

/// Numbers that are the same in every run.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) ^ (state >> 12)
    }
}
