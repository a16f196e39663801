internal import Expectations
package import FleetModel
internal import Migrations
package import Planning
internal import Postgres
internal import Servers

extension EnvironmentSurvey {
    /// What the code of classes expects, on each of the majors.
    ///
    /// - Parameters:
    ///   - classes: their names.
    ///   - majors: those to load it on.
    ///   - replays: of the whole folders, which it is held against.
    ///   - roles: names of the servers' roles, by major.
    /// - Returns: an answer for each class that says what its code expects.
    /// - Throws: `CancellationError`, or what scratch could not even say as an answer.
    package func expected(
        by classes: [String],
        majors: Set<Int>,
        replays: [ReplayRequest: Replay],
        roles: [Int: [String]]
    ) async throws -> [ExpectationKey: ExpectedSchema] {
        var answers: [ExpectationKey: ExpectedSchema] = [:]
        var requests: [ExpectationRequest] = []
        for name in classes {
            guard let source = expectations[name], let folder = folders[name] else { continue }
            for major in majors {
                let key = ExpectationKey(className: name, major: major)
                switch source {
                case .names(let names): answers[key] = .names(names)
                case .failed(let reason): answers[key] = .failed(reason)
                case .command: preconditionFailure("a command is run before its answer is asked for")
                case .text(let text):
                    // Where nobody asked for the migrations there is nothing to hold it against.
                    guard let whole = replays[ReplayRequest(whole: folder, major: major)] else { continue }
                    let newest = whole.end == .complete ? whole.states.last?.fingerprint : nil
                    requests.append(ExpectationRequest(key: key, text: text, newest: newest))
                }
            }
        }
        let loaded = try await scratch.expected(requests, folders: folders, classes: fleet.classes, roles: roles)
        return answers.merging(loaded) { $1 }
    }

    /// Puts code, migrations and environments side by side.
    ///
    /// - Parameters:
    ///   - environments: those to compare, in the order of their columns.
    ///   - observed: what was seen of each, by name.
    ///   - major: the one that code and migrations are held against each other on where no server says another.
    /// - Returns: the comparison of everything.
    /// - Throws: `CancellationError`, or what scratch could not even say as an answer.
    package func compare(
        _ environments: [Environment],
        observed: [String: ObservedEnvironment],
        major: Int?
    ) async throws -> Comparison {
        let seen = environments.compactMap { observed[$0.name.value] }
        var majors = Set(seen.flatMap(\.instances).compactMap(\.facts?.version.major))
        let primary = majors.max() ?? major
        if let primary { majors.insert(primary) }
        let roles = Self.roles(seen)
        let replays = try await scratch.answer(
            folders.values.flatMap { folder in majors.map { ReplayRequest(whole: folder, major: $0) } },
            folders: folders,
            classes: fleet.classes,
            roles: roles
        )
        let expected = try await expected(
            by: fleet.classes.map(\.name.value),
            majors: majors,
            replays: replays,
            roles: roles
        )
        let inputs = environments.map { environment in
            var input = input(
                environment,
                observed: observed[environment.name.value]
                    ?? ObservedEnvironment(name: environment.name.value, instances: []),
                others: observed
            )
            input.replays = replays
            input.expected = expected
            return input
        }
        return Comparison(
            inputs,
            classes: fleet.classes,
            folders: folders,
            major: primary,
            replays: replays,
            expected: expected
        )
    }
}
