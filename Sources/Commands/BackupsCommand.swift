internal import ArgumentParser

struct BackupsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backups",
        abstract: "Lists backups, verifies them, puts a database back.",
        discussion: """
            EXAMPLES
              reconcile backups list
              reconcile backups verify
              reconcile backups restore …/tenant_7.json --as tenant_7_before
            """,
        subcommands: [BackupsListCommand.self, BackupsVerifyCommand.self, BackupsRestoreCommand.self]
    )
}
