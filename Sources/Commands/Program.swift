internal import ArgumentParser
internal import Dispatch
internal import Effects
internal import Glibc
internal import Logging

/// The program as a whole: one command in, one exit status out.
package enum Program {
    package static func run() async {
        // Before the first thread, since changing the environment is not safe beside others.
        ProcessEnvironment.forgetAmbientTargets()
        ProcessEnvironment.leaveNoCore()
        // All we write is ours alone, whatever the caller's habits are.
        umask(0o077)
        signal(SIGPIPE, SIG_IGN)
        let work = Task { await Self.status() }
        let interruption = Interruption { work.cancel() }
        var status = await work.value
        if let reason = Terminal.lostResult {
            Terminal().say("reconcile: the result could not be written: \(reason)")
            if status == ExitStatus.done.rawValue { status = ExitStatus.failed.rawValue }
        }
        interruption.end()
        exit(status)
    }

    private static func status() async -> Int32 {
        do {
            let arguments = Arguments.ordered(
                Array(CommandLine.arguments.dropFirst()),
                subcommands: ReconcileCommand.subcommandNames
            )
            var command = try ReconcileCommand.parseAsRoot(arguments)
            // However it ends: what is said last is not said beside a line that tells what goes on.
            defer { LiveLine.only.end() }
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch let ending as Ending {
            let terminal = Terminal()
            if let message = ending.message { terminal.say("reconcile: \(message)") }
            if let hint = ending.hint { terminal.say("  hint: \(hint)") }
            // Whatever it makes of what was broken off: it was interrupted.
            return Task.isCancelled ? ExitStatus.interrupted.rawValue : ending.status.rawValue
        } catch  where error is CancellationError || Task.isCancelled {
            Terminal().say("reconcile: interrupted")
            return ExitStatus.interrupted.rawValue
        } catch {
            let code = ReconcileCommand.exitCode(for: error)
            let message = ReconcileCommand.fullMessage(for: error)
            if !message.isEmpty {
                if code == .success { Terminal().give(message) } else { Terminal().say(message) }
            }
            return code.rawValue
        }
    }
}

/// Turns Ctrl-C and a polite end into a cancelled task; a second one ends the program at once.
private struct Interruption: ~Copyable {
    private let sources: [any DispatchSourceSignal]

    init(_ interrupt: @escaping @Sendable () -> Void) {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            nonisolated(unsafe) var count = 0
            source.setEventHandler {
                count += 1
                if count > 1 {
                    LiveLine.only.wipe()
                    _exit(130)
                }
                interrupt()
            }
            source.activate()
            return source
        }
    }

    func end() { for source in sources { source.cancel() } }
}

/// Everything begins here.
struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Brings fleets of PostgreSQL databases to what manifests say.",
        usage: "reconcile [-C DIR] <subcommand> [<options>]",
        discussion: """
            Manifests under environments/ and manifests/ say what should be.
            `plan` shows exactly what would be done and why; `apply` does it under
            a lock, in production with a verified backup before the first change.

            EXAMPLES
              reconcile validate
              reconcile inventory production
              reconcile plan production --out plan.json
              reconcile apply plan.json
              reconcile gate --offline --baseline fleet.json

            EXIT STATUS
                0  done                        4  locked by another run
                1  failed                      5  stale: the fleet has changed
                2  changes are owed           64  wrong usage
                3  refused by policy          65  invalid manifest or folder
                                             130  interrupted
            """,
        version: ToolVersion.current,
        subcommands: [
            InitCommand.self, ValidateCommand.self, DiscoverCommand.self, InventoryCommand.self,
            CompareCommand.self, PlanCommand.self, ShowCommand.self, GateCommand.self, ApplyCommand.self,
            GenerateCommand.self, PurgeCommand.self, BackupsCommand.self, HistoryCommand.self, UnlockCommand.self,
            SchemaCommand.self,
        ]
    )
}

enum ToolVersion {
    static let current = "0.1.0"
}
