internal import Effects
package import FleetModel
package import Migrations
internal import Postgres

extension Scratch {
    /// Which migrations fail wherever a table that they change holds a row.
    ///
    /// What cannot be told is not in the answer: this only ever adds to what `answer` says, and fails at nothing.
    ///
    /// - Parameters:
    ///   - request: a sequence that runs to its end from empty.
    ///   - folder: its class's migrations.
    ///   - databaseClass: how databases of the class are made and used.
    ///   - roles: names of the real servers' roles.
    /// - Returns: places in the sequence, each with what the server said.
    /// - Throws: `CancellationError`, `NoPlainUser`.
    package func rowFailures(
        _ request: ReplayRequest,
        folder: MigrationFolder,
        databaseClass: DatabaseClass,
        roles: [String] = []
    ) async throws -> [Int: String] {
        guard case .success(let bench) = await bench(request.major) else { return [:] }
        let job = ReplayJob(request, databaseClass, folder, server: bench.version)
        let keys = job.keys.dropFirst().map { $0.after(["with rows"]) }
        if let known = kept(keys) { return known }
        let said: [String]?
        do {
            said = try await run(on: bench) { server in
                var replayer = try await Replayer(server, cache: cache, roles: roles, inspect: inspect)
                let said = try? await replayer.probe(job)
                await replayer.close()
                return said
            }
        } catch let error as any Error & CustomStringConvertible
            where error is EmbeddedServerError || error is PostgresError || error is CommandError
        {
            return [:]
        }
        try Task.checkCancellation()
        guard let said else { return [:] }
        for (place, key) in keys.enumerated() {
            // Beyond what cannot be undone nobody can tell, then as now.
            cache.keep(.failed(line: nil, message: place < said.count ? said[place] : ""), as: key)
        }
        return failures(said)
    }

    private func kept(_ keys: [ReplayKey]) -> [Int: String]? {
        var said: [String] = []
        for key in keys {
            guard case .failed(_, let message)? = cache.node(key) else { return nil }
            said.append(message)
        }
        return failures(said)
    }

    private func failures(_ said: [String]) -> [Int: String] {
        Dictionary(
            uniqueKeysWithValues: said.enumerated().filter { !$0.element.isEmpty }.map { ($0.offset, $0.element) }
        )
    }
}
