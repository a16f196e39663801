/// What a page tells of the past, where the caller knows it.
package struct FleetRecords: Sendable {
    package var backups: [BackupRecord]
    /// Newest first.
    package var runs: [RunRecord]

    package static let none = FleetRecords(backups: [], runs: [])

    package init(backups: [BackupRecord], runs: [RunRecord]) {
        self.backups = backups
        self.runs = runs
    }

    /// One backup, as its receipt tells it.
    package struct BackupRecord: Sendable {
        package var environment: String
        package var instance: String
        package var database: String
        /// Seconds since 1970.
        package var takenAt: Int64
        package var rows: Int64
        package var sizeBytes: Int64
        package var verified: String
        package var restore: [String]

        package init(
            environment: String,
            instance: String,
            database: String,
            takenAt: Int64,
            rows: Int64,
            sizeBytes: Int64,
            verified: String,
            restore: [String]
        ) {
            self.environment = environment
            self.instance = instance
            self.database = database
            self.takenAt = takenAt
            self.rows = rows
            self.sizeBytes = sizeBytes
            self.verified = verified
            self.restore = restore
        }
    }

    /// One run, as the journal tells it.
    package struct RunRecord: Sendable {
        package var id: String
        package var environment: String
        /// RFC 3339.
        package var startedAt: String
        package var finishedAt: String?
        /// `converged`, `failed`, `interrupted` or `running`.
        package var outcome: String
        /// How many databases ended how.
        package var counts: [(outcome: String, count: String)]
        package var planDigest: String
        /// `user@host`.
        package var who: String

        package init(
            id: String,
            environment: String,
            startedAt: String,
            finishedAt: String?,
            outcome: String,
            counts: [(outcome: String, count: String)],
            planDigest: String,
            who: String
        ) {
            self.id = id
            self.environment = environment
            self.startedAt = startedAt
            self.finishedAt = finishedAt
            self.outcome = outcome
            self.counts = counts
            self.planDigest = planDigest
            self.who = who
        }
    }
}
