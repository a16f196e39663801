internal import Effects
internal import ArgumentParser
internal import FleetModel
internal import Reports

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a saved plan; no server is contacted.",
        usage: "reconcile show FILE [<options>]",
        discussion: """
            A file that was changed by as much as a byte is refused (65).

            EXAMPLES
              reconcile show plan.json
              reconcile show plan.json --format json | jq '.environments[].summary'
            """
    )

    @Argument(help: .init("A plan that `reconcile plan --out` wrote.", valueName: "FILE"), completion: .file())
    var file: String

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<PlanFormat>

    func run() throws {
        let plan = try SavedPlan.read(file)
        try common.show(plan, formatting.format)
    }
}

enum SavedPlan {
    static func read(_ file: String) throws -> Plan {
        guard let text = textOfFile(file) else { throw Ending(.invalid, "cannot read the plan \(file)") }
        do throws(PlanDocumentError) {
            var bytes = Array(text.utf8)
            // A file without its last line's end was cut, by however little.
            guard bytes.popLast() == UInt8(ascii: "\n") else { throw .notCanonical }
            return try Plan(reading: bytes)
        } catch {
            throw Ending(.invalid, "\(file): \(error)", hint: "make it anew with `reconcile plan --out`")
        }
    }
}

extension SavedPlan {
    static func write(_ plan: Plan, to file: String) throws(FileError) {
        try ResultFile.write(PlanDocument(plan).bytes + [UInt8(ascii: "\n")], to: file)
    }
}
