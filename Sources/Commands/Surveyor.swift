internal import Applying
internal import ArgumentParser
internal import Effects
internal import FleetModel
internal import Migrations
internal import Planning
internal import Postgres
internal import Reports
internal import Servers

/// Looks at servers for a command: what is asked for on the command line, put together with what the manifests declare.
struct Surveyor: Sendable {
    let workspace: Workspace
    private let common: CommonOptions
    private let servers: ServerOptions
    private let allowed: Set<Hazard>
    let pool = CatalogPool()

    init(_ common: CommonOptions, _ servers: ServerOptions, _ workspace: Workspace, allowed: Set<Hazard>) {
        self.common = common
        self.servers = servers
        self.workspace = workspace
        self.allowed = allowed
    }

    init(_ common: CommonOptions, _ servers: ServerOptions, allowed: Set<Hazard>, format: OutputFormat) throws {
        self.init(common, servers, try Workspace.load(common, format: format), allowed: allowed)
    }

    private var root: String { workspace.fleet.root }
}
