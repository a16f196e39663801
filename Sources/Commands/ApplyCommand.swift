internal import Applying
internal import ArgumentParser
internal import FleetModel
internal import Planning
internal import Postgres
internal import Reports
internal import Servers

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Does what the plan says, under a lock.",
        usage: "reconcile apply ENV|FILE [<options>]",
        discussion: """
            ENV makes a plan, shows it and asks. A FILE that `plan --out` wrote was
            approved when it was reviewed: it is carried out as it stands, or not
            at all where the fleet has changed since (5). Backups are taken and
            proved first where policy asks for them. A run that was interrupted or
            killed anywhere is continued by running it again.

            EXAMPLES
              reconcile apply development
              reconcile apply testing --auto-approve
              reconcile apply plan.json --format json
              reconcile apply staging --partial --allow blocks-writes
            """
    )

    @Argument(help: .init("An environment's name, or a saved plan.", valueName: "ENV|FILE"), completion: .file())
    var target: String

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<OutputFormat>
    @OptionGroup var servers: ServerOptions
    @OptionGroup var grants: GrantOptions

    @Flag(help: "Do not ask; needed without a terminal or saved plan.")
    var autoApprove = false

    @Flag(help: "Do what is not refused instead of nothing; ends with 3.")
    var partial = false

    func validate() throws {
        guard common.output == nil else {
            throw ValidationError(
                "apply has no --output: it tells what it does while it does it; redirect stdout instead"
            )
        }
    }

    func run() async throws {
        let workspace = try Workspace.load(common, format: formatting.format)
        let work = try work(workspace)
        let terminal = common.terminal
        var statuses: [ExitStatus] = []
        for item in work {
            let application = Application(
                command: self,
                workspace: workspace,
                environment: item.environment,
                saved: item.saved,
                savedDigest: item.digest
            )
            do {
                statuses.append(try await application.run())
            } catch let ending as Ending {
                if let message = ending.message { terminal.say("reconcile: \(message)") }
                if let hint = ending.hint { terminal.say("  hint: \(hint)") }
                statuses.append(ending.status)
            }
            if Task.isCancelled { statuses.append(.interrupted) }
            if statuses.last != .done { break }
        }
        let status = ExitStatus.gravest(statuses)
        if status != .done { throw Ending(status) }
    }

    private typealias Work = (environment: Environment, saved: EnvironmentPlan?, digest: String?)

    private func work(_ workspace: Workspace) throws -> [Work] {
        if let environment = workspace.fleet.environment(named: target) {
            guard autoApprove || common.terminal.isInteractive else {
                throw Ending(
                    .usage,
                    "there is no terminal to ask on, so nothing was changed",
                    hint:
                        "approve a saved plan (reconcile plan \(target) --out FILE; reconcile apply FILE), or give --auto-approve"
                )
            }
            return [(environment, nil, nil)]
        }
        guard textOfFile(target) != nil else {
            let all = workspace.fleet.environments.map { "\"\($0.name.value)\"" }.joined(separator: ", ")
            throw Ending(
                .usage,
                "\"\(target)\" is neither an environment nor a file",
                hint: "there are environments \(all)"
            )
        }
        let file = try SavedPlan.read(target)
        let digest = PlanDocument(file).contentDigest
        return try file.environments.map { saved in
            guard let environment = workspace.fleet.environment(named: saved.name) else {
                throw Ending(.stale, "environment \"\(saved.name)\" of the saved plan is not declared any more")
            }
            return (environment, saved, digest)
        }
    }
}

/// One environment's apply, from its lock to its last word.
private struct Application {
    let command: ApplyCommand
    let workspace: Workspace
    let environment: Environment
    let saved: EnvironmentPlan?
    /// The saved plan's own: a plan keeps its name in the journal however often it is gone on with.
    let savedDigest: String?

    private var terminal: Terminal { command.common.terminal }

    func run() async throws -> ExitStatus {
        try await Routes.with { routes in try await run(routes) }
    }

