internal import FleetModel
internal import Migrations
internal import Postgres

/// Loads what code expects on one scratch server.
struct Expecter {
    /// One text to load, and the names under which its answers are kept.
    struct Job: Sendable {
        let request: ExpectationRequest
        let setup: ReplaySetup
        let migrations: [Migration]
        private let catalogKey: ReplayKey
        private let wordsKey: ReplayKey

        init(
            _ request: ExpectationRequest,
            _ databaseClass: DatabaseClass,
            _ folder: MigrationFolder,
            server version: Int
        ) {
            self.request = request
            setup = ReplaySetup(databaseClass, folder.source, owner: nil)
            migrations = folder.migrations
            let root = setup.key(server: version)
            let digest = request.text.digest.hex
            catalogKey = root.after(["expects", digest, request.text.title])
            wordsKey = migrations.reduce(root) { $0.after($1) }.after(["words", digest])
        }

        /// What was kept, where it is the whole answer.
        func answer(from cache: ReplayCache) -> ExpectedSchema? {
            switch cache.node(catalogKey) {
            case nil: nil
            case .failed(let line, let message): .failed(describe(line, message))
            case .reached(let catalog, _):
                wantsWords(catalog) ? cache.words(wordsKey).map { .loaded(catalog, $0) } : .loaded(catalog, nil)
            }
        }

        func wantsWords(_ catalog: Catalog) -> Bool {
            request.newest != nil && request.newest != catalog.fingerprint
        }

        func keep(_ node: ReplayNode, in cache: ReplayCache) { cache.keep(node, as: catalogKey) }
        func keep(_ words: SchemaWords, in cache: ReplayCache) { cache.keep(words, as: wordsKey) }

        func describe(_ line: Int?, _ message: String) -> String {
            "\(request.text.title)\(line.map { ":\($0)" } ?? ""): \(message)"
        }
    }

    private let server: ScratchServer
    private let cache: ReplayCache
    private let roles: [String]
    private let inspect: Scratch.Inspect
    private let administrator: Session
    private let stage: ScratchRoles?

    init(
        _ server: ScratchServer,
        cache: ReplayCache,
        roles: [String],
        inspect: @escaping Scratch.Inspect
    ) async throws(PostgresError) {
        self.server = server
        self.cache = cache
        self.roles = roles
        self.inspect = inspect
        administrator = try await ScratchSession.open(server.administrator()).session
        stage =
            switch server {
            case .ours: ScratchRoles(administrator: administrator)
            case .given: nil
            }
    }

    func answer(_ jobs: [Job]) async throws -> [ExpectationKey: ExpectedSchema] {
        var answers: [ExpectationKey: ExpectedSchema] = [:]
        for job in jobs {
            try Task.checkCancellation()
            do throws(ReplayFault) {
                answers[job.request.key] = try await load(job)
            } catch {
                switch error {
                case .failed(let line, let message):
                    job.keep(.failed(line: line, message: message), in: cache)
                    answers[job.request.key] = .failed(job.describe(line, message))
                case .unassessed(let reason): answers[job.request.key] = .unassessed(reason)
                }
            }
        }
        await administrator.close()
        return answers
    }

    private func load(_ job: Job) async throws(ReplayFault) -> ExpectedSchema {
        do throws(PostgresError) {
            try await stage?.prepare(job.setup, others: roles)
        } catch {
            throw .unassessed("scratch cannot make the roles: \(error)")
        }
        let line = try await ScratchLine.open(on: server, job.setup, administrator: administrator)
        let answer: Result<ExpectedSchema, ReplayFault>
        do throws(ReplayFault) { answer = .success(try await fill(line, job)) } catch { answer = .failure(error) }
        await line.drop(administrator)
        return try answer.get()
    }

    /// One of the line's databases takes the code's schema, the other the migrations', which are run only for their words.
    private func fill(_ line: ScratchLine, _ job: Job) async throws(ReplayFault) -> ExpectedSchema {
        try await line.load(job.request.text)
        let catalog: Catalog
        do {
            let session = try await line.reading(line.measured)
            catalog = try await inspect(session, job.setup.historySchema, job.setup.historyTable)
            await session.close()
        } catch {
            throw .unassessed("the scratch database could not be inspected: \(error)")
        }
        job.keep(.reached(catalog, nil), in: cache)
        guard job.wantsWords(catalog) else { return .loaded(catalog, nil) }
        for migration in job.migrations {
            let scratch = try await line.session(in: line.untouched, migration)
            // The newest schema is known, so every migration ran; here again or there are no words.
            do throws(ReplayFault) { try await scratch.run(migration) } catch { return .loaded(catalog, nil) }
            await scratch.session.close()
        }
        guard let code = await line.words(line.measured), let migrations = await line.words(line.untouched) else {
            return .loaded(catalog, nil)
        }
        let words = SchemaWords(code: code, migrations: migrations)
        job.keep(words, in: cache)
        return .loaded(catalog, words)
    }
}

extension ScratchLine {
    /// Runs a schema's text, statement by statement, as the class's owner.
    fileprivate func load(_ text: SchemaText) async throws(ReplayFault) {
        let stand = Migration(
            tag: "",
            number: "",
            text: "",
            sha256: "",
            when: nil,
            isTransactional: false,
            statements: [],
            file: text.title
        )
        let scratch = try await session(in: measured, stand)
        for statement in text.statements {
            do throws(PostgresError) {
                try await scratch.run(statement)
            } catch {
                // `pg_dump` comments on extensions, which only who made them may; the comment came with the extension.
                if error.sqlState == "42501", statement.sql.uppercased().hasPrefix("COMMENT ON EXTENSION") { continue }
                throw ReplayFault(error, at: statement, of: stand)
            }
        }
        await scratch.session.close()
    }

    fileprivate func reading(_ database: String) async throws(PostgresError) -> Session {
        try await Session.open(
            server.runner(setup.runner, database: database),
            settings: SessionSettings(access: .readOnly, applicationName: "reconcile/scratch")
        )
    }

    /// Nil where the server would not say: the differences are then told without words.
    fileprivate func words(_ database: String) async -> WordedSchema? {
        guard let session = try? await reading(database) else { return nil }
        defer { Task { await session.close() } }
        return try? await SchemaReader.read(session, leavingOut: setup.historySchema)
    }
}
