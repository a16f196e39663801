internal import Effects
package import FleetModel
package import Migrations
internal import Postgres

/// What the code of a class expects, to be held against its migrations.
package struct ExpectationRequest: Sendable, Hashable {
    package var key: ExpectationKey
    package var text: SchemaText
    /// The schema of the newest migration; nil where it is not known, and there is nothing to put into words.
    package var newest: Fingerprint?

    package init(key: ExpectationKey, text: SchemaText, newest: Fingerprint?) {
        self.key = key
        self.text = text
        self.newest = newest
    }
}

extension Scratch {
    /// Loads what code expects into empty databases and says what came of it.
    ///
    /// Kept by content as replays are. Where it is not what the newest migration makes, both are put into words.
    /// - Parameters:
    ///   - requests: one for each class and major.
    ///   - folders: the migrations, by class name.
    ///   - classes: how the databases of each class are made and used.
    ///   - roles: names of the real servers' roles, by major.
    /// - Returns: an answer to each request.
    /// - Throws: `CancellationError`, `NoPlainUser`.
    package func expected(
        _ requests: [ExpectationRequest],
        folders: [String: MigrationFolder],
        classes: [DatabaseClass],
        roles: [Int: [String]] = [:]
    ) async throws -> [ExpectationKey: ExpectedSchema] {
        var answers: [ExpectationKey: ExpectedSchema] = [:]
        for (major, requests) in Dictionary(grouping: requests, by: \.key.major).sorted(by: { $0.key < $1.key }) {
            try Task.checkCancellation()
            let bench: Bench
            switch await self.bench(major) {
            case .success(let found): bench = found
            case .failure(let unfit):
                for request in requests { answers[request.key] = .unassessed(unfit.reason) }
                continue
            }
            var missing: [Expecter.Job] = []
            for request in requests {
                guard let folder = folders[request.key.className],
                    let databaseClass = classes.first(where: { $0.name.value == request.key.className })
                else {
                    answers[request.key] = .unassessed("the migrations of the class could not be read")
                    continue
                }
                let job = Expecter.Job(request, databaseClass, folder, server: bench.version)
                if let known = job.answer(from: cache) { answers[request.key] = known } else { missing.append(job) }
            }
            guard !missing.isEmpty else { continue }
            answers.merge(try await load(missing, on: bench, roles: Array(Set(roles[major] ?? [])).sorted())) { $1 }
        }
        return answers
    }

    private func load(
        _ jobs: [Expecter.Job],
        on bench: Bench,
        roles: [String]
    ) async throws -> [ExpectationKey: ExpectedSchema] {
        func answers(on server: ScratchServer) async throws -> [ExpectationKey: ExpectedSchema] {
            let expecter = try await Expecter(server, cache: cache, roles: roles, inspect: inspect)
            return try await expecter.answer(jobs)
        }
        do {
            switch bench {
            case .given(let target, _): return try await answers(on: .given(target))
            case .programs(let programs):
                return try await Self.withServer(programs) { try await answers(on: .ours($0)) }
            }
        } catch let error as any Error & CustomStringConvertible
            where error is EmbeddedServerError || error is PostgresError || error is CommandError
        {
            return Dictionary(uniqueKeysWithValues: jobs.map { ($0.request.key, .unassessed("\(error)")) })
        }
    }
}
