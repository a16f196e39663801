internal import Applying
internal import ArgumentParser
internal import FleetModel
internal import Postgres
internal import Reports
internal import Servers

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Shows the journal of runs, newest first.",
        usage: "reconcile history [ENV] [<options>]",
        discussion: """
            The journal lives in the maintenance database of each instance. A run
            that died without finishing is shown as interrupted.

            EXAMPLES
              reconcile history
              reconcile history production --format json
            """
    )

    @Argument(help: .init("An environment; all of them where none is named.", valueName: "ENV"))
    var environment: String?

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<OutputFormat>

    func run() async throws {
        try await Routes.with { routes in try await run(routes) }
    }

    private func run(_ routes: Routes) async throws {
        let workspace = try Workspace.load(common, format: formatting.format)
        let surveyor = Surveyor(common, try ServerOptions.parse([]), workspace, allowed: [], routes: routes)
        let environments = try workspace.environments(named: environment.map { [$0] } ?? [])
        var runs: [RunRecord] = []
        var unread = 0
        for environment in environments {
            runs += try await surveyor.runs(of: environment) { name, reason in
                unread += 1
                let what = "instance \"\(name)\" of \(environment.name.value): \(reason)"
                common.terminal.say("reconcile: \(TerminalText.line(what)); its journal is not shown")
            }
        }
        // What nobody could read is not empty.
        guard unread == 0 || unread < environments.reduce(0, { $0 + $1.instances.count }) else {
            throw Ending(.failed, "no journal could be read, so nothing is known of runs")
        }
        switch formatting.format {
        case .json: try common.write(JSONValue.array(runs.map(\.json)).canonical)
        case .text:
            let none = unread == 0 ? "No runs." : "No runs in the journals that could be read."
            try common.write(runs.isEmpty ? none : text(of: runs))
        }
        if unread > 0 { throw Ending(.failed) }
    }

    private func text(of runs: [RunRecord]) -> String {
        let name = runs.map(\.environment.count).max() ?? 0
        let ending = runs.map(\.outcome.count).max() ?? 0
        func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: width - text.count) }
        return runs.map { run in
            let mark = run.outcome == "converged" ? "✓" : run.outcome == "running" ? "…" : "✗"
            let counts: String
            if case .object(let members) = run.databases {
                counts = members.map { "\($0.value.text) \($0.key)" }.joined(separator: ", ")
            } else {
                counts = ""
            }
            return TerminalText.safe(
                "\(mark) \(run.startedAt)  \(padded(run.environment, name))  run \(run.runID)  "
                    + "\(padded(run.outcome, ending))  plan \(run.planDigest.prefix(12))  \(run.who)@\(run.host)"
                    + (counts.isEmpty ? "" : "  \(counts)")
            )
        }.joined(separator: "\n")
    }
}

extension Surveyor {
    /// The runs of an environment as the journals of its instances have them, newest first.
    ///
    /// Only those of the `instances` named are asked, all where none are; `silent` is told of each that could not be asked.
    /// - Throws: an ending with 1 where a secret cannot be read or a hop to one that is asked fails.
    func runs(
        of environment: Environment,
        asking instances: Set<String>? = nil,
        silent: (String, PostgresError) -> Void
    ) async throws -> [RunRecord] {
        let isAsked: @Sendable (String) -> Bool = { instances?.contains($0) ?? true }
        var journals: [[RunRecord]] = []
        let targets = try await targets(of: environment, needed: isAsked)
        for (name, target) in targets.sorted(by: { $0.key < $1.key }) where isAsked(name) {
            do throws(PostgresError) {
                journals.append(try await RunHistory.read(environment: environment.name.value, target: target))
            } catch {
                guard !Task.isCancelled else { break }
                silent(name, error)
            }
        }
        try Task.checkCancellation()
        return RunHistory.merged(journals)
    }
}

struct UnlockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock",
        abstract: "Says who holds an environment, and can end that run.",
        usage: "reconcile unlock ENV [--force] [<options>]",
        discussion: """
            Ends with 0 where nobody holds it and with 4 where somebody does. A run
            that died leaves no lock: only what its last statement still does on
            the server can hold the environment, and --force ends that.

            EXAMPLES
              reconcile unlock production
              reconcile unlock production --force
            """
    )

    @Argument(help: .init("An environment.", valueName: "ENV"))
    var environment: String

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<OutputFormat>

    @Flag(help: "End the sessions of the run that holds it.")
    var force = false

    @Flag(help: "Do not ask; needed without a terminal.")
    var autoApprove = false

    func run() async throws {
        try await Routes.with { routes in try await run(routes) }
    }

    private func run(_ routes: Routes) async throws {
        let workspace = try Workspace.load(common, format: formatting.format)
        let surveyor = Surveyor(common, try ServerOptions.parse([]), workspace, allowed: [], routes: routes)
        let environment = try workspace.environments(named: [environment])[0]
        let targets = try await surveyor.targets(of: environment).sorted { $0.key < $1.key }
        var found: LockHolder?
        do {
            for (_, target) in targets where found == nil {
                found = try await Unlock.holder(environment: environment.name.value, target: target)
            }
        } catch {
            try Task.checkCancellation()
            throw Ending(.failed, TerminalText.line("\(error)"))
        }
        try show(found)
        guard let holder = found else { return }
        guard force else { throw Ending(.locked) }
        try approve(holder)
        var ended = 0
        do {
            for (_, target) in targets { ended += try await Unlock.end(holder, target: target) }
        } catch {
            try Task.checkCancellation()
            throw Ending(.failed, TerminalText.line("\(error)"))
        }
        common.terminal.note("Ended \(ended) sessions of run \(holder.runID). The next apply continues its work.")
    }

    private func show(_ holder: LockHolder?) throws {
        switch formatting.format {
        case .json:
            var members: [JSONValue.Member] = [JSONValue.Member("held", .bool(holder != nil))]
            members.append(JSONValue.Member("holder", holder.map(\.json) ?? .null))
            try common.write(JSONValue.object(members).canonical)
        case .text:
            try common.write(
                holder.map { "Held by \(TerminalText.safe($0.description))." } ?? "Nobody holds \(environment)."
            )
        }
    }

    private func approve(_ holder: LockHolder) throws {
        guard !autoApprove else { return }
        guard common.terminal.isInteractive else {
            throw Ending(.usage, "there is no terminal to ask on, so nothing was ended", hint: "give --auto-approve")
        }
        guard
            try common.terminal.confirms("End the sessions of run \(holder.runID)? Only \"yes\" is taken for one: ")
        else {
            throw Ending(.failed, "not approved, so nothing was ended")
        }
    }
}

