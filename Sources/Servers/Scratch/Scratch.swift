internal import Effects
package import FleetModel
package import Migrations
package import Postgres

/// The scratch server: runs migrations where nothing can be lost, and tells what they led to and what they did.
///
/// Answers are kept by content. A server is started only for what was never asked before.
package struct Scratch: Sendable {
    /// Takes the catalog of the database a session is connected to, the history table left out.
    package typealias Inspect =
        @Sendable (_ session: Session, _ historySchema: String, _ historyTable: String) async throws -> Catalog

    private let programs: [PostgresPrograms]
    private let given: ConnectionTarget?
    let cache: ReplayCache
    let inspect: Inspect
    /// Told how many migrations of all that were never tried before have been.
    package var progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }

    /// Says where migrations may run and where answers are kept; starts nothing.
    ///
    /// - Parameters:
    ///   - programs: installations on this machine, best first.
    ///   - given: the server of `--scratch`, used instead of one of our own.
    ///   - cacheFolder: where answers are kept; made where it is not there. Nil: they are not kept.
    ///   - inspect: how a catalog is taken, the same way as of real databases.
    package init(
        programs: [PostgresPrograms],
        given: ConnectionTarget? = nil,
        cacheFolder: String?,
        inspect: @escaping Inspect
    ) {
        self.programs = programs
        self.given = given
        cache = ReplayCache(folder: cacheFolder)
        self.inspect = inspect
    }

    /// Answers every request; what cannot be answered is an answer that says why.
    ///
    /// - Parameters:
    ///   - requests: which migrations of a class, in which order, on which major.
    ///   - folders: the migrations, by class name.
    ///   - classes: how the databases of each class are made and used.
    ///   - roles: names of the real servers' roles, by major; a role that none has is missing on scratch too.
    /// - Returns: an answer to each request.
    /// - Throws: `CancellationError`, `NoPlainUser`.
    package func answer(
        _ requests: [ReplayRequest],
        folders: [String: MigrationFolder],
        classes: [DatabaseClass],
        roles: [Int: [String]] = [:]
    ) async throws -> [ReplayRequest: Replay] {
        let byMajor = Dictionary(grouping: Set(requests), by: \.major)
        return try await withThrowingTaskGroup(of: [ReplayRequest: Replay].self) { group in
            for (major, requests) in byMajor {
                group.addTask {
                    try await answer(requests, major, folders, classes, Array(Set(roles[major] ?? [])).sorted())
                }
            }
            var all: [ReplayRequest: Replay] = [:]
            for try await some in group { all.merge(some) { $1 } }
            return all
        }
    }

    private func answer(
        _ requests: [ReplayRequest],
        _ major: Int,
        _ folders: [String: MigrationFolder],
        _ classes: [DatabaseClass],
        _ roles: [String]
    ) async throws -> [ReplayRequest: Replay] {
        let bench: Bench
        switch await self.bench(major) {
        case .success(let found): bench = found
        case .failure(let unfit): return requests.answered(.unassessed(unfit.reason))
        }
        var answers: [ReplayRequest: Replay] = [:]
        var jobs: [ReplayJob] = []
        for request in requests {
            guard let folder = folders[request.className],
                let databaseClass = classes.first(where: { $0.name.value == request.className })
            else {
                answers[request] = .unassessed("the migrations of class \"\(request.className)\" could not be read")
                continue
            }
            precondition(
                request.sequence.allSatisfy(folder.migrations.indices.contains),
                "a sequence holds positions of the folder"
            )
            jobs.append(ReplayJob(request, databaseClass, folder, server: bench.version))
        }
        var nodes: [ReplayKey: ReplayNode] = [:]
        for job in jobs {
            for key in job.keys where nodes[key] == nil {
                guard let node = cache.node(key) else { break }
                nodes[key] = node
            }
        }
        for job in jobs { answers[job.request] = job.replay(from: nodes) }
        let missing = jobs.filter { answers[$0.request] == nil }
        guard !missing.isEmpty else { return answers }
        return answers.merging(try await run(missing, on: bench, nodes, roles)) { $1 }
    }

    private func run(
        _ jobs: [ReplayJob],
        on bench: Bench,
        _ nodes: [ReplayKey: ReplayNode],
        _ roles: [String]
    ) async throws -> [ReplayRequest: Replay] {
        let tries = Set(jobs.flatMap { $0.keys.dropFirst() }).count { nodes[$0] == nil }
        let tally = Tally(of: tries, progress)
        func replay(on server: ScratchServer) async throws -> [ReplayRequest: Replay] {
            var nodes = nodes
            var replayer = try await Replayer(server, cache: cache, roles: roles, inspect: inspect)
            replayer.tally = tally
            return try await replayer.answer(jobs, &nodes)
        }
        do {
            return try await run(on: bench, replay)
        } catch let error as any Error & CustomStringConvertible
            where error is EmbeddedServerError || error is PostgresError || error is CommandError
        {
            let reason = "\(error)"
            return Dictionary(
                uniqueKeysWithValues: jobs.map { ($0.request, $0.unassessed(after: nodes, reason: reason)) }
            )
        }
    }

    /// Gives `body` the server of a bench for as long as it runs.
    func run<Result: Sendable>(
        on bench: Bench,
        _ body: (ScratchServer) async throws -> Result
    ) async throws -> Result {
        switch bench {
        case .given(let target, _): try await body(.given(target))
        case .programs(let programs): try await Self.withServer(programs) { try await body(.ours($0)) }
        }
    }

    /// What replays run on.
    enum Bench {
        case programs(PostgresPrograms)
        case given(ConnectionTarget, version: Int)

        var version: Int {
            switch self {
            case .programs(let programs): programs.version.number
            case .given(_, let version): version
            }
        }
    }

    func bench(_ major: Int) async -> Result<Bench, ScratchServer.Unfit> {
        if let given {
            return await ScratchServer.examine(given).flatMap { version in
                guard version / 10_000 == major else {
                    return .failure(
                        .init(
                            reason:
                                "the server given by --scratch is PostgreSQL \(version / 10_000), these databases are on \(major)"
                        )
                    )
                }
                return .success(.given(given, version: version))
            }
        }
        guard let found = programs.first(where: { $0.hasServer && $0.version.major == major }) else {
            return .failure(
                .init(
                    reason:
                        "no PostgreSQL \(major) server programs on this machine: install them, name their folder with "
                        + "--pg-bin, or give a server of that major with --scratch"
                )
            )
        }
        return .success(.programs(found))
    }
}

