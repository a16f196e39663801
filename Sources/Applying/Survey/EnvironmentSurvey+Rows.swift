package import FleetModel
package import Migrations
package import Planning
internal import Servers

extension EnvironmentSurvey {
    /// Which migrations that a plan still has to run fail wherever a table that they change holds a row.
    ///
    /// The plan does not know: scratch ran them on tables without rows.
    ///
    /// - Parameters:
    ///   - plan: of databases that exist; what is created has no rows.
    ///   - observed: what was seen of them.
    /// - Returns: what stands in the way, with the databases that wait for it.
    /// - Throws: `CancellationError`, or what scratch could not even say as an answer.
    package func rowObjections(
        to plan: EnvironmentPlan,
        observed: ObservedEnvironment
    ) async throws -> [GateObjection] {
        let majors = Dictionary(
            observed.instances.compactMap { one in one.facts.map { (one.name, $0.version.major) } }
        ) { first, _ in first }
        var requests: [ReplayRequest] = []
        for cohort in plan.cohorts where cohort.from != nil && cohort.steps.contains(where: { $0.kind == .migrate }) {
            guard let folder = folders[cohort.className], let major = majors[cohort.instance] else { continue }
            let request = ReplayRequest(whole: folder, major: major)
            if !requests.contains(request) { requests.append(request) }
        }
        guard !requests.isEmpty else { return [] }
        let roles = Self.roles([observed])
        let replays = try await scratch.answer(requests, folders: folders, classes: fleet.classes, roles: roles)
        var objections: [GateObjection] = []
        for request in requests {
            guard let replay = replays[request], let folder = folders[request.className],
                let databaseClass = fleet.databaseClass(named: request.className)
            else { continue }
            let judged = try await classReplay(replay, of: databaseClass, folder, request, roles[request.major] ?? [])
            // Two majors may say the same.
            for objection in judged.objections where objection.rule == .own(.rowsFail) {
                let isKnown = objections.contains {
                    $0.className == objection.className && $0.object == objection.object
                }
                if !isKnown { objections.append(objection) }
            }
        }
        return objections.heldAgainst(plan)
    }

    /// A replay, and how far the same goes where every table holds a row.
    package func classReplay(
        _ replay: Replay,
        of databaseClass: DatabaseClass,
        _ folder: MigrationFolder,
        _ request: ReplayRequest,
        _ roles: [String]
    ) async throws -> ClassReplay {
        var tried = request
        tried.sequence = Array(request.sequence.prefix(max(0, replay.states.count - 1)))
        return ClassReplay(
            databaseClass: databaseClass,
            folder: folder,
            major: request.major,
            replay: replay,
            rowFailures: try await scratch.rowFailures(
                tried,
                folder: folder,
                databaseClass: databaseClass,
                roles: roles
            )
        )
    }
}
