package import FleetModel
package import Planning

/// What happens during an apply, for the terminal, JSON lines and whoever else looks on.
package enum ApplyEvent: Sendable {
    case locked(run: String)
    case unlocked(run: String)
    case backup(DatabaseKey, level: String, archive: String)
    case started(DatabaseKey, Step)
    /// Something worth a line while a step runs: who blocks it, what is being waited for.
    case waiting(DatabaseKey, String)
    case finished(DatabaseKey, Step, took: Duration)
    /// Something a person should know that stops nothing.
    case note(DatabaseKey, String)
    /// A move was tried from end to end beside the database, which will be closed to writers for about as long.
    case rehearsed(DatabaseKey, took: Duration)
    /// It is open where it is to be; nobody could write for `stopped`.
    case moved(DatabaseKey, from: String, stopped: Duration)
    /// Nothing of the environment's is left on an instance; what stays there, and what a person types to stop it, which
    /// is nothing where its container was stopped.
    case retired(instance: String, left: [String], commands: [String])
    case failed(DatabaseKey, Step?, message: String)
    case skipped(DatabaseKey, reason: String)
    /// Inspected again after its last step: it is what the plan says.
    case verified(DatabaseKey)
    case summary([DatabaseOutcome])
}

/// How one database ended, as the server said after the work.
///
/// For an instance that was to be retired, the database is empty.
package struct DatabaseOutcome: Sendable, Hashable {
    package enum Outcome: String, Sendable, Hashable { case converged, failed, notAttempted = "not-attempted" }

    package var database: DatabaseKey
    package var outcome: Outcome
    package var message: String?

    /// Whether it speaks of an instance as a whole: one that was retired.
    package var isInstance: Bool { database.database.isEmpty }

    package init(_ database: DatabaseKey, _ outcome: Outcome, message: String? = nil) {
        self.database = database
        self.outcome = outcome
        self.message = message
    }
}
