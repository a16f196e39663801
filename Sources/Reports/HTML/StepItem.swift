internal import FleetModel

/// One step of a cohort, with its statements, what each locks and what makes it dangerous.
struct StepItem {
    private let step: Step
    private let environment: String
    /// Whether the databases hold nothing yet, so that no statement can harm them.
    private let isNew: Bool
    private let moved: String?
    /// More statements without hazards are folded.
    private static let mostQuiet = 12

    init(_ step: Step, of plan: EnvironmentPlan, isNew: Bool, moved: String?) {
        self.step = step
        self.isNew = isNew
        self.moved = moved
        environment = plan.name
    }

    /// `shown` holds where statements stand already.
    func html(_ shown: inout [[PlannedStatement]: Anchor]) -> HTML {
        let anchor = Anchor.step(step.id, in: environment)
        let own = step.hazards.subtracting(step.statements.flatMap(\.hazards))
        var before: Anchor?
        if step.statements.count > 1 {
            before = shown[step.statements]
            if before == nil { shown[step.statements] = anchor }
        }
        return Tag.li(.class("step"), .id(anchor), .target) {
            Tag.p(.class("head")) {
                Tag.span(.class("symbol", Tone(step.kind.tint).rawValue), .decorative) { step.kind.symbol }
                " "
                Tag.span(.class("key")) { step.id }
                " "
                Tag.strong { step.kind.rawValue }
                " "
                Tag.span(.class("summary")) { step.summary }
                " "
                HTML.hazards(own)
            }
            if !step.objects.isEmpty {
                Tag.p(.class("objects")) { HTML.objects(step.objects.map(Self.plain)) }
            }
            if let moved { Tag.p(.class("note")) { moved } }
            if let before {
                Tag.p(.class("note")) {
                    "the same \(step.statements.count) statements as "
                    Tag.a(.href(before)) { "in an earlier step" }
                }
            } else if !step.statements.isEmpty {
                statements
            }
        }
    }

    private static func plain(_ text: String) -> String { text.hasPrefix("table ") ? String(text.dropFirst(6)) : text }

    private var statements: HTML {
        let dangerous = step.statements.count { !$0.hazards.isEmpty }
        let isShort = step.statements.count <= Self.mostQuiet && !isNew && step.kind != .check
        return Tag.details(.class("statements"), .open(if: dangerous > 0 || isShort)) {
            Tag.summary {
                counted(step.statements.count, "statement", "statements")
                if dangerous > 0 { ", \(dangerous) with hazards" }
            }
            Tag.ol(.list) { HTML(step.statements.map { Self.statement($0) }) }
        }
    }

    private static func statement(_ statement: PlannedStatement) -> HTML {
        let isBrief = statement.hazards.isDisjoint(with: [.blocksReads, .blocksWrites])
        return Tag.li(.class("statement", statement.hazards.isEmpty ? "" : "dangerous")) {
            Tag.pre { Tag.code { statement.sql } }
            if !statement.hazards.isEmpty || statement.note != nil || !statement.locks.isEmpty {
                Tag.p(.class("effects")) {
                    HTML.hazards(statement.hazards)
                    if let note = statement.note {
                        note
                        statement.locks.isEmpty ? "" : "; "
                    }
                    if !statement.locks.isEmpty {
                        isBrief ? "locks briefly " : "locks "
                        HTML(
                            statement.locks.enumerated().map { index, lock in
                                HTML([
                                    HTML(index == 0 ? "" : ", "), Tag.code { HTML.name(lock.table.description) },
                                    HTML(" " + lock.modeInWords),
                                ])
                            }
                        )
                    }
                }
            }
        }
    }
}
