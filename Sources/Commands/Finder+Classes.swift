internal import Discovery
internal import FleetModel
internal import Migrations
internal import Postgres
internal import Reports
internal import Servers

extension Finder {
    /// Tells of each database which class it seems to be of, and at which version.
    func judged(_ servers: [FoundServer]) async -> [FoundServer] {
        let majors = Set(servers.compactMap { $0.reached?.facts.version.major })
        let shapes = await shapes(majors, roles: servers.compactMap(\.reached?.facts))
        var servers = servers
        for index in servers.indices {
            guard case .reached(var reached) = servers[index].outcome else { continue }
            for position in reached.databases.indices {
                guard let state = reached.databases[position].observed.state else { continue }
                let likeness = Likeness(
                    tables: state.catalog.tables,
                    fingerprint: state.catalog.fingerprint,
                    major: reached.facts.version.major,
                    classes: shapes
                )
                reached.databases[position].likeness = likeness
                reached.databases[position].version = version(reached.databases[position], likeness, state)
                reached.databases[position].nearest =
                    shapes.first { $0.name == likeness.className }?.nearest(to: state.catalog.tables)
            }
            servers[index].outcome = .reached(reached)
        }
        return servers
    }

    /// By its history, where that is the class's own; else by its schema.
    private func version(_ database: FoundDatabase, _ likeness: Likeness, _ state: DatabaseState) -> String? {
        if let name = likeness.className, let folder = workspace?.folders[name], let place = database.history,
            place == HistoryPlace(folder.source), !folder.migrations.isEmpty, state.history.exists
        {
            let accounting = folder.source.format.history.account(
                folder,
                rows: state.history,
                upTo: folder.migrations.count - 1
            )
            if let version = accounting.version { return version }
        }
        guard case .exact(_, let version) = likeness else { return nil }
        return version
    }

    /// What every class looks like, replayed on scratch.
    private func shapes(_ majors: Set<Int>, roles: [ServerFacts]) async -> [ClassShape] {
        guard let workspace, !workspace.folders.isEmpty, !majors.isEmpty else { return [] }
        let programs = await PostgresPrograms.all(explicit: options.work.pgBin)
        // Tables are called alike on every major, so where the server's own is not installed another tells them.
        let all = majors.union(programs.first(where: \.hasServer).map { [$0.version.major] } ?? [])
        let requests = workspace.folders.values.flatMap { folder in
            all.map {
                ReplayRequest(className: folder.className, major: $0, sequence: Array(folder.migrations.indices))
            }
        }
        var scratch = Scratch.inspecting(
            pool: pool,
            programs: programs,
            cacheFolder: "\(workspace.fleet.root)/.reconcile/cache"
        )
        let tell = tell
        scratch.progress = { tell(.scratch($0, of: $1)) }
        var rolesByMajor: [Int: [String]] = [:]
        for facts in roles { rolesByMajor[facts.version.major, default: []] += facts.roles }
        let replays: [ReplayRequest: Replay]
        do {
            replays = try await scratch.answer(
                requests,
                folders: workspace.folders,
                classes: workspace.fleet.classes,
                roles: rolesByMajor
            )
        } catch {
            say("warning: the classes' migrations could not be tried, so no database's class is told by them: \(error)")
            return listedShapes(workspace)
        }
        return workspace.fleet.classes.compactMap { shape($0, replays) }
    }

    private func shape(_ databaseClass: DatabaseClass, _ replays: [ReplayRequest: Replay]) -> ClassShape? {
        let name = databaseClass.name.value
        guard let folder = workspace?.folders[name] else { return nil }
        let listed = Set((databaseClass.tables ?? []).map(\.value))
        var shape = ClassShape(name: name, tables: listed, newest: listed)
        var reasons: [String] = []
        for (request, replay) in replays.sorted(by: { $0.key.major < $1.key.major }) where request.className == name {
            if let obstacle = replay.end.obstacle { reasons.append(obstacle) }
            for state in replay.states { shape.tables.formUnion(state.tables) }
            if let last = replay.states.last, replay.states.count > 1, listed.isEmpty {
                shape.newest = Set(last.tables)
            }
            shape.states[request.major] = zip(folder.migrations, replay.states.dropFirst()).map {
                ClassShape.State(version: $0.tag, fingerprint: $1.fingerprint, tables: Set($1.tables))
            }
        }
        if shape.tables.isEmpty, let reason = reasons.first {
            say(
                "warning: no database can be told to be of class \"\(TerminalText.safe(name))\": \(TerminalText.safe(reason))"
            )
        }
        return shape
    }

    private func listedShapes(_ workspace: Workspace) -> [ClassShape] {
        workspace.fleet.classes.map { databaseClass in
            let listed = Set((databaseClass.tables ?? []).map(\.value))
            return ClassShape(name: databaseClass.name.value, tables: listed, newest: listed)
        }
    }
}

extension Replay.End {
    fileprivate var obstacle: String? {
        switch self {
        case .complete: nil
        case .failed(_, let message): message
        case .unassessed(_, let reason): reason
        }
    }
}
