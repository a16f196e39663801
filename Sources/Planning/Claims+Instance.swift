internal import FleetModel

/// The longest name PostgreSQL keeps; longer ones it cuts without a word.
private let longestName = 63

extension Claims.InstanceClaims {
    init(
        _ instance: Instance,
        of environment: Environment,
        seen: ObservedInstance?,
        answers: [Int: QueryAnswer],
        strangers: Strangers
    ) {
        name = instance.name.value
        state = instance.state
        rows = []
        unanswered = []
        unusable = []
        mayBeClaimed = strangers.areUnknown
        ofOthers = []

        var existing: [ExactName: ObservedDatabase] = [:]
        for database in seen?.databases ?? [] { existing[ExactName(database.name)] = database }
        var standings: [ExactName: Claims.Standing] = [:]

        for (index, entry) in environment.entries.enumerated() where entry.instance.value == name || state == .retiring
        {
            // What a server that cannot be seen would answer is not known either.
            guard seen?.facts != nil || entry.selector.value.isNames else { continue }
            // A pattern means no template, but what it fits is not given up with the server either.
            let fitting = existing.filter { state == .retiring || !$0.value.isTemplate }.keys
            for candidate in candidates(index, entry, instance, answers[index], Array(fitting)) {
                if standings[candidate] == nil, state == .active || existing[candidate] != nil {
                    standings[candidate] = .claimed(entry: index)
                }
            }
        }
        for candidate in existing.keys where standings[candidate] == nil {
            if Claims.isAside(candidate.text) {
                standings[candidate] = .aside
            } else if Claims.isReserved(candidate.text, on: instance) {
                continue
            } else if strangers.claims(candidate.text) {
                ofOthers.append(candidate.text)
            } else if existing[candidate]?.isTemplate != true {
                standings[candidate] = .unmanaged
            }
        }
        ofOthers.sort { ExactName($0) < ExactName($1) }
        rows = standings.map { Claims.Row(name: $0.key.text, standing: $0.value, observed: existing[$0.key]) }
        sort()
    }

    private mutating func sort() {
        rows.sort { ($0.standing.rank, ExactName($0.name)) < ($1.standing.rank, ExactName($1.name)) }
    }

    /// Looks for what does not exist here, and for what entries want here without naming it, on retiring instances.
    mutating func look(in retiring: [Claims.Retiring], _ environment: Environment) {
        let present = Set(rows.map { ExactName($0.name) })
        for held in retiring.flatMap(\.claims.rows) where !present.contains(ExactName(held.name)) {
            guard case .claimed(let entry) = held.standing, environment.entries[entry].instance.value == name,
                !rows.contains(where: { ExactName($0.name) == ExactName(held.name) })
            else { continue }
            rows.append(Claims.Row(name: held.name, standing: held.standing))
        }
        sort()
        for index in rows.indices where rows[index].observed == nil {
            rows[index].elsewhere = elsewhere(rows[index].name, retiring, environment)
        }
    }

    private func elsewhere(
        _ database: String,
        _ retiring: [Claims.Retiring],
        _ environment: Environment
    ) -> Claims.Elsewhere? {
        if let unknown = retiring.first(where: { !$0.isKnown }) { return .unknown(instance: unknown.claims.name) }
        let holders = retiring.compactMap { one in
            one.claims.rows.first { ExactName($0.name) == ExactName(database) }.map { (one.claims.name, $0.standing) }
        }
        guard let (source, standing) = holders.first else { return nil }
        guard holders.count == 1 else { return .heldByMany(instances: holders.map(\.0)) }
        if case .claimed(let entry) = standing, environment.entries[entry].instance.value != name {
            return .goes(from: source, to: environment.entries[entry].instance.value)
        }
        return .heldBy(instance: source)
    }

