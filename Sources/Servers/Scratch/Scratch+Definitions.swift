internal import Effects
package import FleetModel
package import Migrations
internal import Postgres

extension Scratch {
    /// How objects read in states that replays reached.
    ///
    /// What was asked once is kept beside the replays; only for the rest a server is started and the migrations run again,
    /// unmeasured. What cannot be told is left out: it is words that are missing then, and no finding.
    ///
    /// - Parameters:
    ///   - needs: whose source is a replay; others are passed over.
    ///   - folders: the migrations, by class name.
    ///   - classes: how the databases of each class are made and used.
    ///   - roles: names of the real servers' roles, by major.
    /// - Returns: what could be told, by state.
    /// - Throws: `CancellationError`, `NoPlainUser`.
    package func definitions(
        _ needs: [DefinitionNeed],
        folders: [String: MigrationFolder],
        classes: [DatabaseClass],
        roles: [Int: [String]] = [:]
    ) async throws -> Definitions {
        var all: Definitions = [:]
        for (major, needs) in Dictionary(grouping: needs, by: \.key.major) {
            guard case .success(let bench) = await bench(major) else { continue }
            // A state may be asked about twice: for what is in it, and for who owns it.
            var owed: [ReplayKey: DefinitionJob] = [:]
            for need in needs {
                guard let job = job(need, folders, classes, bench.version) else { continue }
                if let known = cache.definitions(job.key), need.objects.allSatisfy({ known[$0] != nil }) {
                    all[need.key] = known
                } else {
                    owed[job.key, default: job].join(job)
                }
            }
            guard !owed.isEmpty else { continue }
            all.merge(try await read(Array(owed.values), on: bench, roles[major] ?? [])) { $1 }
        }
        return all
    }

    private func job(
        _ need: DefinitionNeed,
        _ folders: [String: MigrationFolder],
        _ classes: [DatabaseClass],
        _ version: Int
    ) -> DefinitionJob? {
        guard case .replay(let request, let count) = need.source, let folder = folders[request.className],
            let databaseClass = classes.first(where: { $0.name.value == request.className }),
            count <= request.sequence.count
        else { return nil }
        let replay = ReplayJob(request, databaseClass, folder, server: version)
        // Whoever asks for one object of a state will ask for another tomorrow.
        var objects = need.objects
        if case .reached(let catalog, _) = cache.node(replay.keys[count]) {
            let whole = catalog.objects.map(\.id)
            if whole.count <= DefinitionReader.mostObjects { objects = Set(whole).union(objects).sorted() }
        }
        return DefinitionJob(keys: [need.key], replay: replay, count: count, objects: objects)
    }

    private func read(
        _ jobs: [DefinitionJob],
        on bench: Bench,
        _ roles: [String]
    ) async throws -> Definitions {
        func read(on server: ScratchServer) async throws -> Definitions {
            var replayer = try await Replayer(server, cache: cache, roles: roles.sorted(), inspect: inspect)
            return try await replayer.definitions(jobs)
        }
        do {
            switch bench {
            case .given(let target, _): return try await read(on: .given(target))
            case .programs(let programs):
                return try await Self.withServer(programs) { try await read(on: .ours($0)) }
            }
        } catch  where error is EmbeddedServerError || error is PostgresError || error is CommandError {
            return [:]
        }
    }
}

/// A state to be reached once more, and what to ask there.
struct DefinitionJob {
    /// Under which the answer is wanted.
    var keys: Set<DefinitionKey>
    var replay: ReplayJob
    /// How many migrations of the replay lead to it.
    var count: Int
    var objects: [ObjectID]

    var key: ReplayKey { replay.keys[count] }

    /// Takes over what another one of the same state wants.
    mutating func join(_ other: DefinitionJob) {
        keys.formUnion(other.keys)
        objects = Set(objects).union(other.objects).sorted()
    }
}

extension Replayer {
    /// Reads definitions in every state, going on from one to the next where it lies on the way.
    mutating func definitions(_ jobs: [DefinitionJob]) async throws -> Definitions {
        var definitions: Definitions = [:]
        let sorted = jobs.sorted { left, right in
            if left.replay.keys[0] != right.replay.keys[0] { return left.replay.keys[0].hex < right.replay.keys[0].hex }
            return left.sequence.lexicographicallyPrecedes(right.sequence)
        }
        for job in sorted {
            try Task.checkCancellation()
            do throws(ReplayFault) {
                let found = try await read(job)
                for key in job.keys { definitions[key] = found }
                cache.keep(found, as: job.key)
            } catch {
                await leaveLine()
            }
        }
        await leaveLine()
        await administrator.close()
        return definitions
    }

    private mutating func read(_ job: DefinitionJob) async throws(ReplayFault) -> [ObjectID: Definition] {
        var line: ScratchLine
        if let known = self.line, known.setup == job.replay.setup, job.sequence.starts(with: known.done) {
            line = known
        } else {
            await leaveLine()
            line = try await newLine(job.replay.setup)
        }
        for place in line.done.count..<job.count {
            self.line = line
            try await line.repeatUnmeasured(job.replay.migrations[place], at: job.replay.request.sequence[place])
        }
        self.line = line
        do throws(PostgresError) {
            let session = try await line.sessionForCatalog()
            let definitions = try await DefinitionReader.read(job.objects, session)
            await session.close()
            return definitions
        } catch {
            throw .unassessed("\(error)")
        }
    }
}

extension DefinitionJob {
    fileprivate var sequence: ArraySlice<Int> { replay.request.sequence.prefix(count) }
}