    private func run(_ routes: Routes) async throws -> ExitStatus {
        var allowed = try command.grants.hazards()
        if let saved { allowed.formUnion(saved.granted) }
        var servers = command.servers
        if let saved { servers.narrow(as: saved) }
        let surveyor = Surveyor(command.common, servers, workspace, allowed: allowed, routes: routes)
        let narrowing = servers.narrowing
        if saved == nil { try narrowing.requireInstances(in: [environment]) }
        surveyor.tell(Activity("\(TerminalText.safe(environment.name.value)): taking the lock"))
        defer { terminal.rest() }
        let targets = try await surveyor.targets(of: environment, needed: { narrowing.includes(instance: $0) })
        let run = Run(environment: environment.name.value, now: Surroundings.now, random: .random(in: 0 ... .max))
        let hold: Hold
        do {
            hold = try await Hold.take(
                environment,
                targets: targets,
                run: run,
                needed: { narrowing.includes(instance: $0) }
            )
        } catch let error as ApplyError {
            throw ending(of: error)
        } catch let error as UnreachableInstance {
            throw Ending(.failed, "\(error)", hint: "once it answers: reconcile apply \(command.target)")
        }
        do {
            let status = try await held(hold, surveyor, targets, allowed)
            await hold.release()
            return status
        } catch {
            await hold.release()
            if let error = error as? ApplyError { throw ending(of: error) }
            // Steps have their own errors, so none was begun.
            if let error = error as? PostgresError {
                throw Ending(
                    .failed,
                    "\(error); no step was begun",
                    hint: "run it again: reconcile apply \(command.target)"
                )
            }
            throw error
        }
    }

    private func held(
        _ hold: Hold,
        _ surveyor: Surveyor,
        _ targets: [String: ConnectionTarget],
        _ allowed: Set<Hazard>
    ) async throws -> ExitStatus {
        // Before anybody looks: what a dead run's move has shut is nobody's to judge.
        for line in try await hold.settleMoves() { terminal.note(TerminalText.safe(line)) }
        let programs = await PostgresPrograms.all(explicit: command.servers.work.pgBin)
        // What a saved plan was narrowed to may be gone since: it is stale then.
        let surveyed = try await surveyor.survey(environment, programs, requiringMatches: saved == nil)
        guard !surveyed.plan.hasUnreachable else {
            if formattingIsText { try showText(surveyed.plan) }
            throw Ending(
                .failed,
                "not every instance of \"\(environment.name.value)\" was reached, so nothing was done",
                hint: "once all answer: reconcile apply \(command.target)"
            )
        }
        try hold.requireSame(surveyed.facts)
        try await hold.requireQuiet(surveyed.claimedOIDs)
        var plan = surveyed.plan
        if let saved { plan = try await confirm(saved, against: plan, hold) }
        let review = environment.policy.review(plan, allowing: allowed)
        let approved: ApprovedPlan
        do throws(Rejection) {
            approved = try review.approve(command.partial ? .partial : .whole)
        } catch {
            if saved == nil, formattingIsText { try showText(review.plan) } else { name(error.refused) }
            throw Ending(
                .refused,
                "\(error.refused.count) refused by policy, so nothing was done",
                hint: "grant what is named above, or give --partial to do the rest"
            )
        }
        let desk = surveyor.desk(environment, hold, programs)
        guard approved.plan.owesChanges else {
            try await clear(hold, desk)
            await hold.closeAbandonedRuns()
            if formattingIsText { terminal.note("Nothing to do: \(environment.name.value) is what its manifest says.") }
            finishEvents([])
            return approved.leftOut.isEmpty ? .done : .refused
        }
        try ask(review.plan)
        terminal.warn(of: programs, for: approved.plan, as: environment.role)
        try await clear(hold, desk)
        return try await carryOut(approved, hold) { report in
            surveyor.applyContext(environment, approved.plan, hold, surveyed, targets, programs, report: report)
        }
    }

