internal import FleetModel
internal import Postgres

/// Replays jobs on one server, each stretch that they share once.
struct Replayer {
    let server: ScratchServer
    let cache: ReplayCache
    let inspect: Scratch.Inspect
    /// Names of the real servers' roles.
    let roles: [String]
    let administrator: Session
    private let stage: ScratchRoles?
    var line: ScratchLine?
    /// Counts migrations as they are tried.
    var tally: Tally?

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

    /// Answers the jobs; what they led to is added to the nodes and kept.
    mutating func answer(_ jobs: [ReplayJob], _ nodes: inout [ReplayKey: ReplayNode]) async throws -> [ReplayRequest:
        Replay]
    {
        var answers: [ReplayRequest: Replay] = [:]
        // Prefixes come before what they are prefixes of, so that a line is only ever gone on with.
        for job in jobs.sorted(by: { Self.comesBefore($0, $1) }) {
            try Task.checkCancellation()
            do throws(ReplayFault) {
                try await complete(job, &nodes)
                answers[job.request] = job.replay(from: nodes)
            } catch {
                await leaveLine()
                // A statement that we had ended ourselves says nothing of the migration.
                try Task.checkCancellation()
                guard case .unassessed(let reason) = error else { preconditionFailure("a failure is a node") }
                answers[job.request] = job.unassessed(after: nodes, reason: reason)
            }
        }
        await leaveLine()
        await administrator.close()
        return answers
    }

    /// What the job's migrations say where tables hold rows; see `RowProbe`.
    mutating func probe(_ job: ReplayJob) async throws(ReplayFault) -> [String] {
        let line = try await line(for: job, [:])
        self.line = line
        var probe = RowProbe(job, on: line)
        do throws(ReplayFault) {
            let said = try await probe.run()
            await leaveLine()
            return said
        } catch {
            await leaveLine()
            throw error
        }
    }

    func close() async { await administrator.close() }

    private static func comesBefore(_ left: ReplayJob, _ right: ReplayJob) -> Bool {
        if left.keys[0] != right.keys[0] { return left.keys[0].hex < right.keys[0].hex }
        return left.request.sequence.lexicographicallyPrecedes(right.request.sequence)
    }

    private mutating func complete(_ job: ReplayJob, _ nodes: inout [ReplayKey: ReplayNode]) async throws(ReplayFault) {
        guard job.replay(from: nodes) == nil else { return }
        var line = try await line(for: job, nodes)
        self.line = nil
        if nodes[job.keys[0]] == nil { try await store(.reached(catalog(of: line), nil), job.keys[0], &nodes) }
        for place in line.done.count..<job.migrations.count {
            let key = job.keys[place + 1]
            do throws(ReplayFault) {
                switch nodes[key] {
                case .reached: try await line.pass(job.migrations[place], at: job.request.sequence[place])
                case .failed:
                    await line.drop(administrator)
                    return
                case nil:
                    let measured = try await line.measure(job.migrations[place], at: job.request.sequence[place])
                    try await store(.reached(catalog(of: line), measured), key, &nodes)
                    tally?.one()
                }
            } catch {
                await line.drop(administrator)
                guard case .failed(let number, let message) = error else { throw error }
                store(.failed(line: number, message: message), key, &nodes)
                tally?.one()
                return
            }
        }
        self.line = line
    }

    /// The line at hand where the job goes on from it, else a new one.
    private mutating func line(for job: ReplayJob, _ nodes: [ReplayKey: ReplayNode]) async throws(ReplayFault)
        -> ScratchLine
    {
        let known = job.keys.dropFirst().prefix { nodes[$0] != nil }.count
        if let line, line.setup == job.setup, line.done.count <= known, job.request.sequence.starts(with: line.done),
            nodes[job.keys[0]] != nil
        {
            return line
        }
        await leaveLine()
        return try await newLine(job.setup)
    }

    func newLine(_ setup: ReplaySetup) async throws(ReplayFault) -> ScratchLine {
        do throws(PostgresError) {
            try await stage?.prepare(setup, others: roles)
        } catch {
            throw .unassessed("scratch cannot make the roles: \(error)")
        }
        return try await ScratchLine.open(on: server, setup, administrator: administrator)
    }

    mutating func leaveLine() async {
        await line?.drop(administrator)
        line = nil
    }

    private func catalog(of line: ScratchLine) async throws(ReplayFault) -> Catalog {
        do {
            let session = try await line.sessionForCatalog()
            let catalog = try await inspect(session, line.setup.historySchema, line.setup.historyTable)
            await session.close()
            return catalog
        } catch {
            throw .unassessed("the scratch database could not be inspected: \(error)")
        }
    }

    private func store(_ node: ReplayNode, _ key: ReplayKey, _ nodes: inout [ReplayKey: ReplayNode]) {
        nodes[key] = node
        cache.keep(node, as: key)
    }
}
