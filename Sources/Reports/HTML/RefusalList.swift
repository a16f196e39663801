internal import FleetModel

/// What policy does not allow, why, and what would allow it.
struct RefusalList {
    private let plan: EnvironmentPlan

    init(_ plan: EnvironmentPlan) { self.plan = plan }

    var html: HTML {
        Tag.ul(.class("refusals"), .list) {
            for refusal in plan.refused { item(refusal) }
        }
    }

    private func item(_ refusal: Refusal) -> HTML {
        let cohort = refusal.cohort.flatMap { id in plan.cohorts.first { $0.id == id } }
        return Tag.li(.class("refusal", "item"), .states(["refused"])) {
            Tag.p(.class("head")) {
                HTML.chip("✗", "refused", .error)
                " "
                Tag.strong { refusal.what }
                " "
                if let cohort {
                    Tag.span(.class("place")) {
                        HTML.databases(refusal.databases, on: cohort.source ?? cohort.instance, in: plan.name)
                    }
                    " "
                    Tag.a(.href(.cohort(cohort.id, in: plan.name)), .class("note")) { "see \(cohort.id)" }
                }
            }
            Tag.dl {
                Tag.dt { "because" }
                Tag.dd { refusal.why }
                Tag.dt { "grant" }
                Tag.dd(.class("grant")) {
                    if let grant = refusal.grant { Tag.code { grant } } else { "nothing can grant it" }
                }
            }
        }
    }
}
