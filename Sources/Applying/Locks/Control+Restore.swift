package import FleetModel
internal import Postgres
package import Servers

extension Control {
    /// Puts a backup back beside the others and swaps it in; gives the name the replaced database is kept under.
    package func restore(
        _ backup: StoredBackup,
        as name: String,
        programs: [PostgresPrograms],
        for role: EnvironmentRole,
        now: @escaping @Sendable () -> Int64,
        inspect: @escaping CatalogReader,
        events: @Sendable (DatabaseRestore.Event) -> Void
    ) async throws -> String? {
        let clients = try await PostgresPrograms.sound(
            among: programs,
            forMajor: await session.serverVersionNumber / 10_000,
            for: role
        )
        let restore = DatabaseRestore(programs: clients, runID: run.id, now: now, inspect: inspect)
        let live = try await oid(of: name)
        try await noteBuild(RunName.build(name, run: run.id), replacing: name)
        let swap = try await restore.run(backup, as: name, over: session, target: target, events: events) { swap in
            guard let new = try await oid(of: swap.newName) else {
                throw ApplyError.failed("database \"\(swap.newName)\" vanished")
            }
            guard let live, let aside = swap.asideName else {
                return try await putInPlace((swap.newName, new), as: swap.liveName)
            }
            try await self.swap(
                live: (swap.liveName, live),
                build: (swap.newName, new),
                aside: aside,
                reason: "restored",
                target: target
            )
        }
        return swap.asideName
    }
}
