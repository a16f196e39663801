import FleetFixtures
import FleetModel
import Planning
import Testing

@Suite struct GateTests {
    private func verdict(
        _ fleet: Fleet,
        allowing granted: Set<Hazard> = [],
        pending: Bool = false,
        _ rules: [GateRule: GateSettings.Setting] = [:]
    ) -> GateVerdict {
        Gate(settings: GateSettings(rules: rules), allowsPending: pending, granted: granted)
            .judge(fleet.plan(allowing: granted))
    }

    private func codes(_ verdict: GateVerdict, _ weight: GateObjection.Weight = .error) -> [String] {
        verdict.objections.filter { $0.weight == weight }.map(\.rule.code)
    }

    private func losing(_ role: EnvironmentRole, _ statement: Statement = .dropColumn("orders", "note")) -> Fleet {
        let fixture = shop(doing: [statement])
        return fleet(.at(1, of: fixture, named: "shop", filled: ["orders"]), role: role, classes: [fixture])
    }

    @Test func `where nothing is owed and nothing refused it passes`() {
        let verdict = verdict(fleet(.at(3, of: shop, named: "shop", mark: .done)))
        #expect(verdict.status == nil && verdict.objections.isEmpty)
    }

    @Test func `what is owed shuts it, unless that is accepted and harmless`() {
        let fleet = fleet(
            .at(1, of: shop, named: "shop_a", mark: .done),
            .at(1, of: shop, named: "shop_b", mark: .done)
        )
        let strict = verdict(fleet)
        #expect(strict.status == .owed && codes(strict) == ["migrations-pending"])
        #expect(strict.objections.map(\.databases) == [["shop_a", "shop_b"]])
        #expect(strict.objections.map(\.location?.file) == ["migrations/shop/0001_second.sql"])
        let lenient = verdict(fleet, pending: true)
        #expect(lenient.status == nil && codes(lenient, .accepted) == ["migrations-pending"])
    }

    @Test func `databases to be created and histories to be adopted are harmless`() {
        var creating = fleet()
        creating.entry(.names(["shop_new"]), "shop", on: "one")
        #expect(codes(verdict(creating)) == ["database-missing"])
        #expect(verdict(creating, pending: true).status == nil)
        let adopting = fleet(.holding(shop.schema(after: 0..<3), named: "shop", history: nil, mark: .done))
        #expect(codes(verdict(adopting)) == ["history-missing"])
        #expect(verdict(adopting, pending: true).status == nil)
    }

    @Test func `a hazard that nobody granted is refused under its own name, accepted or not`() {
        let verdict = verdict(losing(.production), pending: true)
        #expect(verdict.status == .refused)
        #expect(codes(verdict) == ["data-loss", "migrations-pending"])
        #expect(verdict.objections[0].message == "0001_change: drops column public.orders.note, and nobody granted it")
    }

    @Test func `loss that a policy grants for ever is not harmless; loss granted for this run is`() {
        let byPolicy = verdict(losing(.development), pending: true)
        #expect(byPolicy.status == .owed && codes(byPolicy) == ["migrations-pending", "data-loss"])
        #expect(verdict(losing(.development), allowing: [.dataLoss], pending: true).status == nil)
        #expect(verdict(losing(.production), allowing: [.dataLoss], pending: true).status == nil)
        #expect(verdict(losing(.production), allowing: [.dataLoss]).status == .owed)
        let setting = GateSettings.Setting(level: .warning, reason: "nobody's rows")
        let lowered = verdict(losing(.development), pending: true, [.hazard(.dataLoss): setting])
        #expect(lowered.status == nil && codes(lowered, .warning) == ["data-loss"])
    }

    @Test func `what nobody can assess is no more harmless than loss; other granted hazards are`() {
        #expect(verdict(losing(.development, .procedure), pending: true).status == .owed)
        #expect(verdict(losing(.development, .changeType("orders", "note", "int")), pending: true).status == nil)
    }

