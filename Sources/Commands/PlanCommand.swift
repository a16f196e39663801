internal import Applying
internal import ArgumentParser
internal import FleetModel
internal import Planning
internal import Reports

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows exactly what must be done, how dangerous it is, and what policy refuses; changes nothing.",
        discussion: """
            EXAMPLES
              reconcile plan
              reconcile plan production --out plan.json
              reconcile plan production --detailed-exitcode --format json
              reconcile plan staging --database 'tenant_*' --allow blocks-writes
            """)

    @Argument(help: "Environments; all of them where none is named.")
    var environments: [String] = []

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions
    @OptionGroup var servers: ServerOptions
    @OptionGroup var grants: GrantOptions

    @Option(help: .init("Save the plan, for `show` and `apply`.", valueName: "file"))
    var out: String?

    @Flag(help: "End with 2 where changes are owed, 3 where any is refused, 1 where a server was not reached.")
    var detailedExitcode = false

    func run() async throws {
        let surveyor = try Surveyor(common, servers, allowed: try grants.hazards(), format: formatting.format)
        let plan = try await surveyor.plan(environments)
        if let out {
            do {
                try SavedPlan.write(plan, to: out)
            } catch {
                throw Ending(.failed, "cannot write \(out): \(error)")
            }
        }
        try common.show(plan, formatting.format)
        if let out, formatting.format == .text, common.output == nil {
            common.terminal.say("Saved to \(out). To carry out exactly this plan: reconcile apply \(out)")
        }
        guard detailedExitcode else { return }
        let status = ExitStatus.gravest(plan.environments.map(\.detailedStatus))
        if status != .done { throw Ending(status) }
    }
}

struct InventoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inventory",
        abstract: "Shows what exists: instances, databases, versions, sizes, findings; changes nothing.",
        discussion: """
            A server that does not answer is unknown, never empty.

            EXAMPLES
              reconcile inventory
              reconcile inventory production --format json
            """)

    @Argument(help: "Environments; all of them where none is named.")
    var environments: [String] = []

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions
    @OptionGroup var servers: ServerOptions

    func run() async throws {
        let surveyor = try Surveyor(common, servers, allowed: [], format: formatting.format)
        let plan = try await surveyor.plan(environments)
        switch formatting.format {
        case .json: try common.write(PlanDocument(inventory: plan).bytes)
        case .text:
            let style: Style = common.output == nil ? common.terminal.outputStyle : .plain
            try common.write(InventoryText(plan).rendered(width: common.terminal.width, style: style))
        }
        if plan.environments.contains(where: \.hasUnreachable) { throw Ending(.failed) }
    }
}
