internal import ArgumentParser
internal import FleetModel
internal import Migrations
internal import Reports

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Checks manifests and migration folders, offline.",
        usage: "reconcile validate [<options>]",
        discussion: """
            No server is contacted and no command of a manifest is run. Every fault
            is said in one run, with file, line, column and a way to mend it. Ends
            with 65 where there is one.

            EXAMPLES
              reconcile validate
              reconcile -C deploy validate --format json
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<OutputFormat>

    func run() throws {
        let read = Workspace.read(common.root)
        let terminal = common.terminal
        switch formatting.format {
        case .json: try common.show(read.diagnostics, .json)
        case .text:
            if !read.diagnostics.isEmpty { try common.show(read.diagnostics, .text) }
            if let workspace = read.value {
                let fleet = workspace.fleet
                let migrations = workspace.folders.values.reduce(0) { $0 + $1.migrations.count }
                terminal.give(
                    "\(counted(fleet.environments.count, "environment", "environments")), "
                        + "\(counted(fleet.classes.count, "class", "classes")), "
                        + "\(counted(migrations, "migration", "migrations")): all valid"
                )
            }
        }
        if read.value == nil { throw Ending(.invalid) }
    }
}
