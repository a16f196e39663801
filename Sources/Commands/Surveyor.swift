internal import Applying
internal import ArgumentParser
internal import Effects
internal import Expectations
internal import FleetModel
internal import ManifestLoading
internal import Migrations
internal import Planning
internal import Postgres
internal import Reports
internal import Servers

/// Looks at servers for a command: what the command line asks for, put together with what the manifests declare.
struct Surveyor: Sendable {
    let workspace: Workspace
    let pool = CatalogPool()
    private let common: CommonOptions
    private let servers: ServerOptions
    private let allowed: Set<Hazard>
    /// The command's, which closes them at its end.
    private let routes: Routes

    init(
        _ common: CommonOptions,
        _ servers: ServerOptions,
        _ workspace: Workspace,
        allowed: Set<Hazard>,
        routes: Routes
    ) {
        self.common = common
        self.servers = servers
        self.workspace = workspace
        self.allowed = allowed
        self.routes = routes
    }

    private var root: String { workspace.fleet.root }

    /// Shows what goes on; a program that reads the result is not told.
    func tell(_ activity: Activity) {
        switch workspace.format {
        case .text, .markdown, .html: common.terminal.tell(activity)
        case .json, .sarif, .junit: break
        }
    }

    /// Plans the environments named, all of them where none is.
    func plan(_ names: [String]) async throws -> Plan {
        Plan(try await surveys(names).map { try unopposed($0).plan }, root: root)
    }

    /// Looks at the environments named, all of them where none is, and plans each, whatever comes to light.
    func surveys(_ names: [String]) async throws -> [EnvironmentSurvey.Result] {
        defer { common.terminal.rest() }
        let (environments, observed) = try await look(names)
        let programs = await PostgresPrograms.all(explicit: servers.work.pgBin)
        let classes = Set(environments.flatMap { $0.entries.map(\.className.value) })
        tell(Activity("asking what the code expects"))
        let expectations = try await workspace.printedExpectations(of: classes)
        var surveys: [EnvironmentSurvey.Result] = []
        for environment in environments {
            surveys.append(try await survey(environment, observed, programs, expectations))
        }
        // What was broken off is no result.
        try Task.checkCancellation()
        return surveys
    }

    /// What scratch has against what an environment's databases with rows still have to run.
    func rowObjections(to survey: EnvironmentSurvey.Result) async throws -> [GateObjection] {
        guard survey.plan.cohorts.contains(where: { $0.steps.contains { $0.kind == .migrate } }) else { return [] }
        defer { common.terminal.rest() }
        tell(Activity("trying migrations on tables with rows"))
        let engine = engine(await PostgresPrograms.all(explicit: servers.work.pgBin))
        do {
            return try await engine.rowObjections(to: survey.plan, observed: survey.observed)
        } catch let error as NoPlainUser {
            throw Ending(.failed, "\(error)")
        }
    }

    /// What was seen, as a gate without servers plans from it.
    func baseline(_ surveys: [EnvironmentSurvey.Result]) -> Baseline {
        let contexts = engine([]).contexts
        let recorded = surveys.compactMap { survey -> Baseline.Recorded? in
            guard let environment = workspace.fleet.environment(named: survey.observed.name) else { return nil }
            let guess = HistoryGuess(environment, contexts)
            return Baseline.Recorded(survey.observed, of: environment) {
                guess.name(instance: $0, database: $1, $2)
            }
        }
        return Baseline(toolVersion: ToolVersion.current, recordedAt: Surroundings.now, environments: recorded)
    }

    /// Puts code, migrations and the environments named side by side.
    func compare(_ names: [String]) async throws -> Comparison {
        defer { common.terminal.rest() }
        let (environments, observed) = try await look(names)
        let programs = await PostgresPrograms.all(explicit: servers.work.pgBin)
        var engine = engine(programs)
        engine.expectations = try await workspace.printedExpectations(of: Set(workspace.folders.keys))
        do {
            let comparison = try await engine.compare(
                environments,
                observed: observed,
                major: programs.first(where: \.hasServer)?.version.major
            )
            try Task.checkCancellation()
            return comparison
        } catch let error as NoPlainUser {
            throw Ending(.failed, "\(error)")
        }
    }

    /// Looks at the environments named, all of them where none is.
    private func look(_ names: [String]) async throws -> ([Environment], [String: ObservedEnvironment]) {
        let environments = try workspace.environments(named: names)
        try servers.narrowing.requireInstances(in: environments)
        var observed: [String: ObservedEnvironment] = [:]
        for environment in environments { observed[environment.name.value] = await observe(environment) }
        try servers.narrowing.requireMatches(in: environments, observed)
        return (environments, observed)
    }

    /// Looks at one environment and plans it; code is none of its business, so no command of the manifests is run.
    func survey(
        _ environment: Environment,
        _ programs: [PostgresPrograms],
        requiringMatches: Bool
    ) async throws -> EnvironmentSurvey.Result {
        defer { common.terminal.rest() }
        let observed = [environment.name.value: await observe(environment)]
        if requiringMatches { try servers.narrowing.requireMatches(in: [environment], observed) }
        let result = try await survey(environment, observed, programs)
        try Task.checkCancellation()
        return try unopposed(result)
    }

