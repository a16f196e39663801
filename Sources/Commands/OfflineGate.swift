internal import Applying
internal import Effects
internal import FleetModel
internal import Migrations
internal import Planning
internal import Reports
internal import Servers

/// The gate for whoever has no credentials: it holds no way to a declared server and reads no secret, so that it can be
/// let loose on the pull request of a stranger.
struct OfflineGate: Sendable {
    private let judged: Judged
    private let servers: ServerOptions
    private let file: String?
    private let pool = CatalogPool()

    init(_ judged: Judged, _ servers: ServerOptions, baseline file: String?) {
        self.judged = judged
        self.servers = servers
        self.file = file
    }

    private var workspace: Workspace { judged.workspace }

    /// Judges the environments named; where none is, all of them, and the classes of none.
    func report(_ names: [String]) async throws -> (Plan, GateReport) {
        let environments = try workspace.environments(named: names)
        let baseline = try file.map { try SavedBaseline.read($0, of: environments) }
        let programs = await PostgresPrograms.all(explicit: servers.work.pgBin)
        var engine = workspace.engine(servers, programs, pool, allowed: judged.allowed)
        let (usual, reason) = await engine.scratch.usualMajor()
        guard let usual else { throw Ending(.failed, "nothing can be replayed: \(reason)") }
        var observed: [String: ObservedEnvironment] = [:]
        if let baseline {
            for environment in environments {
                let guess = HistoryGuess(environment, engine.contexts)
                observed[environment.name.value] = baseline.value.observed(environment) {
                    guess.name(instance: $0, database: $1, $2)
                }
            }
        }
        try servers.narrowing.requireMatches(in: environments, observed)
        do {
            let classes = names.isEmpty ? workspace.fleet.classes.map(\.name.value) : used(by: environments)
            engine.expectations = try await workspace.printedExpectations(of: Set(classes))
            let replays = try await replay(classes, observed, usual: usual, engine)
            var plans: [EnvironmentPlan] = []
            var verdicts: [GateVerdict] = []
            for environment in environments {
                let others = workspace.classes(of: environment).flatMap { objections(to: $0, replays, engine) }
                guard let own = observed[environment.name.value] else {
                    verdicts.append(judged.gate(environment.gate).judge(environment, others: others))
                    continue
                }
                var survey = try await engine.plan(environment, observed: own, others: observed) { _ in [:] }
                // The tables were held against the folders already, whatever the fleet has of them.
                survey.conflicts.removeAll { $0.code == .tablesDiffer }
                plans.append(survey.plan)
                verdicts.append(judged.verdict(environment, survey, others: others.heldAgainst(survey.plan)))
            }
            let unused = classes.filter { !used(by: workspace.fleet.environments).contains($0) }
                .flatMap { objections(to: $0, replays, engine) }
            if !unused.isEmpty { verdicts.append(judged.gate(GateSettings()).judge(nil, others: unused)) }
            let offline = GateReport.Offline(classes: replays.map(\.summary), baseline: baseline?.source)
            return (
                Plan(plans, root: workspace.fleet.root),
                GateReport(verdicts: verdicts, allowsPending: judged.allowsPending, offline: offline)
            )
        } catch let error as NoPlainUser {
            throw Ending(.failed, "\(error)")
        }
    }

    private func used(by environments: [Environment]) -> [String] {
        let named = Set(environments.flatMap { workspace.classes(of: $0) })
        return workspace.fleet.classes.map(\.name.value).filter(named.contains)
    }

    /// Everything that is known of a class without a server.
    private func objections(
        to className: String,
        _ replays: [ClassReplay],
        _ engine: EnvironmentSurvey
    ) -> [GateObjection] {
        let own = replays.filter { $0.folder.className == className }
        var objections = judged.folderObjections(className) + own.flatMap(\.objections)
        let answers = own.prefix(1).map { (ReplayRequest(whole: $0.folder, major: $0.major), $0.replay) }
        for diagnostic in engine.listedTables(Dictionary(uniqueKeysWithValues: answers)) {
            guard var objection = GateObjection(diagnostic) else { continue }
            objection.className = className
            objections.append(objection)
        }
        return objections
    }

    // MARK: Replays