    @Test(arguments: [
        (EnvironmentRole.development, GateObjection.Status.owed), (.staging, .owed), (.production, .refused),
    ])
    func `a repair is never harmless`(role: EnvironmentRole, status: GateObjection.Status) {
        var schema = shop.schema(after: 0..<3)
        for statement in bank.files[0].statements { _ = schema.run(statement) }
        let corrupted = fleet(
            .holding(schema, named: "shop", history: shop.files.map(\.tag), mark: .done),
            role: role
        )
        let verdict = verdict(corrupted, allowing: Set(Hazard.allCases), pending: true)
        #expect(verdict.status == status)
        #expect(codes(verdict) == ["table-misplaced"])
    }

    @Test func `moves, drops and retired instances are never harmless`() {
        var moving = Fleet(role: .development, classes: [shop])
        moving.policy.unmanaged = .drop
        moving.instance("old", state: .retiring, databases: [.at(3, of: shop, named: "shop", mark: .done)])
        moving.instance("new", databases: [.at(1, of: shop, named: "stray")])
        moving.entry(.names(["shop"]), "shop", on: "new")
        let verdict = verdict(moving, allowing: Set(Hazard.allCases), pending: true)
        #expect(verdict.status == .owed)
        #expect(codes(verdict) == ["instance-retiring-in-use", "database-unmanaged", "instance-retiring-in-use"])
    }

    @Test func `what calls for no step counts by its severity`() {
        var granted = shop.schema(after: 0..<3)
        granted.privileges = "others"
        let differing = verdict(fleet(.holding(granted, named: "shop", history: shop.files.map(\.tag), mark: .done)))
        #expect(differing.status == nil && codes(differing, .warning) == ["schema-drift"])

        var stray = fleet(.at(3, of: shop, named: "shop", mark: .done), .at(1, of: bank, named: "stray"))
        #expect(verdict(stray).status == nil && codes(verdict(stray), .warning) == ["database-unmanaged"])
        stray.policy.unmanaged = .refuse
        #expect(verdict(stray).status == .refused && codes(verdict(stray)) == ["database-unmanaged"])
    }

    @Test func `a server that does not answer and a check that fails are failures`() {
        var dark = Fleet(classes: [shop])
        dark.instance("one", unreachable: "no route to host")
        dark.entry(.names(["shop"]), "shop", on: "one")
        #expect(verdict(dark, pending: true).status == .failed)
        #expect(codes(verdict(dark)) == ["instance-unreachable"])

        var failing = fleet(.at(3, of: shop, named: "shop", mark: .done))
        failing.checks[DatabaseKey(instance: "one", database: "shop")] = [
            CheckOutcome(name: "orders are there", holds: false)
        ]
        #expect(verdict(failing, pending: true).status == .failed && codes(verdict(failing)) == ["check-failed"])
    }

    @Test func `a migration that fails is said once, by its code`() {
        let fixture = shop(doing: [.failing("no")])
        let verdict = verdict(fleet(.at(1, of: fixture, named: "shop"), classes: [fixture]))
        #expect(verdict.status == .refused && codes(verdict) == ["migration-fails"])
    }

    @Test func `more than may be destroyed is a rule of its own`() {
        var schema = shop.schema(after: 0..<3)
        schema.set(.column("orders", "by_hand"), "text")
        var fleet = fleet(.holding(schema, named: "shop", history: shop.files.map(\.tag), mark: .done), role: .staging)
        fleet.policy.repair = .rebuild
        fleet.policy.maxDestroy = .count(0)
        fleet.policy.allow = Set(Hazard.allCases)
        #expect(codes(verdict(fleet)) == ["max-destroy", "schema-drift"])
    }

