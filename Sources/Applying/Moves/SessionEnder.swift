internal import FleetModel
internal import Postgres

/// Ends sessions on one database again and again, until it is told to stop.
///
/// Sessions of every kind: a replication connection runs ordinary SQL, and a background worker writes like anybody.
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
        // Workers of a query end with their leader.
        let ours: SQL =
            switch spared {
            case .run(let run):
                """
                AND leader_pid IS NULL AND NOT (backend_type = 'client backend'
                    AND usesysid IS NOT DISTINCT FROM (SELECT oid FROM pg_roles WHERE rolname = session_user)
                    AND (starts_with(coalesce(application_name, ''), \(literal: run.sessionPrefix))
                        OR (coalesce(application_name, '') = ''
                            AND backend_start > clock_timestamp() - interval '1 second')))
                """
            case .alone: "AND leader_pid IS DISTINCT FROM \(pid)"
            }
        // Autovacuum changes nothing that is compared, gives way to who needs a lock, and would come back.
        let others: SQL = """
            FROM pg_stat_activity WHERE datid = \(oid) AND pid <> \(pid)
                AND backend_type IS DISTINCT FROM 'autovacuum worker' \(ours)
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
            let left = try await left()
            if left == "0" { return }
            guard ContinuousClock.now < end else {
                throw ApplyError.failed("\(left) sessions on it did not end within 30 s")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// - Throws: `ApplyError.failed` where somebody has come since they all were gone.
    func requireNobodyCame() async throws {
        guard try await left() == "0" else {
            throw ApplyError.failed("a session came into it while it was compared")
        }
    }

    private func left() async throws -> String {
        try await session.run(waiting, label: "other sessions").first?.rows?.scalar ?? "some"
    }

    func stop() async {
        ending.cancel()
        await ending.value
        await session.close()
    }
}

extension SessionEnder {
    /// Ends sessions for as long as `body` takes, which begins when nobody else is there.
    static func whileAlone<Result: Sendable>(
        on oid: UInt32,
        keeping pid: Int,
        sparing spared: Spared,
        _ control: Control,
        _ body: (SessionEnder) async throws -> Result
    ) async throws -> Result {
        let ender = try await SessionEnder(oid, keeping: pid, sparing: spared, control)
        do {
            try await ender.waitUntilGone()
            let result = try await body(ender)
            await ender.stop()
            return result
        } catch {
            await ender.stop()
            throw error
        }
    }
}