    /// Ends with 65 where faults came to light that only servers show.
    func unopposed(_ result: EnvironmentSurvey.Result) throws -> EnvironmentSurvey.Result {
        guard result.conflicts.isEmpty else {
            try common.show(result.conflicts, workspace.format)
            throw Ending(.invalid)
        }
        return result
    }

    private func survey(
        _ environment: Environment,
        _ observed: [String: ObservedEnvironment],
        _ programs: [PostgresPrograms],
        _ expectations: [String: ExpectedSource] = [:]
    ) async throws -> EnvironmentSurvey.Result {
        guard let own = observed[environment.name.value] else { preconditionFailure("an environment nobody looked at") }
        do {
            var engine = engine(programs)
            engine.expectations = expectations
            return try await engine.plan(
                environment,
                observed: own,
                others: observed,
                define: { await define(environment, $0) },
                ask: { await ask(environment, own, $0) }
            )
        } catch let error as NoPlainUser {
            throw Ending(.failed, "\(error)")
        }
    }

    private func engine(_ programs: [PostgresPrograms]) -> EnvironmentSurvey {
        var engine = workspace.engine(servers, programs, pool, allowed: allowed)
        engine.scratch.progress = { tell(.scratch($0, of: $1)) }
        return engine
    }

    private func observe(_ environment: Environment) async -> ObservedEnvironment {
        let guess = HistoryGuess(environment, engine([]).contexts)
        let narrowing = servers.narrowing
        let terminal = common.terminal
        var options = FleetObserver.Options()
        options.routes = routes
        options.parallel = servers.work.width
        options.includesInstance = { narrowing.includes(instance: $0) }
        options.includesDatabase = { narrowing.includes(database: $1) }
        options.history = { guess.query(instance: $0, database: $1, $2) }
        options.progress = { tell(Activity($0, of: environment.name.value)) }
        options.warn = { terminal.say("warning: \(TerminalText.safe($0))") }
        return await FleetObserver(pool: pool, options: options).observe(environment)
    }

    /// Where each instance is reached.
    ///
    /// One that is not needed and not reached is left out.
    /// - Throws: an ending with 1 where a secret cannot be read or a hop fails.
    func targets(
        of environment: Environment,
        needed: @Sendable (String) -> Bool = { _ in true }
    ) async throws -> [String: ConnectionTarget] {
        let routes = routes
        let found = await environment.instances.concurrentMap(limit: servers.work.width) {
            instance -> Result<ConnectionTarget, AccessError> in
            do throws(AccessError) {
                return .success(try await InstanceAccess(instance, of: environment, routes: routes).target)
            } catch {
                return .failure(error)
            }
        }
        var targets: [String: ConnectionTarget] = [:]
        for (name, found) in zip(environment.instances.map(\.name.value), found) {
            switch found {
            case .success(let target): targets[name] = target
            case .failure(.hop) where !needed(name): continue
            case .failure(let error):
                try Task.checkCancellation()
                throw Ending(.failed, TerminalText.safe("instance \"\(name)\": \(error); nothing was done"))
            }
        }
        return targets
    }

    /// Asks databases how objects read that differ; where one cannot be asked, the plan says less, and why is told.
    private func define(_ environment: Environment, _ needs: [DefinitionNeed]) async -> Definitions {
        let wanted = needs.compactMap { need -> (need: DefinitionNeed, key: DatabaseKey)? in
            guard case .database(let instance, let name) = need.source else { return nil }
            return (need, DatabaseKey(instance: instance, database: name))
        }
        let instances = Set(wanted.map(\.key.instance))
        guard !wanted.isEmpty, let targets = try? await targets(of: environment, needed: instances.contains) else {
            return [:]
        }
        let terminal = common.terminal
        tell(Activity("reading how what differs is defined"))
        let answers = await wanted.concurrentMap(limit: servers.work.width) {
            item -> (DefinitionKey, [ObjectID: Definition])? in
            guard let target = targets[item.key.instance]?.with(database: item.key.database) else { return nil }
            do {
                return (item.need.key, try await DefinitionReader.read(item.need.objects, at: target))
            } catch {
                terminal.say("warning: \(TerminalText.safe("\(item.key): definitions could not be read: \(error)"))")
                return nil
            }
        }
        return Dictionary(answers.compactMap(\.self)) { first, _ in first }
    }

