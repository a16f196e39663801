internal import Applying
internal import ArgumentParser
internal import FleetModel
internal import Postgres
internal import Reports
internal import Servers

struct BackupsRestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Puts one database back, proved before the swap.",
        usage: "reconcile backups restore RECEIPT [<options>]",
        discussion: """
            The backup is restored beside the other databases, compared with its
            receipt row by row, and then swapped in. What it replaces is kept aside
            until `reconcile purge`.

            It goes to the instance it was taken on. Where that is not declared any
            more, it goes to the one whose entry claims the name; --instance NAME
            says which.

            EXAMPLES
              reconcile backups restore .reconcile/backups/production/…/tenant_7.json
              reconcile backups restore …/tenant_7.json --as tenant_7_before --auto-approve
              reconcile backups restore …/tenant_7.json --instance native
            """
    )

    @Argument(help: .init("The receipt of the backup.", valueName: "RECEIPT"), completion: .file())
    var receipt: String

    @Option(name: .customLong("as"), help: .init("Name to restore it under; else its own.", valueName: "name"))
    var name: String?

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<OutputFormat>
    @OptionGroup var servers: ServerOptions

    @Flag(help: "Do not ask; needed without a terminal.")
    var autoApprove = false

    func validate() throws {
        if servers.instance.count > 1 { throw ValidationError("a database is restored on one instance") }
        guard let name else { return }
        guard (1...63).contains(name.utf8.count), !name.utf8.contains(0) else {
            throw ValidationError("a database's name has 1 to 63 bytes")
        }
    }

    func run() async throws {
        try await Routes.with { routes in try await run(routes) }
    }

    private func run(_ routes: Routes) async throws {
        let workspace = try Workspace.load(common, format: formatting.format)
        let backup = try Receipts.one(receipt)
        let environment = try workspace.environments(named: [backup.receipt.environment])[0]
        let surveyor = Surveyor(common, servers, workspace, allowed: [], routes: routes)
        let targets = try await surveyor.targets(of: environment)
        let live = name ?? backup.receipt.database
        let instance = try Self.instance(for: live, backup, in: environment, named: servers.instance.first)
        try approve(
            "Put \(backup.line)\nback as \"\(TerminalText.safe(live))\" on \(instance)? Only \"yes\" is taken for one: "
        )
        let run = Run(environment: environment.name.value, now: Surroundings.now, random: .random(in: 0 ... .max))
        let aside: String?
        do {
            let hold = try await Hold.take(environment, targets: targets, run: run)
            do {
                aside = try await restore(backup, live, on: instance, environment, hold, surveyor)
                await hold.finish(outcome: "converged", databases: ["restored": 1])
                await hold.release()
            } catch {
                await hold.finish(outcome: Task.isCancelled ? "interrupted" : "failed", databases: ["failed": 1])
                await hold.release()
                throw error
            }
        } catch  where Task.isCancelled {
            throw Ending(.interrupted, "interrupted; the database is as it was", hint: "to restore it: \(again)")
        } catch let error as ApplyError {
            if case .locked = error {
                throw Ending(.locked, "\(error)", hint: "reconcile unlock \(environment.name.value) says more")
            }
            throw Ending(.failed, "\(error)", hint: "mend that, then: \(again)")
        } catch let ending as Ending {
            throw ending
        } catch let error as UnreachableInstance {
            throw Ending(.failed, "\(error)", hint: "once it answers: \(again)")
        } catch {
            throw Ending(.failed, "\(error)", hint: "mend that, then: \(again)")
        }
        try say(live, aside)
    }

    /// What was typed, as far as it says what goes where.
    private var again: String {
        let place = servers.instance.first.map { " --instance \(TerminalText.safe($0))" } ?? ""
        let live = name.map { " --as \(TerminalText.safe($0))" } ?? ""
        return "reconcile backups restore \(TerminalText.safe(receipt))\(live)\(place)"
    }

    /// Where a backup goes: where it was taken, unless that server was given up since, or another one is named.
    private static func instance(
        for live: String,
        _ backup: StoredBackup,
        in environment: Environment,
        named chosen: String?
    ) throws -> String {
        func isDeclared(_ name: String) -> Bool { environment.instance(named: name) != nil }
        if let chosen {
            guard isDeclared(chosen) else {
                throw Ending(.usage, "no instance of \"\(environment.name.value)\" is named \"\(chosen)\"")
            }
            return chosen
        }
        let own = backup.receipt.instance
        if isDeclared(own) { return own }
        let claiming = environment.entries.filter { entry in
            switch entry.selector.value {
            case .names(let names): names.contains(live)
            case .match(let pattern): Glob(pattern)?.matches(live) == true
            case .query: false
            }
        }
        guard let entry = claiming.first else {
            throw Ending(
                .failed,
                "instance \"\(own)\" is not declared any more, and no entry claims \"\(live)\" by name or pattern",
                hint: "say where it is to go: --instance NAME"
            )
        }
        return entry.instance.value
    }

    private func restore(
        _ backup: StoredBackup,
        _ live: String,
        on instance: String,
        _ environment: Environment,
        _ hold: Hold,
        _ surveyor: Surveyor
    ) async throws -> String? {
        guard let control = hold.controls[instance] else {
            throw Ending(.failed, "instance \"\(instance)\" was not reached")
        }
        // What a dead run was moving is settled by what it put in place, which must not be replaced before.
        for line in try await hold.settleMoves() { common.terminal.note(TerminalText.safe(line)) }
        try await hold.takeLease(planDigest: "restore", toolVersion: ToolVersion.current)
        for name in try await hold.clearAbandonedBuilds() {
            common.terminal.note("cleared \"\(TerminalText.safe(name))\"")
        }
        let programs = await PostgresPrograms.all(explicit: servers.work.pgBin)
        let pool = surveyor.pool
        return try await control.restore(
            backup,
            as: live,
            programs: programs,
            for: environment.role,
            now: { Surroundings.now },
            inspect: BackupDesk.reader(pool)
        ) { event in
            if formatting.format == .text { common.terminal.note("  \(event.text)") }
        }
    }

    /// It is done, so whoever interrupted too late is told as well.
    private func say(_ live: String, _ aside: String?) throws {
        switch formatting.format {
        case .json: try common.put((["restored": .string(live), "aside": JSONValue(aside)] as JSONValue).canonical)
        case .text:
            let kept = aside.map { "; the one it replaced is kept as \"\(TerminalText.safe($0))\"" } ?? ""
            try common.put(Array("\"\(TerminalText.safe(live))\" is back\(kept).".utf8))
        }
    }

    private func approve(_ question: String) throws {
        guard !autoApprove else { return }
        guard common.terminal.isInteractive else {
            throw Ending(.usage, "there is no terminal to ask on, so nothing was restored", hint: "give --auto-approve")
        }
        guard try common.terminal.confirms(question) else {
            throw Ending(.failed, "not approved, so nothing was restored")
        }
    }
}

extension DatabaseRestore.Event {
    fileprivate var text: String {
        switch self {
        case .checked: "the archive is whole"
        case .created(let database): "created \"\(TerminalText.safe(database))\" beside the others"
        case .restored: "restored"
        case .compared(let tables, let rows): "equal: \(rows) rows in \(tables) tables"
        case .analysed: "analysed"
        case .swapped: "swapped in"
        }
    }
}