    private mutating func candidates(
        _ index: Int,
        _ entry: DatabaseEntry,
        _ instance: Instance,
        _ answer: QueryAnswer?,
        _ existing: [ExactName]
    ) -> [ExactName] {
        switch entry.selector.value {
        case .names(let names):
            return names.map { ExactName($0) }.filter { !Claims.isAside($0.text) }
        case .match(let pattern):
            guard let glob = Glob(pattern) else { return [] }
            return existing.filter {
                glob.matches($0.text) && !Claims.isAside($0.text) && !Claims.isReserved($0.text, on: instance)
            }
        case .query(let database, _):
            guard let names = answer?.names else {
                // Said once, for the entry's own instance.
                if state == .active {
                    mayBeClaimed = true
                    unanswered.append(
                        Claims.Unanswered(entry: index, database: database, answer: answer ?? .notThere)
                    )
                }
                return []
            }
            return names.compactMap { name in
                if let reason = reasonAgainst(name, on: instance) {
                    if state == .active {
                        unusable.append(Claims.UnusableName(entry: index, name: name, reason: reason))
                    }
                    return nil
                }
                return ExactName(name)
            }
        }
    }

    private func reasonAgainst(_ name: String, on instance: Instance) -> String? {
        if name.isEmpty { return "is empty" }
        if name.utf8.contains(0) { return "holds a zero byte" }
        if name.utf8.count > longestName {
            return "is \(name.utf8.count) bytes long; the server would cut it to \(longestName)"
        }
        if Claims.isReserved(name, on: instance) { return "is a template or the maintenance database" }
        if Claims.isAside(name) { return "is the name of a database that an earlier run kept aside" }
        return nil
    }
}

extension DatabaseEntry.Selector {
    fileprivate var isNames: Bool {
        guard case .names = self else { return false }
        return true
    }
}

extension Claims.Standing {
    fileprivate var rank: Int {
        switch self {
        case .claimed(let entry): entry
        case .unmanaged: Int.max - 1
        case .aside: Int.max
        }
    }
}

/// What other environments claim on one server.
struct Strangers {
    private var names: Set<ExactName> = []
    private var globs: [Glob] = []
    /// Whether one of them asks a database for names and the answer is not known.
    private(set) var areUnknown = false

    init(_ others: [OtherEnvironment], on instance: Instance, seen: ObservedInstance?) {
        for other in others {
            for theirs in other.environment.instances {
                let observed = other.observed?.instances.first { $0.name == theirs.name.value }
                guard Self.isSame(theirs, observed, as: instance, seen) else { continue }
                for (index, entry) in other.environment.entries.enumerated() {
                    let isHere = entry.instance.value == theirs.name.value
                    guard isHere || theirs.state == .retiring else { continue }
                    // What moves away from there is asked of where it goes, too.
                    let own = other.observed?.instances.first { $0.name == entry.instance.value }?.facts
                    let known = own?.queriedNames[index]?.names ?? observed?.facts?.queriedNames[index]?.names
                    take(entry, names: known)
                }
            }
        }
    }

    private mutating func take(_ entry: DatabaseEntry, names answer: [String]?) {
        switch entry.selector.value {
        case .names(let all): names.formUnion(all.map { ExactName($0) })
        case .match(let pattern): globs += Glob(pattern).map { [$0] } ?? []
        case .query:
            if let all = answer {
                names.formUnion(all.map { ExactName($0) })
            } else {
                areUnknown = true
            }
        }
    }

    func claims(_ name: String) -> Bool {
        names.contains(ExactName(name)) || globs.contains { $0.matches(name) }
    }

    /// By what the servers say of themselves where both were seen, else by the way that leads to them.
    private static func isSame(
        _ theirs: Instance,
        _ theirSight: ObservedInstance?,
        as ours: Instance,
        _ ourSight: ObservedInstance?
    ) -> Bool {
        if let their = theirSight?.facts, let our = ourSight?.facts {
            // A clone has its origin's identifier, but a promoted one has another timeline.
            return their.systemIdentifier == our.systemIdentifier && their.timeline == our.timeline
        }
        return theirs.address == ours.address
    }
}
