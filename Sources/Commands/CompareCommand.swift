internal import ArgumentParser
internal import FleetModel
internal import Planning
internal import Reports
internal import Servers

struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Puts code, migrations and environments side by side.",
        usage: "reconcile compare [ENV…] [<options>]",
        discussion: """
            Rows are components: classes, their tables, and within these what
            differs. Columns are what the code expects (`expects` of a class), what
            the migrations make, and every environment with its databases folded.
            Changes nothing. What could not be reached is unknown; the command then
            ends with 1.

            EXAMPLES
              reconcile compare
              reconcile compare production development
              reconcile compare --all --format json
              reconcile compare --format html --output compare.html
            """
    )

    @Argument(help: .init("Environments; all of them where none is named.", valueName: "ENV"))
    var environments: [String] = []

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<OverviewFormat>
    @OptionGroup var servers: ServerOptions

    @Flag(help: "Everything, not only what differs.")
    var all = false

    func run() async throws {
        let workspace = try Workspace.load(common, format: formatting.format)
        let whole = try await Routes.with { routes in
            try await Surveyor(common, servers, workspace, allowed: [], routes: routes).compare(environments)
        }
        let comparison = all ? whole : whole.differences
        switch formatting.format {
        case .html:
            let table = ComparisonTable(comparison)
            let page = ComparisonPage(table, isIncomplete: whole.isIncomplete, toolVersion: ToolVersion.current)
            try common.write(page.bytes)
        case .json: try common.write(ComparisonDocument(comparison).json.canonical)
        case .markdown: try common.write(ComparisonMarkdown(comparison).rendered())
        case .text:
            let text = ComparisonText(comparison)
            let width = common.terminal.width
            try common.write(text.rendered(width: width, style: common.resultStyle, detail: common.detail))
        }
        if whole.isIncomplete { throw Ending(.failed) }
    }
}
