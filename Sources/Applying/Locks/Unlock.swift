internal import FleetModel
package import Postgres

#if MUTATIONS
internal import Effects
#endif

/// Looks at who holds an environment, and ends that run's sessions where a person wants it.
package enum Unlock {
    /// Who holds the environment on one instance: its lock, or what a dead run's statement or transaction still has.
    package static func holder(environment: String, target: ConnectionTarget) async throws -> LockHolder? {
        let session = try await open(target)
        do {
            let key = AdvisoryKey.environment(environment)
            var holder = try await LockHolder.of(key, on: session)
            if holder == nil { holder = try await LockHolder.ofTransactions(of: environment, on: session) }
            await session.close()
            return holder
        } catch {
            await session.close()
            throw error
        }
    }

    /// Ends the sessions of exactly that run and waits until they are gone.
    ///
    /// - Returns: how many were ended.
    /// - Throws: `ApplyError.failed` where the server does not let us end one, or one does not go.
    package static func end(_ holder: LockHolder, target: ConnectionTarget) async throws -> Int {
        let session = try await open(target)
        do {
            let ended = try await session.run(
                """
                SELECT pid, pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                WHERE split_part(application_name, ' ', 1) = \(literal: "reconcile/" + holder.runID)
                    AND pid <> pg_backend_pid()
                """,
                label: "end sessions"
            )
            let rows = ended.first?.rows ?? Rows(columns: [], values: [])
            #if MUTATIONS
            if Mutation.unlockResultIgnored.isOn {
                await session.close()
                return rows.count
            }
            #endif
            if let stuck = rows.first(where: { $0[1] != "t" }) {
                throw ApplyError.failed(
                    "process \(stuck[0] ?? "?") of the server did not end within 10 s; it may be in a state that ends no sooner"
                )
            }
            await session.close()
            return rows.count
        } catch {
            await session.close()
            throw error
        }
    }

    private static func open(_ target: ConnectionTarget) async throws(PostgresError) -> Session {
        try await Session.open(
            target,
            settings: SessionSettings(access: .readWrite, applicationName: "reconcile/unlock")
        )
    }
}
