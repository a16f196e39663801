internal import FleetModel
internal import Migrations

/// Looks at every database of an environment once and says where it stands.
struct Survey {
    let input: PlanningInput
    private var knowledge: [KnowledgeKey: Knowledge] = [:]
    private var assessments: [AssessmentKey: Assessment] = [:]
    var instances: [PlannedInstance] = []
    /// By instance, entry and name.
    var subjects: [Subject] = []
    var findings: [Finding] = []
    var refusals: [Refusal] = []
    /// Instances on which nothing may be judged or touched.
    var obstructed: Set<String> = []
    /// Entries whose query reads what its database has not got: refused unless something is owed to that.
    var lacking: [(database: DatabaseKey, refusal: Refusal)] = []
    /// Definitions that would say more: of each state those of the first database found in it.
    private var wanted: [DefinitionKey: (database: DatabaseKey?, objects: Set<ObjectID>)] = [:]

    private struct KnowledgeKey: Hashable {
        var className: String
        var major: Int
    }

    /// Databases for which everything that was looked at is equal; nil where the database does not exist.
    private struct AssessmentKey: Hashable {
        var className: String
        var major: Int
        var target: Int
        var state: StateKey?
    }

    var environment: Environment { input.environment }

    init(_ input: PlanningInput) {
        self.input = input
    }