extension Scratch {
    /// The major that replays run on where no server names one; nil where none can be run, with the reason.
    package func usualMajor() async -> (major: Int?, reason: String) {
        if let given {
            switch await ScratchServer.examine(given) {
            case .success(let version): return (version / 10_000, "")
            case .failure(let unfit): return (nil, unfit.reason)
            }
        }
        guard let best = programs.first(where: \.hasServer) else {
            return (
                nil,
                "no PostgreSQL server programs on this machine: install them, name their folder with --pg-bin, or give a "
                    + "server with --scratch"
            )
        }
        return (best.version.major, "")
    }
}

extension Scratch {
    /// Starts a server of our own from the cached template for as long as `body` runs.
    ///
    /// - Throws: `EmbeddedServerError`, `NoPlainUser`, or what `body` throws.
    package static func withServer<Result: Sendable>(
        _ programs: PostgresPrograms,
        _ body: (EmbeddedServer) async throws -> Result
    ) async throws -> Result {
        let home = try await ScratchHome.open()
        let settings = ["track_functions": "all", "max_locks_per_transaction": "512", "lc_messages": "C"]
        return try await EmbeddedServer.run(
            programs,
            in: home.path,
            template: try await home.template(programs, superuser: ScratchHome.superuser),
            superuser: ScratchHome.superuser,
            settings: settings,
            body
        )
    }
}

extension [ReplayRequest] {
    fileprivate func answered(_ replay: Replay) -> [ReplayRequest: Replay] {
        Dictionary(uniqueKeysWithValues: map { ($0, replay) })
    }
}
