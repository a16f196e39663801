package import FleetModel

/// Which databases of an environment's servers are whose: by entry, by another environment, kept aside, or nobody's.
package struct Claims: Sendable {
    /// In the manifest's order.
    package var instances: [InstanceClaims]
    /// The same database claimed by two environments, as far as servers' identities show it.
    package var conflicts: [Diagnostic]

    package struct InstanceClaims: Sendable {
        package var name: String
        package var state: Instance.State
        /// By entry, then name; then what is kept aside or unmanaged, by name.
        package var rows: [Row]
        /// Query entries whose names are not known, with what came of asking.
        package var unanswered: [Unanswered]
        /// Names a query gave that no database may have.
        package var unusable: [UnusableName]
        /// Whether an unknown answer of a query, ours or another environment's, may claim what looks unmanaged.
        package var mayBeClaimed: Bool
        /// What is there and other environments claim; it has no row.
        package var ofOthers: [String]
    }

    package struct Row: Sendable {
        package var name: String
        package var standing: Standing
        /// Nil where it does not exist, or the instance was not seen.
        package var observed: ObservedDatabase?
        /// Where it does not exist but a retiring instance holds it or may hold it.
        package var elsewhere: Elsewhere?
    }

    package enum Standing: Sendable, Hashable {
        case claimed(entry: Int)
        /// Kept by an earlier run; leaves only by `purge`.
        case aside
        case unmanaged
    }

    package enum Elsewhere: Sendable, Hashable {
        /// To be moved from there.
        case heldBy(instance: String)
        /// Nobody can say which of them is the right one.
        case heldByMany(instances: [String])
        /// An earlier entry claims it for another instance, and it goes there.
        case goes(from: String, to: String)
        case unknown(instance: String)
    }

    package struct Unanswered: Sendable, Hashable {
        package var entry: Int
        /// Who was to be asked.
        package var database: String
        package var answer: QueryAnswer
    }

    package struct UnusableName: Sendable, Hashable {
        package var entry: Int
        package var name: String
        package var reason: String
    }

    package init(environment: Environment, observed: ObservedEnvironment, others: [OtherEnvironment]) {
        let seen = Dictionary(observed.instances.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let answers = Self.answers(environment, seen)
        instances = []
        conflicts = []
        for instance in environment.instances {
            let claims = InstanceClaims(
                instance,
                of: environment,
                seen: seen[instance.name.value],
                answers: answers,
                strangers: Strangers(others, on: instance, seen: seen[instance.name.value])
            )
            instances.append(claims)
        }
        let retiring = zip(environment.instances, instances).filter { $0.0.state == .retiring }.map {
            instance,
            claims in
            Retiring(claims: claims, isKnown: seen[instance.name.value]?.facts != nil)
        }
        for (index, instance) in environment.instances.enumerated() {
            if instance.state == .active { instances[index].look(in: retiring, environment) }
            conflicts += Self.conflicts(instances[index], instance, environment, seen[instance.name.value], others)
        }
    }

    /// What an instance on its way out holds, as far as it was seen.
    struct Retiring {
        var claims: InstanceClaims
        var isKnown: Bool
    }

    /// What each `query` entry's database answers: on the entry's own instance, or where that instance does not have the
    /// database yet, on a retiring one that still holds it.
    private static func answers(_ environment: Environment, _ seen: [String: ObservedInstance]) -> [Int: QueryAnswer] {
        var answers: [Int: QueryAnswer] = [:]
        for (index, entry) in environment.entries.enumerated() {
            guard case .query(let database, _) = entry.selector.value else { continue }
            let own = seen[entry.instance.value]
            if let answer = own?.facts?.queriedNames[index] { answers[index] = answer }
            guard own?.facts != nil, answers[index] ?? .notThere == .notThere,
                own?.databases.contains(where: { ExactName($0.name) == ExactName(database) }) != true
            else { continue }
            let moving = environment.instances.filter { $0.state == .retiring }.compactMap {
                seen[$0.name.value]?.facts?.queriedNames[index]
            }.filter { $0 != .notThere }
            let known = moving.filter { $0.names != nil }
            if known.count == 1 {
                answers[index] = known[0]
            } else if known.isEmpty, let failure = moving.first {
                answers[index] = failure
            }
        }
        return answers
    }

    private static func conflicts(
        _ claims: InstanceClaims,
        _ instance: Instance,
        _ environment: Environment,
        _ seen: ObservedInstance?,
        _ others: [OtherEnvironment]
    ) -> [Diagnostic] {
        // What is moved away from a retiring instance must be nobody else's either.
        others.flatMap { other -> [Diagnostic] in
            let strangers = Strangers([other], on: instance, seen: seen)
            return claims.rows.compactMap { row in
                guard case .claimed(let entry) = row.standing, strangers.claims(row.name) else { return nil }
                return Diagnostic(
                    .error,
                    .claimedTwice,
                    "database \"\(row.name)\" on instance \"\(claims.name)\" is claimed by environment "
                        + "\"\(environment.name.value)\" and by environment \"\(other.environment.name.value)\"",
                    at: environment.entries[entry].range,
                    hint: "leave it to one of them; both reach the same server"
                )
            }
        }
    }

    /// Names no entry may claim by a pattern or a query.
    static func isReserved(_ name: String, on instance: Instance) -> Bool {
        ExactName(name) == ExactName("template0") || ExactName(name) == ExactName("template1")
            || ExactName(name) == ExactName(instance.maintenanceDatabase)
    }

    /// Whether an earlier run kept it aside: `<name>__rcl_<run>`.
    package static func isAside(_ name: String) -> Bool { name.utf8Contains(RunName.asideMark) }
}

extension String {
    fileprivate func utf8Contains(_ part: String) -> Bool {
        let part = Array(part.utf8)
        let bytes = Array(utf8)
        guard bytes.count >= part.count else { return false }
        return (0...(bytes.count - part.count)).contains { bytes[$0..<($0 + part.count)].elementsEqual(part) }
    }
}