extension LockHolder {
    fileprivate var json: JSONValue {
        [
            "user": .string(user), "host": .string(host), "pid": JSONValue(pid), "run_id": .string(runID),
            "since": .string(since),
        ]
    }
}

struct PurgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Drops what was kept aside, after showing it.",
        usage: "reconcile purge ENV [<options>]",
        discussion: """
            `apply` and `backups restore` never drop the database that a new one
            replaces: they rename it to NAME__rcl_RUN. Only `purge` drops it.

            EXAMPLES
              reconcile purge development
              reconcile purge staging --auto-approve
            """
    )

    @Argument(help: .init("An environment.", valueName: "ENV"))
    var environment: String

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<OutputFormat>

    @Flag(help: "Do not ask; needed without a terminal.")
    var autoApprove = false

    func run() async throws {
        try await Routes.with { routes in try await run(routes) }
    }

    private func run(_ routes: Routes) async throws {
        let workspace = try Workspace.load(common, format: formatting.format)
        let surveyor = Surveyor(common, try ServerOptions.parse([]), workspace, allowed: [], routes: routes)
        let environment = try workspace.environments(named: [environment])[0]
        let run = Run(environment: environment.name.value, now: Surroundings.now, random: .random(in: 0 ... .max))
        do {
            let hold = try await Hold.take(environment, targets: try await surveyor.targets(of: environment), run: run)
            do {
                try await purge(hold)
                await hold.release()
            } catch {
                await hold.release()
                throw error
            }
        } catch let error as ApplyError {
            if case .locked = error {
                throw Ending(.locked, "\(error)", hint: "reconcile unlock \(self.environment) says more")
            }
            throw Ending(.failed, "\(error)", hint: "mend that, then: reconcile purge \(self.environment)")
        } catch let error as UnreachableInstance {
            throw Ending(.failed, "\(error)", hint: "once it answers: reconcile purge \(self.environment)")
        } catch let error as PostgresError {
            try Task.checkCancellation()
            throw Ending(.failed, "\(error)", hint: "see what is left: reconcile purge \(self.environment)")
        }
    }

    private func purge(_ hold: Hold) async throws {
        // What a dead run moved is among what is kept aside only once that move is settled.
        for line in try await hold.settleMoves() { common.terminal.note(TerminalText.safe(line)) }
        var kept: [(control: Control, name: String, oid: UInt32)] = []
        var rows: [JSONValue] = []
        var lines: [String] = []
        for instance in hold.controls.keys.sorted() {
            guard let control = hold.controls[instance] else { continue }
            for item in try await control.keptAside() {
                kept.append((control, item.name, item.oid))
                rows.append([
                    "instance": .string(instance), "name": .string(item.name), "original": .string(item.original),
                    "reason": .string(item.reason), "since": .string(item.since),
                ])
                let line = "- \(instance)/\(item.name): \(item.original), \(item.reason) at \(item.since)"
                lines.append(TerminalText.safe(line))
            }
        }
        let list = lines.isEmpty ? "Nothing is kept aside." : lines.joined(separator: "\n")
        switch formatting.format {
        case .json: try common.write(JSONValue.array(rows).canonical)
        case .text: try common.write(list)
        }
        guard !kept.isEmpty else { return }
        try approve(list)
        try await hold.takeLease(planDigest: "purge", toolVersion: ToolVersion.current)
        for item in kept { try await item.control.purge(item.name, oid: item.oid) }
        await hold.finish(outcome: "converged", databases: ["purged": .integer(Int64(kept.count))])
        common.terminal.note("Dropped \(kept.count).")
    }

    /// Asks; whoever is asked has the list before them, also where it went to a file or was written for a program.
    private func approve(_ list: String) throws {
        guard !autoApprove else { return }
        guard common.terminal.isInteractive else {
            throw Ending(.usage, "there is no terminal to ask on, so nothing was dropped", hint: "give --auto-approve")
        }
        if common.output != nil || formatting.format != .text { common.terminal.say(list) }
        guard try common.terminal.confirms("Drop them for good? Only \"yes\" is taken for one: ") else {
            throw Ending(.failed, "not approved, so nothing was dropped")
        }
    }
}
