import Applying
import Effects
import FleetModel
import Glibc
import Servers
import Testing
import TestSupport

/// Client tools that are wrong for a server, or have known holes, back up nothing in production.
@Suite(.serialized) struct ClientToolsTests {
    @Test(.proves(14), .timeLimit(.minutes(30)))
    func `tools that are wrong or have holes are refused before anything is dumped`() async throws {
        let template = try await SweepTemplate.make("production-loses-a-column")
        let majors = await TestServer.everyMajor()
        try await template.with(settings: ["log_statement": "all", "log_min_messages": "log"]) { root in
            let own = root.server.programs
            let checks = BackupChecks(root: root)
            func refuses(_ folder: String, _ words: String, _ what: String) async throws {
                Sweep.tried()
                let run = try await root.reconcile("apply", "here", "--auto-approve", "--pg-bin", folder)
                // Without a server of its major nothing can be tried beforehand, which policy refuses.
                #expect(run.status == 1 || run.status == 3, "\(what): \(run.status) \(run.errors)")
                #expect(
                    run.errors.contains(words) || run.outputText.contains(words),
                    "\(what): \(run.errors)\(run.outputText)"
                )
                #expect(!checks.destroys, "\(what)")
                #expect(try checks.check(.ended, what).allSatisfy { $0.receipt.verified < .restore }, "\(what)")
            }
            let major = own.version.major
            for (index, version) in ["\(major).0"].enumerated() {
                let folder = try Self.folder("old\(index)", root, ["pg_dump": version, "pg_restore": version])
                try await refuses(folder, "known security holes", "tools that say they are \(version)")
            }
            if Sweep.current == .quick { return }
            try await refuses(
                try Self.folder("older", root, ["pg_dump": "\(major - 1).99", "pg_restore": "\(major - 1).99"]),
                "no PostgreSQL \(major) server programs",
                "a pg_dump older than the server"
            )
            try await refuses(
                try Self.folder("mixed", root, ["pg_restore": "\(major).0"]),
                "is not version \(own.version)",
                "a pg_restore of another installation"
            )
            try await refuses(
                try Self.folder("strange", root, ["pg_dump": "hello", "pg_restore": "hello", "postgres": "hello"]),
                "no PostgreSQL \(major) server programs",
                "a script that is no tool of PostgreSQL"
            )
            try await refuses(
                "\(root.folder.path)/nowhere",
                "no PostgreSQL \(major) server programs",
                "a folder that is not there"
            )
            if Sweep.current == .sample { return }
            for other in majors where other.version.major < major {
                try await refuses(
                    other.folder,
                    "no PostgreSQL \(major) server programs",
                    "the real tools of \(other.version)"
                )
                // Where something else is there to try on, it is they that are refused.
                #expect(throws: BackupError.self) { try PostgresPrograms.clients(among: [other], forMajor: major) }
            }
            try await template.complete(root, "tools that were refused")
        }
        if Sweep.current == .quick { return }
        // The real ones with holes, on the real server of their major.
        for holed in majors where ClientTools.fitness(of: holed.version) != .fit {
            try await TestServer.with(holed) { server in
                let root = try Scenario(name: "production-loses-a-column").root(for: server)
                try await root.prepare()
                let run = try await root.reconcile("apply", "here", "--auto-approve", "--pg-bin", holed.folder)
                #expect(run.status == 1 && run.errors.contains("known security holes"), "\(run.status) \(run.errors)")
                try await BackupChecks(root: root).checkRows("with tools of \(holed.version)")
            }
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `outside production, tools with holes are used, and that is said`() async throws {
        guard Sweep.current != .quick, Sweep.current != .sample else { return }
        let template = try await SweepTemplate.make("everything-at-once")
        try await template.with { root in
            let version = "\(root.server.programs.version.major).0"
            let folder = try Self.folder("old", root, ["pg_dump": version, "pg_restore": version])
            let run = try await root.reconcile("apply", "here", "--auto-approve", "--pg-bin", folder)
            #expect(run.status == 0 && run.errors.contains("have known security holes"), "\(run.status) \(run.errors)")
        }
    }

    /// PostgreSQL's programs, of which some say another version.
    private static func folder(_ name: String, _ root: ScenarioRoot, _ versions: [String: String]) throws -> String {
        let folder = "\(root.folder.path)/\(name)"
        chmod(root.folder.path, 0o755)
        mkdir(folder, 0o755)
        let real = root.server.programs.folder
        for program in Files.names(in: real) ?? [] where versions[program] == nil {
            symlink("\(real)/\(program)", "\(folder)/\(program)")
        }
        for (program, version) in versions {
            let text = """
                #!/bin/sh
                case " $* " in *--version*) echo "\(program) (PostgreSQL) \(version)"; exit 0 ;; esac
                exec \(real)/\(program) "$@"

                """
            try Files.write(text, to: "\(folder)/\(program)")
            chmod("\(folder)/\(program)", 0o755)
        }
        return folder
    }
}
