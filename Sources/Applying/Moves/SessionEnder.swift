internal import FleetModel
internal import Postgres

/// Ends sessions on one database again and again, until it is told to stop.
final class SessionEnder: Sendable {
    private let session: Session
    private let ending: Task<Void, Never>
    private let waiting: SQL

    /// Who may stay.
    enum Spared: Sendable {
        /// The run's own sessions, its dump among them.
        case run(Run)
        /// One session and nobody else.
        case alone
    }

    /// Begins to end sessions on the database `oid`; the one of process `pid` stays in any case.
    init(_ oid: UInt32, keeping pid: Int, sparing spared: Spared, _ control: Control) async throws {
        let settings = SessionSettings(access: .readWrite, applicationName: control.run.applicationName("disconnect"))
        let session = try await Session.open(control.target, settings: settings)
        // Whoever is called like us is one of us only as our own login. A session that has just begun has no name yet.
        let ours: SQL =
            switch spared {
            case .run(let run):
                """
                AND NOT (usesysid = (SELECT oid FROM pg_roles WHERE rolname = session_user)
                    AND (starts_with(application_name, \(literal: run.sessionPrefix))
                        OR (application_name = '' AND backend_start > clock_timestamp() - interval '1 second')))
                """
            case .alone: ""
            }
        // Workers of a query of ours are no clients.
        let others: SQL = """
            FROM pg_stat_activity WHERE datid = \(oid) AND pid <> \(pid) AND backend_type = 'client backend' \(ours)
            """
        self.session = session
        waiting = "SELECT count(*) \(others)"
        ending = Task {
            while !Task.isCancelled {
                _ = try? await session.runKeepingAnswers(
                    "SELECT pg_terminate_backend(pid) \(others)",
                    label: "end sessions"
                )
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// Waits until nobody else is there.
    ///
    /// - Throws: `ApplyError.failed` after half a minute.
    func waitUntilGone() async throws {
        let end = ContinuousClock.now + .seconds(30)
        while true {
            let left = try await session.run(waiting, label: "other sessions").first?.rows?.scalar
            if left == "0" { return }
            guard ContinuousClock.now < end else {
                throw ApplyError.failed("\(left ?? "some") sessions on it did not end within 30 s")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func stop() async {
        ending.cancel()
        await ending.value
        await session.close()
    }
}
