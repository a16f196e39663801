import Effects
import Glibc
import Servers
import Testing
import TestSupport

/// Nothing around the program chooses a server: not its variables, not its user's files.
@Suite(.serialized) struct AmbientTests {
    @Test(.proves(12), .timeLimit(.minutes(15)))
    func `whatever variables and files lead to a bystander, no command and no child goes there`() async throws {
        let settings = ["log_connections": "on", "log_min_messages": "log", "log_statement": "all"]
        try await TestServer.with { server in
            try await TestServer.with(identity: 1, settings: settings) { bystander in
                var root = try Scenario(name: "behind-by-one").root(for: server)
                try await root.prepare()
                try await bystander.sql("CREATE DATABASE hub")
                try Self.set(traps: bystander, in: root.folder)
                root.environment = Self.variables(bystander, root.folder)
                let before = Self.connections(bystander)
                for arguments in Self.commands where Sweep.current != .quick || Self.first.contains(arguments[0]) {
                    Sweep.tried()
                    let run = try await root.run(TestPrograms.reconcile, arguments)
                    #expect([0, 2].contains(run.status), "\(arguments): \(run.status) \(run.outputText)\(run.errors)")
                    #expect(Self.connections(bystander) == before, "\(arguments) connected to the bystander")
                }
                // What backs up, restores and reads backups starts programs of PostgreSQL, which have habits of their own.
                let backups = "\(root.folder.path)/.reconcile/backups"
                let receipt = try #require(Files.all(below: backups).first { $0.hasSuffix(".json") })
                for arguments in [
                    ["backups", "verify"], ["backups", "restore", "\(backups)/\(receipt)", "--auto-approve"],
                ] {
                    Sweep.tried()
                    let run = try await root.run(TestPrograms.reconcile, arguments)
                    #expect(run.status == 0, "\(arguments): \(run.status) \(run.errors)")
                    #expect(Self.connections(bystander) == before, "\(arguments) connected to the bystander")
                }
                let purged = try await root.reconcile("purge", "here", "--auto-approve")
                #expect(purged.status == 0, "\(purged.errors)")
                #expect(Self.connections(bystander) == before, "purge connected to the bystander")
                #expect(access("\(root.folder.path)/trapped", F_OK) != 0, "psql's start-up file was run")
            }
        }
    }

    /// What is tried at every turn.
    private static let first = ["plan", "apply", "history"]

    private static let commands = [
        ["validate"], ["inventory"], ["compare"], ["plan", "--out", "plan.json", "--detailed-exitcode"],
        ["show", "plan.json"], ["gate", "here"], ["unlock", "here"], ["apply", "plan.json"], ["history", "here"],
        ["backups", "list"], ["plan", "here", "--detailed-exitcode"],
        ["unlock", "here", "--force", "--auto-approve"],
    ]

    /// All that libpq and psql read in a person's home, and what such variables name.
    private static func set(traps bystander: EmbeddedServer, in folder: TemporaryFolder) throws {
        let service = "[trap]\nhost=\(bystander.folder)\nport=5432\nuser=postgres\ndbname=hub\n"
        for name in [".pg_service.conf", "service", "sysconf/pg_service.conf"] { try folder.write(service, to: name) }
        for name in [".pgpass", "pass"] {
            try folder.write("*:*:*:*:trap\n", to: name)
            chmod("\(folder.path)/\(name)", 0o600)
        }
        let start = "\\c \"host=\(bystander.folder) user=postgres dbname=hub\"\n\\! touch \(folder.path)/trapped\n"
        for name in [".psqlrc", "rc", "sysconf/psqlrc"] { try folder.write(start, to: name) }
    }

    private static func variables(_ bystander: EmbeddedServer, _ folder: TemporaryFolder) -> [String: String] {
        [
            "PGHOST": bystander.folder, "PGHOSTADDR": "127.0.0.1", "PGPORT": "5432", "PGUSER": "postgres",
            "PGDATABASE": "hub", "PGPASSWORD": "trap", "PGPASSFILE": "\(folder.path)/pass", "PGSERVICE": "trap",
            "PGSERVICEFILE": "\(folder.path)/service", "PGSYSCONFDIR": "\(folder.path)/sysconf",
            "PGOPTIONS": "-c nonsense=1", "PGAPPNAME": "trap", "PGSSLMODE": "verify-full", "PGREQUIRESSL": "1",
            "PGTARGETSESSIONATTRS": "standby", "PGCLIENTENCODING": "LATIN1", "PGTZ": "Asia/Tokyo",
            "PGCONNECT_TIMEOUT": "1", "PGDATA": "\(bystander.folder)/data", "PSQLRC": "\(folder.path)/rc",
            "PGREQUIREAUTH": "scram-sha-256", "PGCHANNELBINDING": "require", "PGKRBSRVNAME": "trap",
            "PGLOCALEDIR": folder.path, "PGDATESTYLE": "SQL, DMY", "PGGEQO": "off",
            "DATABASE_URL": "postgres://postgres@%2F\(bystander.folder.dropFirst().replacing("/", with: "%2F"))/hub",
        ]
    }

    private static func connections(_ server: EmbeddedServer) -> Int {
        (Files.text("\(server.folder)/log") ?? "").matches(of: /connection received/).count
    }
}