    /// Each class on the majors its databases are on, as far as that is known; else on the best there is here.
    private func replay(
        _ classes: [String],
        _ observed: [String: ObservedEnvironment],
        usual: Int,
        _ engine: EnvironmentSurvey
    ) async throws -> [ClassReplay] {
        var requests: [ReplayRequest] = []
        for name in classes {
            guard let folder = workspace.folders[name] else { continue }
            let known = majors(of: name, observed)
            for major in known.isEmpty ? [usual] : known { requests.append(ReplayRequest(whole: folder, major: major)) }
        }
        let (answers, roles) = try await answers(requests, observed, engine)
        let expected = try await engine.expected(
            by: classes,
            majors: Set(requests.map(\.major)),
            replays: answers,
            roles: roles.mapValues { $0.sorted() }
        )
        var replays: [ClassReplay] = []
        for request in requests {
            guard let folder = workspace.folders[request.className], let replay = answers[request],
                let databaseClass = workspace.fleet.databaseClass(named: request.className)
            else { continue }
            var judged = try await engine.classReplay(
                replay,
                of: databaseClass,
                folder,
                request,
                (roles[request.major] ?? []).sorted()
            )
            judged.expected = expected[ExpectationKey(className: request.className, major: request.major)]
            replays.append(judged)
        }
        return replays
    }

    private func majors(of className: String, _ observed: [String: ObservedEnvironment]) -> [Int] {
        let majors = workspace.fleet.environments.flatMap { environment -> [Int] in
            let instances = Set(environment.entries.filter { $0.className.value == className }.map(\.instance.value))
            return (observed[environment.name.value]?.instances ?? []).filter { instances.contains($0.name) }
                .compactMap { $0.facts?.version.major }
        }
        return Set(majors).sorted()
    }

    private static let mostRoles = 100

    /// Which roles the servers have is known from a baseline alone; without one, those that migrations name are made up.
    private func answers(
        _ requests: [ReplayRequest],
        _ observed: [String: ObservedEnvironment],
        _ engine: EnvironmentSurvey
    ) async throws -> (answers: [ReplayRequest: Replay], roles: [Int: Set<String>]) {
        var roles: [Int: Set<String>] = [:]
        for facts in observed.values.flatMap(\.instances).compactMap(\.facts) {
            roles[facts.version.major, default: []].formUnion(facts.roles)
        }
        var rounds = 0
        while true {
            let answers = try await engine.scratch.answer(
                requests,
                folders: workspace.folders,
                classes: workspace.fleet.classes,
                roles: roles.mapValues { $0.sorted() }
            )
            var isNew = false
            rounds += 1
            // A migration can ask for another role each time it is run.
            for (request, replay) in answers where observed.isEmpty && rounds <= Self.mostRoles {
                guard let role = replay.missingRole else { continue }
                if roles[request.major, default: []].insert(role).inserted { isNew = true }
            }
            guard isNew else { return (answers, roles) }
        }
    }
}

extension Replay {
    /// The role for want of which scratch went no further.
    fileprivate var missingRole: String? {
        guard case .unassessed(_, let reason) = end, reason.hasPrefix("role \""),
            let close = reason.firstRange(of: "\" does not exist (SQLSTATE 42704)")
        else { return nil }
        return String(reason[reason.index(reason.startIndex, offsetBy: 6)..<close.lowerBound])
    }
}

/// Recorded inventories as files.
enum SavedBaseline {
    struct Found: Sendable {
        var value: Baseline
        var source: GateReport.Source
    }

    /// Reads one that knows the environments, at least one of them.
    static func read(_ file: String, of environments: [Environment]) throws -> Found {
        let anew = "record it anew: reconcile inventory --record \(file)"
        guard let text = textOfFile(file) else {
            throw Ending(.invalid, "cannot read the recorded inventory \(file)", hint: anew)
        }
        let (baseline, digest): (Baseline, String)
        do throws(BaselineError) {
            (baseline, digest) = try Baseline.read(Array(text.utf8), toolVersion: ToolVersion.current)
        } catch {
            throw Ending(.invalid, "\(file): \(error)", hint: anew)
        }
        let known = baseline.environments.map(\.name)
        guard environments.contains(where: { known.contains($0.name.value) }) else {
            throw Ending(
                .invalid,
                "\(file) was recorded of other manifests: it knows \(TerminalText.list(known)), not "
                    + TerminalText.list(environments.map(\.name.value)),
                hint: anew
            )
        }
        let source = GateReport.Source(
            file: file,
            digest: digest,
            recordedAt: baseline.recordedAt,
            age: max(0, Surroundings.now - baseline.recordedAt)
        )
        return Found(value: baseline, source: source)
    }

    static func write(_ baseline: Baseline, to file: String) throws {
        do throws(FileError) {
            try ResultFile.write(BaselineDocument(baseline).bytes + [UInt8(ascii: "\n")], to: file)
        } catch {
            throw Ending(.failed, "cannot write \(file): \(error.reason)")
        }
    }
}
