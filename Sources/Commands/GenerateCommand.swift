internal import ArgumentParser
internal import FleetModel
internal import Migrations
internal import Reports

struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Writes the migration that the code is waiting for.",
        usage: "reconcile generate CLASS NAME [<options>]",
        discussion: """
            Loads what the code expects (`expects` of the class) and the newest
            migration on scratch, and writes what is missing as the next file of
            the folder: tables, columns, constraints, indexes, sequences, values
            of enums, views, functions. The file is written only where folder and
            file together make exactly what the code expects. What goes away or
            changes is refused by name, and nothing is written. No server of the
            manifests is contacted; drizzle's folders are drizzle-kit's to write.

            EXAMPLES
              reconcile generate tenant invoices
            """
    )

    @Argument(help: .init("The class.", valueName: "CLASS"))
    var className: String

    @Argument(help: .init("What the migration is called behind its number.", valueName: "NAME"))
    var name: String

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<OutputFormat>

    @Option(help: .init("Folder of PostgreSQL's programs, as for other commands.", valueName: "dir"))
    var pgBin: String?

    @Option(help: .init("Server to use as scratch, not an embedded one.", valueName: "url"))
    var scratch: String?

    func validate() throws {
        if let scratch { try ServerOptions.requireReadable(scratch) }
        guard MigrationDraft.isName(name) else {
            throw ValidationError("\"\(name)\" names no migration: letters, digits, \"_\" and \"-\"")
        }
    }

    func run() async throws {
        let workspace = try Workspace.load(common, format: formatting.format)
        let generator = try Generator(workspace, className: className, pgBin: pgBin, scratch: scratch)
        guard let draft = try await generator.draft(named: name) else {
            return try give(nil, [], "Nothing to write: the migrations of \(className) make what its code expects.")
        }
        let path = "\(draft.migration.folder.source.directory.value)/\(draft.migration.file)"
        try NewFile.write(draft.migration)
        for warning in draft.warnings { common.terminal.say("warning: \(TerminalText.safe(warning))") }
        let relative =
            path.hasPrefix(workspace.fleet.root + "/") ? String(path.dropFirst(workspace.fleet.root.count + 1)) : path
        try give(draft, draft.warnings, "Wrote \(relative). Read it, then: reconcile plan", file: relative)
    }

    private func give(_ draft: Generator.Draft?, _ warnings: [String], _ text: String, file: String? = nil) throws {
        switch formatting.format {
        case .text: try common.write(text)
        case .json:
            let document: JSONValue = [
                "class": .string(className), "file": JSONValue(file), "migration": JSONValue(draft?.migration.tag),
                "statements": JSONValue(draft?.statements ?? []), "warnings": JSONValue(warnings),
            ]
            try common.write(document.canonical)
        }
    }
}
