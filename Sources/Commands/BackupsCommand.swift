internal import ArgumentParser

struct BackupsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backups",
        abstract: "Lists backups, verifies them again, puts one database back.",
        discussion: """
            EXAMPLES
              reconcile backups list --format json
              reconcile backups verify
              reconcile backups restore .reconcile/backups/production/…/tenant_7.json --as tenant_7_before
            """,
        subcommands: [BackupsListCommand.self, BackupsVerifyCommand.self, BackupsRestoreCommand.self])
}
