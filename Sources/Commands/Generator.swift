internal import Effects
internal import Expectations
internal import FleetModel
internal import Glibc
internal import Migrations
internal import Planning
internal import Postgres
internal import Reports
internal import Servers

/// Makes the migration that brings a class's folder to what its code expects, and proves it on scratch.
struct Generator {
    struct Draft {
        var migration: MigrationDraft
        var statements: [String]
        var warnings: [String]
    }

    private let workspace: Workspace
    private let folder: MigrationFolder
    private let rules: DriftRules
    private let pgBin: String?
    private let given: String?

    /// - Throws: an ending with 64 where nothing can be generated for the class.
    init(_ workspace: Workspace, className: String, pgBin: String?, scratch: String?) throws {
        guard let databaseClass = workspace.fleet.databaseClass(named: className),
            let folder = workspace.folders[className]
        else {
            let all = workspace.fleet.classes.map { "\"\($0.name.value)\"" }.joined(separator: ", ")
            throw Ending(.usage, "no class is named \"\(TerminalText.safe(className))\"", hint: "there are \(all)")
        }
        guard folder.source.format == .plain else {
            throw Ending(
                .usage,
                "class \"\(className)\" keeps its migrations as its own tool writes them, with files that only that knows",
                hint: "for drizzle: drizzle-kit generate"
            )
        }
        switch databaseClass.expects?.source {
        case .sql, .command: break
        case .drizzle:
            throw Ending(
                .usage,
                "class \"\(className)\" expects names read from definitions, and names alone make no migration",
                hint: "expects: {command: [pnpm, exec, drizzle-kit, export]} says what they are"
            )
        case nil:
            throw Ending(
                .usage,
                "class \"\(className)\" does not say what its code expects",
                hint: "write `expects` in its manifest: {sql: FILE}, or {command: [ARG, …]} that prints SQL"
            )
        }
        self.workspace = workspace
        self.folder = folder
        rules = databaseClass.drift
        self.pgBin = pgBin
        given = scratch
    }

    /// Nil where the migrations make what the code expects already.
    ///
    /// - Throws: an ending with 1 where it cannot be done exactly, or not be told.
    func draft(named name: String) async throws -> Draft? {
        let programs = await PostgresPrograms.all(explicit: pgBin)
        let target = given.flatMap(ConnectionTarget.init(reading:))
        let scratch = Scratch.inspecting(
            pool: CatalogPool(),
            programs: programs,
            given: target,
            cacheFolder: "\(workspace.fleet.root)/.reconcile/cache"
        )
        guard let major = try await major(programs, target) else {
            throw Ending(
                .failed,
                "there are no PostgreSQL server programs on this machine",
                hint: "give --scratch or --pg-bin"
            )
        }
        do {
            return try await draft(named: name, scratch, major)
        } catch let error as NoPlainUser {
            throw Ending(.failed, "\(error)")
        }
    }

    private func major(_ programs: [PostgresPrograms], _ target: ConnectionTarget?) async throws -> Int? {
        guard let target else { return programs.first(where: \.hasServer)?.version.major }
        do throws(PostgresError) {
            let settings = SessionSettings(access: .readOnly, applicationName: "reconcile/scratch")
            let session = try await Session.open(target, settings: settings)
            let version = await session.serverVersionNumber
            await session.close()
            return version / 10_000
        } catch {
            throw Ending(.failed, TerminalText.safe("the server given by --scratch: \(error)"))
        }
    }

    private func draft(named name: String, _ scratch: Scratch, _ major: Int) async throws -> Draft? {
        let newest = try await replayed(folder, scratch, major)
        let (code, words) = try await expected(scratch, major, newest)
        guard let difference = CodeDifference(.loaded(code, words), newest: newest, rules: rules) else { return nil }
        if difference.isEmpty { return nil }
        guard let words else { throw Ending(.failed, "the scratch server did not say what the differences are") }
        let migration: AdditiveMigration
        do throws(AdditiveMigration.Refused) {
            migration = try AdditiveMigration(difference, words)
        } catch {
            throw refusal(error.reasons)
        }
        var reasons: [String] = []
        let stamp = Timestamp(seconds: Surroundings.now).description.filter(\.isNumber) + "000"
        for statements in migration.orders {
            guard let draft = MigrationDraft(named: name, statements, after: folder, stamp: stamp) else {
                throw Ending(
                    .failed,
                    "no number of at most 18 digits follows \(folder.migrations.last?.file ?? "the newest migration")"
                )
            }
            do {
                let result = try await replayed(draft.folder, scratch, major)
                let rest = CodeDifference(.loaded(code, nil), newest: result, rules: rules)
                if rest?.isEmpty == true {
                    return Draft(migration: draft, statements: statements, warnings: migration.warnings)
                }
                reasons = ((rest?.missing ?? []) + (rest?.changed ?? []) + (rest?.obsolete ?? [])).map {
                    "\($0): the statements that were tried do not make it exactly"
                }
            } catch let ending as Ending {
                reasons = [ending.message ?? "the statements that were tried fail on scratch"]
            }
        }
        throw refusal(reasons)
    }

