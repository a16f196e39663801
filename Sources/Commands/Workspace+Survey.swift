internal import Applying
internal import FleetModel
internal import Planning
internal import Postgres
internal import Servers

extension Workspace {
    /// What plans from what was seen, with the scratch server that the command line asks for.
    func engine(
        _ servers: ServerOptions,
        _ programs: [PostgresPrograms],
        _ pool: CatalogPool,
        allowed: Set<Hazard>
    ) -> EnvironmentSurvey {
        EnvironmentSurvey(
            fleet: fleet,
            folders: folders,
            initTexts: initTexts,
            scratch: Scratch.inspecting(
                pool: pool,
                programs: programs,
                given: servers.scratch.flatMap(ConnectionTarget.init(reading:)),
                cacheFolder: "\(fleet.root)/.reconcile/cache"
            ),
            narrowing: servers.narrowing,
            allowed: allowed
        )
    }
}