    mutating func lookAtInstances() {
        let seen = Dictionary(
            input.observed.instances.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        for (instance, claims) in zip(environment.instances, input.claims.instances) {
            let name = instance.name.value
            guard input.narrowing.includes(instance: name) else { continue }
            let observed = seen[name]
            instances.append(describe(instance, observed))
            if let obstacle = obstacle(instance, observed, twins: twins(of: instance)) {
                obstructed.insert(name)
                add(Remark(obstacle.code, .error, obstacle.message, hint: obstacle.hint), name, nil)
                if obstacle.code != .instanceUnreachable { refuse(obstacle.code, name, [], obstacle.message) }
                for row in claims.rows { unknown(row, name) }
                continue
            }
            entries(claims)
            if instance.state == .retiring { strangers(claims) }
            for row in claims.rows where input.narrowing.includes(database: row.name) {
                look(at: row, on: instance, observed?.facts, claims)
            }
        }
        refuseWhatNothingWillBring()
    }

    private func describe(_ instance: Instance, _ observed: ObservedInstance?) -> PlannedInstance {
        PlannedInstance(
            name: instance.name.value,
            address: instance.address,
            reachable: observed?.facts != nil,
            serverVersion: observed?.facts?.version.description,
            systemIdentifier: observed?.facts?.systemIdentifier,
            timeline: observed?.facts?.timeline,
            state: instance.state,
            isRetired: observed?.facts?.isRetired ?? false,
            sizeBytes: observed.flatMap(size)
        )
    }

    /// What the databases that were looked into take; unknown where the work is narrowed to some, or none could be.
    private func size(of observed: ObservedInstance) -> Int64? {
        guard observed.facts != nil, input.narrowing.databases.isEmpty else { return nil }
        let seen = observed.databases.filter { $0.state != nil }
        return seen.isEmpty && !observed.databases.isEmpty ? nil : seen.reduce(0) { $0 + $1.sizeBytes }
    }

    /// Other instances that are the same server: it is told apart by what it says of itself.
    func twins(of instance: Instance) -> [String] {
        let own = input.observed.instances.first { $0.name == instance.name.value }?.facts?.systemIdentifier
        guard let own else { return [] }
        return input.observed.instances.filter { $0.facts?.systemIdentifier == own && $0.name != instance.name.value }
            .map(\.name)
    }

    typealias Obstacle = (code: FindingCode, message: String, hint: String?)

    /// Why nothing on an instance may be judged or touched.
    func obstacle(
        _ instance: Instance,
        _ observed: ObservedInstance?,
        twins: [String]
    ) -> Obstacle? {
        guard let observed, let facts = observed.facts else {
            var reason = "it was not looked at"
            if case .unreachable(let why) = observed?.outcome { reason = why }
            return (
                .instanceUnreachable, "cannot be reached: \(reason)",
                instance.state == .retiring
                    ? "its databases are unknown; is it retired already? Then take it out of the manifest"
                    : "its databases are unknown; nothing is created, moved or dropped because of it"
            )
        }
        if !twins.isEmpty {
            let names = twins.map { "\"\($0)\"" }.joined(separator: ", ")
            return (
                .notInspected,
                "is the same server as instance \(names) or a copy of it: each reports system identifier "
                    + facts.systemIdentifier,
                "declare each server once; give a copy its own identity before it is declared"
            )
        }
        if facts.inRecovery {
            return (
                .notInspected, "is a standby: nothing can be changed on it",
                "name the primary, for instance with `target_session_attrs: read-write`"
            )
        }
        return nil
    }

    /// Why an instance on its way out is not retired though nothing of this environment may be left on it.
    private mutating func strangers(_ claims: Claims.InstanceClaims) {
        let message: String
        if !claims.ofOthers.isEmpty {
            let names = claims.ofOthers.map { "\"\($0)\"" }.joined(separator: ", ")
            message = "other environments claim \(names) on it, so it is not retired"
        } else if claims.mayBeClaimed {
            message =
                "another environment asks a database which names are its own, and the answer is not known, so it is not "
                + "retired"
        } else {
            return
        }
        let hint = "declare it as retiring there too, and move what is theirs"
        add(Remark(.instanceRetiringInUse, .warning, message, hint: hint), claims.name, nil)
    }

    private mutating func look(
        at row: Claims.Row,
        on instance: Instance,
        _ facts: ServerFacts?,
        _ claims: Claims.InstanceClaims
    ) {
        switch row.standing {
        case .aside: subjects.append(Subject(row: plain(row, claims.name, .aside)))
        case .unmanaged: unmanaged(row, instance, claims)
        case .claimed(let entry): claimed(row, entry, instance, facts)
        }
    }

    private mutating func unmanaged(_ row: Claims.Row, _ instance: Instance, _ claims: Claims.InstanceClaims) {
        if case .unobserved(let reason) = row.observed?.content {
            // What is in it is unknown; that nobody claims it is not.
            subjects.append(Subject(row: plain(row, claims.name, .unmanaged)))
            add(
                Remark(.notInspected, .info, "claimed by no entry, and could not be looked into: \(reason)"),
                claims.name,
                row.name
            )
            return
        }
        var subject = Subject(row: plain(row, claims.name, .unmanaged), state: row.observed?.state)
        let policy = environment.policy.unmanaged
        // What a query that cannot be answered yet may claim, or what a retiring server holds, is nobody's to drop.
        subject.mayBeDropped = !claims.mayBeClaimed && instance.state == .active
        subjects.append(subject)
        guard policy != .ignore else { return }
        let hint =
            claims.mayBeClaimed
            ? "a query whose answer is not known yet may claim it"
            : policy == .drop && subject.mayBeDropped
                ? "it will be dropped (policy unmanaged: drop)"
                : "write an entry for it, or set policy `unmanaged: ignore`"
        add(Remark(.databaseUnmanaged, .warning, "no entry claims it", hint: hint), claims.name, row.name)
        if policy == .refuse, subject.mayBeDropped {
            refusals.append(
                Refusal(
                    what: "\(FindingCode.databaseUnmanaged.rawValue): \(claims.name)/\(row.name)",
                    why: "unmanaged: refuse",
                    grant: "policy `unmanaged: report`, or an entry that claims it",
                    databases: [row.name]
                )
            )
        }
    }

    private mutating func claimed(_ row: Claims.Row, _ entry: Int, _ instance: Instance, _ facts: ServerFacts?) {
        let declared = environment.entries[entry]
        let name = instance.name.value
        guard let facts, let folder = input.folders[declared.className.value] else { return unknown(row, name) }
        if row.observed == nil, let elsewhere = row.elsewhere {
            return held(row, elsewhere, Place(instance: name, facts: facts, folder: folder, entry: entry))
        }
        if case .unobserved(let reason) = row.observed?.content {
            unknown(row, name)
            add(
                Remark(
                    .notInspected,
                    .error,
                    "could not be looked into: \(reason)",
                    hint: instance.state == .retiring
                        ? "where a move was interrupted, `reconcile apply \(environment.name.value)` finishes or undoes it"
                        : "nothing is done to it before it can be"
                ),
                name,
                row.name
            )
            return refuse(.notInspected, name, [row.name], "it could not be looked into: \(reason)")
        }
        let major = facts.version.major
        guard var assessment = assess(row.observed?.state, folder, major, entry) else { return }
        ask(&assessment, DatabaseKey(instance: name, database: row.name))
        refuseForExtensions(&assessment, row.observed?.state?.catalog, facts)

        var planned = plain(row, name, assessment.status)
        declare(&planned, folder, entry)
        planned.observedVersion = assessment.observedVersion
        planned.lastChange = assessment.lastChange
        let rules = rules(of: folder.className)
        if !rules.isEmpty { planned.comparedFingerprint = (row.observed?.state?.catalog).map(rules.fingerprint) }
        var subject = Subject(row: planned, entry: entry, state: row.observed?.state)
        for remark in assessment.remarks { add(remark, name, row.name) }
        if instance.state == .retiring {
            retiring(row, declared, name, subject)
        } else {
            subject.assessment = assessment
            subject.assessor = assessor(folder, major, entry)
            subjects.append(subject)
        }
    }

    /// Where a state stands; nil: of a database that does not exist.
    mutating func assess(
        _ state: DatabaseState?,
        _ folder: MigrationFolder,
        _ major: Int,
        _ entry: Int
    ) -> Assessment? {
        let assessor = assessor(folder, major, entry)
        let key = AssessmentKey(
            className: folder.className,
            major: major,
            target: assessor.target,
            state: state.map(StateKey.init)
        )
        if let known = assessments[key] { return known }
        let accounting = state.flatMap { input.accounting(of: $0.history, folder: folder, entry: entry) }
        let assessment = state.map { assessor.existing($0, accounting ?? Accounting()) } ?? assessor.missing()
        assessments[key] = assessment
        return assessment
    }

    func declare(_ row: inout PlannedDatabase, _ folder: MigrationFolder, _ entry: Int) {
        let target = folder.count(upTo: environment.entries[entry].version.value)
        row.className = folder.className
        row.expectedVersion = folder.versionTag(after: target)
    }

    mutating func assessor(_ folder: MigrationFolder, _ major: Int, _ entry: Int) -> Assessor {
        let target = folder.count(upTo: environment.entries[entry].version.value)
        let key = KnowledgeKey(className: folder.className, major: major)
        let known = knowledge[key] ?? Knowledge(input, folder: folder, major: major)
        knowledge[key] = known
        return Assessor(
            knowledge: known,
            databaseClass: input.databaseClass(named: folder.className),
            policy: environment.policy,
            target: target,
            input: input,
            rules: rules(of: folder.className)
        )
    }

    private func rules(of className: String) -> DriftRules {
        environment.drift.of(className, and: input.databaseClass(named: className)?.drift ?? .none)
    }

    private func ask(_ assessment: inout Assessment, _ key: DatabaseKey) {
        for check in input.checks[key] ?? [] where !check.holds {
            assessment.remarks.append(
                Remark(
                    .checkFailed,
                    .error,
                    object: check.name,
                    check.message.map { "the check \($0)" } ?? "the check does not hold",
                    hint: "look into its rows; nothing here can mend them"
                )
            )
            if assessment.status == .converged { assessment.status = .drifted }
        }
    }
}

extension Survey {
    mutating func unknown(_ row: Claims.Row, _ instance: String) {
        guard input.narrowing.includes(database: row.name) else { return }
        var planned = plain(row, instance, .unknown)
        if case .claimed(let entry) = row.standing {
            let declared = environment.entries[entry]
            planned.className = declared.className.value
            if let folder = input.folders[declared.className.value] {
                let target = folder.count(upTo: declared.version.value)
                planned.expectedVersion = folder.versionTag(after: target)
            }
        }
        subjects.append(Subject(row: planned))
    }

