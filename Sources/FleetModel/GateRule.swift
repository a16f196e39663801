/// What the gate holds against a fleet: the codes of findings and hazards, and a few of its own.
///
/// `docs/gate.md` explains each; a code never changes its meaning.
package enum GateRule: Sendable, Hashable, CaseIterable {
    case finding(FindingCode)
    case hazard(Hazard)
    case own(Own)

    /// Rules that are no finding of a server and no hazard of a statement.
    package enum Own: String, Sendable, Hashable, CaseIterable {
        /// More databases would be rebuilt or dropped than policy allows.
        case maxDestroy = "max-destroy"
        /// A migration does not run on scratch, from empty.
        case replayFails = "replay-fails"
        /// Scratch cannot run a migration, so nothing is proved of it and what comes after it.
        case replayUnassessed = "replay-unassessed"
        /// A migration fails wherever a table that it changes holds a row.
        case rowsFail = "rows-fail"
        /// Two branches made a migration for the same place.
        case migrationsCollide = "migrations-collide"
        /// A class lists other tables than its migrations create.
        case tablesDiffer = "tables-differ"
        /// Two environments claim one database.
        case claimedTwice = "claimed-twice"
    }

    package static let allCases: [GateRule] =
        FindingCode.allCases.map(GateRule.finding) + Hazard.allCases.map(GateRule.hazard)
        + Own.allCases.map(GateRule.own)

    package var code: String {
        switch self {
        case .finding(let code): code.rawValue
        case .hazard(let hazard): hazard.rawValue
        case .own(let own): own.rawValue
        }
    }

    package init?(code: String) {
        guard let rule = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = rule
    }

    /// Whether it stands between production and the loss of rows: there it always is an error.
    package var protectsRows: Bool {
        switch self {
        case .hazard(.dataLoss), .hazard(.unassessed), .own(.maxDestroy): true
        case .hazard, .finding, .own: false
        }
    }

    /// Whether an environment may set it; what ends every command with 65 is no matter of levels.
    package var mayBeSet: Bool {
        switch self {
        case .own(.tablesDiffer), .own(.claimedTwice): false
        case .finding, .hazard, .own: true
        }
    }
}

/// What becomes of what a rule finds.
package enum GateLevel: String, Sendable, Hashable, CaseIterable { case error, warning, off }

/// How one environment has the gate judge, where it differs from what is usual.
package struct GateSettings: Sendable, Hashable {
    package var rules: [GateRule: Setting]

    package struct Setting: Sendable, Hashable {
        package var level: GateLevel
        /// Shown wherever the level counts; only `error` needs none.
        package var reason: String?

        package init(level: GateLevel, reason: String?) {
            self.level = level
            self.reason = reason
        }
    }

    package init(rules: [GateRule: Setting] = [:]) {
        self.rules = rules
    }

    /// How many rules count for less than an error.
    package var lowered: Int { rules.values.count { $0.level != .error } }
}
