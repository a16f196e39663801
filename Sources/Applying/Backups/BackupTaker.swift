internal import Effects
package import FleetModel
internal import Glibc
package import Postgres
internal import Servers

/// Reads a database's catalog in the session it is given.
package typealias CatalogReader = @Sendable (Session) async throws(PostgresError) -> Catalog

/// Dumps a database and records, in the dump's own snapshot, what it holds.
///
/// The archive passes through us: it is hashed on the way, and a run killed with SIGKILL ends `pg_dump` by a broken pipe.
/// Archive and receipt are whole and on disk before either gets its name, the archive first: a receipt always has its
/// archive, and an archive without one has a `*.partial` beside it that tells whose it is.
package struct BackupTaker: Sendable {
    package var place: BackupPlace
    /// The root of the manifests.
    package var root: String
    package var tools: DumpTools
    package var inspect: CatalogReader
    package var space: SpaceDemand
    /// How long `pg_dump` may wait for a table that a migration of others holds.
    package var lockWait: Duration
    /// Seconds since 1970.
    package var now: @Sendable () -> Int64

    package init(
        place: BackupPlace,
        root: String,
        tools: DumpTools,
        space: SpaceDemand = .archive,
        lockWait: Duration = .seconds(60),
        now: @escaping @Sendable () -> Int64,
        inspect: @escaping CatalogReader
    ) {
        self.place = place
        self.root = root
        self.tools = tools
        self.space = space
        self.lockWait = lockWait
        self.now = now
        self.inspect = inspect
    }

    /// Takes the backup in sessions of its own; the caller holds the database's lock in its session meanwhile.
    ///
    /// - Throws: `BackupError`, `CommandError`, or `CancellationError`; only a `*.partial` can be left then.
    package func take(_ target: ConnectionTarget) async throws -> StoredBackup {
        let application = "reconcile/\(place.runID) backup"
        let settings = SessionSettings(access: .readOnly, applicationName: application)
        let session: Session
        do throws(PostgresError) { session = try await Session.open(target, settings: settings) } catch {
            throw BackupError.server(error)
        }
        do {
            let backup = try await take(target, measuredBy: session, application: application)
            await session.close()
            return backup
        } catch {
            await session.close()
            throw error
        }
    }

    private func take(
        _ target: ConnectionTarget,
        measuredBy session: Session,
        application: String
    ) async throws -> StoredBackup {
        let (facts, sequences) = try await BackupSource.read(session)
        let mark = try await enterFolder()
        for path in [place.archive, place.receipt] where access(path, F_OK) == 0 {
            throw BackupError.exists(path: path)
        }
        try space.check(place.folder, for: facts.source.sizeBytes)
        do {
            let backup = try await take(target, facts, sequences, measuredBy: session, application: application)
            return withExtendedLifetime(mark) { backup }
        } catch {
            // Whole or not: an archive that no receipt tells of is nobody's.
            for path in [PrivateFile.partial(of: place.archive), place.archive] { PrivateFolder.removeFile(path) }
            throw error
        }
    }

    /// Makes the folder and marks it as in use.
    private func enterFolder() async throws -> RunFolderMark {
        // Whoever clears what dead runs left may take an empty folder away again before it is marked.
        for _ in 0..<100 {
            try PrivateFolder.make(place.folder)
            if let mark = try RunFolderMark(place.runFolder, for: .taking), PrivateFolder.isFolder(place.folder) {
                return mark
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw BackupError.file(path: place.runFolder, what: "use", reason: "it is being cleared")
    }

    private func take(
        _ target: ConnectionTarget,
        _ facts: BackupSource.Facts,
        _ sequences: [SequenceContent],
        measuredBy session: Session,
        application: String
    ) async throws -> StoredBackup {
        let measure = ContentMeasure(session)
        // The measuring transaction stays open until the dump has ended: the snapshot lives as long as it does.
        async let dumped = dump(target, snapshot: facts.source.snapshot, application: application)
        let catalog = try await read(session, with: inspect)
        let content = try await measure.all(sequences: sequences)
        let (sha256, size) = try await dumped
        let receipt = BackupReceipt(
            runID: place.runID,
            environment: place.environment,
            instance: place.instance,
            database: place.database,
            archive: place.archive,
            sha256: sha256,
            sizeBytes: size,
            serverVersion: facts.version,
            clientVersion: tools.version,
            clientPlace: tools.location,
            fingerprint: catalog.fingerprint,
            restorableFingerprint: catalog.restorableFingerprint,
            columnOrder: catalog.columnOrder,
            privileges: RecordedPrivileges(catalog),
            verified: .none,
            takenAt: now(),
            root: root,
            source: facts.source,
            content: content
        )
        let stored = StoredBackup(receipt: receipt, path: place.receipt)
        try stored.write(with: place.archive)
        return stored
    }

    /// Leaves the archive as a `*.partial` that is whole.
    private func dump(
        _ target: ConnectionTarget,
        snapshot: String,
        application: String
    ) async throws -> (sha256: Fingerprint, size: Int64) {
        let file = try PrivateFile(place.archive)
        defer { file.discard() }
        let (seconds, _) = lockWait.components
        let options = [
            "--format=custom", "--compress=1", "--snapshot=\(snapshot)", "--lock-wait-timeout=\(seconds * 1000)",
        ]
        let result: CommandResult
        switch tools.place {
        case .here(let programs):
            result = try await dump(programs, options, target, application) { try file.write($0) }
        case .behind(let way, let remote):
            result = try await remote.run(options, target, over: way, application: application) { try file.write($0) }
        }
        guard result.status == 0 else {
            throw BackupError.program(name: "pg_dump", reason: ProgramReport.reason(result))
        }
        let sha256 = try file.keep()
        return (sha256, file.count)
    }

    private func dump(
        _ programs: PostgresPrograms,
        _ options: [String],
        _ target: ConnectionTarget,
        _ application: String,
        _ receive: (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> CommandResult {
        ClientAccess.clear()
        let access = try ClientAccess(target, application: application)
        defer { access.remove() }
        let command = Command(
            programs.path("pg_dump"),
            options + access.arguments,
            environment: access.environment,
            folder: "/",
            user: access.user
        )
        return try await command.stream { bytes in
            // It has read the whole catalog by now, over the one connection it makes.
            access.forgetPassword()
            try receive(bytes)
        }
    }

    private func read(_ session: Session, with inspect: CatalogReader) async throws(BackupError) -> Catalog {
        do throws(PostgresError) { return try await inspect(session) } catch { throw .server(error) }
    }
}

extension Catalog {
    /// What a role without superuser rights cannot bring back.
    package static let superuserKinds: Set<ObjectKind> = [.eventTrigger, .publication, .subscription]

    /// As `fingerprint`, without what only a superuser could restore.
    package var restorableFingerprint: Fingerprint {
        var text = ""
        // A dump leaves out indexes that an interrupted build left invalid.
        let invalid = Set(invalidIndexes)
        for object in objects where !Self.superuserKinds.contains(object.id.kind) && !invalid.contains(object.id) {
            let schema = object.id.schema ?? ""
            text += "\(object.id.kind.rawValue) \(schema.utf8.count) \(schema) \(object.id.name.utf8.count) "
            text += "\(object.id.name) \(object.definition.hex)\n"
        }
        return Fingerprint(of: text)
    }
}