    /// Asks the checks of databases that are where they should be: those of others speak of tables yet to come.
    private func ask(
        _ environment: Environment,
        _ observed: ObservedEnvironment,
        _ converged: [(key: DatabaseKey, className: String)]
    ) async -> [DatabaseKey: [CheckOutcome]] {
        let classes = workspace.fleet.classes.filter { !$0.checks.isEmpty }.map(\.name.value)
        let asked = converged.filter { classes.contains($0.className) }
        let instances = Set(asked.map(\.key.instance))
        guard !asked.isEmpty, let targets = try? await targets(of: environment, needed: instances.contains) else {
            return [:]
        }
        let contexts = engine([]).contexts
        let owners = Dictionary(
            observed.instances.flatMap { instance in
                instance.databases.map { (DatabaseKey(instance: instance.name, database: $0.name), $0.owner) }
            }
        ) { $1 }
        let told = Tally(of: asked.count) { tell(Activity("asking the checks of", $0, of: $1, "database")) }
        let answers = await asked.concurrentMap(limit: servers.work.width) { item -> [(DatabaseKey, CheckOutcome)] in
            defer { told.one() }
            guard let target = targets[item.key.instance], let context = contexts[item.className] else { return [] }
            let settings = SessionSettings(
                access: .readOnly,
                statementTimeout: .seconds(60),
                applicationName: "reconcile/check"
            )
            do {
                let session = try await Session.open(target.with(database: item.key.database), settings: settings)
                let failures = try await DatabaseChecks.failures(
                    on: session,
                    context,
                    owner: owners[item.key] ?? ""
                )
                await session.close()
                return failures.map { (item.key, CheckOutcome(name: $0.name, holds: false, message: $0.reason)) }
            } catch {
                return [(item.key, CheckOutcome(name: "checks", holds: false, message: "could not be asked: \(error)"))]
            }
        }
        return Dictionary(grouping: answers.flatMap(\.self), by: \.0).mapValues { $0.map(\.1) }
    }

    /// Who takes the backups of a run and keeps their folder in order.
    func desk(_ environment: Environment, _ hold: Hold, _ programs: [PostgresPrograms]) -> BackupDesk {
        BackupDesk(
            programs: programs,
            environment: environment,
            root: root,
            run: hold.run,
            pool: pool,
            now: { Surroundings.now }
        )
    }

    /// What the work of an apply shares.
    func applyContext(
        _ environment: Environment,
        _ plan: EnvironmentPlan,
        _ hold: Hold,
        _ surveyed: EnvironmentSurvey.Result,
        _ targets: [String: ConnectionTarget],
        _ programs: [PostgresPrograms],
        report: @escaping @Sendable (ApplyEvent) -> Void
    ) -> ApplyContext {
        var environment = environment
        if let parallel = servers.work.parallel { environment.policy.parallel = parallel }
        let desk = desk(environment, hold, programs)
        return ApplyContext(
            environment: environment,
            plan: plan,
            run: hold.run,
            classes: engine(programs).contexts,
            // From here on every session is with the server whose lock is held.
            targets: targets.merging(hold.controls.mapValues(\.target)) { $1 },
            controls: hold.controls,
            facts: surveyed.facts,
            pool: pool,
            backups: desk,
            routes: routes,
            report: report
        )
    }
}

extension Narrowing {
    /// Ends with 64 where an instance is named that there is not.
    func requireInstances(in environments: [Environment]) throws {
        guard let unknown = unknownInstances(in: environments).first else { return }
        let all = environments.flatMap(\.instances).map(\.name.value)
        throw Ending(.usage, "no instance is named \(TerminalText.safe("\"\(unknown)\""))", hint: near(unknown, all))
    }

    /// The name that was meant, or all there are where there are few.
    private func near(_ word: String, _ names: [String]) -> String {
        if let near = nearest(to: word, among: names) { return TerminalText.safe("did you mean \"\(near)\"?") }
        return "there are \(TerminalText.list(names))"
    }

    /// Ends with 64 where a pattern fits nothing: a mistyped one would leave nothing to be looked at.
    func requireMatches(in environments: [Environment], _ observed: [String: ObservedEnvironment]) throws {
        let looked = environments.compactMap { one in
            observed[one.name.value].map { (environment: one, observed: $0) }
        }
        guard !looked.isEmpty, let pattern = unmatchedDatabases(in: looked).first else { return }
        // What is kept aside is nobody's to name.
        let names = databaseNames(in: looked).filter { !RunName.isAside($0) }
        throw Ending(
            .usage,
            "no database that exists or is declared fits \(TerminalText.safe("\"\(pattern)\""))",
            hint: names.isEmpty
                ? "--database takes a name, or a pattern over names: tenant_*"
                : near(pattern, names) + " (--database takes a name, or a pattern over names)"
        )
    }
}

extension ServerOptions {
    /// What a saved plan was narrowed to counts for its apply as well.
    mutating func narrow(as saved: EnvironmentPlan) {
        for flag in saved.narrowed {
            let words = flag.split(separator: " ", maxSplits: 1).map(String.init)
            guard words.count == 2 else { continue }
            if words[0] == "--instance", !instance.contains(words[1]) { instance.append(words[1]) }
            if words[0] == "--database", !database.contains(words[1]) { database.append(words[1]) }
        }
    }
}
