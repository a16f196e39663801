internal import FleetModel
package import Postgres
package import Servers

/// Puts one backup back on a server: a new database beside the others, compared, then swapped in.
///
/// Until the swap nothing that exists is touched; whatever fails before it, the new database and the roles made for it
/// go away again.
package struct DatabaseRestore: Sendable {
    package var programs: PostgresPrograms
    package var runID: String
    package var inspect: CatalogReader
    /// Seconds since 1970.
    package var now: @Sendable () -> Int64

    package init(
        programs: PostgresPrograms,
        runID: String,
        now: @escaping @Sendable () -> Int64,
        inspect: @escaping CatalogReader
    ) {
        self.programs = programs
        self.runID = runID
        self.now = now
        self.inspect = inspect
    }

    package enum Event: Sendable, Hashable {
        case checked(archive: String)
        case created(database: String)
        case restored(entriesLeftOut: Int)
        case compared(tables: Int, rows: Int64)
        case analysed
        case swapped(Swap)
    }

    /// What the swap is asked to do, in one transaction after the live database's sessions were ended.
    package struct Swap: Sendable, Hashable {
        package var newName: String
        package var liveName: String
        /// Where the live database goes; nil where there is none of that name.
        package var asideName: String?
    }

    /// Restores under `name`, or under its own where that is nil.
    ///
    /// `maintenance` is a read-write session on the instance's maintenance database that holds the lock, reached by
    /// `target`. `swap` renames; it is called once everything else is done and proved.
    ///
    /// - Returns: what the swap was asked to do.
    /// - Throws: `BackupError`, or what `swap` throws.
    package func run(
        _ backup: StoredBackup,
        as name: String?,
        over maintenance: Session,
        target: ConnectionTarget,
        events: @Sendable (Event) -> Void,
        swap: @Sendable (Swap) async throws -> Void
    ) async throws -> Swap {
        try await ArchiveCheck(programs: programs).read(backup)
        events(.checked(archive: backup.archivePath))
        let liveName = name ?? backup.receipt.database
        let live = try await settings(of: liveName, maintenance)
        let plan = Swap(
            newName: RunName.build(liveName, run: runID),
            liveName: liveName,
            asideName: live == nil ? nil : RunName.aside(liveName, run: runID)
        )
        let work = try await RestoreWork(
            backup: backup,
            newName: plan.newName,
            programs: programs,
            maintenance: maintenance,
            target: target,
            tag: String(runID.suffix(24)),
            now: now()
        )
        do {
            try await work.createDatabase()
            events(.created(database: plan.newName))
            let left = try await work.restore()
            guard left.isEmpty else { throw BackupError.needsSuperuser(left) }
            events(.restored(entriesLeftOut: left.count))
            let content = try await work.compare(inspect).content
            events(.compared(tables: content.tables.count, rows: content.tables.reduce(0) { $0 + $1.rows }))
            try await work.analyse()
            events(.analysed)
            try await work.apply(live)
            try await work.dropRoles()
        } catch {
            await uncancelled { await work.abandon() }
            throw error
        }
        try await swap(plan)
        events(.swapped(plan))
        return plan
    }

    private func settings(of database: String, _ session: Session) async throws(BackupError) -> DatabaseSettings? {
        do throws(PostgresError) { return try await DatabaseSettings.read(session, database: database) } catch {
            throw .server(error)
        }
    }
}
