internal import Applying
internal import FleetModel
internal import Planning
internal import Reports
internal import Synchronization

/// Tells people and programs what an apply does while it does it.
final class ApplyProgress: Sendable {
    enum Form: Sendable {
        /// Lines on stderr; on a terminal a last line that shows what runs now.
        case lines
        /// One JSON object a line on stdout.
        case events
    }

    private let form: Form
    private let terminal: Terminal
    private let now: @Sendable () -> Int64
    private let live = Mutex<[DatabaseKey: String]>([:])

    init(_ form: Form, _ terminal: Terminal, now: @escaping @Sendable () -> Int64) {
        self.form = form
        self.terminal = terminal
        self.now = now
    }

    func report(_ event: ApplyEvent) {
        switch form {
        case .events:
            let time = Timestamp(seconds: now()).description
            terminal.give(bytes: event.json(time: time).canonical)
        case .lines: show(event)
        }
    }

    private func show(_ event: ApplyEvent) {
        live.withLock { live in
            if case .started(let key, let step) = event {
                live[key] = step.summary
                if terminal.voice == .verbose {
                    let name = TerminalText.safe(key.description)
                    terminal.say("  \(name): begins to \(step.kind.rawValue): \(TerminalText.safe(step.summary))")
                }
            }
            if let line = event.line(terminal.errorStyle) {
                if case .failed = event { terminal.say(line) } else { terminal.note(line) }
            }
            switch event {
            case .verified(let key), .failed(let key, _, _): live[key] = nil
            case .summary: live = [:]
            default: break
            }
            if case .summary = event { return terminal.rest() }
            guard let first = live.min(by: { $0.key < $1.key }) else { return terminal.tell(nil) }
            let more = live.count > 1 ? " and \(live.count - 1) more" : ""
            let what = TerminalText.safe("\(first.key): \(first.value)")
            terminal.tell(Activity(what, now: what + more))
        }
    }
}

extension ApplyEvent {
    /// A line for people; nil where the event is only worth showing while it lasts.
    fileprivate func line(_ style: Style) -> String? {
        func name(_ key: DatabaseKey) -> String { TerminalText.safe(key.description) }
        switch self {
        case .locked(let run): return "locked, run \(run)"
        case .unlocked(let run): return "unlocked, run \(run)"
        case .backup(let key, let level, _): return "  \(name(key)): backup \(Self.proof(level))"
        case .started: return nil
        case .waiting(let key, let what): return style.paint("  \(name(key)): \(TerminalText.safe(what))", .warning)
        case .note(let key, let what): return style.paint("  \(name(key)): \(TerminalText.safe(what))", .info)
        case .rehearsed(let key, let took):
            return style.paint(
                "  \(name(key)): rehearsed in \(took.text); its writers will be stopped for about that long",
                .info
            )
        case .moved(let key, let source, let stopped):
            return "  \(name(key)): moved from \(TerminalText.safe(source)); writers were stopped for \(stopped.text)"
        case .retired(let instance, let left, let commands):
            let what = left.isEmpty ? "nothing is left on it" : "left on it: \(TerminalText.list(left))"
            let head = "✓ \(TerminalText.safe(instance)): retired; \(what)"
            guard !commands.isEmpty else { return style.paint(head + ". Its container is stopped and kept", .good) }
            return
                ([style.paint(head + ". To stop it, type:", .good)] + commands.map { "    \(TerminalText.safe($0))" })
                .joined(separator: "\n")
        case .finished(let key, let step, let took):
            guard step.kind != .backup else { return nil }
            return "  \(name(key)): \(TerminalText.safe(step.title)) (\(took.text))"
        case .failed(let key, let step, let message):
            let what = step.map { " \($0.kind.rawValue):" } ?? ""
            return style.paint("✗ \(name(key)): failed:\(what) \(TerminalText.safe(message))", .error)
        case .skipped(let key, let reason): return "- \(name(key)): not attempted: \(TerminalText.safe(reason))"
        case .verified(let key): return style.paint("✓ \(name(key)): converged", .good)
        case .summary: return nil
        }
    }