    @Test func `a level of the manifest replaces the usual one, with its reason`() {
        let fleet = fleet(.at(1, of: shop, named: "shop", mark: .done), .at(1, of: bank, named: "stray"))
        func setting(_ level: GateLevel) -> GateSettings.Setting { .init(level: level, reason: "because") }
        let levels = verdict(
            fleet,
            [.finding(.migrationsPending): setting(.warning), .finding(.databaseUnmanaged): setting(.off)]
        )
        #expect(levels.status == nil)
        #expect(levels.objections.map(\.weight) == [.warning, .off])
        #expect(levels.objections.map(\.reason) == ["because", "because"])
        let strict = verdict(fleet, pending: true, [.finding(.databaseUnmanaged): setting(.error)])
        #expect(strict.status == .refused)
        #expect(levels.lowered == 2 && strict.lowered == 0)
        // What the command line accepts no level brings back.
        #expect(codes(strict, .accepted) == ["migrations-pending"])
    }

    @Test(arguments: [EnvironmentRole.production, .development])
    func `a level turns off its own rule, and no other of the same database`(role: EnvironmentRole) {
        var schema = shop.schema(after: 0..<3)
        schema.set(.column("orders", "by_hand"), "text")
        _ = schema.run(.createTable("extra", ["id"]))
        _ = schema.run(.dropTable("lines"))
        let fleet = fleet(.holding(schema, named: "shop", history: shop.files.map(\.tag), mark: .done), role: role)
        let found: [FindingCode] = [.tableMissing, .tableUnexpected, .schemaDrift]
        #expect(Set(fleet.plan().findings.filter { $0.severity == .error }.map(\.code)) == Set(found))
        let off = GateSettings.Setting(level: .off, reason: "because")
        for code in found {
            let verdict = verdict(fleet, [.finding(code): off])
            #expect(verdict.status == (role == .production ? .refused : .owed), "\(code.rawValue)")
            #expect(!codes(verdict).contains(code.rawValue))
            let rest = found.filter { $0 != code }.map { (GateRule.finding($0), off) }
            #expect(self.verdict(fleet, Dictionary(uniqueKeysWithValues: rest)).status != nil)
        }
        let all = Dictionary(uniqueKeysWithValues: found.map { (GateRule.finding($0), off) })
        #expect(verdict(fleet, all).status == nil)
        #expect(Set(codes(verdict(fleet))).isSubset(of: found.map(\.rawValue)))
    }

    @Test func `a history that nobody can read hides what else is wrong, whatever its own level`() {
        let edited = fleet(
            .holding(
                shop.schema(after: 0..<2),
                named: "shop",
                history: ["0000_first!", "0001_second", "0002_third"],
                mark: .done
            )
        )
        #expect(codes(verdict(edited)) == ["migration-edited"])
        let warning = GateSettings.Setting(level: .warning, reason: "a comment was mended")
        let lowered = verdict(edited, [.finding(.migrationEdited): warning])
        #expect(lowered.status == .refused && codes(lowered) == ["not-inspected"])
        #expect(codes(lowered, .warning) == ["migration-edited"])
        let both = verdict(edited, [.finding(.migrationEdited): warning, .finding(.notInspected): warning])
        #expect(both.status == nil && both.objections.count == 2)
    }

    @Test(arguments: [EnvironmentRole.production, .development])
    func `a hazard is at the statement that has it, not at the first pending file`(role: EnvironmentRole) {
        var fixture = shop(doing: [.addColumn("orders", "a")])
        fixture.files.append(.init("0002_more", [.addColumn("orders", "b")]))
        fixture.files.append(.init("0003_drop", [.addColumn("orders", "c"), .dropColumn("orders", "note")]))
        let verdict = verdict(
            fleet(.at(1, of: fixture, named: "shop", filled: ["orders"]), role: role, classes: [fixture])
        )
        let loss = verdict.objections.filter { $0.rule == .hazard(.dataLoss) }
        #expect(loss.map(\.location) == [FilePosition(file: "migrations/shop/0003_drop.sql", line: 2)])
        let owed = verdict.objections.filter { $0.rule == .finding(.migrationsPending) }
        #expect(owed.map(\.location) == [FilePosition(file: "migrations/shop/0001_change.sql")])
    }

