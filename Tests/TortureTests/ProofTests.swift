import Applying
import Effects
import FleetModel
import Glibc
import Servers
import Testing
import TestSupport

/// In production nothing is destroyed that a backup of this run does not hold, proved and still there.
@Suite(.serialized) struct ProofTests {
    private static let scenario = "production-loses-a-column"

    /// A program of PostgreSQL's that fails, or lies.
    struct Lie: Sendable, CustomStringConvertible {
        var description: String
        var program: String
        /// What it does first; what its output goes through.
        var before = ""
        var after = ""
    }

    private static let lies = [
        Lie(description: "the dump is empty, and pg_dump says that all is well", program: "pg_dump", before: "exit 0"),
        Lie(description: "pg_restore does nothing, and says that all is well", program: "pg_restore", before: "exit 0"),
        Lie(
            description: "a table's rows are not dumped",
            program: "pg_dump",
            before: #"set -- --exclude-table-data=accounts "$@""#
        ),
        Lie(description: "bytes are changed on their way", program: "pg_dump", after: #"| tr '\201' '\202'"#),
        Lie(description: "pg_dump fails", program: "pg_dump", before: "exit 1"),
        Lie(description: "pg_dump dies", program: "pg_dump", after: "& sleep 0.2; kill -9 $$"),
        Lie(description: "the dump's last byte is missing", program: "pg_dump", after: "| head -c -1"),
        Lie(description: "pg_restore fails", program: "pg_restore", before: "exit 1"),
        Lie(
            description: "a role is missing where it is restored",
            program: "pg_restore",
            before: #"set -- --role=nobody_of_that_name "$@""#
        ),
        Lie(description: "the rows are not restored", program: "pg_restore", before: #"set -- --schema-only "$@""#),
        Lie(
            description: "the definitions are not restored",
            program: "pg_restore",
            before: #"set -- --data-only "$@""#
        ),
        Lie(
            description: "privileges are not dumped",
            program: "pg_dump",
            before: #"set -- --no-privileges "$@""#
        ),
        Lie(description: "owners are not restored", program: "pg_restore", before: #"set -- --no-owner "$@""#),
        Lie(
            description: "privileges are not restored",
            program: "pg_restore",
            before: #"set -- --no-privileges "$@""#
        ),
        Lie(description: "no server can be made to restore on", program: "initdb", before: "exit 1"),
        Lie(description: "that server does not start", program: "postgres", before: "exit 1"),
    ]

    /// Without them nobody could tell that owners or privileges were lost.
    private static let owners = [
        "CREATE ROLE clerk", "CREATE ROLE reader", "ALTER TABLE public.tenants OWNER TO clerk",
        "GRANT ALL ON public.tenants TO postgres", "GRANT SELECT ON public.accounts TO reader",
    ]

    @Test(.proves(14), .timeLimit(.minutes(60)))
    func `a proof that fails stops the work before anything is destroyed`() async throws {
        guard Sweep.current != .quick else { return }
        let template = try await SweepTemplate.make(Self.scenario)
        try await Sweep.tryEach(Sweep.pick(Self.lies, quick: 0, sample: 1)) { lie in
            try await template.with(settings: Self.logged) { root in
                for statement in Self.owners { try await root.server.sql(statement, database: "hub") }
                let programs = try await Self.programs(lie, root)
                let run = try await root.reconcile("apply", "here", "--auto-approve", "--pg-bin", programs)
                #expect(run.status == 1, "\(lie): \(run.status) \(run.errors)\(run.outputText)")
                let checks = BackupChecks(root: root)
                #expect(!checks.destroys, "\(lie): the server was told to drop the column")
                let good = try checks.check(.ended, "\(lie)").filter { $0.receipt.verified >= .restore }
                #expect(good.isEmpty, "\(lie): a receipt says that it was restored")
                try await template.complete(root, "\(lie)")
            }
        }
    }

    /// What becomes of a proved backup before what it is for.
    struct Mishap: Sendable, CustomStringConvertible {
        var description: String
        var happen: @Sendable (StoredBackup) throws -> Void
    }

    private static let mishaps = [
        Mishap(description: "the archive is gone") { unlink($0.archivePath) },
        Mishap(description: "the receipt is gone") { unlink($0.path) },
        Mishap(description: "the archive is cut") { truncate($0.archivePath, off_t($0.receipt.sizeBytes / 2)) },
        Mishap(description: "the receipt is changed") { backup in
            let text = Files.text(backup.path) ?? ""
            try Files.write(text.replacing("\"rows\":200", with: "\"rows\":201"), to: backup.path)
        },
        Mishap(description: "it is of another database") { backup in
            var receipt = backup.receipt
            receipt.source.databaseOID += 1
            try Files.write(receipt.json(at: backup.path).text, to: backup.path)
        },
        Mishap(description: "it is of another server") { backup in
            var receipt = backup.receipt
            receipt.source.systemIdentifier = "7000000000000000001"
            try Files.write(receipt.json(at: backup.path).text, to: backup.path)
        },
        Mishap(description: "it holds other rows") { backup in
            var receipt = backup.receipt
            for index in receipt.content.tables.indices { receipt.content.tables[index].hashes[0] += "1" }
            try Files.write(receipt.json(at: backup.path).text, to: backup.path)
        },
        Mishap(description: "its hashes are empty") { backup in
            var receipt = backup.receipt
            for index in receipt.content.tables.indices { receipt.content.tables[index].hashes = ["", ""] }
            try Files.write(receipt.json(at: backup.path).text, to: backup.path)
        },
    ]

    @Test(.proves(14), .timeLimit(.minutes(60)))
    func `a backup that was lost after it was proved stops the work, too`() async throws {
        guard Sweep.current != .quick else { return }
        let template = try await SweepTemplate.make(Self.scenario)
        try await Sweep.tryEach(Sweep.pick(Self.mishaps, quick: 0, sample: 1)) { mishap in
            // On a busy machine the run may be over before it can be stopped.
            for _ in 0..<5 where try await Self.isStopped(mishap, template) { return }
            Issue.record("\(mishap): the run could never be stopped in time")
        }
    }

    /// Stops a run while it clears up after the proof, lets the mishap happen, and looks what the run makes of it.
    ///
    /// - Returns: false where it could not be stopped in time.
    private static func isStopped(_ mishap: Mishap, _ template: SweepTemplate) async throws -> Bool {
        try await template.with(settings: logged) { root in
            async let first = root.run(
                "/bin/sh",
                ["-c", "echo $$ >pid; exec \"$RECONCILE\" apply here --auto-approve"]
            )
            let checks = BackupChecks(root: root)
            var proved: StoredBackup?
            for _ in 0..<60_000 where proved == nil {
                proved = BackupCatalog(directory: checks.directory).backups.first { $0.receipt.verified == .rehearse }
                if proved == nil { try await Task.sleep(for: .milliseconds(2)) }
            }
            let pid = try #require(Files.text("\(root.folder.path)/pid").flatMap { pid_t($0.prefix { $0.isNumber }) })
            kill(pid, SIGSTOP)
            let backup = try #require(proved, "no backup was proved")
            if checks.destroys {
                kill(pid, SIGCONT)
                _ = try await first
                return false
            }
            try mishap.happen(backup)
            kill(pid, SIGCONT)
            let run = try await first
            #expect(run.status == 1, "\(mishap): \(run.status) \(run.errors)")
            #expect(!checks.destroys, "\(mishap): the server was told to drop the column")
            try await template.complete(root, "\(mishap)")
            return true
        }
    }

    private static let logged = ["log_statement": "all", "log_min_messages": "log"]

    /// All of PostgreSQL's programs in a folder, one of them replaced.
    private static func programs(_ lie: Lie, _ root: ScenarioRoot) async throws -> String {
        let folder = "\(root.folder.path)/bin"
        chmod(root.folder.path, 0o755)
        mkdir(folder, 0o755)
        let real = root.server.programs.folder
        for name in Files.names(in: real) ?? [] where name != lie.program {
            symlink("\(real)/\(name)", "\(folder)/\(name)")
        }
        let text = """
            #!/bin/sh
            case " $* " in *--version*) exec \(real)/\(lie.program) "$@" ;; esac
            \(lie.before)
            \(real)/\(lie.program) "$@" \(lie.after)

            """
        try Files.write(text, to: "\(folder)/\(lie.program)")
        chmod("\(folder)/\(lie.program)", 0o755)
        return folder
    }
}