    private static func proof(_ level: String) -> String {
        switch level {
        case "rehearse": "taken, restored, compared, the plan rehearsed on the copy"
        case "restore": "taken, restored and compared"
        case "read": "taken and read through"
        default: "taken"
        }
    }

    fileprivate func json(time: String) -> JSONValue {
        var members: [JSONValue.Member] = []
        func add(_ key: String, _ value: JSONValue) { members.append(JSONValue.Member(key, value)) }
        func database(_ key: DatabaseKey) {
            add("instance", .string(key.instance))
            // Nobody's where it is the instance that is worked on.
            add("database", JSONValue(key.database.isEmpty ? nil : key.database))
        }
        func step(_ step: Step?) {
            add("step", JSONValue(step?.id))
            add("kind", JSONValue(step?.kind.rawValue))
        }
        add("time", .string(time))
        switch self {
        case .locked(let run), .unlocked(let run):
            if case .locked = self { add("event", "locked") } else { add("event", "unlocked") }
            add("run_id", .string(run))
        case .backup(let key, let level, let archive):
            add("event", "backup")
            database(key)
            add("verified", .string(level))
            add("receipt", .string(archive))
        case .started(let key, let what):
            add("event", "started")
            database(key)
            step(what)
        case .waiting(let key, let what):
            add("event", "waiting")
            database(key)
            add("message", .string(what))
        case .finished(let key, let what, let took):
            add("event", "finished")
            database(key)
            step(what)
            add("duration_ms", .integer(took.milliseconds))
        case .note(let key, let what):
            add("event", "note")
            database(key)
            add("message", .string(what))
        case .rehearsed(let key, let took):
            add("event", "rehearsed")
            database(key)
            add("duration_ms", .integer(took.milliseconds))
        case .moved(let key, let source, let stopped):
            add("event", "moved")
            database(key)
            add("from", .string(source))
            add("stopped_ms", .integer(stopped.milliseconds))
        case .retired(let instance, let left, let commands):
            add("event", "retired")
            add("instance", .string(instance))
            add("left", JSONValue(left))
            add("commands", JSONValue(commands))
        case .failed(let key, let what, let message):
            add("event", "failed")
            database(key)
            step(what)
            add("message", .string(message))
        case .skipped(let key, let reason):
            add("event", "skipped")
            database(key)
            add("message", .string(reason))
        case .verified(let key):
            add("event", "verified")
            database(key)
        case .summary(let outcomes):
            add("event", "summary")
            add("databases", .array(outcomes.map(\.json)))
        }
        return .object(members)
    }
}

extension Step {
    /// What was done, in a few words: the plan has said the rest.
    fileprivate var title: String {
        switch kind {
        case .adopt, .migrate:
            switch migrations.count {
            case 0: summary
            case 1: "\(kind.rawValue) \(migrations[0])"
            default: "\(kind.rawValue) \(migrations.count) migrations"
            }
        case .createDatabase, .initialize, .quarantineTables, .rebuildDatabase, .moveDatabase, .dropDatabase,
            .retireInstance, .backup, .check:
            kind.rawValue
        }
    }
}

extension DatabaseOutcome {
    fileprivate var json: JSONValue {
        [
            "instance": .string(database.instance),
            "name": JSONValue(database.database.isEmpty ? nil : database.database),
            "outcome": .string(outcome.rawValue), "message": JSONValue(message),
        ]
    }
}

extension Duration {
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    /// `<1 ms`, `40 ms`, `1.4 s`, `12 s`, `3 min 5 s`.
    var text: String {
        let milliseconds = milliseconds
        if milliseconds < 1 { return "<1 ms" }
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 10_000 { return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s" }
        let seconds = milliseconds / 1000
        return seconds < 120 ? "\(seconds) s" : "\(seconds / 60) min \(seconds % 60) s"
    }
}