    private func carryOut(
        _ approved: ApprovedPlan,
        _ hold: Hold,
        _ context: (@escaping @Sendable (ApplyEvent) -> Void) -> ApplyContext
    ) async throws -> ExitStatus {
        let digest =
            savedDigest ?? PlanDocument(Plan([approved.plan], root: workspace.fleet.root)).contentDigest
        try await hold.takeLease(planDigest: digest, toolVersion: ToolVersion.current)
        let progress = ApplyProgress(formattingIsText ? .lines : .events, terminal) { Surroundings.now }
        progress.report(.locked(run: hold.run.id))
        let clock = ContinuousClock()
        let start = clock.now
        let outcomes = await RollOut(context { progress.report($0) }).run()
        let counts = Dictionary(grouping: outcomes.filter { !$0.isInstance || $0.outcome != .converged }, by: \.outcome)
            .mapValues(\.count)
        let failed = outcomes.contains { $0.outcome != .converged }
        await hold.finish(
            outcome: Task.isCancelled ? "interrupted" : failed ? "failed" : "converged",
            databases: .object(counts.map { JSONValue.Member($0.key.rawValue, .integer(Int64($0.value))) })
        )
        progress.report(.unlocked(run: hold.run.id))
        progress.report(.summary(outcomes))
        if formattingIsText { conclude(outcomes, counts, approved.plan, took: clock.now - start) }
        if Task.isCancelled { return .interrupted }
        return .gravest([failed ? .failed : .done, approved.leftOut.isEmpty ? .done : .refused])
    }

    private func conclude(
        _ outcomes: [DatabaseOutcome],
        _ counts: [DatabaseOutcome.Outcome: Int],
        _ plan: EnvironmentPlan,
        took: Duration
    ) {
        var parts = [DatabaseOutcome.Outcome.converged, .failed, .notAttempted].compactMap { outcome in
            counts[outcome].map { "\($0) \(outcome.rawValue)" }
        }
        let retired = outcomes.count { $0.outcome == .converged && $0.isInstance }
        if retired > 0 { parts.append("\(retired) instance\(retired == 1 ? "" : "s") retired") }
        let name = environment.name.value
        terminal.give("\(name): \(parts.joined(separator: ", ")) in \(took.text).")
        let converged = Set(outcomes.filter { $0.outcome == .converged }.map(\.database))
        let kept = plan.cohorts.filter { $0.steps.contains { $0.kind == .rebuildDatabase } }.reduce(0) {
            count,
            cohort in
            count + cohort.databases.count { converged.contains(DatabaseKey(instance: cohort.instance, database: $0)) }
        }
        if kept > 0 {
            let what = kept == 1 ? "The database that was replaced is" : "\(kept) databases that were replaced are"
            terminal.note("\(what) kept aside. To drop what is kept: reconcile purge \(name)")
        }
        let moved = plan.cohorts.filter { $0.source != nil }.flatMap { cohort in
            cohort.databases.map { DatabaseKey(instance: cohort.instance, database: $0) }
        }.filter(converged.contains)
        if !moved.isEmpty {
            let what =
                moved.count == 1 ? "The database that was moved is" : "\(moved.count) databases that were moved are"
            terminal.note("\(what) kept aside where it was, shut. To drop what is kept: reconcile purge \(name)")
        }
        for step in plan.steps where step.kind == .retireInstance {
            guard let instance = step.instance, converged.contains(DatabaseKey(instance: instance, database: "")) else {
                continue
            }
            terminal.note(TerminalText.safe(afterRetiring(instance)))
        }
        if plan.cohorts.contains(where: { $0.steps.contains { $0.kind == .backup } }) {
            terminal.note("Backups of this run: reconcile backups list")
        }
        if outcomes.contains(where: { $0.outcome != .converged }) {
            terminal.note("What was finished is in the journal. To continue: reconcile apply \(command.target)")
        }
    }