    /// The estate as an audit found it, and one in which most of what can go wrong has.
    @Test(arguments: [0, 1, 2, 3, 4])
    func `nothing that is refused, owed or an error goes unsaid`(index: Int) {
        let fleets = [
            Estate.development, Estate.testing, Estate.production, Difficult.production, Difficult.staging,
        ]
        let fleet = fleets[index]
        let plan = fleet.plan()
        let verdict = Gate(settings: GateSettings(), allowsPending: false, granted: []).judge(plan)
        for refusal in plan.refused {
            #expect(
                verdict.objections.contains {
                    [.refused, .failed].contains($0.status) && $0.databases == refusal.databases
                },
                "\(refusal)"
            )
        }
        for cohort in plan.cohorts where !cohort.steps.isEmpty {
            #expect(verdict.objections.contains { $0.status == .owed && $0.cohort == cohort.id }, "\(cohort.id)")
        }
        for finding in plan.findings where finding.severity == .error {
            #expect(
                verdict.objections.contains { objection in
                    objection.weight == .error && (finding.database.map(objection.databases.contains) ?? true)
                },
                "\(finding)"
            )
        }
    }
}

/// What the gate says of classes without a server.
@Suite struct GateClassTests {
    private func replay(_ fixture: ClassFixture, rows: [Int: String] = [:]) -> ClassReplay {
        ClassReplay(
            databaseClass: fixture.databaseClass,
            folder: fixture.folder,
            major: 15,
            replay: fixture.answer(ReplayRequest(whole: fixture.folder, major: 15)),
            rowFailures: rows
        )
    }

    @Test func `a folder that runs to its end is no matter`() {
        #expect(replay(shop).objections.isEmpty)
        #expect(replay(shop).summary.replayed == 3)
    }

    @Test func `a migration that fails is named with its statement's line`() throws {
        let objection = try #require(replay(shop(doing: [.addColumn("orders", "a"), .failing("no")])).objections.first)
        #expect(objection.rule == .own(.replayFails) && objection.status == .refused)
        #expect(objection.location == FilePosition(file: "migrations/shop/0001_change.sql", line: 2))
    }

    @Test func `what scratch cannot run is not proved`() throws {
        var fixture = shop
        fixture.unassessed = ("0001_second", "no such extension")
        let objection = try #require(replay(fixture).objections.first)
        #expect(objection.rule == .own(.replayUnassessed) && objection.status == .failed)
        #expect(replay(fixture).summary.replayed == 1)
    }

    @Test func `risks are those on tables with rows, the newest first`() {
        var fixture = shop(doing: [.dropTable("lines")])
        fixture.files.append(.init("0002_index", [.index("orders", "by_note")]))
        let risks = replay(fixture).summary.risks
        #expect(risks.map(\.tag) == ["0002_index", "0001_change"])
        #expect(risks.map(\.hazards) == [[.blocksWrites], [.dataLoss]])
    }

    @Test func `rows that break a migration warn, and are an error where a table with rows waits for it`() {
        let fixture = shop(doing: [.setNotNull("orders", "note")])
        let objections = replay(fixture, rows: [1: "column \"note\" contains null values"]).objections
        #expect(objections.map(\.weight) == [.warning])
        func held(_ count: Int, _ filled: [String]) -> [GateObjection.Weight] {
            let fleet = fleet(.at(count, of: fixture, named: "shop", filled: filled), classes: [fixture])
            return objections.heldAgainst(fleet.plan()).map(\.weight)
        }
        #expect(held(1, ["orders"]) == [.error])
        #expect(held(1, []) == [.warning])
        #expect(held(2, ["orders"]) == [])
    }

    @Test func `rows that break a migration do so at the statement that reads them`() {
        let fixture = shop(doing: [.addColumn("lines", "state"), .setNotNull("orders", "note")])
        let objections = replay(fixture, rows: [1: "column \"note\" contains null values"]).objections
        let place = FilePosition(file: "migrations/shop/0001_change.sql", line: 2)
        #expect(objections.map(\.location) == [place])
        let fleet = fleet(.at(1, of: fixture, named: "shop", filled: ["orders"]), classes: [fixture])
        #expect(objections.heldAgainst(fleet.plan()).map(\.location) == [place])
    }
}
