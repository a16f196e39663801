package import FleetModel
package import Migrations
package import Planning

/// An environment with its servers, put together by a test, and the plan for it.
package struct Fleet: Sendable {
    package var name: String
    package var role: EnvironmentRole
    package var policy: Policy
    package var drift = DriftRules.none
    package var classes: [ClassFixture]
    package var instances: [Instance] = []
    package var entries: [DatabaseEntry] = []
    package var observed: [ObservedInstance] = []
    package var others: [OtherEnvironment] = []
    package var narrowing = Narrowing.none
    package var checks: [DatabaseKey: [CheckOutcome]] = [:]

    package init(_ name: String = "test", role: EnvironmentRole = .production, classes: [ClassFixture]) {
        self.name = name
        self.role = role
        policy = Policy(defaultsFor: role)
        self.classes = classes
    }

    private func at(_ line: Int) -> SourceRange {
        let start = SourcePosition(line: line, column: 3)
        return SourceRange(file: "environments/\(name).yaml", start: start, end: start)
    }

    package mutating func instance(
        _ name: String,
        state: Instance.State = .active,
        identifier: String? = nil,
        major: Int = 15,
        inRecovery: Bool = false,
        extensions: Set<String>? = nil,
        unreachable: String? = nil,
        databases: [ObservedDatabase] = [],
        answers: [Int: QueryAnswer] = [:]
    ) {
        let here = at(10 + instances.count)
        instances.append(
            Instance(
                name: Located(name, at: here),
                via: [],
                connection: [ConnectionParameter(keyword: "host", value: "/run/\(name)", range: here)],
                password: nil,
                state: state
            )
        )
        let facts = ServerFacts(
            version: ServerVersion(number: major * 10_000 + 3),
            systemIdentifier: identifier ?? "id-\(name)",
            timeline: 1,
            inRecovery: inRecovery,
            roles: ["postgres"],
            extensions: extensions,
            queriedNames: answers
        )
        observed.append(
            ObservedInstance(
                name: name,
                outcome: unreachable.map { .unreachable(reason: $0) } ?? .reachable(facts, databases)
            )
        )
    }

    package mutating func entry(
        _ selector: DatabaseEntry.Selector,
        _ className: String,
        version: String = "latest",
        on instance: String
    ) {
        let here = at(30 + entries.count)
        var beside = here
        beside.start.column = 40
        entries.append(
            DatabaseEntry(
                selector: Located(selector, at: here),
                className: Located(className, at: here),
                version: Located(version, at: beside),
                instance: Located(instance, at: here),
                range: here
            )
        )
    }

    package var environment: Environment {
        Environment(
            name: Located(name, at: at(1)),
            role: role,
            description: nil,
            instances: instances,
            entries: entries,
            policy: policy,
            drift: drift
        )
    }

    package var observedEnvironment: ObservedEnvironment { ObservedEnvironment(name: name, instances: observed) }

    package var input: PlanningInput {
        var input = PlanningInput(
            environment: environment,
            classes: classes.map(\.databaseClass),
            folders: Dictionary(uniqueKeysWithValues: classes.map { ($0.name, $0.folder) }),
            observed: observedEnvironment,
            others: others,
            narrowing: narrowing,
            account: Self.account
        )
        for request in input.replayRequests {
            input.replays[request] = classes.first { $0.name == request.className }?.answer(request)
        }
        input.checks = checks
        return input
    }

    /// The plan as policy leaves it.
    package func plan(allowing flags: Set<Hazard> = []) -> EnvironmentPlan {
        policy.review(Planner.plan(input), allowing: flags).plan
    }

    /// Rows of tests hold a tag each, `tag!` where the hash differs, `tag?` where the tool does not know it by its name,
    /// `tag^` where the tool passes over what is pending after it.
    package static func account(_ folder: MigrationFolder, _ history: HistoryRows, _ upTo: Int) -> Accounting {
        var accounting = Accounting()
        var passesOver = false
        for tag in history.rows.compactMap({ $0[0] }) {
            if let position = folder.migrations.firstIndex(where: { $0.tag == tag }) {
                if accounting.applied.contains(position) {
                    accounting.repeated.append(position)
                    continue
                }
                accounting.applied.append(position)
                if position > upTo { accounting.ahead.append(position) }
            } else if let position = folder.migrations.firstIndex(where: { "\($0.tag)!" == tag }) {
                accounting.applied.append(position)
                accounting.edited.append(position)
            } else if let position = folder.migrations.firstIndex(where: { "\($0.tag)?" == tag }) {
                accounting.applied.append(position)
                accounting.unnamed.append(position)
                accounting.upgrade = ["UPDATE history"]
            } else if let position = folder.migrations.firstIndex(where: { "\($0.tag)^" == tag }) {
                accounting.applied.append(position)
                passesOver = true
            } else {
                accounting.unknown.append(tag)
            }
        }
        accounting.pending = (0...upTo).filter { !accounting.applied.contains($0) }
        if passesOver { accounting.passedOver = accounting.pending }
        let newest = accounting.applied.max()
        accounting.late = accounting.pending.filter { $0 < newest ?? 0 }
        accounting.outOfOrder = accounting.applied != accounting.applied.sorted()
        accounting.version = newest.map { folder.migrations[$0].tag }
        accounting.lastChange = history.rows.isEmpty ? nil : 1_765_756_800_000
        return accounting
    }
}

extension ObservedDatabase {
    /// A database whose history holds these tags; nil where it has none.
    package static func holding(
        _ schema: Schema,
        named name: String,
        history: [String]?,
        filled: [String] = [],
        oid: UInt32 = 16_400,
        mark: DatabaseState.InitMark = .none
    ) -> ObservedDatabase {
        let catalog = schema.catalog
        let rows = history.map { tags in
            HistoryRows(
                exists: true,
                rows: tags.map { [$0] },
                digest: Fingerprint(of: tags.joined(separator: ","))
            )
        }
        let tables = catalog.tables.indices.filter { filled.contains(catalog.tables[$0].name) }
        return ObservedDatabase(
            name: name,
            oid: oid,
            owner: "app",
            sizeBytes: 8_000_000,
            content: .observed(
                DatabaseState(
                    catalog: catalog,
                    history: rows ?? .missing,
                    nonEmptyTables: Set(tables),
                    initMark: mark
                )
            )
        )
    }

    /// A database of a class with the first migrations applied in order.
    package static func at(
        _ count: Int,
        of fixture: ClassFixture,
        named name: String,
        filled: [String] = [],
        oid: UInt32 = 16_400,
        mark: DatabaseState.InitMark = .none
    ) -> ObservedDatabase {
        holding(
            fixture.schema(after: 0..<count),
            named: name,
            history: fixture.files.prefix(count).map(\.tag),
            filled: filled,
            oid: oid,
            mark: mark
        )
    }

    package static func opaque(named name: String, reason: String) -> ObservedDatabase {
        ObservedDatabase(
            name: name,
            oid: 16_400,
            owner: "app",
            sizeBytes: 8_000_000,
            content: .unobserved(reason: reason)
        )
    }
}

/// Tests write names alone.
extension QueryAnswer: ExpressibleByArrayLiteral {
    package init(arrayLiteral names: String...) { self = .names(names) }
}
