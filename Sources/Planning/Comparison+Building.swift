package import FleetModel
package import Migrations

extension Comparison {
    /// Compares everything.
    ///
    /// - Parameters:
    ///   - inputs: one for each environment, in the order of their columns.
    ///   - classes: all of them.
    ///   - folders: the migrations, by class name.
    ///   - major: the one on which code and migrations are shown; nil where there is no server at all.
    ///   - replays: each class's whole folder, on the majors of the servers.
    ///   - expected: what the code of each class expects.
    package init(
        _ inputs: [PlanningInput],
        classes: [DatabaseClass],
        folders: [String: MigrationFolder],
        major: Int?,
        replays: [ReplayRequest: Replay],
        expected: [ExpectationKey: ExpectedSchema]
    ) {
        let names = inputs.map { Self.column(of: $0.environment.name.value) }
        self.init(columns: [Self.code, Self.migrations] + names, rows: [], cohorts: [], notes: [], isIncomplete: false)
        for input in inputs {
            for instance in input.observed.instances where input.narrowing.includes(instance: instance.name) {
                guard case .unreachable(let reason) = instance.outcome else { continue }
                isIncomplete = true
                notes.append(
                    "\(input.environment.name.value): instance \"\(instance.name)\" cannot be reached: \(reason)"
                )
            }
        }
        note("\(Self.leftOut) are not compared here: `plan` says where they differ")
        for databaseClass in classes {
            guard let folder = folders[databaseClass.name.value] else { continue }
            add(databaseClass, folder, inputs, major, replays, expected, folders)
        }
    }

    /// An environment may be called as one of our own columns.
    private static func column(of environment: String) -> String {
        [code, migrations].contains(environment) ? "environment \(environment)" : environment
    }

    private mutating func add(
        _ databaseClass: DatabaseClass,
        _ folder: MigrationFolder,
        _ inputs: [PlanningInput],
        _ major: Int?,
        _ replays: [ReplayRequest: Replay],
        _ expected: [ExpectationKey: ExpectedSchema],
        _ folders: [String: MigrationFolder]
    ) {
        let name = folder.className
        let majors = Set(replays.keys.filter { $0.className == name }.map(\.major)).sorted()
        func newest(_ folder: MigrationFolder, _ major: Int) -> Catalog? {
            guard let whole = replays[ReplayRequest(whole: folder, major: major)], whole.end == .complete else {
                return nil
            }
            return whole.states.last
        }
        var codes: [ComparisonSide] = []
        var migrations: [ComparisonSide] = []
        var shown: [ComparisonSide] = [
            ComparisonSide(Self.code, .unknown), ComparisonSide(Self.migrations, .unknown),
        ]
        var homes: [ObjectID: ObjectID] = [:]
        for each in majors {
            if let code = side(expected[ExpectationKey(className: name, major: each)], major: each, &homes) {
                codes.append(code)
                if each == major { shown[0] = code }
            }
            if let catalog = newest(folder, each) {
                migrations.append(ComparisonSide(Self.migrations, catalog, major: each))
                homes.merge(catalog.homesOfObjects) { first, _ in first }
                if each == major { shown[1] = ComparisonSide(Self.migrations, catalog, major: each) }
            } else {
                let reason = replays[ReplayRequest(whole: folder, major: each)]?.obstacle ?? "they were not replayed"
                note("migrations of class \"\(name)\" on PostgreSQL \(each): not known: \(reason)")
            }
        }
        explain(
            databaseClass,
            major.flatMap { expected[ExpectationKey(className: name, major: $0)] },
            newest: major.flatMap { newest(folder, $0) }
        )
        var strangers: [ObjectID: String] = [:]
        for other in folders.keys.sorted() where other != name {
            guard let folder = folders[other] else { continue }
            for catalog in majors.compactMap({ newest(folder, $0) }) {
                for object in catalog.objects { strangers[object.id] = other }
            }
        }
        let newestOnes = majors.compactMap { newest(folder, $0) }
        let sides = inputs.flatMap { input in
            let rules = input.environment.drift.of(name, and: databaseClass.drift)
            return databases(of: name, input, &homes) { catalog in
                Self.exempt(by: rules, in: newestOnes + [catalog])
            }
        }
        var known = newestOnes
        for each in majors {
            if case .loaded(let catalog, _)? = expected[ExpectationKey(className: name, major: each)] {
                known.append(catalog)
            }
        }
        let own = Self.exempt(by: databaseClass.drift, in: known)
        for index in shown.indices { shown[index].exempt = own }
        let comparison = ClassComparison(
            className: name,
            columns: columns,
            shown: shown,
            references: codes + migrations,
            cohorts: sides,
            homes: homes,
            strangers: strangers,
            newest: folder.migrations.last?.tag
        )
        let found = comparison.rows()
        let exempt = found.count { $0.isExempt && !$0.differs }
        if exempt > 0 {
            let what = exempt == 1 ? "1 component differs" : "\(exempt) components differ"
            note("class \"\(name)\": \(what) where rules of `drift` leave it out, and that does not count")
        }
        rows += found
    }

    /// What rules leave out of any of the catalogs, and what a date in its name keeps from being compared by name.
    private static func exempt(by rules: DriftRules, in catalogs: [Catalog]) -> Set<ObjectID> {
        guard !rules.isEmpty else { return [] }
        return catalogs.reduce(into: []) { all, catalog in
            let exemptions = Exemptions(rules, in: catalog)
            all.formUnion(exemptions.ignored.keys)
            all.formUnion(exemptions.datedObjects)
        }
    }

