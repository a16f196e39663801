internal import Applying
internal import ArgumentParser
internal import FleetModel
internal import Glibc
internal import Reports
internal import Servers

struct BackupsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the receipts of all backups, oldest first.",
        usage: "reconcile backups list [<options>]",
        discussion: """
            EXAMPLES
              reconcile backups list
              reconcile backups list --format json | jq '.[].archive'
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<OutputFormat>

    func run() throws {
        let workspace = try Workspace.load(common, format: formatting.format)
        let backups = Receipts.all(workspace, common.terminal)
        switch formatting.format {
        case .json: try common.write(JSONValue.array(backups.map { $0.receipt.json(at: $0.path) }).canonical)
        case .text: try common.write(backups.isEmpty ? "No backups." : backups.map(\.line).joined(separator: "\n"))
        }
    }
}

struct BackupsVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Proves backups anew, down to every restored row.",
        usage: "reconcile backups verify [RECEIPT] [<options>]",
        discussion: """
            Checksum, archive read through, restored into a private server and
            compared with the receipt. Ends with 1 where any is not what its
            receipt says.

            EXAMPLES
              reconcile backups verify
              reconcile backups verify .reconcile/backups/production/…/tenant_7.json
            """
    )

    @Argument(help: .init("A receipt; all of them where none is named.", valueName: "RECEIPT"), completion: .file())
    var receipt: String?

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<OutputFormat>
    @OptionGroup var servers: ServerOptions

    func run() async throws {
        let workspace = try Workspace.load(common, format: formatting.format)
        var unread: [Diagnostic] = []
        let chosen = try receipt.map { [try Receipts.one($0)] } ?? Receipts.all(workspace, common.terminal, &unread)
        let programs = await PostgresPrograms.all(explicit: servers.work.pgBin)
        let pool = CatalogPool()
        var rows: [JSONValue] = []
        // Told one by one on a terminal, since each takes its time; a file is there wholly or not at all.
        var lines: [String] = []
        // What can no longer be told to be good is not good.
        var failures = unread.count
        defer { common.terminal.rest() }
        for (index, backup) in chosen.enumerated() {
            try Task.checkCancellation()
            var problem: String?
            var leftOut: [String] = []
            let which = chosen.count == 1 ? "" : " (\(index + 1) of \(chosen.count))"
            do {
                leftOut = try await prove(backup, programs, pool, workspace) { doing in
                    guard formatting.format == .text else { return }
                    let what = "\(doing) the backup of \(TerminalText.safe(backup.receipt.database))"
                    common.terminal.tell(
                        Activity(
                            "proving \(chosen.count == 1 ? "1 backup" : "\(chosen.count) backups")",
                            now: what + which
                        )
                    )
                }
            } catch {
                // One that nobody looked at to the end is not bad.
                try Task.checkCancellation()
                problem = "\(error)".split(separator: "\n").joined(separator: "; ")
            }
            if problem != nil { failures += 1 }
            rows.append([
                "receipt": .string(backup.path), "database": .string(backup.receipt.database),
                "ok": .bool(problem == nil),
                "message": JSONValue(problem ?? Self.remark(leftOut, backup.receipt)),
            ])
            guard formatting.format == .text else { continue }
            let mark = problem == nil ? "✓" : "✗"
            let said = problem ?? Self.remark(leftOut, backup.receipt)
            let line = "\(mark) \(backup.line)" + (said.map { ": \(TerminalText.safe($0))" } ?? "")
            if common.output == nil { common.terminal.give(line) } else { lines.append(line) }
        }
        switch formatting.format {
        case .json: try common.write(JSONValue.array(rows).canonical)
        case .text where chosen.isEmpty: try common.write(unread.isEmpty ? "No backups." : "No backup could be read.")
        case .text where common.output != nil: try common.write(lines.joined(separator: "\n"))
        case .text: break
        }
        if failures > 0 {
            throw Ending(.failed, "\(failures) of \(chosen.count + unread.count) could not be proved")
        }
    }

    /// A person learns of it now, and not when the database is needed.
    private static func remark(_ leftOut: [String], _ receipt: BackupReceipt) -> String? {
        var remarks: [String] = []
        if receipt.privileges == nil {
            remarks.append("its receipt is of an older program and tells nothing of owners and privileges")
        }
        if !leftOut.isEmpty {
            remarks.append(
                "equal but for what only a superuser can restore, so `backups restore` will refuse it: "
                    + leftOut.joined(separator: ", ")
            )
        }
        return remarks.isEmpty ? nil : remarks.joined(separator: "; ")
    }

    /// - Returns: what of it only a superuser could restore.
    private func prove(
        _ backup: StoredBackup,
        _ programs: [PostgresPrograms],
        _ pool: CatalogPool,
        _ workspace: Workspace,
        tell: (String) -> Void
    ) async throws -> [String] {
        let major = backup.receipt.serverVersion.major
        tell("reading")
        // A receipt of an environment that is declared no more may be of any.
        let environment = workspace.fleet.environment(named: backup.receipt.environment)
        let role = environment?.role ?? .production
        let clients = try await PostgresPrograms.sound(among: programs, forMajor: major, for: role)
        let read = try await ArchiveCheck(programs: clients).read(backup)
        let directory = backup.directory
        tell("restoring and comparing")
        return try await RestoreBench.run(
            programs,
            major: major,
            backups: directory,
            inspect: BackupDesk.reader(pool)
        ) { bench in
            try await bench.verify(read).1.leftOut
        }
    }
}

/// Receipts as commands name them.
enum Receipts {
    static func all(_ workspace: Workspace, _ terminal: Terminal) -> [StoredBackup] {
        var unread: [Diagnostic] = []
        return all(workspace, terminal, &unread)
    }

    /// Says which receipts cannot be read, and adds what is wrong with them to `unread`.
    static func all(_ workspace: Workspace, _ terminal: Terminal, _ unread: inout [Diagnostic]) -> [StoredBackup] {
        let fleet = workspace.fleet
        var seen: Set<String> = []
        let folders = fleet.environments.map { BackupDesk.directory(of: $0, root: fleet.root) }
            .filter { seen.insert($0).inserted }
        let catalogs = folders.map { BackupCatalog(directory: $0) }
        for diagnostic in catalogs.flatMap(\.diagnostics) {
            terminal.say("reconcile: \(TerminalText.safe(diagnostic.message))")
            unread.append(diagnostic)
        }
        return catalogs.flatMap(\.backups)
    }

    /// PostgreSQL's programs run in another folder, where a path relative to ours means nothing.
    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }

    static func one(_ path: String) throws -> StoredBackup {
        do throws(BackupError) {
            return try StoredBackup.read(absolute(path))
        } catch {
            throw Ending(.failed, "\(error)")
        }
    }
}

extension StoredBackup {
    /// `backup.directory`: four folders above the receipt.
    fileprivate var directory: String {
        path.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
    }

    var line: String {
        let receipt = receipt
        let rows = receipt.content.tables.reduce(0) { $0 + $1.rows }
        return TerminalText.safe(
            "\(Timestamp(seconds: receipt.takenAt))  \(receipt.environment)/\(receipt.instance)/\(receipt.database)  "
                + "\(rows) rows, \((receipt.sizeBytes + 1023) / 1024) kB, verified: \(receipt.verified.rawValue)  \(path)"
        )
    }
}
