internal import ArgumentParser
internal import Effects
internal import FleetModel
internal import Planning
internal import Reports

/// What the results of a group of commands may be written in; anything else is wrong usage (64).
///
/// A form that is added to a group is a case: the compiler then names every place that has to write it.
protocol ResultFormat: ExpressibleByArgument, CaseIterable, RawRepresentable<String>, Sendable, Equatable {
    static var text: Self { get }
    static var json: Self { get }

    /// The same among all there are: faults of manifests are said in whatever a command was asked for.
    var amongAll: PlanFormat { get }
}

/// What most commands write.
enum OutputFormat: String, ResultFormat {
    case text, json

    var amongAll: PlanFormat {
        switch self {
        case .text: .text
        case .json: .json
        }
    }
}

/// What a look over whole environments is written in: `inventory`.
enum OverviewFormat: String, ResultFormat {
    case text, json, markdown, html

    var amongAll: PlanFormat {
        switch self {
        case .text: .text
        case .json: .json
        case .markdown: .markdown
        case .html: .html
        }
    }
}

/// What a plan and what is judged of it are written in: `plan`, `show`, `gate`.
enum PlanFormat: String, ResultFormat {
    case text, json, markdown, sarif, junit, html

    var amongAll: PlanFormat { self }
}

struct FormatOptions<Format: ResultFormat>: ParsableArguments {
    @Option(help: "How the result is written.")
    var format: Format = .text
}

extension CommonOptions {
    /// Gives a plan; a page also tells of the past.
    func show(_ plan: Plan, _ format: PlanFormat, records: FleetRecords = .none) throws {
        switch format {
        case .html: try write(FleetPage(plan, as: .plan, records: records).bytes)
        case .json: try write(PlanDocument(plan).bytes)
        case .markdown: try write(PlanMarkdown(plan).rendered())
        case .sarif: try write(PlanSarif(plan, in: repositoryPlace).document.canonical)
        case .junit: try write(PlanJUnit(plan).text)
        case .text: try write(PlanText(plan).rendered(width: terminal.width, style: resultStyle, detail: detail))
        }
    }

    /// Gives what the gate says of a plan.
    func show(_ plan: Plan, _ report: GateReport, _ format: PlanFormat) throws {
        switch format {
        case .html: try write(FleetPage(plan, as: .plan, gate: report).bytes)
        case .json: try write(PlanDocument(plan, report).bytes)
        case .markdown: try write(GateMarkdown(plan, report).rendered())
        case .sarif: try write(GateSarif(plan, report, in: repositoryPlace).document.canonical)
        case .junit: try write(GateJUnit(plan, report).text)
        case .text: try write(GateText(report).rendered(width: terminal.width, style: resultStyle))
        }
    }

    /// Gives a plan without what is to be done.
    func show(inventory plan: Plan, _ format: OverviewFormat, records: FleetRecords = .none) throws {
        switch format {
        case .html: try write(FleetPage(plan, as: .inventory, records: records).bytes)
        case .json: try write(PlanDocument(inventory: plan).bytes)
        case .markdown: try write(InventoryMarkdown(plan).rendered())
        case .text: try write(InventoryText(plan).rendered(width: terminal.width, style: resultStyle, detail: detail))
        }
    }

    /// Says what is wrong with manifests and migration folders: to a person on stderr, to a program as the result.
    func show(_ diagnostics: [Diagnostic], _ format: PlanFormat) throws {
        switch format {
        case .json: try write(DiagnosticsJSON.document(diagnostics).canonical)
        case .markdown: try write(DiagnosticsMarkdown(diagnostics).rendered())
        case .sarif:
            let log = DiagnosticsSarif(diagnostics, toolVersion: ToolVersion.current, in: repositoryPlace)
            try write(log.document.canonical)
        case .junit: try write(DiagnosticsJUnit(diagnostics).text)
        case .text, .html: terminal.say(Workspace.text(of: diagnostics, root, terminal.errorStyle))
        }
    }

    /// What files are called in the repository that holds them, and where rules are explained.
    private var repositoryPlace: RepositoryPlace {
        RepositoryPlace(
            prefix: Surroundings.folderInRepository(of: root),
            handbook: ProcessEnvironment.value("RECONCILE_HANDBOOK").flatMap { $0.isEmpty ? nil : $0 }
        )
    }

    /// A file has no colours.
    var resultStyle: Style { output == nil ? terminal.outputStyle : .plain }
}
