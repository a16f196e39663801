internal import FleetModel

/// What the words of this page mean, those that occur in it.
struct Vocabulary {
    private let statuses: [DatabaseStatus]
    private let hazards: [Hazard]

    init(_ plan: Plan) {
        let present = Set(plan.environments.flatMap { $0.databases.map(\.status) })
        statuses = DatabaseStatus.allCases.filter(present.contains).sorted { $0.rank < $1.rank }
        var feared: Set<Hazard> = []
        for environment in plan.environments {
            for step in environment.cohorts.flatMap(\.steps) + environment.steps { feared.formUnion(step.hazards) }
        }
        hazards = feared.sorted()
    }

    var html: HTML {
        Tag.section(.class("words"), .id(.words), .labelled(by: .heading(of: .words)), .target) {
            Tag.h2(.id(.heading(of: .words))) { "Words" }
            Tag.dl {
                for status in statuses {
                    Tag.dt { status.chip }
                    Tag.dd { status.meaning }
                }
                for hazard in hazards {
                    Tag.dt { HTML.hazards([hazard]) }
                    Tag.dd { hazard.meaning }
                }
            }
        }
    }
}

extension DatabaseStatus {
    fileprivate var meaning: String {
        switch self {
        case .converged: "as its manifest says"
        case .pending: "something is owed that needs no repair"
        case .drifted: "its schema or its history is not what its migrations make"
        case .corrupted: "it holds tables of another class"
        case .missing: "declared, and it does not exist"
        case .empty: "it exists and holds nothing"
        case .unmanaged: "nobody claims it"
        case .aside: "an earlier run kept it aside; it leaves by “reconcile purge”"
        case .unknown: "it could not be looked at, so nothing is done to it"
        }
    }
}
