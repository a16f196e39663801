internal import FleetModel

/// What will be done: cohort by cohort, then what concerns an instance or the environment as a whole.
struct WorkList {
    private let plan: EnvironmentPlan
    private let findings: [DatabaseOnInstance: [Finding]]
    /// With more, only those are open that are dangerous or refused.
    private static let mostOpen = 12
    private static let mostReasons = 6

    private struct DatabaseOnInstance: Hashable {
        var instance: String
        var name: String
    }

    init(_ plan: EnvironmentPlan) {
        self.plan = plan
        findings = Dictionary(grouping: plan.findings.filter { $0.database != nil }) { finding in
            DatabaseOnInstance(instance: finding.instance, name: finding.database ?? "")
        }
    }

    var html: HTML {
        var shown: [[PlannedStatement]: Anchor] = [:]
        var parts: [HTML] = []
        for cohort in plan.cohorts { parts.append(article(cohort, &shown)) }
        for step in plan.steps where step.kind != .backup { parts.append(article(step)) }
        return HTML(parts)
    }

    private func article(_ cohort: Cohort, _ shown: inout [[PlannedStatement]: Anchor]) -> HTML {
        let anchor = Anchor.cohort(cohort.id, in: plan.name)
        let isRefused = plan.refused.contains { $0.cohort == cohort.id }
        let hazards = cohort.steps.reduce(into: Set<Hazard>()) { $0.formUnion($1.hazards) }
        let status = plan.databases.first { $0.cohort == cohort.id }?.status
        let isNew = cohort.from == nil || status == .empty
        let steps = cohort.steps.map { step in
            StepItem(step, of: plan, isNew: isNew, moved: step.kind == .moveDatabase ? moved(cohort) : nil).html(&shown)
        }
        let isOpen = plan.cohorts.count <= Self.mostOpen || isRefused || !hazards.isEmpty
        return Tag.details(
            .class("cohort", "item"),
            .id(anchor),
            .open(if: isOpen),
            .states(
                [status?.rawValue, isRefused ? "refused" : nil].compactMap(\.self) + hazards.map(\.rawValue).sorted()
            )
        ) {
            Tag.summary {
                Tag.h4 { title(cohort, isRefused) }
                Tag.p(.class("where")) {
                    HTML.name(cohort.className)
                    " on "
                    HTML.name(cohort.instance)
                    if let source = cohort.source {
                        ", from "
                        HTML.name(source)
                    }
                    " "
                    HTML.hazards(hazards)
                }
            }
            Tag.p(.class("which")) {
                HTML.databases(cohort.databases, on: cohort.source ?? cohort.instance, in: plan.name, first: 12)
                HTML.permalink(anchor, "cohort \(cohort.id)")
            }
            reasons(cohort)
            if !steps.isEmpty { Tag.ol(.class("steps"), .list) { HTML(steps) } }
        }
    }

    private func title(_ cohort: Cohort, _ isRefused: Bool) -> HTML {
        let kind = cohort.steps.first { $0.kind.isMain }?.kind
        let count = cohort.databases.count
        let same = cohort.steps.count == 1 ? "by the same step" : "by the same \(cohort.steps.count) steps"
        return HTML([
            Tag.span(.class("key")) { cohort.id }, HTML(" "),
            Tag.span(.class("symbol", Tone(kind?.tint ?? .error).rawValue), .decorative) { kind?.symbol ?? "✗" },
            HTML(" "), count == 1 ? .name(cohort.databases[0]) : HTML("\(count) databases"), HTML(" "),
            Tag.span(.class("fate")) {
                if let kind { "\(isRefused ? "would" : "will") be \(kind.participle)" }
                if kind != nil, count > 1 { " " + same }
            },
            isRefused ? HTML([HTML(" "), .chip("✗", "refused", .error)]) : .nothing,
        ])
    }

