internal import Applying
internal import ArgumentParser
internal import FleetModel
internal import Planning
internal import Servers

struct GateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate",
        abstract: "Says whether a pipeline may go on; changes nothing.",
        usage: "reconcile gate [ENV…] [--offline [--baseline FILE]] [<options>]",
        discussion: """
            Plans as `plan` does, and ends with 0 only where nothing is owed and
            nothing is refused. What stands in the way has the code of a rule, which
            docs/gate.md explains; a manifest's `gate: {rules: …}` sets levels.
            --offline reads no secret and asks no server but scratch: manifests,
            migration folders, every migration replayed, and with --baseline the plan
            for the fleet as `inventory --record` saw it.

            EXIT STATUS
                0  passes                      3  refused by policy or a rule
                1  a server did not answer, a check fails, scratch proves nothing
                2  changes are owed           65  invalid manifest or folder

            EXAMPLES
              reconcile gate production
              reconcile gate --allow-pending --format json
              reconcile inventory --record fleet.json
              reconcile gate --offline --baseline fleet.json --allow-pending
            """
    )

    @Argument(help: .init("Environments; all of them where none is named.", valueName: "ENV"))
    var environments: [String] = []

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<PlanFormat>
    @OptionGroup var servers: ServerOptions
    @OptionGroup var grants: GrantOptions

    @Flag(help: "Pass where all that is owed is harmless: no repair, move or drop, and no loss but what --allow names.")
    var allowPending = false

    @Flag(help: "Read no secret and ask no server but scratch.")
    var offline = false

    @Option(
        help: .init("With --offline: plan from what `inventory --record` wrote.", valueName: "file"),
        completion: .file()
    )
    var baseline: String?

    func validate() throws {
        if baseline != nil, !offline { throw ValidationError("--baseline is for --offline: else servers are asked") }
    }

    func run() async throws {
        let workspace = try Workspace.load(common, format: formatting.format)
        if !offline || workspace.fleet.classes.isEmpty { try workspace.requireEnvironments() }
        let allowed = try grants.hazards()
        let judged = Judged(workspace, allowed: allowed, allowsPending: allowPending)
        let (plan, report) =
            if offline {
                try await OfflineGate(judged, servers, baseline: baseline).report(environments)
            } else {
                try await live(judged)
            }
        try common.show(plan, report, formatting.format)
        if let status = report.status { throw Ending(ExitStatus(status)) }
    }

    private func live(_ judged: Judged) async throws -> (Plan, GateReport) {
        let workspace = judged.workspace
        let (surveys, rows) = try await Routes.with { routes in
            let surveyor = Surveyor(common, servers, workspace, allowed: judged.allowed, routes: routes)
            let surveys = try await surveyor.surveys(environments)
            var rows: [[GateObjection]] = []
            for survey in surveys { rows.append(try await surveyor.rowObjections(to: survey)) }
            return (surveys, rows)
        }
        let verdicts = try workspace.environments(named: environments).enumerated().map { index, environment in
            judged.verdict(
                environment,
                surveys[index],
                others: judged.folderObjections(environment) + rows[index]
            )
        }
        return (
            Plan(surveys.map(\.plan), root: workspace.fleet.root),
            GateReport(verdicts: verdicts, allowsPending: allowPending)
        )
    }
}

/// What judging needs, whoever looked.
struct Judged: Sendable {
    let workspace: Workspace
    let allowed: Set<Hazard>
    let allowsPending: Bool

    init(_ workspace: Workspace, allowed: Set<Hazard>, allowsPending: Bool) {
        self.workspace = workspace
        self.allowed = allowed
        self.allowsPending = allowsPending
    }

    func gate(_ settings: GateSettings) -> Gate {
        Gate(settings: settings, allowsPending: allowsPending, granted: allowed)
    }

    func verdict(_ environment: Environment, _ survey: EnvironmentSurvey.Result, others: [GateObjection]) -> GateVerdict
    {
        let conflicts = survey.conflicts.compactMap { GateObjection($0) }
        return gate(environment.gate).judge(survey.plan, others: conflicts + others)
    }

    /// What the folders of an environment's classes have against passing.
    func folderObjections(_ environment: Environment) -> [GateObjection] {
        var objections: [GateObjection] = []
        for name in workspace.classes(of: environment) {
            objections += folderObjections(name)
        }
        return objections
    }

    func folderObjections(_ className: String) -> [GateObjection] {
        (workspace.folderWarnings[className] ?? []).compactMap { diagnostic in
            var objection = GateObjection(diagnostic)
            objection?.className = className
            return objection
        }
    }
}

extension Workspace {
    /// The classes an environment's entries name, each once, in the order of the manifests.
    func classes(of environment: Environment) -> [String] {
        let named = Set(environment.entries.map(\.className.value))
        return fleet.classes.map(\.name.value).filter(named.contains)
    }
}

extension ExitStatus {
    init(_ status: GateObjection.Status) {
        self =
            switch status {
            case .failed: .failed
            case .owed: .owed
            case .refused: .refused
            case .invalid: .invalid
            }
    }
}
