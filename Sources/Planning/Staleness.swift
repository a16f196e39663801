package import FleetModel

/// A saved plan held against one made just now: what changed since, what is already done.
package struct Staleness: Sendable, Hashable {
    /// What differs, in words; empty where the saved plan may be carried out.
    package var changes: [String] = []
    /// Databases at which nothing is owed any more.
    package var done: [DatabaseKey] = []
    /// Databases at which the last of the saved steps are still owed: a run was cut short.
    package var continued: [DatabaseKey] = []

    package init() {}

    package static func compare(saved: EnvironmentPlan, fresh: EnvironmentPlan) -> Staleness {
        var staleness = Staleness()
        guard ExactName(saved.name) == ExactName(fresh.name) else {
            staleness.changes = ["the plan is for environment \"\(saved.name)\", not \"\(fresh.name)\""]
            return staleness
        }
        let rows = fresh.rowsByKey
        let savedRows = saved.rowsByKey
        for name in saved.touchedInstances {
            staleness.compareInstance(name, saved, fresh)
        }
        for cohort in saved.cohorts where !cohort.steps.isEmpty {
            for database in cohort.databases {
                let key = DatabaseKey(instance: cohort.instance, database: database)
                let now = fresh.cohorts.first { $0.id == rows[key]?.cohort }
                staleness.compare(key, cohort, savedRows[key], now, rows[key])
                if let source = cohort.source, now?.source != nil {
                    let old = DatabaseKey(instance: source, database: database)
                    staleness.compareSource(old, savedRows[old], rows[old])
                }
            }
        }
        for step in saved.steps where step.kind == .retireInstance {
            if let instance = step.instance { staleness.compareRetirement(of: instance, saved, fresh) }
        }
        for step in saved.steps {
            guard let instance = step.instance, let database = step.database else { continue }
            staleness.compareDrop(
                DatabaseKey(instance: instance, database: database),
                step,
                savedRows,
                rows,
                fresh
            )
        }
        return staleness
    }

    private mutating func compareInstance(_ name: String, _ saved: EnvironmentPlan, _ fresh: EnvironmentPlan) {
        let then = saved.instances.first { $0.name == name }
        guard let now = fresh.instances.first(where: { $0.name == name }) else {
            changes.append("\(name): the instance is not declared any more")
            return
        }
        if !now.reachable {
            changes.append("\(name): cannot be reached now")
        } else if then?.systemIdentifier != now.systemIdentifier {
            changes.append(
                "\(name): is another server: system identifier \(now.systemIdentifier ?? "unknown") instead of "
                    + (then?.systemIdentifier ?? "unknown")
            )
        } else if then?.timeline != now.timeline {
            func number(_ timeline: Int?) -> String { timeline.map { String($0) } ?? "unknown" }
            changes.append(
                "\(name): is another server, or was promoted: timeline \(number(now.timeline)) instead of "
                    + number(then?.timeline)
            )
        }
        // A standby, or a copy of another instance: nothing on it was judged, and why is what changed.
        for finding in fresh.findings
        where finding.code == .notInspected && finding.instance == name && finding.database == nil
            && !saved.findings.contains(finding)
        {
            changes.append("\(name): \(finding.message)")
        }
    }

    private mutating func compare(
        _ key: DatabaseKey,
        _ cohort: Cohort,
        _ then: PlannedDatabase?,
        _ freshCohort: Cohort?,
        _ now: PlannedDatabase?
    ) {
        guard let now else {
            changes.append("\(key): no entry claims it any more")
            return
        }
        if now.className != cohort.className || now.expectedVersion != then?.expectedVersion {
            changes.append("\(key): is declared as another class or version")
            return
        }
        let makes = cohort.steps.contains {
            $0.kind == .createDatabase || $0.kind == .rebuildDatabase || $0.kind == .moveDatabase
        }
        let isSame =
            then?.oid == now.oid && then?.fingerprint == now.fingerprint
            && then?.historyDigest == now.historyDigest
        let owed = freshCohort?.steps ?? []
        if now.status == .converged, cohort.to == nil || (now.comparedFingerprint ?? now.fingerprint) == cohort.to {
            if makes || then?.oid == now.oid {
                done.append(key)
            } else {
                changes.append("\(key): was replaced by another database of that name")
            }
            return
        }
        if isSame {
            if then?.privileges != now.privileges {
                changes.append("\(key): \(Self.whatChanged(then, now))")
            } else if let difference = Self.difference(cohort.steps, owed) {
                changes.append("\(key): \(difference)")
            } else if cohort.to != freshCohort?.to {
                changes.append("\(key): the steps lead to another schema than when the plan was made")
            }
            return
        }
        // Cut short: what is owed now are the last of the saved steps, and they lead to the same end.
        if makes || then?.oid == now.oid, freshCohort?.to == cohort.to, Self.isEnd(owed, of: cohort.steps) {
            continued.append(key)
            return
        }
        changes.append("\(key): \(Self.whatChanged(then, now))")
    }

    /// What is still to be moved must be what the plan was made for, where it is now.
    private mutating func compareSource(_ key: DatabaseKey, _ then: PlannedDatabase?, _ now: PlannedDatabase?) {
        guard let now else {
            changes.append("\(key): does not exist any more")
            return
        }
        if Self.isChanged(then, now) {
            changes.append("\(key): \(Self.whatChanged(then, now))")
        }
    }

    private mutating func compareRetirement(of name: String, _ saved: EnvironmentPlan, _ fresh: EnvironmentPlan) {
        func moves(_ plan: EnvironmentPlan) -> Set<ExactName> {
            Set(plan.cohorts.filter { $0.source == name }.flatMap(\.databases).map { ExactName($0) })
        }
        let isOwed = fresh.steps.contains { $0.kind == .retireInstance && $0.instance == name }
        let isDone = fresh.instances.contains { $0.name == name && $0.isRetired }
        let more = moves(fresh).subtracting(moves(saved)).map(\.text).sorted()
        if !more.isEmpty {
            let names = more.map { "\"\($0)\"" }.joined(separator: ", ")
            changes.append("\(name): holds \(names), which the plan does not move, so it cannot be retired")
        } else if !isOwed, !isDone {
            changes.append("\(name): is not to be retired any more")
        }
    }

    private mutating func compareDrop(
        _ key: DatabaseKey,
        _ step: Step,
        _ savedRows: [DatabaseKey: PlannedDatabase],
        _ rows: [DatabaseKey: PlannedDatabase],
        _ fresh: EnvironmentPlan
    ) {
        guard step.kind == .dropDatabase else { return }
        guard let now = rows[key] else {
            // Gone, or claimed by someone else by now; what is not there needs no dropping.
            done.append(key)
            return
        }
        let isOwed = fresh.steps.contains {
            $0.kind == step.kind && DatabaseKey(instance: $0.instance ?? "", database: $0.database ?? "") == key
        }
        if !isOwed {
            changes.append("\(key): is not to be dropped any more")
        } else if let then = savedRows[key], Self.isChanged(then, now) {
            changes.append("\(key): \(Self.whatChanged(then, now))")
        }
    }

    private static func isChanged(_ then: PlannedDatabase?, _ now: PlannedDatabase) -> Bool {
        then?.oid != now.oid || then?.fingerprint != now.fingerprint || then?.historyDigest != now.historyDigest
            || then?.privileges != now.privileges
    }

    private static func whatChanged(_ then: PlannedDatabase?, _ now: PlannedDatabase) -> String {
        if then?.oid == nil, now.oid != nil { return "exists now; when the plan was made it did not" }
        if then?.oid != nil, now.oid == nil { return "does not exist any more" }
        if now.status == .unknown { return "could not be looked at" }
        if then?.oid != now.oid { return "was replaced by another database of that name" }
        if then?.fingerprint != now.fingerprint { return "its schema changed" }
        if then?.historyDigest != now.historyDigest { return "its migration history changed" }
        return "owners or privileges in it changed"
    }

    private static func difference(_ saved: [Step], _ fresh: [Step]) -> String? {
        if saved.elementsEqual(fresh, by: doTheSame) { return nil }
        guard saved.count == fresh.count, saved.map(\.kind) == fresh.map(\.kind) else {
            return "other steps are owed than when the plan was made"
        }
        for (left, right) in zip(saved, fresh) where !doTheSame(left, right) {
            if left.migrations != right.migrations || left.migrationDigests != right.migrationDigests {
                return "the migration folder changed since the plan was made (step \(left.id))"
            }
            return "step \(left.id) would run other statements than when the plan was made"
        }
        return nil
    }

    /// Backups and checks may be owed again after a run that was cut short, and so may indexes it left invalid.
    private static func isEnd(_ owed: [Step], of saved: [Step]) -> Bool {
        let owed = owed.filter { $0.changesDatabase && !$0.isMending }
        let all = saved.filter { $0.changesDatabase && !$0.isMending }
        return owed.count < all.count && all.suffix(owed.count).elementsEqual(owed, by: doTheSame)
            || owed.count == all.count && all.elementsEqual(owed, by: doTheSame)
    }

    private static func doTheSame(_ left: Step, _ right: Step) -> Bool {
        left.kind == right.kind && left.migrations == right.migrations
            && left.migrationDigests == right.migrationDigests && left.objects == right.objects
            && left.statements.map(\.sql) == right.statements.map(\.sql)
            && left.instance == right.instance
            && (left.kind != .createDatabase || left.summary == right.summary)
    }
}

extension Step {
    fileprivate var changesDatabase: Bool { kind != .backup && kind != .check }
    fileprivate var isMending: Bool { kind == .migrate && migrations.isEmpty }
}

extension EnvironmentPlan {
    fileprivate var rowsByKey: [DatabaseKey: PlannedDatabase] {
        Dictionary(
            databases.map { (DatabaseKey(instance: $0.instance, database: $0.name), $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    fileprivate var touchedInstances: [String] {
        let working = cohorts.filter { !$0.steps.isEmpty }
        let names = Set(working.map(\.instance) + working.compactMap(\.source) + steps.compactMap(\.instance))
        return instances.map(\.name).filter { names.contains($0) }
    }
}