    private func reasons(_ cohort: Cohort) -> HTML {
        let instances = [cohort.instance, cohort.source].compactMap(\.self)
        let all = cohort.databases.flatMap { name in
            instances.flatMap { findings[DatabaseOnInstance(instance: $0, name: name)] ?? [] }
        }.filter { finding in
            // What the steps themselves say is no reason for them.
            (cohort.steps.isEmpty || !finding.code.isSaidBySteps)
                && (cohort.source == nil || finding.code != .instanceRetiringInUse)
        }
        let groups = FindingList.sorted(all)
        guard !groups.isEmpty else { return .nothing }
        let shown = groups.count <= Self.mostReasons + 1 ? groups.count : Self.mostReasons
        return Tag.ul(.class("reasons"), .list) {
            for entry in groups.prefix(shown) {
                Tag.li {
                    Tag.span(.class("symbol", Tone(entry.group.severity.tint).rawValue), .decorative) {
                        entry.group.severity.symbol
                    }
                    " "
                    Tag.a(.href(.finding(entry.group, on: entry.instance, in: plan.name))) { entry.group.code.rawValue }
                    " "
                    if !entry.group.objects.isEmpty {
                        HTML.firstObjects(entry.group.objects, 3)
                        ": "
                    }
                    entry.group.message
                    if entry.group.places.count < cohort.databases.count {
                        Tag.span(.class("note")) { "in \(entry.group.places.count) of \(cohort.databases.count)" }
                    }
                }
            }
            if groups.count > shown {
                Tag.li {
                    Tag.a(.href(.part(.findings, of: plan.name))) { "and \(groups.count - shown) more findings" }
                }
            }
        }
    }

    /// How long writers will be stopped is not known before apply has tried it; how much there is to copy is.
    private func moved(_ cohort: Cohort) -> String {
        let members = Set(cohort.databases)
        let sizes = plan.databases.filter { $0.instance == cohort.source && members.contains($0.name) }
            .compactMap(\.sizeBytes)
        let largest = sizes.count > 1 ? ", the largest \(Printable.size(sizes.max() ?? 0))" : ""
        return
            "\(Printable.size(sizes.reduce(0, +))) to copy\(largest). Writers of each are stopped while it is dumped, "
            + "restored and compared: apply does that once beforehand, and says how long it took before it stops them."
    }

    /// A step of the environment as a whole.
    private func article(_ step: Step) -> HTML {
        let anchor = Anchor.step(step.id, in: plan.name)
        let isRefused = plan.refused.contains { $0.what.hasPrefix(step.id + ":") }
        let isBackedUp = plan.steps.contains {
            $0.kind == .backup && $0.instance == step.instance && $0.database == step.database
        }
        return Tag.article(
            .class("cohort", "item"),
            .id(anchor),
            .target,
            .states((isRefused ? ["refused"] : []) + step.hazards.map(\.rawValue).sorted())
        ) {
            Tag.h4 {
                Tag.span(.class("key")) { step.id }
                " "
                Tag.span(.class("symbol", Tone(step.kind.tint).rawValue), .decorative) { step.kind.symbol }
                " "
                HTML.name(step.database ?? step.instance ?? step.summary)
                Tag.span(.class("fate")) { " \(isRefused ? "would" : "will") be \(step.kind.participle)" }
                if isRefused {
                    " "
                    HTML.chip("✗", "refused", .error)
                }
                HTML.permalink(anchor, "step \(step.id)")
            }
            Tag.p(.class("where")) {
                if step.database != nil, let instance = step.instance {
                    "on "
                    HTML.name(instance)
                    " "
                }
                HTML.hazards(step.hazards)
            }
            Tag.p {
                step.summary + (isBackedUp ? ", after a backup" : "")
            }
            if step.kind == .retireInstance {
                Tag.p(.class("note")) {
                    if step.objects.isEmpty {
                        "nothing is left on it"
                    } else {
                        "left on it: "
                        HTML.objects(step.objects)
                    }
                }
            }
        }
    }
}
