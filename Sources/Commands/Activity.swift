internal import Reports
internal import Servers

/// What goes on, in words for whoever waits for it.
struct Activity: Sendable {
    /// What is done as a whole: said once where no line can be replaced.
    var whole: String
    /// How far it has come.
    var now: String

    init(_ whole: String, now: String? = nil) {
        self.whole = whole
        self.now = now ?? whole
    }
}

extension Activity {
    init(_ progress: ObservationProgress, of environment: String) {
        let name = TerminalText.safe(environment)
        switch progress {
        case .instances(let done, let total):
            self.init(
                "\(name): waiting for \(Self.counted(total, "server"))",
                now: "\(name): waiting for \(total - done) of \(Self.counted(total, "server"))"
            )
        case .databases(let done, let total): self.init("\(name): looking at", done, of: total, "database")
        }
    }

    /// `scratch: 7 of 12 migrations`.
    static func scratch(_ done: Int, of total: Int) -> Activity { Activity("scratch:", done, of: total, "migration") }

    /// `looking at 412 of 1,000 databases`.
    init(_ doing: String, _ done: Int, of total: Int, _ thing: String) {
        let all = Self.counted(total, thing)
        self.init("\(doing) \(all)", now: "\(doing) \(TerminalText.number(done)) of \(all)")
    }

    private static func counted(_ count: Int, _ thing: String) -> String {
        "\(TerminalText.number(count)) \(thing)\(count == 1 ? "" : "s")"
    }
}
