internal import Effects
internal import FleetModel
internal import Planning
internal import Postgres
internal import Servers

/// Retires an instance: makes sure that nothing claimed is left on it, then stops its container or says what to type.
///
/// Nothing is removed, neither the container nor what unclaimed databases it holds.
struct RetireWork: Sendable {
    let context: ApplyContext
    let tally: Tally

    func run(_ step: Step, _ key: DatabaseKey) async throws {
        let control = try context.control(key.instance)
        guard let instance = context.environment.instance(named: key.instance), instance.state == .retiring else {
            throw ApplyError.failed("instance \"\(key.instance)\" is not declared as retiring")
        }
        context.report(.started(key, step))
        let clock = ContinuousClock()
        let start = clock.now
        do {
            try await control.ping()
            try await control.record(step, database: nil, state: "started")
            let left = try await requireUnclaimed(on: control, instance, step)
            if case .docker(let container) = instance.via.last {
                try await stop(container, instance, control, step)
                context.report(.retired(instance: key.instance, left: left, commands: []))
            } else {
                let folder = try await control.dataDirectory()
                try await control.noteRetired()
                try await control.record(step, database: nil, state: "finished")
                let commands = Retirement.commands(dataDirectory: folder, behind: instance.via)
                context.report(.retired(instance: key.instance, left: left, commands: commands))
            }
        } catch {
            try? await control.record(step, database: nil, state: "failed", detail: "\(error)")
            throw StepError(step: step, underlying: error)
        }
        context.report(.finished(key, step, took: clock.now - start))
    }

    /// Looks at what is there now; gives the names that are nobody's.
    private func requireUnclaimed(on control: Control, _ instance: Instance, _ step: Step) async throws -> [String] {
        let databases = try await control.databases()
        let names = databases.map(\.name)
        let planned = context.plan.databases.filter { $0.className != nil }.map { ExactName($0.name) }
        let answers = context.facts.values.reduce(into: [Int: QueryAnswer]()) { all, facts in
            all.merge(facts.queriedNames.known) { first, _ in first }
        }
        let claimed = names.filter { name in
            guard !Claims.isAside(name) else { return false }
            return planned.contains(ExactName(name))
                || context.environment.entries.enumerated().contains { Self.claims($1, name, answers[$0]?.names) }
        }
        guard claimed.isEmpty else {
            let list = claimed.map { "\"\($0)\"" }.joined(separator: ", ")
            throw ApplyError.failed("it still holds \(list), which an entry claims: plan again")
        }
        // Also what others claim is none of what the plan leaves there.
        let known = Set(step.objects.map { ExactName($0) })
        let unknown = databases.filter { database in
            !database.isTemplate && !Claims.isAside(database.name) && !known.contains(ExactName(database.name))
        }
        guard unknown.isEmpty else {
            let list = unknown.map { "\"\($0.name)\"" }.joined(separator: ", ")
            throw ApplyError.stale(["\(instance.name.value): holds \(list), which the plan did not leave there"])
        }
        return names
    }

    private static func claims(_ entry: DatabaseEntry, _ name: String, _ answer: [String]?) -> Bool {
        switch entry.selector.value {
        case .names(let names): names.contains { ExactName($0) == ExactName(name) }
        case .match(let pattern): Glob(pattern)?.matches(name) == true
        case .query: answer?.contains { ExactName($0) == ExactName(name) } == true
        }
    }

    /// Turns the restart policy off first: a container that is stopped and comes back serves what nobody looks at.
    private func stop(_ container: String, _ instance: Instance, _ control: Control, _ step: Step) async throws {
        let place = try await context.routes.place(behind: instance.via.dropLast())
        try await docker(["update", "--restart=no", "--", container], place, limit: .seconds(30))
        // Its journal goes down with it, so it is closed before. Nothing but the stopping is left to do there.
        try await control.record(step, database: nil, state: "finished", detail: "stopping container \(container)")
        await control.finish(outcome: await tally.hasFailures ? "failed" : "converged", databases: "{}")
        // Its server ends with it: our session there goes before it is taken for lost.
        await tally.letGo(of: control.instance)
        await control.close()
        try await docker(["stop", "--", container], place, limit: .seconds(120))
    }

    private func docker(_ words: [String], _ place: Place, limit: Duration) async throws {
        let result = try await place.run(["docker"] + words, limit: 64 << 10, timeLimit: limit)
        guard result.status == 0 else {
            let said = result.errors.split(separator: "\n").last.map(String.init) ?? "status \(result.status)"
            throw ApplyError.failed("docker \(words.joined(separator: " ")) failed: \(said)")
        }
    }
}

/// What a person types to stop a server that no container holds.
enum Retirement {
    static func commands(dataDirectory: String, behind hops: [Hop]) -> [String] {
        let parts = dataDirectory.split(separator: "/").map(String.init)
        var commands: [String] = []
        // Debian's layout: /var/lib/postgresql/15/main is the unit postgresql@15-main.
        if parts.count == 5, parts[..<3] == ["var", "lib", "postgresql"], Int(parts[3]) != nil {
            commands.append("sudo systemctl disable --now \(word("postgresql@\(parts[3])-\(parts[4])"))")
        } else {
            commands.append("pg_ctl stop --mode=fast --pgdata=\(word(dataDirectory))")
        }
        guard let last = hops.last else { return commands }
        return ["# on the machine behind \(last.description):"] + commands
    }

    /// As a shell takes it for one word.
    private static func word(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                let character = Character(Unicode.Scalar(byte))
                return character.isASCII && (character.isLetter || character.isNumber || "/._-@".contains(character))
            }
        guard !isPlain else { return text }
        return "'" + text.replacing(each: "'", with: #"'\''"#) + "'"
    }
}

extension Control {
    /// All databases but the server's own templates and the maintenance database, by name.
    fileprivate func databases() async throws -> [(name: String, isTemplate: Bool)] {
        let answers = try await session.run(
            """
            SELECT datname, datistemplate FROM pg_database
            WHERE datname NOT IN ('template0', 'template1') AND datname <> current_database() ORDER BY datname
            """,
            label: "databases"
        )
        return (answers.first?.rows ?? Rows(columns: [], values: [])).map { ($0[0] ?? "", $0[1] == "t") }
    }

    /// A login that may not ask gets a word in its place.
    fileprivate func dataDirectory() async throws -> String {
        let (answers, _) = try await session.runKeepingAnswers("SHOW data_directory", label: "data directory")
        return answers.first?.rows?.scalar ?? "DATA_DIRECTORY"
    }
}
