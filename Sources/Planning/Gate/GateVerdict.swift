package import FleetModel

/// One thing that a rule has to say: against passing, or to be known.
package struct GateObjection: Sendable, Hashable {
    package var rule: GateRule
    package var weight: Weight
    /// What the gate ends with where this stands in the way.
    package var status: Status
    package var message: String
    package var hint: String?
    /// What the manifest gives as its reason for another level than usual.
    package var reason: String?
    package var className: String?
    package var instance: String?
    package var databases: [String] = []
    package var object: String?
    package var cohort: String?
    package var location: FilePosition?

    /// How much it counts, the manifest's levels and `--allow-pending` applied.
    package enum Weight: String, Sendable, Hashable, CaseIterable {
        case error, warning
        /// Owed, harmless, and accepted by `--allow-pending`.
        case accepted
        case off
    }

    /// Why a gate is shut; each is an exit status.
    package enum Status: Int, Sendable, Hashable, CaseIterable {
        case failed = 1
        case owed = 2
        case refused = 3
        case invalid = 65

        /// The gravest of some, as over several environments.
        package static func gravest(_ statuses: some Sequence<Status>) -> Status? {
            let all = Set(statuses)
            return [.invalid, .failed, .refused, .owed].first { all.contains($0) }
        }
    }

    package init(_ rule: GateRule, _ status: Status, _ message: String, hint: String? = nil) {
        self.rule = rule
        self.status = status
        self.message = message
        self.hint = hint
        weight = .error
    }
}

/// What the gate says of one environment.
package struct GateVerdict: Sendable, Hashable {
    /// Nil: of classes that no environment uses.
    package var environment: String?
    package var role: EnvironmentRole?
    package var narrowed: [String]
    /// How many rules the manifest weighs less than an error, whether they found something or not.
    package var lowered: Int
    /// Errors first, then warnings, then what was accepted, then what is off; each as it was found.
    package var objections: [GateObjection]

    /// Nil where it passes.
    package var status: GateObjection.Status? {
        .gravest(objections.filter { $0.weight == .error }.map(\.status))
    }

    package init(
        environment: String?,
        role: EnvironmentRole?,
        narrowed: [String] = [],
        lowered: Int = 0,
        objections: [GateObjection]
    ) {
        self.environment = environment
        self.role = role
        self.narrowed = narrowed
        self.lowered = lowered
        self.objections = GateObjection.Weight.allCases.flatMap { weight in
            objections.filter { $0.weight == weight }
        }
    }
}

/// What the migrations of a class would risk on databases that hold rows, told where no server was asked.
package struct GateClass: Sendable, Hashable {
    package var name: String
    package var major: Int
    /// How many migrations the folder has, and how many of them ran on scratch.
    package var migrations: Int
    package var replayed: Int
    /// Those that would be hazardous if every table held rows, the newest first.
    package var risks: [Risk]

    package struct Risk: Sendable, Hashable {
        package var tag: String
        package var hazards: Set<Hazard>
        /// What the first of its statements does that is hazardous.
        package var message: String
        package var file: String
    }
}

/// All that the gate says.
package struct GateReport: Sendable, Hashable {
    package var verdicts: [GateVerdict]
    /// Whether harmless work may be owed.
    package var allowsPending: Bool
    /// Nil: servers were asked.
    package var offline: Offline?

    /// What stood for the servers.
    package struct Offline: Sendable, Hashable {
        package var classes: [GateClass]
        /// Nil: nothing did.
        package var baseline: Source?

        package init(classes: [GateClass], baseline: Source?) {
            self.classes = classes
            self.baseline = baseline
        }
    }

    /// Which recorded inventory it was.
    package struct Source: Sendable, Hashable {
        package var file: String
        package var digest: String
        /// Seconds since 1970.
        package var recordedAt: Int64
        /// Seconds between then and now.
        package var age: Int64

        package init(file: String, digest: String, recordedAt: Int64, age: Int64) {
            self.file = file
            self.digest = digest
            self.recordedAt = recordedAt
            self.age = age
        }
    }

    package init(verdicts: [GateVerdict], allowsPending: Bool, offline: Offline? = nil) {
        self.verdicts = verdicts
        self.allowsPending = allowsPending
        self.offline = offline
    }

    /// How many rules are lowered, each counted in every environment that does.
    package var lowered: Int { verdicts.reduce(0) { $0 + $1.lowered } }

    /// Nil where all pass.
    package var status: GateObjection.Status? { .gravest(verdicts.compactMap(\.status)) }
}
