package import FleetModel
internal import Migrations

/// Writes down the steps of one cohort.
struct StepBuilder {
    let assessor: Assessor
    let because: [FindingCode]
    /// What was there before; nil where nothing was.
    let before: Catalog?
    let filled: Set<TableName>
    /// How many databases the cohort has.
    private let count: Int
    private let initTexts: [String]
    private var policy: Policy { assessor.policy }
    private var folder: MigrationFolder { assessor.folder }

    init(
        _ assessor: Assessor,
        because: [FindingCode],
        before: Catalog?,
        filled: Set<TableName>,
        count: Int,
        initTexts: [String]
    ) {
        self.count = count
        self.assessor = assessor
        self.because = because
        self.before = before
        self.filled = filled
        self.initTexts = initTexts
    }

    /// The same, as if rows were in these tables.
    func with(filled: Set<TableName>) -> StepBuilder {
        StepBuilder(
            assessor,
            because: because,
            before: before,
            filled: filled,
            count: count,
            initTexts: initTexts
        )
    }

    /// The steps of a route, a backup before them where one is due, without their ids.
    func steps(for route: Route, role: EnvironmentRole) -> [Step] {
        var steps: [Step] = []
        if route.creates { steps.append(create()) }
        if !route.quarantined.isEmpty { steps.append(quarantine(route.quarantined)) }
        if !route.preparations.isEmpty {
            steps.append(
                Step(
                    id: "",
                    kind: .migrate,
                    summary: route.preparation,
                    statements: route.preparations,
                    because: [before == nil || route.isNew ? .databaseEmpty : .indexInvalid]
                )
            )
        }
        if !route.adopted.isEmpty { steps.append(adopt(route.adopted)) }
        steps += migrations(of: route)
        if let first = steps.firstIndex(where: { !$0.migrations.isEmpty }) {
            steps[first].statements.insert(contentsOf: upgrade(of: route), at: 0)
        }
        if route.initializes { steps.append(initialize()) }
        steps += checks()
        if !route.isNew { steps = backups(before: steps, role: role) + steps }
        return steps
    }

    /// A new database beside the old one.
    func rebuild(role: EnvironmentRole) -> [Step] {
        let route = assessor.freshRoute
        let inner = migrations(of: route)
        let initStatements = route.initializes ? initTexts.map { PlannedStatement(sql: $0, note: "init") } : []
        var parts = ["create", counted(route.pending.count, "migration", "migrations")]
        if route.initializes { parts.append("init") }
        if assessor.databaseClass?.checks.isEmpty == false { parts.append("checks") }
        let step = Step(
            id: "",
            kind: .rebuildDatabase,
            summary:
                "build a new database beside it (\(parts.joined(separator: ", "))), swap the names, keep the old one aside",
            migrations: inner.flatMap(\.migrations),
            migrationDigests: inner.reduce(into: [:]) { $0.merge($1.migrationDigests) { first, _ in first } },
            statements: inner.flatMap(\.statements) + initStatements,
            hazards: Set([.dataLoss, .disconnects]).union(inner.flatMap(\.hazards)),
            because: because
        )
        let steps = [step] + checks()
        return backups(before: steps, role: role) + steps
    }

    /// From a retiring instance to where it is to be, a backup of it first where one is due.
    func move(from source: String, role: EnvironmentRole, note: String?) -> [Step] {
        var summary =
            "move it here from \"\(source)\": rehearse, stop its writers, dump, restore, compare, switch; the old one is kept "
            + "aside there"
        if let note { summary += "; \(note)" }
        let step = Step(
            id: "",
            kind: .moveDatabase,
            summary: summary,
            hazards: [.disconnects],
            because: [.instanceRetiringInUse],
            instance: source
        )
        return backups(before: [step], role: role).map { backup in
            var backup = backup
            backup.instance = source
            backup.because = step.because
            backup.summary = policy.moveBackupSummary
            return backup
        } + [step]
    }

    private func create() -> Step {
        let options = assessor.databaseClass?.create ?? CreationOptions()
        var words: [String] = []
        if let owner = options.owner { words.append("owner \(owner)") }
        if let encoding = options.encoding { words.append("encoding \(encoding)") }
        if let locale = options.locale { words.append("locale \(locale)") }
        words.append("from \(options.template)")
        if !options.extensions.isEmpty { words.append("with \(options.extensions.joined(separator: ", "))") }
        return Step(
            id: "",
            kind: .createDatabase,
            summary: "create it: \(words.joined(separator: ", "))",
            because: because
        )
    }

    private func quarantine(_ objects: [ObjectID]) -> Step {
        let tables = objects.filter(\.isTable)
        let others = objects.count - tables.count
        let what =
            counted(tables.count, "table", "tables")
            + (others == 0 ? "" : " and \(counted(others, "object", "objects")) that came with them")
        return Step(
            id: "",
            kind: .quarantineTables,
            summary: "move \(what) to a schema quarantine_<date>, all rows kept",
            objects: objects.map(\.description),
            statements: Quarantine.statements(objects),
            because: because.filter { $0 == .tableMisplaced }
        )
    }

