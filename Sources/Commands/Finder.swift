internal import Discovery
internal import Effects
internal import FleetModel
internal import Migrations
internal import Postgres
internal import Reports
internal import Servers

/// Finds servers for a command, and holds them against what manifests and migration folders say.
struct Finder: Sendable {
    let options: DiscoveryOptions
    /// Classes, folders and environments to hold what is found against; environments name servers as declared.
    var workspace: Workspace?
    let pool = CatalogPool()
    /// Told what goes on, in words for a person.
    var say: @Sendable (String) -> Void

    /// Looks around, visits every server, and tells what each holds.
    ///
    /// - Throws: an ending with 1 where a hop cannot be passed or nothing can be run there.
    func find() async throws -> DiscoveryReport {
        try await Routes.with { routes in
            let sighting = try await sight(routes)
            var report = await visit(sighting, routes)
            report.servers = await judged(report.servers)
            return report
        }
    }

    private func sight(_ routes: Routes) async throws -> Sighting {
        do {
            let place = try await routes.place(behind: try options.hops())
            return try await Lookout(place, folders: options.socketDir).look()
        } catch let error as HopError {
            throw Ending(.failed, "cannot look behind \(error)")
        } catch let error as LookoutError {
            throw Ending(.failed, "cannot look around: \(error)")
        } catch let error as CommandError {
            throw Ending(.failed, "cannot look around: \(error)")
        }
    }

    // MARK: Servers

    private func visit(_ sighting: Sighting, _ routes: Routes) async -> DiscoveryReport {
        var visiting = ServerVisit.Options(routes: routes)
        visiting.users = options.users
        visiting.passwordVariable = options.passwordEnv
        visiting.parallel = options.parallel ?? 8
        visiting.histories = (workspace?.fleet.classes ?? []).map { databaseClass in
            let source = databaseClass.migrations
            return HistoryPlace(schema: source.historySchema, table: source.historyTable, format: source.format)
        }
        let visit = ServerVisit(pool: pool, options: visiting)
        let declared = declared
        let visited = await sighting.candidates.concurrentMap(limit: 8) { candidate in
            await visit.visit(
                candidate,
                mayHavePassword: sighting.trusts(candidate.owner),
                declared: declared.filter { instance, _ in candidate.addresses.contains { $0.isAddress(of: instance) } }
            )
        }
        var unseen = sighting.unseen
        for (candidate, server) in zip(sighting.candidates, visited) where server == nil {
            unseen.append(
                "\(candidate.addresses.first?.description ?? "a port"): whoever listens there does not answer as PostgreSQL"
            )
        }
        var servers = FoundServer.merged(visited.compactMap(\.self))
        servers.sort {
            ($0.address?.description ?? "~", $0.candidate.processID ?? 0) < (
                $1.address?.description ?? "~", $1.candidate.processID ?? 0
            )
        }
        servers.nameAll()
        if options.passwordEnv != nil {
            for server in servers where server.reached == nil && !sighting.trusts(server.candidate.owner) {
                unseen.append(
                    "\(server.name): was told no password, since it runs as a user who may not be trusted with one"
                )
            }
        }
        return DiscoveryReport(
            servers: await recognized(servers, visit),
            unseen: unseen,
            passwordVariable: options.passwordEnv
        )
    }

    private var declared: [(instance: Instance, environment: Environment)] {
        (workspace?.fleet.environments ?? []).flatMap { environment in environment.instances.map { ($0, environment) } }
    }

    /// Names the manifest's entry of each server: by its address, else by what a declared one says it is.
    private func recognized(_ servers: [FoundServer], _ visit: ServerVisit) async -> [FoundServer] {
        var servers = servers
        var rest: [(instance: Instance, environment: Environment)] = []
        for (instance, environment) in declared {
            let index = servers.firstIndex { $0.addresses.contains { $0.isAddress(of: instance) } }
            guard let index else {
                rest.append((instance, environment))
                continue
            }
            servers[index].declaredAs =
                servers[index].declaredAs ?? "\(environment.name.value)/\(instance.name.value)"
        }
        guard servers.contains(where: { $0.declaredAs == nil && $0.reached != nil }) else { return servers }
        let identities = await rest.concurrentMap(limit: 8) {
            await visit.identity(of: $0.instance, in: $0.environment)
        }
        for ((instance, environment), identity) in zip(rest, identities) {
            guard let identity else { continue }
            let index = servers.firstIndex { server in
                server.reached.map {
                    $0.facts.systemIdentifier == identity.systemIdentifier && $0.startedAt == identity.startedAt
                } == true
            }
            guard let index, servers[index].declaredAs == nil else { continue }
            servers[index].declaredAs = "\(environment.name.value)/\(instance.name.value)"
        }
        return servers
    }

    // MARK: Databases

    /// Tells of each database which class it seems to be of, and at which version.
    private func judged(_ servers: [FoundServer]) async -> [FoundServer] {
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
        let programs = await PostgresPrograms.all(explicit: options.pgBin)
        // Tables are called alike on every major, so where the server's own is not installed another tells them.
        let all = majors.union(programs.first(where: \.hasServer).map { [$0.version.major] } ?? [])
        let requests = workspace.folders.values.flatMap { folder in
            all.map {
                ReplayRequest(className: folder.className, major: $0, sequence: Array(folder.migrations.indices))
            }
        }
        let scratch = Scratch.inspecting(
            pool: pool,
            programs: programs,
            cacheFolder: "\(workspace.fleet.root)/.reconcile/cache"
        )
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

extension HistoryPlace {
    init(_ source: MigrationSource) {
        self.init(schema: source.historySchema, table: source.historyTable, format: source.format)
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

extension Scratch {
    /// One that takes catalogs just as they are taken of real databases.
    static func inspecting(
        pool: CatalogPool,
        programs: [PostgresPrograms],
        given: ConnectionTarget? = nil,
        cacheFolder: String
    ) -> Scratch {
        Scratch(programs: programs, given: given, cacheFolder: cacheFolder) { session, schema, table in
            let history = HistoryQuery(schema: schema, table: table, columns: ["NULL"], order: "1") { _ in
                Fingerprint(of: "")
            }
            return try await Inspector.inspect(session, history: history, pool: pool).catalog
        }
    }
}
