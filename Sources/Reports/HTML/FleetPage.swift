package import FleetModel
package import Planning

/// A fleet as one page for a browser: it loads nothing, runs only its own script, and reads without any.
///
/// The verdict comes first, then every database at a glance, then environment by environment what is refused, what will be
/// done, what was found, and what there is. Whatever has a name can be linked to.
package struct FleetPage: Sendable {
    package enum Subject: String, Sendable { case plan, inventory }

    private let plan: Plan
    private let subject: Subject
    private let sections: [EnvironmentSection]
    private let comparison: ComparisonTable?
    private let gate: GateReport?

    /// With what the caller knows beside the plan: the past, components × environments where they were compared, and what
    /// the gate says of it.
    package init(
        _ plan: Plan,
        as subject: Subject,
        records: FleetRecords = .none,
        comparison: ComparisonTable? = nil,
        gate: GateReport? = nil
    ) {
        var plan = plan
        if subject == .inventory { plan.environments = plan.environments.map(\.withoutWork) }
        self.plan = plan
        self.subject = subject
        self.comparison = comparison
        self.gate = gate
        sections = plan.environments.map { EnvironmentSection($0, subject, records) }
    }

    package var bytes: [UInt8] {
        let names = subjects.map { Printable.name($0) }.joined(separator: ", ")
        return PageFrame(
            kind: kind,
            title: "\(headline.symbol) \(headline.words) – \(names.isEmpty ? "" : names + " – ")reconcile \(kind)",
            toolVersion: plan.toolVersion,
            contents: contents,
            report: report
        ).bytes
    }

    /// What a gate judged is what its page says first, whatever the plan is like.
    private var headline: Headline {
        if let gate { return gate.status == nil ? .passes : .blocked }
        return sections.map(\.headline).max() ?? .declared
    }

    private var kind: String { gate == nil ? subject.rawValue : "gate" }

    /// The environments that it is about; without servers none of them is planned.
    private var subjects: [String] {
        plan.environments.isEmpty ? (gate?.verdicts ?? []).compactMap(\.environment) : plan.environments.map(\.name)
    }

    @HTMLBuilder private var report: HTML {
        overview
        if let gate { GateSection(gate).html }
        if !plan.environments.isEmpty { fleet }
        if let comparison { comparison.html }
        for section in sections { section.html }
        Vocabulary(plan).html
    }

    @HTMLBuilder private var contents: HTML {
        Tag.li { Tag.a(.href(.main)) { "Verdict" } }
        if gate != nil { Tag.li { Tag.a(.href(.gate)) { "Gate" } } }
        if !plan.environments.isEmpty { Tag.li { Tag.a(.href(.fleet)) { "Fleet" } } }
        if comparison != nil { Tag.li { Tag.a(.href(.comparison)) { "Comparison" } } }
        for section in sections { contents(of: section) }
        Tag.li { Tag.a(.href(.words)) { "Words" } }
    }

    private func contents(of section: EnvironmentSection) -> HTML {
        Tag.li(.class("environment")) {
            Tag.a(.href(section.anchor)) {
                Tag.span(.class("symbol", section.headline.tone.rawValue), .decorative) { section.headline.symbol }
                " "
                HTML.name(section.plan.name)
            }
            Tag.ul(.list) {
                for part in section.parts {
                    Tag.li {
                        Tag.a(.href(.part(part.part, of: section.plan.name))) {
                            part.title
                            " "
                            Tag.span(.class("count")) { "\(part.count)" }
                        }
                    }
                }
            }
        }
    }

    private var overview: HTML {
        Tag.section(.class("overview", headline.tone.rawValue), .labelled(by: .heading(of: .main))) {
            Tag.h1(.id(.heading(of: .main))) {
                Tag.span(.class("symbol", headline.tone.rawValue), .decorative) { headline.symbol }
                " \(headline.words)"
                Tag.span(.class("of")) {
                    " \(gate != nil ? "Gate for " : subject == .plan ? "Plan for " : "Inventory of ")"
                    HTML.names(subjects)
                }
            }
            Tag.ul(.class("verdicts"), .list) {
                for section in sections {
                    Tag.li {
                        Tag.a(.href(section.anchor)) { HTML.name(section.plan.name) }
                        " "
                        Tag.span(.class("standing")) { section.chips }
                        Tag.span(.class("outlook")) { section.sentence }
                    }
                }
            }
            Tag.dl(.class("facts")) {
                Tag.dt { "Made" }
                Tag.dd { Tag.time { Timestamp(seconds: plan.createdAt).description } }
                if let commit = plan.gitCommit {
                    Tag.dt { "Commit" }
                    Tag.dd { Tag.code { commit } }
                }
                if subject == .plan, !plan.environments.isEmpty {
                    Tag.dt { "Plan digest" }
                    Tag.dd { Tag.code { String("\(PlanDocument(plan).contentDigest)".prefix(16)) } }
                }
            }
        }
    }

    private var fleet: HTML {
        Tag.section(.class("fleet"), .id(.fleet), .labelled(by: .heading(of: .fleet)), .target) {
            Tag.h2(.id(.heading(of: .fleet))) {
                "Fleet"
                HTML.permalink(.fleet, "the fleet")
            }
            FleetMatrix(plan.environments).html
        }
    }
}

extension EnvironmentPlan {
    /// What there is, without what would be done about it.
    fileprivate var withoutWork: EnvironmentPlan {
        var plan = self
        plan.cohorts = []
        plan.steps = []
        plan.granted = []
        plan.refused = []
        for index in plan.databases.indices { plan.databases[index].cohort = nil }
        return plan
    }
}
