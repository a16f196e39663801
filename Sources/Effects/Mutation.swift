#if MUTATIONS
/// A known mistake that can be built into the program, so that tests show whether they would find it.
///
/// Only a build made with `RECONCILE_MUTATIONS` in the environment has any of this: there `RECONCILE_MUTATE=name`
/// makes one. `make torture MUTATE=1` makes each in turn and wants tests to fail; `docs/safety.md` says which.
package enum Mutation: String, Sendable {
    /// A migration commits by itself, and its history row in the next transaction.
    case historyInItsOwnTransaction = "history-in-its-own-transaction"
    /// A database's lock is held by a session beside the one that works.
    case lockInAnotherSession = "lock-in-another-session"
    /// Locks are waited for on the server, by a statement that holds a snapshot meanwhile.
    case blockingLock = "blocking-lock"
    /// An archive whose table of contents can be read passes for readable.
    case listAsVerification = "list-as-verification"
    /// Rows are hashed so that two equal ones cancel each other.
    case xorHash = "xor-hash"
    /// Two contents that were never measured are equal.
    case emptyEqualsEmpty = "empty-equals-empty"
    /// Nobody asks whether a later run took over.
    case noFence = "no-fence"
    /// What was in flight is settled by what was noted of it, and not by the catalog.
    case resumeByJournal = "resume-by-journal"
    /// What is rebuilt is dropped, and then its replacement gets the name.
    case dropBeforeRename = "drop-before-rename"
    /// Sessions look names up wherever the database's owner wants them to.
    case noSearchPath = "no-search-path"
    /// What a dump holds runs as a superuser.
    case restoreAsSuperuser = "restore-as-superuser"
    /// An index that is there by name is an index, whatever a build that failed left.
    case indexIfNotExists = "index-if-not-exists"
    /// Names are taken as they are written, and cut by the server.
    case nameOfAnyLength = "name-of-any-length"
    /// Whoever was to be ended is believed to be gone.
    case unlockResultIgnored = "unlock-result-ignored"
    /// Between two migrations everything of the session is discarded.
    case discardAll = "discard-all"
    /// Whether a commit waits for the disk is the database owner's choice.
    case synchronousCommitUnpinned = "synchronous-commit-unpinned"

    package var isOn: Bool { self == Self.chosen }

    private static let chosen: Mutation? = ProcessEnvironment.value("RECONCILE_MUTATE").map { name in
        guard let mutation = Mutation(rawValue: name) else { preconditionFailure("no mutation is called \(name)") }
        return mutation
    }
}
#endif
