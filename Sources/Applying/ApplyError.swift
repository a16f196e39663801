internal import Postgres

/// Who holds an environment's lock.
package struct LockHolder: Sendable, Hashable, CustomStringConvertible {
    package var user: String
    package var host: String
    /// Of the process that started the run, on `host`.
    package var pid: Int?
    package var runID: String
    /// As the server writes it: since when the session that holds the lock lives.
    package var since: String

    package var description: String {
        "run \(runID) of \(user)@\(host)" + (pid.map { ", process \($0)" } ?? "") + ", since \(since)"
    }

    /// Reads `reconcile/<run> <user>@<host>:<pid> …`.
    init(applicationName: String, since: String) {
        let words = applicationName.split(separator: " ")
        runID = words.first.flatMap { $0.split(separator: "/").last }.map(String.init) ?? "unknown"
        let who = words.dropFirst().first ?? ""
        user = who.split(separator: "@").first.map(String.init) ?? "unknown"
        let place = who.split(separator: "@").dropFirst().first ?? ""
        host = place.split(separator: ":").first.map(String.init) ?? "unknown"
        pid = place.split(separator: ":").dropFirst().first.flatMap { Int($0) }
        self.since = since
    }
}

/// Why a run ended before it had done its work.
package enum ApplyError: Error, Sendable, CustomStringConvertible {
    /// Another run holds the environment, or a dead run's last statement still works.
    case locked(LockHolder)
    /// Our own hold on the environment is gone: nothing more may be started.
    case lockLost(instance: String, reason: String)
    /// A later run took over: its epoch stands in the fence.
    case fenced(database: String)
    /// The fleet is not what the plan was made for.
    case stale([String])
    /// The world said no.
    case failed(String)
    /// Something in a database looks like ours and is not.
    case foreign(String)

    package var description: String {
        switch self {
        case .locked(let holder): "another run holds the environment: \(holder)"
        case .lockLost(let instance, let reason):
            "the lock on instance \"\(instance)\" was lost (\(reason)); nothing more was started, run apply again"
        case .fenced(let database):
            "a later run took over while this one stood still; nothing was done to \"\(database)\""
        case .stale(let differences): differences.joined(separator: "; ")
        case .failed(let message), .foreign(let message): message
        }
    }
}
