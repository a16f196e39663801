package import FleetModel

/// How an environment stands, the gravest first.
package enum Verdict: String, Sendable, Hashable, CaseIterable {
    /// An instance was not reached, so nobody knows.
    case unknown
    /// A check of a class does not hold.
    case failing
    /// Policy refuses something, so nothing would be applied.
    case refused
    case owed
    case converged

    /// What a reader sees first.
    package var words: String {
        switch self {
        case .unknown: "not every instance was reached"
        case .failing: "a check fails"
        case .refused: "refused"
        case .owed: "changes are owed"
        case .converged: "as declared"
        }
    }

    package var symbol: String {
        switch self {
        case .unknown: "?"
        case .failing, .refused: "✗"
        case .owed: "~"
        case .converged: "✓"
        }
    }
}

extension EnvironmentPlan {
    /// As `plan --detailed-exitcode` weighs it.
    package var verdict: Verdict {
        if hasUnreachable { return .unknown }
        if findings.contains(where: { $0.code == .checkFailed }) { return .failing }
        if !refused.isEmpty { return .refused }
        return owesChanges ? .owed : .converged
    }

    /// `12 to migrate`, `1 unknown`; nothing where nothing is owed or unknown.
    package var toDo: [String] {
        let summary = summary
        let counts = [
            ("to create", summary.toCreate), ("to migrate", summary.toMigrate), ("to rebuild", summary.toRebuild),
            ("to move", summary.toMove), ("to drop", summary.toDrop), ("instance to retire", summary.toRetire),
        ].filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
        let unknown = databases.count { $0.status == .unknown }
        let others = cohorts.filter { cohort in
            !cohort.steps.isEmpty && !cohort.steps.contains { $0.kind.isCounted }
        }.reduce(0) { $0 + $1.databases.count }
        return counts + (others > 0 ? ["\(others) to bring into order"] : [])
            + (unknown > 0 ? ["\(unknown) unknown"] : [])
    }

    /// Why a cohort's steps are what they are; what the steps themselves say is left out.
    package func findings(of cohort: Cohort) -> [Finding] {
        let members = Set(cohort.databases)
        return findings.filter { finding in
            (finding.instance == cohort.instance || finding.instance == cohort.source)
                && finding.database.map(members.contains) == true
                && (cohort.steps.isEmpty || !finding.code.isSaidBySteps)
                && (cohort.source == nil || finding.code != .instanceRetiringInUse)
        }
    }

    /// What was found about instances, and about databases that no cohort holds.
    package var findingsBesideCohorts: [Finding] {
        struct Key: Hashable {
            var instance: String
            var database: String
        }
        var inCohorts: Set<Key> = []
        for cohort in cohorts {
            for instance in [cohort.instance, cohort.source].compactMap(\.self) {
                for name in cohort.databases { inCohorts.insert(Key(instance: instance, database: name)) }
            }
        }
        return findings.filter { finding in
            finding.database.map { !inCohorts.contains(Key(instance: finding.instance, database: $0)) } ?? true
        }
    }
}

extension FindingCode {
    /// Whether the steps of a cohort tell a reader just this.
    var isSaidBySteps: Bool { self == .migrationsPending || self == .databaseMissing }

    /// Whether steps, where there are any, mend it.
    package var isMendedBySteps: Bool {
        switch self {
        case .databaseMissing, .databaseEmpty, .migrationsPending, .migrationUnknown, .migrationUnfinished,
            .migrationOutOfOrder, .historyMissing, .versionAhead, .tableMisplaced, .tableMissing, .tableUnexpected,
            .indexInvalid:
            true
        case .instanceUnreachable, .instanceRetiringInUse, .databaseUnmanaged, .migrationEdited, .schemaDrift,
            .migrationFails, .codeAhead, .checkFailed, .notInspected:
            false
        }
    }
}

extension Cohort {
    /// Whether the databases exist and hold nothing.
    func startsEmpty(in plan: EnvironmentPlan) -> Bool {
        plan.databases.first { $0.cohort == id }?.status == .empty
    }
}

extension TableLock {
    /// `ShareRowExclusiveLock` as the manual writes it: `SHARE ROW EXCLUSIVE`.
    package var modeInWords: String {
        var words = ""
        for character in mode.hasSuffix("Lock") ? mode.dropLast(4) : mode[...] {
            if character.isUppercase, !words.isEmpty { words += " " }
            words += character.uppercased()
        }
        return words
    }
}

extension [PlannedStatement] {
    /// The same wherever they stand: two classes may have one migration each of the same text.
    var withoutPlaces: Self {
        map { statement in
            var statement = statement
            statement.location = nil
            return statement
        }
    }
}
