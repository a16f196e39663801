package import ArgumentParser

/// How `reconcile` tells a script what happened; `docs/exit-statuses.md` explains each.
package enum ExitStatus: Int32, CaseIterable, Sendable {
    case done = 0
    case failed = 1
    case owed = 2
    case refused = 3
    case locked = 4
    case stale = 5
    case usage = 64
    case invalid = 65
    case interrupted = 130

    /// From the gravest to the least: over several databases or environments the first of these wins.
    private static let byGravity: [ExitStatus] = [
        .interrupted, .invalid, .usage, .locked, .stale, .failed, .refused, .owed, .done,
    ]

    package static func gravest(_ statuses: some Sequence<ExitStatus>) -> ExitStatus {
        let all = Set(statuses)
        return byGravity.first { all.contains($0) } ?? .done
    }

    package var code: ExitCode { ExitCode(rawValue) }
}

/// Ends a command with a status, after everything was said.
struct Ending: Error {
    let status: ExitStatus
    /// One line on stderr; nil where all was said already.
    var message: String?
    var hint: String?

    init(_ status: ExitStatus, _ message: String? = nil, hint: String? = nil) {
        self.status = status
        self.message = message
        self.hint = hint
    }
}
