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
    /// Told how far it has come.
    var tell: @Sendable (Activity) -> Void = { _ in }

    init(options: DiscoveryOptions, workspace: Workspace?, say: @escaping @Sendable (String) -> Void) {
        self.options = options
        self.workspace = workspace
        self.say = say
    }

    /// Looks around, visits every server, and tells what each holds.
    ///
    /// - Throws: an ending with 1 where a hop cannot be passed or nothing can be run there.
    func find() async throws -> DiscoveryReport {
        try await Routes.with { routes in
            tell(Activity("looking around"))
            let sighting = try await sight(routes)
            var report = await visit(sighting, routes)
            try Task.checkCancellation()
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
        visiting.parallel = options.work.width
        visiting.histories = (workspace?.fleet.classes ?? []).map { databaseClass in
            let source = databaseClass.migrations
            return HistoryPlace(schema: source.historySchema, table: source.historyTable, format: source.format)
        }
        let visit = ServerVisit(pool: pool, options: visiting)
        let declared = declared
        let told = Tally(of: sighting.candidates.count) { tell(Activity("looking into", $0, of: $1, "server")) }
        let visited = await sighting.candidates.concurrentMap(limit: 8) { candidate in
            defer { told.one() }
            return await visit.visit(
                candidate,
                mayHavePassword: sighting.trusts(candidate.owner),
                declared: declared.filter { instance, _ in candidate.addresses.contains { $0.isAddress(of: instance) } }
            )
        }
        var unseen = sighting.unseen
        for (candidate, server) in zip(sighting.candidates, visited) where server == nil {
            let address = candidate.addresses.first
            let reason =
                address?.isSocket == true
                ? "nobody answers there; a server that died may have left it"
                : "whoever listens there does not answer as PostgreSQL"
            unseen.append("\(address?.description ?? "a port"): \(reason)")
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
    ///
    /// Only declared ones of the very place that is looked at are asked; no other server hears of this.
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
        guard servers.contains(where: { $0.declaredAs == nil && $0.reached != nil }),
            let hops = try? options.hops()
        else { return servers }
        rest.removeAll { !$0.instance.isPlace(behind: hops, bySocket: !options.socketDir.isEmpty) }
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
}

extension HistoryPlace {
    init(_ source: MigrationSource) {
        self.init(schema: source.historySchema, table: source.historyTable, format: source.format)
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
        Scratch(programs: programs, given: given, cacheFolder: cacheFolder, inspect: inspector(pool))
    }
}
