internal import ArgumentParser
internal import Discovery
internal import FleetModel
internal import Reports

struct DiscoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discover",
        abstract: "Finds PostgreSQL servers, and says which no manifest names.",
        usage: "reconcile discover [<options>]",
        discussion: """
            Looks for Unix sockets, listening ports, Debian's clusters and docker's
            containers, running and stopped, on this machine or behind hops; then
            into every server that lets it in. It only reads, with the rights it
            has, never asks for a password, and says what it could not see. Ports
            that do not look like PostgreSQL's are left alone.

            A database's class is told by the tables that the migrations of the
            classes under the root create; ✓ is exactly a version, ~ like it, ✗ a
            mixture of classes.

            EXAMPLES
              reconcile discover
              reconcile discover --via ssh:root@vps --via docker:rsm-postgres
              reconcile discover --socket-dir /var/run/postgresql --format json

              $ reconcile discover --socket-dir /var/run/postgresql
              postgresql-15-main  PostgreSQL 15.20  /var/run/postgresql/.s.PGSQL.5432
                    database  class  version   tables  rows    size  last change
                  ✓ shop      shop   0002_tax      14   ~90  8.1 MB  2026-03-01
                  ! no manifest names it; below `instances:` it would be
                      postgresql-15-main:
                        connection: {host: /var/run/postgresql, port: 5432, …}
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<OutputFormat>
    @OptionGroup var options: DiscoveryOptions

    func run() async throws {
        let terminal = common.terminal
        var finder = Finder(options: options, workspace: Workspace.forDiscovery(common)) { terminal.say($0) }
        if formatting.format == .text { finder.tell = { terminal.tell($0) } }
        defer { terminal.rest() }
        let report = try await finder.find()
        switch formatting.format {
        case .json: try common.write(report.document.canonical)
        case .text:
            let style = common.resultStyle
            try common.write(report.rendered(width: terminal.width, style: style, detail: common.detail))
        }
    }
}

extension Workspace {
    /// What is declared under the root, if anything; manifests with faults are said to be unknown, and are no reason to see
    /// nothing.
    static func forDiscovery(_ common: CommonOptions) -> Workspace? {
        let read = Workspace.read(common.root)
        if read.value == nil, exists(in: common.root) {
            common.terminal.say(text(of: read.diagnostics, common.root, common.terminal.errorStyle))
            common.terminal.say("warning: the manifests are invalid, so what they declare counts as unknown")
        }
        return read.value
    }
}
