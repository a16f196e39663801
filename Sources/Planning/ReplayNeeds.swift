package import FleetModel
package import Migrations

extension ReplayRequest {
    /// All of a class's folder, from empty.
    package init(whole folder: MigrationFolder, major: Int) {
        self.init(className: folder.className, major: major, sequence: Array(folder.migrations.indices))
    }

    /// What a history asks for: what it applied, in its order, then what is owed, in the folder's.
    init(_ accounting: Accounting, folder: MigrationFolder, major: Int) {
        let sequence = accounting.applied + accounting.pending
        // The beginning of the folder in its own order is known from the whole folder's replay.
        if sequence.elementsEqual(0..<sequence.count) {
            self.init(whole: folder, major: major)
        } else {
            self.init(className: folder.className, major: major, sequence: sequence)
        }
    }
}

extension PlanningInput {
    /// What scratch must answer before a plan can be made, each question once, in one order.
    package var replayRequests: [ReplayRequest] {
        var requests: Set<ReplayRequest> = []
        for (instance, observed) in zip(environment.instances, claims.instances) {
            guard let facts = self.observed.instances.first(where: { $0.name == instance.name.value })?.facts,
                narrowing.includes(instance: instance.name.value)
            else { continue }
            let major = facts.version.major
            let claimed = observed.rows.filter {
                guard case .claimed = $0.standing else { return false }
                return narrowing.includes(database: $0.name)
            }
            guard !claimed.isEmpty else { continue }
            // What is misplaced shows only beside all classes.
            for folder in folders.values { requests.insert(ReplayRequest(whole: folder, major: major)) }
            for row in claimed {
                guard case .claimed(let entry) = row.standing, let state = row.observed?.state,
                    let folder = folders[environment.entries[entry].className.value],
                    let accounting = accounting(of: state.history, folder: folder, entry: entry),
                    // A history that cannot be trusted is not replayed: it is one for repair.
                    accounting.unknown.isEmpty, accounting.edited.isEmpty, accounting.unfinished.isEmpty,
                    accounting.repeating.isEmpty
                else { continue }
                requests.insert(ReplayRequest(accounting, folder: folder, major: major))
            }
        }
        return requests.sorted { left, right in
            (left.className, left.major) == (right.className, right.major)
                ? left.sequence.lexicographicallyPrecedes(right.sequence)
                : (left.className, left.major) < (right.className, right.major)
        }
    }

    func accounting(of history: HistoryRows, folder: MigrationFolder, entry: Int) -> Accounting? {
        let target = folder.count(upTo: environment.entries[entry].version.value)
        return accounts[AccountingKey(className: folder.className, history: history.digest, target: target)]
    }

    /// Where in the replays a state was reached first.
    func place(of key: DefinitionKey) -> DefinitionNeed.Source? {
        let found = replays.compactMap { request, replay -> (request: ReplayRequest, count: Int)? in
            guard request.major == key.major else { return nil }
            return replay.states.firstIndex { state in
                state.fingerprint == key.fingerprint && (key.privileges ?? state.privileges) == state.privileges
            }.map { (request, $0) }
        }
        // Any will do, but always the same one.
        return found.min { left, right in
            (left.count, left.request.className) == (right.count, right.request.className)
                ? left.request.sequence.lexicographicallyPrecedes(right.request.sequence)
                : (left.count, left.request.className) < (right.count, right.request.className)
        }.map { .replay($0.request, count: $0.count) }
    }
}
