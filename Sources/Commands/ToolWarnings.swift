internal import Applying
internal import FleetModel
internal import Reports
internal import Servers

extension Terminal {
    /// Production refuses client tools with known holes; elsewhere they are used, and that is said.
    func warn(of programs: [PostgresPrograms], for plan: EnvironmentPlan, as role: EnvironmentRole) {
        guard role != .production, plan.cohorts.contains(where: { $0.steps.contains { $0.kind == .backup } }) else {
            return
        }
        let versions = plan.instances.compactMap { $0.serverVersion.flatMap { ServerVersion(parsing: $0) } }
        let clients = Set(versions.map(\.major)).sorted().compactMap { major in
            try? PostgresPrograms.clients(among: programs, forMajor: major)
        }
        for found in Set(clients) {
            let tools = ClientTools(programs: found, fitness: ClientTools.fitness(of: found.version))
            if let warning = tools.warning { say("warning: \(TerminalText.safe(warning))") }
        }
    }
}
