/// What makes a statement or a step dangerous: a closed set, each granted by name.
package enum Hazard: String, Sendable, Hashable, CaseIterable, Comparable {
    /// A table, column, database, type or row goes away.
    case dataLoss = "data-loss"
    case tableRewrite = "table-rewrite"
    case fullScan = "full-scan"
    case blocksWrites = "blocks-writes"
    case blocksReads = "blocks-reads"
    /// Sessions on the database are ended.
    case disconnects
    case notTransactional = "not-transactional"
    /// Scratch could not run it, or its effect on rows cannot be told.
    case unassessed

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What an environment permits and demands; every key has a default by role.
package struct Policy: Sendable, Hashable {
    package enum Repair: String, Sendable, Hashable, CaseIterable { case rebuild, quarantine, refuse }
    package enum Unmanaged: String, Sendable, Hashable, CaseIterable { case ignore, report, refuse, drop }
    package enum BackupWhen: String, Sendable, Hashable, CaseIterable { case never, destructive, always }
    /// In order of strength.
    package enum BackupVerify: String, Sendable, Hashable, CaseIterable { case none, read, restore, rehearse }

    /// A number of databases, or a share of the claimed ones, rounded down.
    package enum Limit: Sendable, Hashable {
        case count(Int)
        case percent(Int)

        package func allowed(of claimed: Int) -> Int {
            switch self {
            case .count(let count): count
            case .percent(let percent): claimed * percent / 100
            }
        }
    }

    package var repair: Repair
    package var unmanaged: Unmanaged
    package var allow: Set<Hazard>
    package var backupWhen: BackupWhen
    package var backupVerify: BackupVerify
    /// Absolute path, or relative to the root.
    package var backupDirectory: String
    package var backupKeep: Duration
    package var maxDestroy: Limit
    /// Databases of a cohort, the first by name, done and verified before the rest.
    package var canary: Int
    package var parallel: Int
    package var maxFailures: Int
    package var lockTimeout: Duration
    /// Nil: none.
    package var statementTimeout: Duration?
    package var requireTLS: Bool

    /// The defaults of a role.
    package init(defaultsFor role: EnvironmentRole) {
        let careful = role == .staging || role == .production
        repair =
            switch role {
            case .development, .testing: .rebuild
            case .staging: .quarantine
            case .production: .refuse
            }
        unmanaged = .report
        allow = careful ? [] : Set(Hazard.allCases)
        backupWhen =
            switch role {
            case .development, .testing: .never
            case .staging: .destructive
            case .production: .always
            }
        backupVerify =
            switch role {
            case .development, .testing: .none
            case .staging: .restore
            case .production: .rehearse
            }
        backupDirectory = ".reconcile/backups"
        backupKeep = .seconds(14 * 24 * 60 * 60)
        maxDestroy =
            switch role {
            case .development, .testing: .percent(100)
            case .staging: .count(1)
            case .production: .count(0)
            }
        canary = careful ? 1 : 0
        parallel = 4
        maxFailures = 0
        lockTimeout = .seconds(3)
        statementTimeout = careful ? .seconds(15 * 60) : nil
        requireTLS = careful
    }
}
