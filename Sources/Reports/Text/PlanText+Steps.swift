internal import FleetModel

/// Statements without hazards beyond these are only counted.
private let mostQuietStatements = 12
/// The same among many databases.
private let mostQuietStatementsOfMany = 3
/// Lines of one statement; its end is left out.
private let mostLines = 6

extension TextPage {
    mutating func step(_ step: Step, isNew: Bool, kindWidth: Int) {
        let id = Printable.padded(
            Printable.clean(step.id.split(separator: ".").last.map(String.init) ?? step.id),
            to: 3
        )
        let kind = Printable.padded(step.kind.rawValue, to: kindWidth)
        paragraph(
            [
                Span("   "), Span(step.kind.symbol, step.kind.tint), Span(" \(id) ", .faint),
                Span(kind, step.kind.tint), Span("  "),
            ],
            Printable.clean(step.summary)
        )
        if !step.objects.isEmpty {
            paragraph([Span("         ")], list(step.objects.map(plainObject)), .faint)
        }
        let own = step.hazards.subtracting(step.statements.flatMap(\.hazards))
        if !own.isEmpty { hazards(own, indent: 9) }
        // A database that holds nothing can be harmed by no statement: they are only counted. What moves is told above.
        let isToldAbove = [.check, .quarantineTables, .rebuildDatabase, .initialize].contains(step.kind)
        guard detail == .whole || !isToldAbove else { return }
        let isShort = isNew && detail == .folded
        statements(isShort ? step.statements.filter { !$0.hazards.isEmpty } : step.statements, of: step)
    }

    /// A step of the environment as a whole.
    mutating func step(of step: Step, in plan: EnvironmentPlan) {
        let isBackedUp = plan.steps.contains {
            $0.kind == .backup && $0.instance == step.instance && $0.database == step.database
        }
        line(
            Span("\(Printable.clean(step.id)) ", .faint),
            Span("\(step.kind.symbol) ", step.kind.tint),
            Span(Printable.name(step.database ?? step.instance ?? step.summary), .strong),
            Span(" will be \(step.kind.participle)"),
            Span(step.database == nil ? "" : "  on \(Printable.name(step.instance ?? "?"))", .faint)
        )
        paragraph([Span("     ")], Printable.clean(step.summary) + (isBackedUp ? ", after a backup" : ""))
        if step.kind == .retireInstance {
            let left = step.objects.isEmpty ? "nothing is left on it" : "left on it: \(list(step.objects))"
            paragraph([Span("     ")], left, .faint)
        }
        if !step.hazards.isEmpty { hazards(step.hazards, indent: 5) }
    }

    private func plainObject(_ text: String) -> String {
        text.hasPrefix("table ") ? String(text.dropFirst(6)) : text
    }

    private mutating func hazards(_ hazards: Set<Hazard>, indent: Int) {
        let margin = String(repeating: " ", count: indent)
        paragraph(
            [Span(margin), Span("! ", .warning)],
            hazards.sorted().map(\.rawValue).joined(separator: ", "),
            .warning
        )
    }

    private mutating func statements(_ statements: [PlannedStatement], of step: Step) {
        if detail == .folded, statements.count > 1, let before = shown[statements.withoutPlaces] {
            line(Span("         the same statements as in \(before)", .faint))
            return
        }
        shown[statements.withoutPlaces] = Printable.clean(step.id)
        var quiet = 0
        var hidden = 0
        for statement in statements {
            if statement.hazards.isEmpty {
                quiet += 1
                if detail == .folded, quiet > (isCrowded ? mostQuietStatementsOfMany : mostQuietStatements) {
                    hidden += 1
                    continue
                }
            }
            self.statement(statement)
        }
        if hidden > 0 {
            let more = counted(hidden, "more statement", "more statements")
            line(Span("         … \(more) without hazards", .faint))
        }
    }

    private mutating func statement(_ statement: PlannedStatement) {
        let margin = "         "
        let room = max(20, width - 13)
        let isQuiet = statement.hazards.isEmpty
        // What is dangerous is read line by line, the rest at a glance.
        let isWhole = detail == .whole
        let lines = isQuiet && !isWhole ? [Self.oneLine(statement.sql)] : Self.lines(statement.sql)
        let shown = lines.count > mostLines && !isWhole ? Array(lines.prefix(mostLines - 1)) : lines
        for (index, text) in shown.enumerated() {
            let edge = isQuiet ? Span("│ ", .faint) : Span(index == 0 ? "! " : "│ ", .warning)
            let clean = Printable.clean(text)
            line(Span(margin), edge, Span(isWhole ? clean : Printable.shortened(clean, to: room)))
        }
        if lines.count > shown.count {
            line(Span(margin), Span("│ … \(lines.count - shown.count) more lines", .faint))
        }
        if !statement.hazards.isEmpty {
            paragraph(
                [Span(margin), Span("  ⇒ ", .warning)],
                statement.hazards.sorted().map(\.rawValue).joined(separator: ", "),
                .warning
            )
        }
        if let note = statement.note { paragraph([Span(margin + "    ")], Printable.clean(note), .faint) }
        if !statement.locks.isEmpty {
            let how = statement.hazards.isDisjoint(with: [.blocksReads, .blocksWrites]) ? "locks briefly: " : "locks: "
            let locks = statement.locks.map {
                "\(Printable.clean($0.table.description)) \(Printable.clean($0.modeInWords))"
            }
            paragraph([Span(margin + "    ")], how + locks.joined(separator: ", "), .faint)
        }
    }

    private static func lines(_ sql: String) -> [String] {
        sql.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).joined(separator: "    ")
        }.filter { $0.contains { $0 != " " } }
    }

    private static func oneLine(_ sql: String) -> String {
        sql.split { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r" || $0 == "\r\n" }.joined(separator: " ")
    }
}

extension StepKind {
    /// What a reader sees first; colour repeats it.
    var symbol: String {
        switch self {
        case .createDatabase: "+"
        case .initialize: "+"
        case .adopt: "="
        case .migrate: "~"
        case .quarantineTables: "»"
        case .rebuildDatabase: "±"
        case .moveDatabase: "»"
        case .dropDatabase: "-"
        case .retireInstance: "-"
        case .backup: "↓"
        case .check: "?"
        }
    }

    var tint: Tint {
        switch self {
        case .createDatabase, .initialize: .good
        case .adopt, .check, .backup: .info
        case .migrate, .quarantineTables, .rebuildDatabase, .moveDatabase: .warning
        case .dropDatabase, .retireInstance: .error
        }
    }

    /// What becomes of a database: "will be …".
    var participle: String {
        switch self {
        case .createDatabase: "created"
        case .adopt: "adopted"
        case .migrate: "migrated"
        case .initialize: "initialized"
        case .quarantineTables: "cleared of what is misplaced"
        case .rebuildDatabase: "rebuilt"
        case .moveDatabase: "moved"
        case .dropDatabase: "dropped"
        case .retireInstance: "retired"
        case .backup: "backed up"
        case .check: "checked"
        }
    }

    /// Whether it says what becomes of the database.
    var isMain: Bool { self != .backup && self != .check }

    /// Whether the summary counts it by itself.
    var isCounted: Bool {
        self == .createDatabase || self == .migrate || self == .rebuildDatabase || self == .moveDatabase
    }
}