    private mutating func note(_ text: String) { if !notes.contains(text) { notes.append(text) } }

    private func side(
        _ expected: ExpectedSchema?,
        major: Int,
        _ homes: inout [ObjectID: ObjectID]
    ) -> ComparisonSide? {
        switch expected {
        case .loaded(let catalog, _):
            homes.merge(catalog.homesOfObjects) { first, _ in first }
            var side = ComparisonSide(Self.code, catalog, major: major)
            side.said = SaidKinds(catalog)
            return side
        case .names(let names): return ComparisonSide(Self.code, names)
        case .failed, .unassessed, nil: return nil
        }
    }

    /// Says what the column of code can tell of a class and what it cannot.
    private mutating func explain(_ databaseClass: DatabaseClass, _ expected: ExpectedSchema?, newest: Catalog?) {
        let title = "code of class \"\(databaseClass.name.value)\""
        switch expected {
        case .loaded(let catalog, _):
            // Where the columns of a table stand is no difference; who lists values without names may want to know.
            if let newest, newest.fingerprint == catalog.fingerprint, newest.columnOrder != catalog.columnOrder {
                note("\(title): has columns in another order than the migrations make them, which is no difference")
            }
        case .names(let names):
            note(
                "\(title): names only, read from Drizzle's definitions: types, defaults, indexes and constraints are not "
                    + "compared with the code"
            )
            for text in names.notes { note("\(title): \(text)") }
        case .failed(let reason):
            isIncomplete = true
            note("\(title): not known: \(reason)")
        case .unassessed(let reason): note("\(title): not known: \(reason)")
        case nil where databaseClass.expects == nil: note("\(title): not known: its manifest has no `expects`")
        case nil: note("\(title): not known: there is no PostgreSQL to load it on")
        }
    }

    // MARK: databases

    /// The databases of a class in one environment, those that hold the same as one side.
    private mutating func databases(
        of className: String,
        _ input: PlanningInput,
        _ homes: inout [ObjectID: ObjectID],
        exempt: (Catalog) -> Set<ObjectID>
    ) -> [ComparisonSide] {
        struct Key: Hashable {
            var fingerprint: Fingerprint?
            var major: Int?
            var version: String?
            var invalid: [ObjectID]
            var unknown: String?
            /// There, though nobody could look into it.
            var isClosed = false
        }
        let column = Self.column(of: input.environment.name.value)
        var order: [Key] = []
        var members: [Key: [String]] = [:]
        var catalogs: [Key: Catalog] = [:]
        func add(_ key: Key, _ database: String, _ catalog: Catalog? = nil) {
            if members[key] == nil { order.append(key) }
            members[key, default: []].append(database)
            if let catalog, catalogs[key] == nil { catalogs[key] = catalog }
        }
        for instance in input.claims.instances where input.narrowing.includes(instance: instance.name) {
            let facts = input.observed.instances.first { $0.name == instance.name }?.facts
            for row in instance.rows where input.narrowing.includes(database: row.name) {
                guard case .claimed(let entry) = row.standing,
                    input.environment.entries[entry].className.value == className
                else { continue }
                let place = "\(instance.name)/\(row.name)"
                switch (facts, row.observed?.content) {
                case (nil, _): add(Key(invalid: [], unknown: "out of reach"), place)
                // What a retiring instance holds counts there.
                case (_?, nil) where row.elsewhere != nil: continue
                case (_?, nil): add(Key(invalid: []), place)
                case (_?, .unobserved(let reason)):
                    isIncomplete = true
                    add(Key(invalid: [], unknown: reason, isClosed: true), place)
                case (let facts?, .observed(let state)):
                    let version = input.folders[className].flatMap { folder in
                        input.accounting(of: state.history, folder: folder, entry: entry)?.version
                    }
                    let key = Key(
                        fingerprint: state.catalog.fingerprint,
                        major: facts.version.major,
                        version: version,
                        invalid: state.catalog.invalidIndexes
                    )
                    add(key, place, state.catalog)
                }
            }
            // Patterns and queries name nothing where nobody answers; there may be any number.
            let isOpen = input.environment.entries.contains { entry in
                guard entry.className.value == className, entry.instance.value == instance.name else { return false }
                if case .names = entry.selector.value { return false }
                return true
            }
            if facts == nil, isOpen { add(Key(invalid: [], unknown: "out of reach"), "\(instance.name)/*") }
        }
        return order.map { key in
            let databases = (members[key] ?? []).sorted()
            let catalog = catalogs[key]
            if let catalog { homes.merge(catalog.homesOfObjects) { first, _ in first } }
            cohorts.append(
                Cohort(
                    environment: column,
                    className: className,
                    databases: databases,
                    tables: catalog?.tables.count,
                    version: key.version,
                    unknown: key.unknown,
                    exists: catalog != nil || key.isClosed
                )
            )
            var side =
                if let catalog, let major = key.major { ComparisonSide(column, catalog, major: major) } else {
                    ComparisonSide(column, key.unknown == nil ? .nothing : .unknown)
                }
            side.count = databases.count
            if let catalog { side.exempt = exempt(catalog) }
            side.version = key.version
            return side
        }
    }
}
