internal import FleetModel

/// All that is told of one environment: what is refused, what will be done, what was found, and every database.
struct EnvironmentSection {
    let plan: EnvironmentPlan
    let headline: Headline
    let sentence: String
    let records: FleetRecords

    init(_ plan: EnvironmentPlan, _ subject: FleetPage.Subject, _ records: FleetRecords) {
        self.plan = plan
        self.records = FleetRecords(
            backups: records.backups.filter { $0.environment == plan.name },
            runs: records.runs.filter { $0.environment == plan.name }
        )
        switch subject {
        case .plan:
            headline = Headline(plan: plan)
            sentence = plan.outlook
        case .inventory:
            headline = Headline(inventory: plan)
            sentence = plan.census
        }
    }

    var anchor: Anchor { .environment(plan.name) }

    /// What there is to tell, and of how many.
    var parts: [(part: Anchor.Part, title: String, count: Int)] {
        let all: [(Anchor.Part, String, Int)] = [
            (.refused, "Refused", plan.refused.count),
            (.work, "What will be done", plan.cohorts.count + plan.steps.count { $0.kind != .backup }),
            (.findings, "Findings", FindingList(plan).groups.count),
            (.databases, "Databases", plan.databases.count), (.backups, "Backups", records.backups.count),
            (.runs, "Runs", records.runs.count),
        ]
        return all.filter { $0.2 > 0 }
    }

    var html: HTML {
        Tag.section(.class("environment"), .id(anchor), .labelled(by: .heading(of: anchor)), .target) {
            Tag.h2(.id(.heading(of: anchor))) {
                HTML.name(plan.name)
                if plan.name != plan.role.rawValue { Tag.span(.class("note")) { plan.role.rawValue } }
                " "
                chips
                HTML.permalink(anchor, "environment \(plan.name)")
            }
            Tag.p(.class("outlook")) { sentence }
            if !plan.narrowed.isEmpty {
                Tag.p(.class("narrowed")) {
                    HTML.chip("!", "narrowed", .warning)
                    " "
                    Tag.code { plan.narrowed.joined(separator: " ") }
                    ": the rest was left out of sight."
                }
            }
            census
            servers
            for part in parts { section(part.part, part.title, part.count) }
        }
    }

    /// The headline, and that something is refused where the headline says something graver.
    var chips: HTML {
        guard headline != .refused, !plan.refused.isEmpty else { return headline.chip }
        return HTML([headline.chip, HTML(" "), Headline.refused.chip])
    }

    private func section(_ part: Anchor.Part, _ title: String, _ count: Int) -> HTML {
        let anchor = Anchor.part(part, of: plan.name)
        return Tag.section(.class("part"), .id(anchor), .labelled(by: .heading(of: anchor)), .target) {
            Tag.h3(.id(.heading(of: anchor))) {
                title
                " "
                Tag.span(.class("count")) { "\(count)" }
                HTML.permalink(anchor, "\(title), \(plan.name)")
            }
            content(of: part)
        }
    }

    private func content(of part: Anchor.Part) -> HTML {
        switch part {
        case .refused: RefusalList(plan).html
        case .work: WorkList(plan).html
        case .findings: FindingList(plan).html
        case .databases: DatabaseList(plan).html
        case .backups: records.backupTable
        case .runs: records.runTable
        }
    }

    /// How many databases are in which state: as a bar, and in words that also filter.
    private var census: HTML {
        let counts = plan.countsByStatus
        guard !counts.isEmpty else { return .nothing }
        return Tag.div(.class("census")) {
            bar(counts)
            Tag.ul(.class("chips"), .list) {
                for (status, count) in counts {
                    Tag.li {
                        Tag.a(
                            .class("chip", "status", status.tone.rawValue),
                            .href(.part(.databases, of: plan.name)),
                            .filter("is:\(status.rawValue)")
                        ) {
                            Tag.span(.class("symbol"), .decorative) { status.symbol }
                            "\(count) \(status.rawValue)"
                        }
                    }
                }
            }
        }
    }

    private func bar(_ counts: [(status: DatabaseStatus, count: Int)]) -> HTML {
        let width = 1000
        let all = counts.reduce(0) { $0 + $1.count }
        var passed = 0
        var pieces: [HTML] = []
        for (status, count) in counts {
            let from = width * passed / all
            passed += count
            // A single one of a thousand is still to be seen.
            let to = max(width * passed / all, from + 4)
            pieces.append(Tag.rect(.class(status.tone.rawValue), .x(from), .width(to - from), .height(10)))
        }
        return Tag.svg(.class("bar"), .viewBox(width: width, height: 10), .stretched, .decorative) { HTML(pieces) }
    }

    private var servers: HTML {
        Tag.ul(.class("servers"), .list) {
            for instance in plan.instances {
                Tag.li(.id(.instance(instance.name, in: plan.name)), .target, .class(instance.reachable ? "" : "lost"))
                {
                    Tag.strong { HTML.name(instance.name) }
                    Tag.span(.class(instance.reachable ? "note" : "alarm")) { instance.kind }
                    if let size = instance.sizeBytes { Tag.span(.class("note")) { Printable.size(size) } }
                    Tag.code(.class("address")) { instance.address }
                }
            }
        }
    }
}

extension EnvironmentPlan {
    /// How many databases are in which state, those that need a person first.
    var countsByStatus: [(status: DatabaseStatus, count: Int)] {
        let counts = Dictionary(databases.map { ($0.status, 1) }, uniquingKeysWith: +)
        return counts.map { (status: $0.key, count: $0.value) }.sorted { $0.status.rank < $1.status.rank }
    }

    /// In a sentence what is to be done: 3 to migrate, 1 to create of 8 databases; 7 statements.
    fileprivate var outlook: String {
        let summary = summary
        let counts = toDo
        let all = counted(summary.databases, "database", "databases")
        var sentence: String
        if counts.isEmpty, hasUnreachable {
            let missing = counted(instances.count { !$0.reachable }, "instance", "instances")
            sentence = "No changes known of \(all); what is on \(missing) is unknown"
        } else if counts.isEmpty {
            sentence = summary.databases == 0 ? "No database is declared here" : "No changes of \(all)"
        } else {
            sentence = counts.joined(separator: ", ") + " of \(all)"
        }
        if summary.statements > 0 {
            sentence += "; \(counted(summary.statements, "statement", "statements"))"
        }
        if !refused.isEmpty {
            let refusals = counted(refused.count, "refusal", "refusals")
            sentence += "; \(refusals), so nothing will be applied"
        }
        return sentence + "."
    }

    /// In a sentence what there is: 8 databases on 2 instances.
    fileprivate var census: String {
        let silent = instances.count { !$0.reachable }
        let all = counted(databases.count, "database", "databases")
        return "\(all) on \(counted(instances.count, "instance", "instances"))"
            + (silent > 0 ? "; \(silent) out of reach, and what is there is unknown" : "") + "."
    }
}
