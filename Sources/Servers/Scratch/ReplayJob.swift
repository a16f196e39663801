internal import FleetModel
internal import Migrations

/// One sequence of one class to replay, and the names of the nodes it passes.
struct ReplayJob: Sendable {
    let request: ReplayRequest
    let setup: ReplaySetup
    let migrations: [Migration]
    /// The root's, then one for each migration.
    let keys: [ReplayKey]

    init(_ request: ReplayRequest, _ databaseClass: DatabaseClass, _ folder: MigrationFolder, server version: Int) {
        self.request = request
        setup = ReplaySetup(databaseClass, folder.source, owner: request.owner)
        migrations = request.sequence.map { folder.migrations[$0] }
        var keys = [setup.key(server: version)]
        for migration in migrations { keys.append(keys[keys.count - 1].after(migration)) }
        self.keys = keys
    }

    /// The answer, as far as its nodes are known; nil while one is missing.
    func replay(from nodes: [ReplayKey: ReplayNode]) -> Replay? {
        var replay = Replay(states: [], migrations: [], end: .complete)
        for (place, key) in keys.enumerated() {
            switch nodes[key] {
            case nil: return nil
            case .reached(let catalog, let migration):
                replay.states.append(catalog)
                if let migration { replay.migrations.append(migration) }
            case .failed(let line, let message):
                replay.end = .failed(at: place - 1, message: describe(line, message, at: place - 1))
                replay.failureLine = line
                return replay
            }
        }
        return replay
    }

    /// The answer where scratch could go no further than the nodes that are known.
    func unassessed(after nodes: [ReplayKey: ReplayNode], reason: String) -> Replay {
        var replay = Replay(states: [], migrations: [], end: .unassessed(at: 0, reason: reason))
        for (place, key) in keys.enumerated() {
            guard case .reached(let catalog, let migration) = nodes[key] else {
                replay.end = .unassessed(at: max(0, place - 1), reason: reason)
                return replay
            }
            replay.states.append(catalog)
            if let migration { replay.migrations.append(migration) }
        }
        return replay
    }

    func describe(_ line: Int?, _ message: String, at place: Int) -> String {
        "\(migrations[place].file)\(line.map { ":\($0)" } ?? ""): \(message)"
    }
}

extension Replay {
    static func unassessed(_ reason: String) -> Replay {
        Replay(states: [], migrations: [], end: .unassessed(at: 0, reason: reason))
    }
}