    private func afterRetiring(_ instance: String) -> String {
        guard case .docker(let container) = environment.instance(named: instance)?.via.last else {
            return "\(instance) is retired: purge what is kept there while it runs, and take it out of the manifest."
        }
        return
            "\(instance) is retired and stopped: take it out of the manifest. To purge what is kept there first: "
            + "docker start \(container), then reconcile purge \(environment.name.value)"
    }

    /// Clears what dead runs left and deletes backups that policy no longer keeps; a fault in the latter stops no work.
    private func clear(_ hold: Hold, _ desk: BackupDesk) async throws {
        for name in try await hold.clearAbandonedBuilds() {
            terminal.note("cleared \"\(name)\", which an interrupted run was building")
        }
        do {
            let removed = try await desk.tidy()
            if !removed.isEmpty { terminal.note("removed \(removed.count) files of old backups and interrupted runs") }
        } catch {
            terminal.say("warning: the backup folder could not be tidied: \(error)")
        }
    }

    /// The saved plan is carried out as it stands, or not at all.
    private func confirm(
        _ saved: EnvironmentPlan,
        against fresh: EnvironmentPlan,
        _ hold: Hold
    ) async throws -> EnvironmentPlan {
        let staleness = Staleness.compare(saved: saved, fresh: fresh)
        var changes = staleness.changes
        // What was absent may be there because an earlier run of this very plan made it, and for no other reason.
        for key in staleness.continued + staleness.done where saved.creates(key) {
            let made = try await hold.controls[key.instance]?.created(byPlan: savedDigest ?? "") ?? []
            if !made.contains(where: { ExactName($0) == ExactName(key.database) }) {
                changes.append("\(key): exists now; when the plan was made it did not")
            }
        }
        guard changes.isEmpty else {
            for change in changes { terminal.say("  \(TerminalText.safe(change))") }
            throw Ending(
                .stale,
                "the plan is stale: what it was made for has changed; nothing was done",
                hint: "make it anew: reconcile plan \(environment.name.value) --out \(command.target)"
            )
        }
        return fresh.restricted(to: saved)
    }

    /// Says what is refused where the plan that would tell it is not shown.
    private func name(_ refused: [Refusal]) {
        let most = 12
        for refusal in refused.prefix(refused.count > most + 1 ? most : refused.count) {
            let grant = refusal.grant.map { "granted by \($0)" } ?? "nothing can grant it"
            terminal.say(TerminalText.safe("  refused: \(refusal.what): \(refusal.why); \(grant)"))
        }
        if refused.count > most + 1 { terminal.say("  and \(refused.count - most) more") }
    }

    private func ask(_ plan: EnvironmentPlan) throws {
        guard saved == nil else { return }
        // Who is not asked, and wants no notes, wants no plan before what was done.
        if formattingIsText, !(command.autoApprove && command.common.quiet) { try showText(plan) }
        guard !command.autoApprove else { return }
        guard try terminal.confirms("\nApply this to \(environment.name.value)? Only \"yes\" is taken for one: ") else {
            throw Ending(.failed, "not approved, so nothing was done")
        }
    }

    private func showText(_ plan: EnvironmentPlan) throws {
        try command.common.show(Plan([plan], root: workspace.fleet.root), .text)
    }

    private var formattingIsText: Bool { command.formatting.format == .text }

    private func finishEvents(_ outcomes: [DatabaseOutcome]) {
        guard !formattingIsText else { return }
        ApplyProgress(.events, terminal) { Surroundings.now }.report(.summary(outcomes))
    }

    private func ending(of error: ApplyError) -> Ending {
        let again = "then: reconcile apply \(command.target)"
        return switch error {
        case .locked: Ending(.locked, "\(error)", hint: "reconcile unlock \(environment.name.value) says more")
        case .stale: Ending(.stale, "\(error)", hint: "plan again: reconcile plan \(environment.name.value)")
        case .lockLost: Ending(.failed, "\(error)")
        case .fenced:
            Ending(.failed, "\(error)", hint: "see what that one did: reconcile history \(environment.name.value)")
        case .failed, .foreign: Ending(.failed, "\(error)", hint: "mend that, \(again)")
        }
    }
}
