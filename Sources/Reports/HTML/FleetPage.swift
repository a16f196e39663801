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

    /// With what the caller knows beside the plan: the past, and components × environments where they were compared.
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

    package var bytes: [UInt8] { Array(document.markup.utf8) }

    private var document: HTML { HTML.document(head: head, body: body) }

    private var headline: Headline { sections.map(\.headline).max() ?? .declared }

    private var head: HTML {
        let names = plan.environments.map { Printable.name($0.name) }.joined(separator: ", ")
        return HTML([
            VoidTag.meta(.utf8),
            // Before anything it is to hold for.
            VoidTag.meta(.header("Content-Security-Policy"), .content(Asset.contentSecurityPolicy)),
            VoidTag.meta(.name("viewport"), .content("width=device-width, initial-scale=1")),
            VoidTag.meta(.name("color-scheme"), .content("light dark")),
            VoidTag.meta(.name("referrer"), .content("no-referrer")),
            VoidTag.meta(.name("robots"), .content("noindex")),
            Tag.title { "\(headline.symbol) \(headline.words) – \(names) – reconcile \(subject.rawValue)" },
            HTML.style(.style),
        ])
    }

    private var body: HTML {
        HTML([
            Tag.a(.class("skip"), .href(.main)) { "Skip to the report" },
            Tag.header(.class("top")) {
                Tag.p(.class("brand")) {
                    Tag.strong { "reconcile" }
                    " \(subject.rawValue)"
                }
                controls
            },
            Tag.div(.class("layout")) {
                navigation
                Tag.main(.id(.main), .target) {
                    overview
                    if let gate { GateSection(gate).html }
                    fleet
                    if let comparison { comparison.html }
                    for section in sections { section.html }
                    Vocabulary(plan).html
                }
            },
            Tag.footer {
                Tag.p { "reconcile \(plan.toolVersion)" }
            },
            HTML.script(.script),
        ])
    }

    private var controls: HTML {
        Tag.div([.class("controls")] + Attribute.needsScript) {
            Tag.div(.class("search")) {
                Tag.label(.for(.filter)) { "Filter" }
                VoidTag.input(
                    [.type("search"), .id(.filter), .placeholder("name, code, table, SQL, is:pending")]
                        + Attribute.noCompletion
                )
                Tag.output(.id(.filterCount), .for(.filter), .role("status"))
            }
            Tag.div(.class("buttons")) {
                Tag.button(.type("button"), .action("open")) { "Open all" }
                Tag.button(.type("button"), .action("close")) { "Close all" }
            }
            Tag.fieldset(.class("theme")) {
                Tag.legend(.class("spoken")) { "Colours" }
                Tag.label {
                    VoidTag.input(.type("radio"), .name("theme"), .value("auto"), .checked)
                    "Auto"
                }
                Tag.label {
                    VoidTag.input(.type("radio"), .name("theme"), .value("light"))
                    "Light"
                }
                Tag.label {
                    VoidTag.input(.type("radio"), .name("theme"), .value("dark"))
                    "Dark"
                }
            }
        }
    }

    private var navigation: HTML {
        Tag.nav(.label("Contents")) {
            Tag.ul(.list) {
                Tag.li { Tag.a(.href(.main)) { "Verdict" } }
                if gate != nil { Tag.li { Tag.a(.href(.gate)) { "Gate" } } }
                Tag.li { Tag.a(.href(.fleet)) { "Fleet" } }
                if comparison != nil { Tag.li { Tag.a(.href(.comparison)) { "Comparison" } } }
                for section in sections {
                    Tag.li(.class("environment")) {
                        Tag.a(.href(section.anchor)) {
                            Tag.span(.class("symbol", section.headline.tone.rawValue), .decorative) {
                                section.headline.symbol
                            }
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
                Tag.li { Tag.a(.href(.words)) { "Words" } }
            }
        }
    }

    private var overview: HTML {
        Tag.section(.class("overview", headline.tone.rawValue), .labelled(by: .heading(of: .main))) {
            Tag.h1(.id(.heading(of: .main))) {
                Tag.span(.class("symbol", headline.tone.rawValue), .decorative) { headline.symbol }
                " \(headline.words)"
                Tag.span(.class("of")) {
                    " \(subject == .plan ? "Plan for " : "Inventory of ")"
                    HTML.names(plan.environments.map(\.name))
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
                if subject == .plan {
                    Tag.dt { "Content" }
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