    func plain(_ row: Claims.Row, _ instance: String, _ status: DatabaseStatus) -> PlannedDatabase {
        let state = row.observed?.state
        return PlannedDatabase(
            instance: instance,
            name: row.name,
            className: nil,
            expectedVersion: nil,
            observedVersion: nil,
            status: status,
            tables: state?.catalog.tables.count,
            sizeBytes: state == nil ? nil : row.observed?.sizeBytes,
            lastChange: nil,
            fingerprint: state?.catalog.fingerprint,
            cohort: nil,
            oid: row.observed?.oid,
            historyDigest: state?.history.digest,
            privileges: state?.catalog.privileges
        )
    }

    mutating func add(_ remark: Remark, _ instance: String, _ database: String?) {
        findings.append(remark.finding(instance: instance, database: database))
        guard let database else { return }
        for want in remark.wants {
            let known = wanted[want.key]
            let place = want.isExpected ? nil : DatabaseKey(instance: instance, database: database)
            // Of ten thousand databases in one state the first is asked.
            if let known, known.database != nil || place == nil, known.objects.contains(want.object) { continue }
            wanted[want.key] = (known?.database ?? place, (known?.objects ?? []).union([want.object]))
        }
    }

    /// What to ask, and whom: a database where there is one in the state in question, else scratch.
    var needs: [DefinitionNeed] {
        wanted.compactMap { key, want in
            let source: DefinitionNeed.Source?
            if let database = want.database {
                source = .database(instance: database.instance, name: database.database)
            } else {
                source = input.place(of: key)
            }
            return source.map { DefinitionNeed(key: key, source: $0, objects: want.objects.sorted()) }
        }.sorted { left, right in
            (left.key.major, left.key.fingerprint) == (right.key.major, right.key.fingerprint)
                ? left.objects.count > right.objects.count
                : (left.key.major, left.key.fingerprint) < (right.key.major, right.key.fingerprint)
        }
    }

    /// What nothing can grant.
    mutating func refuse(_ code: FindingCode, _ instance: String, _ databases: [String], _ why: String) {
        let place = databases.first.map { "\(instance)/\($0)" } ?? instance
        refusals.append(Refusal(what: "\(code.rawValue): \(place)", why: why, grant: nil, databases: databases))
    }
}
