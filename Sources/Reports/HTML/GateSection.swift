internal import FleetModel
internal import Planning

/// What the gate says, above the plan that it judged.
struct GateSection {
    private let report: GateReport

    init(_ report: GateReport) { self.report = report }

    var html: HTML {
        Tag.section(.class("gate"), .id(.gate), .labelled(by: .heading(of: .gate)), .target) {
            Tag.h2(.id(.heading(of: .gate))) {
                "Gate"
                HTML.permalink(.gate, "the gate")
            }
            Tag.p(.class("head")) {
                report.status.map { HTML.chip("✗", "blocked: \($0.word) (\($0.rawValue))", .error, "verdict") }
                    ?? HTML.chip("✓", "passes", .good, "verdict")
            }
            if let offline = report.offline { source(offline) }
            for verdict in report.verdicts { environment(verdict) }
            for one in report.offline?.classes ?? [] {
                Tag.p(.class("message")) {
                    "Class "
                    HTML.name(one.name)
                    ": \(one.replayed) of \(one.migrations) migrations replayed on PostgreSQL \(one.major)."
                }
            }
        }
    }

    private func source(_ offline: GateReport.Offline) -> HTML {
        Tag.p(.class("message")) {
            if let baseline = offline.baseline {
                "Offline: planned from "
                Tag.code { baseline.file }
                ", recorded \(Timestamp(seconds: baseline.recordedAt).description), \(TextPage.age(baseline.age)) ago."
            } else {
                "Offline: no server but scratch was asked, so nothing is known of what is owed."
            }
        }
    }

    private func environment(_ verdict: GateVerdict) -> HTML {
        HTML([
            Tag.h3 {
                if let name = verdict.environment { HTML.name(name) } else { "Classes of no environment" }
                " "
                verdict.status.map { HTML.chip("✗", $0.word, .error) } ?? HTML.chip("✓", "passes", .good)
                if verdict.lowered > 0 {
                    " "
                    HTML.chip("!", TextPage.lowered(verdict.lowered), .warning)
                }
            },
            verdict.objections.isEmpty
                ? .nothing
                : Tag.ul(.class("findings"), .list) {
                    for objection in verdict.objections { item(objection) }
                },
        ])
    }

    private func item(_ objection: GateObjection) -> HTML {
        let place = [objection.className ?? objection.instance].compactMap(\.self)
        let who = objection.databases.isEmpty ? place : objection.databases
        return Tag.li(.class("finding", "item"), .states([objection.weight.rawValue])) {
            Tag.p(.class("head")) {
                HTML.chip(objection.weight.symbol, objection.weight.rawValue, Tone(objection.weight.tint))
                " "
                Tag.code(.class("key")) { objection.rule.code }
                " "
                HTML.objects(who)
            }
            Tag.p(.class("message")) { (objection.unsaidObject.map { "\($0): " } ?? "") + objection.message }
            if let hint = objection.hint, objection.weight == .error || objection.weight == .warning {
                Tag.p(.class("hint")) {
                    Tag.span(.decorative) { "→ " }
                    hint
                }
            }
            if let reason = objection.reason {
                Tag.p(.class("note")) { "\(objection.weight.rawValue) here: \(reason)" }
            }
        }
    }
}
