internal import ArgumentParser
internal import FleetModel
internal import ManifestLoading

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Prints the JSON Schema of a kind of manifest.",
        usage: "reconcile schema environment|class [<options>]",
        discussion: """
            Editors complete and check manifests with it (JSON Schema, draft 7). What
            a schema cannot say, `reconcile validate` checks.

            EXAMPLES
              reconcile schema environment --output .vscode/environment.json
              reconcile schema class
            """
    )

    @Argument(help: .init("environment or class.", valueName: "KIND"))
    var kind: ManifestSchema

    @OptionGroup var common: CommonOptions

    func run() throws { try common.write(kind.document.indented) }
}

extension ManifestSchema: ExpressibleByArgument {}
