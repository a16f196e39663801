internal import Effects
internal import Applying
internal import ArgumentParser
internal import FleetModel
internal import Planning
internal import Reports
internal import Servers

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows exactly what would be done; changes nothing.",
        usage: "reconcile plan [ENV…] [<options>]",
        discussion: """
            Databases of one class in the same state are planned and shown once.
            Each statement was tried on a scratch server: what it locks, rewrites
            or deletes was measured there. What policy refuses is named last, with
            what would grant it.

            EXAMPLES
              reconcile plan
              reconcile plan production --out plan.json
              reconcile plan production --detailed-exitcode --format json
              reconcile plan --format html --output report.html
              reconcile plan staging --database 'tenant_*' --allow blocks-writes
            """
    )

    @Argument(help: .init("Environments; all of them where none is named.", valueName: "ENV"))
    var environments: [String] = []

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<PlanFormat>
    @OptionGroup var servers: ServerOptions
    @OptionGroup var grants: GrantOptions

    @Option(help: .init("Save the plan, for `show` and `apply`.", valueName: "file"), completion: .file())
    var out: String?

    @Flag(help: "End with 2 where changes are owed, 3 where one is refused, 1 where a server did not answer.")
    var detailedExitcode = false

    func run() async throws {
        let workspace = try Workspace.load(common, format: formatting.format)
        if detailedExitcode { try workspace.requireEnvironments() }
        let allowed = try grants.hazards()
        let (plan, records) = try await Routes.with { routes in
            let surveyor = Surveyor(common, servers, workspace, allowed: allowed, routes: routes)
            let plan = try await surveyor.plan(environments)
            guard formatting.format == .html else { return (plan, FleetRecords.none) }
            return (plan, try await surveyor.records(of: plan, common.terminal))
        }
        if let out {
            do throws(FileError) {
                try SavedPlan.write(plan, to: out)
            } catch {
                throw Ending(.failed, "cannot write \(out): \(error.reason)")
            }
        }
        try common.show(plan, formatting.format, records: records)
        if let out, formatting.format == .text, common.output == nil {
            common.terminal.note("\nSaved to \(out). To carry out exactly this plan: reconcile apply \(out)")
        }
        guard detailedExitcode else { return }
        let status = ExitStatus.gravest(plan.environments.map(\.detailedStatus))
        if status != .done { throw Ending(status) }
    }
}

struct InventoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inventory",
        abstract: "Shows what exists: instances, databases, findings.",
        usage: "reconcile inventory [ENV…] [<options>]",
        discussion: """
            Changes nothing. A server that does not answer is unknown, never empty;
            the command then ends with 1.

            EXAMPLES
              reconcile inventory
              reconcile inventory production --format json
              reconcile inventory --record fleet.json     (for `gate --offline`)
              reconcile inventory --format html --output fleet.html
            """
    )

    @Argument(help: .init("Environments; all of them where none is named.", valueName: "ENV"))
    var environments: [String] = []

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<OverviewFormat>
    @OptionGroup var servers: ServerOptions

    @Option(
        help: .init("Record it for `gate --offline`: schemas and histories, no rows, no secrets.", valueName: "file"),
        completion: .file()
    )
    var record: String?

    func validate() throws {
        if record != nil, servers.narrowing != .none {
            throw ValidationError("--record takes the whole of an environment: no --instance, no --database")
        }
    }

    func run() async throws {
        let workspace = try Workspace.load(common, format: formatting.format)
        let (plan, records) = try await Routes.with { routes in
            let surveyor = Surveyor(common, servers, workspace, allowed: [], routes: routes)
            let surveys = try await surveyor.surveys(environments).map { try surveyor.unopposed($0) }
            if let record { try SavedBaseline.write(surveyor.baseline(surveys), to: record) }
            let plan = Plan(surveys.map(\.plan), root: workspace.fleet.root)
            guard formatting.format == .html else { return (plan, FleetRecords.none) }
            return (plan, try await surveyor.records(of: plan, common.terminal))
        }
        try common.show(inventory: plan, formatting.format, records: records)
        if let record, formatting.format == .text, common.output == nil {
            common.terminal.note(
                "\nRecorded to \(record). To plan from it: reconcile gate --offline --baseline \(record)"
            )
        }
        if plan.environments.contains(where: \.hasUnreachable) { throw Ending(.failed) }
    }
}