    private func refusal(_ reasons: [String]) -> Ending {
        let lines = reasons.map { "\n  \(TerminalText.safe($0))" }.joined()
        return Ending(
            .failed,
            "no exact migration can be generated for class \"\(folder.className)\"; nothing was written:\(lines)",
            hint: "write the migration by hand; `reconcile plan` says whether it does what the code expects"
        )
    }

    private func replayed(_ folder: MigrationFolder, _ scratch: Scratch, _ major: Int) async throws -> Catalog {
        let request = ReplayRequest(whole: folder, major: major)
        let answers = try await scratch.answer(
            [request],
            folders: [folder.className: folder],
            classes: workspace.fleet.classes
        )
        guard let replay = answers[request], replay.end == .complete, let newest = replay.states.last else {
            let why =
                switch answers[request]?.end {
                case .failed(_, let message)?: message
                case .unassessed(_, let reason)?: reason
                case .complete?, nil: "they were not replayed"
                }
            throw Ending(.failed, TerminalText.safe("the migrations cannot be run on scratch: \(why)"))
        }
        return newest
    }

    private func expected(
        _ scratch: Scratch,
        _ major: Int,
        _ newest: Catalog
    ) async throws -> (Catalog, SchemaWords?) {
        let name = folder.className
        let key = ExpectationKey(className: name, major: major)
        let source = try await workspace.printedExpectations(of: [name])[name]
        var answer = ExpectedSchema.unassessed("it was not read")
        switch source {
        case .text(let text):
            answer =
                try await scratch.expected(
                    [ExpectationRequest(key: key, text: text, newest: newest.fingerprint)],
                    folders: workspace.folders,
                    classes: workspace.fleet.classes
                )[key] ?? answer
        case .failed(let reason): answer = .failed(reason)
        case .names, .command, nil: break
        }
        switch answer {
        case .loaded(let catalog, let words): return (catalog, words)
        case .failed(let reason), .unassessed(let reason):
            throw Ending(.failed, TerminalText.safe("what the code expects cannot be told: \(reason)"))
        case .names: preconditionFailure("names were refused at the start")
        }
    }
}

/// A file that was not there before.
enum NewFile {
    /// Writes a migration as a whole; readable by others, as the files beside it in a repository are.
    ///
    /// - Throws: an ending with 1 where the folder has got another migration since it was read, or nothing can be written.
    static func write(_ migration: MigrationDraft) throws {
        let folder = migration.folder.source.directory.value
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Ending(.failed, "cannot open \(folder): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        // Two of us at once: the second sees the file of the first. The lock lasts for the writing alone.
        while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
        let known = Set(migration.folder.migrations.dropLast().map { Int64($0.number) })
        if let other = names(in: folder).first(where: { Self.number(of: $0).map { !known.contains($0) } ?? false }) {
            throw Ending(
                .failed,
                TerminalText.safe("\(other) was written to the folder meanwhile; nothing more was written"),
                hint: "run it again: it then goes on from there"
            )
        }
        try write(migration.text, to: "\(folder)/\(migration.file)")
    }

    private static func number(of file: String) -> Int64? {
        file.hasSuffix(".sql") ? Int64(file.prefix { $0.isASCII && $0.isNumber }) : nil
    }

    private static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            )
        }
        return names.sorted()
    }

    private static func write(_ text: String, to path: String) throws {
        func failure() -> Ending { Ending(.failed, "cannot write \(path): \(String(cString: strerror(errno)))") }
        // Half of a migration must never stand under its name: it gets that once it is whole, and only where it is free.
        let unfinished = "\(path).\(getpid()).partial"
        let descriptor = Outside.perform(.createFile(path)) {
            open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        }
        guard descriptor >= 0 else { throw failure() }
        defer {
            close(descriptor)
            _ = Outside.perform(.remove(unfinished)) { unlink(unfinished) }
        }
        let bytes = Array(text.utf8)
        let isWritten = Outside.perform(.writeFile(path)) {
            fchmod(descriptor, 0o644) == 0
                && bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) == $0.count }
        }
        guard isWritten, Outside.perform(.synchronize(path), { fsync(descriptor) == 0 }),
            Outside.perform(.rename(path), { link(unfinished, path) == 0 })
        else { throw failure() }
    }
}
