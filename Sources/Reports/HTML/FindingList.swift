internal import FleetModel

/// What was found, said once of all databases it is true of; errors first, notes folded.
struct FindingList {
    struct Entry {
        var instance: String
        var group: FindingGroup
    }

    let groups: [Entry]
    private let environment: String

    init(_ plan: EnvironmentPlan) {
        environment = plan.name
        groups = Self.sorted(plan.findings)
    }

    /// By instance, errors first.
    static func sorted(_ findings: [Finding]) -> [Entry] {
        // One pass: a fleet has as many findings as databases, and may have many instances.
        var order: [String] = []
        var byInstance: [String: [Finding]] = [:]
        for finding in findings {
            if byInstance[finding.instance] == nil { order.append(finding.instance) }
            byInstance[finding.instance, default: []].append(finding)
        }
        let all = order.flatMap { instance in
            FindingGroup.groups(of: byInstance[instance] ?? []).map { Entry(instance: instance, group: $0) }
        }
        return Severity.allCases.flatMap { severity in all.filter { $0.group.severity == severity } }
    }

    var html: HTML {
        let loud = groups.filter { $0.group.severity != .info }
        let quiet = groups.filter { $0.group.severity == .info }
        return HTML([
            list(loud),
            quiet.isEmpty
                ? .nothing
                : Tag.details(.class("group"), .open(if: loud.isEmpty && quiet.count < 6)) {
                    Tag.summary { counted(quiet.count, "note", "notes") }
                    list(quiet)
                },
        ])
    }

    private func list(_ entries: [Entry]) -> HTML {
        guard !entries.isEmpty else { return .nothing }
        return Tag.ul(.class("findings"), .list) {
            for entry in entries { item(entry) }
        }
    }

    private func item(_ entry: Entry) -> HTML {
        let group = entry.group
        let anchor = Anchor.finding(group, on: entry.instance, in: environment)
        return Tag.li(.class("finding", "item"), .id(anchor), .target, .states([group.severity.rawValue])) {
            Tag.p(.class("head")) {
                group.severity.chip
                " "
                Tag.code(.class("key")) { group.code.rawValue }
                " "
                place(entry)
                HTML.permalink(anchor, "finding \(group.code.rawValue)")
            }
            Tag.p(.class("message")) {
                if !group.objects.isEmpty {
                    HTML.objects(group.objects)
                    ": "
                }
                group.message
            }
            if let location = group.location {
                Tag.p(.class("note")) {
                    "caused by "
                    Tag.code { "\(location.file):\(location.line):\(location.column)" }
                }
            }
            if let hint = group.hint {
                Tag.p(.class("hint")) {
                    Tag.span(.decorative) { "→ " }
                    hint
                }
            }
        }
    }

    private func place(_ entry: Entry) -> HTML {
        Tag.span(.class("place")) {
            HTML.name(entry.instance)
            if !entry.group.places.isEmpty { "/" }
            HTML.databases(entry.group.places, on: entry.instance, in: environment)
        }
    }
}

extension Severity {
    var chip: HTML { HTML.chip(symbol, self == .info ? "note" : rawValue, Tone(tint), "severity") }
}

extension HTML {
    /// Links to databases: all of a few, the first of many, with the rest folded.
    static func databases(_ names: [String], on instance: String, in environment: String, first: Int = 5) -> HTML {
        let links = names.map { name in
            Tag.a(.href(.database(name, on: instance, in: environment))) { HTML.name(name) }
        }
        return folded(links, first: first, "databases")
    }

    /// Names of tables and the like: all of a few, the first of many, with the rest folded.
    static func objects(_ names: [String], first: Int = 6) -> HTML {
        folded(names.map { name in Tag.code { HTML.name(name) } }, first: first, "objects")
    }

    /// The first names, and how many more there are: where a list of all stands elsewhere.
    static func firstObjects(_ names: [String], _ first: Int) -> HTML {
        let shown = names.count <= first + 1 ? names.count : first
        let more = names.count - shown
        return HTML([objects(Array(names.prefix(shown)), first: shown), HTML(more > 0 ? " and \(more) more" : "")])
    }

    private static func folded(_ parts: [HTML], first: Int, _ what: String) -> HTML {
        // "and 1 more" is longer to read than the one.
        let shown = parts.count <= first + 1 ? parts.count : first
        let visible = HTML(
            parts.prefix(shown).enumerated().map { HTML([HTML($0.offset == 0 ? "" : ", "), $0.element]) }
        )
        guard parts.count > shown else { return visible }
        return HTML([
            visible, HTML(" "),
            Tag.details(.class("more")) {
                Tag.summary { "and \(parts.count - shown) more \(what)" }
                Tag.p(.class("many")) { HTML(parts.dropFirst(shown).map { HTML([$0, HTML(" ")]) }) }
            },
        ])
    }
}