    private func adopt(_ positions: [Int]) -> Step {
        let tags = assessor.knowledge.tags(positions)
        return Step(
            id: "",
            kind: .adopt,
            summary: "record \(list(tags)) as applied, change nothing else",
            migrations: tags,
            migrationDigests: digests(positions),
            because: [.historyMissing]
        )
    }

    private func initialize() -> Step {
        let scripts = assessor.databaseClass?.initScripts.map {
            $0.value.split(separator: "/").last.map(String.init) ?? ""
        }
        return Step(
            id: "",
            kind: .initialize,
            summary: "run \(list(scripts ?? [])) once",
            statements: initTexts.map { PlannedStatement(sql: $0) },
            because: because
        )
    }

    func checks() -> [Step] {
        guard let checks = assessor.databaseClass?.checks, !checks.isEmpty else { return [] }
        return [
            Step(
                id: "",
                kind: .check,
                summary: "\(counted(checks.count, "check", "checks")) must hold",
                statements: checks.map { PlannedStatement(sql: $0.sql, note: $0.name) },
                because: because
            )
        ]
    }

    private func migrations(of route: Route) -> [Step] {
        var rules = HazardRules(before: route.isNew ? nil : before, filled: filled)
        let codes = because.filter { $0 != .tableMisplaced && $0 != .historyMissing && $0 != .indexInvalid }
        return route.pending.enumerated().map { index, position in
            let migration = folder.migrations[position]
            let place = route.offset + index
            let replay = route.replay
            let statements =
                replay.migrations.indices.contains(place) && place < replay.reach
                ? rules.statements(
                    of: replay.migrations[place],
                    isTransactional: migration.isTransactional
                )
                : HazardRules.unassessed(migration, reason: replay.obstacle ?? "no answer from scratch")
            return Step(
                id: "",
                kind: .migrate,
                summary: "apply \(migration.tag) (\(counted(statements.count, "statement", "statements")))",
                migrations: [migration.tag],
                migrationDigests: digests([position]),
                statements: located(statements, in: migration),
                hazards: Set(statements.flatMap(\.hazards)),
                because: codes.isEmpty ? because : codes
            )
        }
    }

    /// Scratch ran a file's statements one by one, in their order.
    private func located(_ statements: [PlannedStatement], in migration: Migration) -> [PlannedStatement] {
        zip(statements, migration.statements).map { planned, written in
            var planned = planned
            planned.location = FilePosition(file: migration.file, line: written.line)
            return planned
        }
    }

    private func upgrade(of route: Route) -> [PlannedStatement] {
        let note = "the history's table, as \(folder.source.format.name)'s own migrator brings it up to date"
        return route.upgrade.map { PlannedStatement(sql: $0, note: note) }
    }

    private func digests(_ positions: [Int]) -> [String: String] {
        Dictionary(
            positions.map { (folder.migrations[$0].tag, folder.migrations[$0].sha256) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    private func backups(before steps: [Step], role: EnvironmentRole) -> [Step] {
        let hazards = Set(steps.flatMap(\.hazards))
        guard !steps.isEmpty, policy.demandsBackup(before: hazards, role: role) else { return [] }
        let summary = policy.backupSummary(of: count, before: hazards)
        return [Step(id: "", kind: .backup, summary: summary, because: because)]
    }
}

extension Policy {
    /// Whether work with these hazards on a database that holds something needs a backup first.
    func demandsBackup(before hazards: Set<Hazard>, role: EnvironmentRole) -> Bool {
        switch backupWhen {
        case .always: true
        case .destructive:
            !hazards.isDisjoint(with: [.dataLoss, .notTransactional, .tableRewrite, .unassessed])
        // Nothing written in a manifest lets production lose data without one.
        case .never: role == .production && hazards.contains(.dataLoss)
        }
    }

    /// Of a database that is moved next: each of them is proved, and there is no plan to rehearse on it where it is.
    fileprivate var moveBackupSummary: String {
        backupVerify == .rehearse
            ? "dump it, restore it into scratch, compare every row" : backupSummary(of: 1, before: [])
    }

    /// What is done to the databases of a cohort: all of it to each, or at level `rehearse` more to some than to others.
    func backupSummary(of count: Int, before hazards: Set<Hazard>) -> String {
        switch backupVerify {
        case .none: return "dump it"
        case .read: return "dump it and read the archive through"
        case .restore: return "dump it, restore it into scratch, compare every row"
        case .rehearse:
            let canaries = max(1, canary)
            guard count > canaries else {
                return "dump it, restore it into scratch, compare, and rehearse the plan on the copy"
            }
            let some = canaries == 1 ? "the first and the largest" : "the first \(canaries) and the largest"
            return hazards.isDisjoint(with: Hazard.needRestore)
                ? "dump each and read it through; restore \(some), compare, and rehearse the plan on the copies"
                : "dump each, restore it into scratch, compare; rehearse the plan on the copies of \(some)"
        }
    }
}

extension Hazard {
    /// Before these every database's own backup is restored: rows may go, or the server cannot undo the step.
    package static let needRestore: Set<Hazard> = [.dataLoss, .notTransactional]
}
