import Effects
import FleetModel
import Glibc
import Servers
import Testing
import TestSupport

/// What the server lacks to which a database moves: found before the switch, told, and mended, the next run goes on.
@Suite(.serialized) struct MoveTargetTests {
    /// Something that is wanted there and is not, or is no more.
    struct Lack: Sendable, CustomStringConvertible {
        var description: String
        /// In the database that moves.
        var holds = ""
        /// Whether that server's log lies on the disk that is small.
        var logsOnTheDisk = false
        /// On the server it moves to.
        var spoil: @Sendable (MovingShop) async throws -> Void = { _ in }
        /// What somebody is told who is to mend it.
        var says: String
        var orSays: String?
        var mend: @Sendable (MovingShop) async throws -> Void

        func isNamed(in text: String) -> Bool { text.contains(says) || orSays.map { text.contains($0) } == true }
    }

    private static let role = Lack(
        description: "a role",
        holds: "CREATE TABLE desks AS SELECT 1 AS n; ALTER TABLE desks OWNER TO clerk",
        spoil: { try await $0.new.sql("DROP ROLE clerk") },
        says: #"roles are missing there: "clerk""#,
        mend: { try await $0.new.sql("CREATE ROLE clerk") }
    )
    private static let tablespace = Lack(
        description: "a tablespace",
        holds: "CREATE TABLE quick (n int) TABLESPACE fast; ALTER TABLE quick OWNER TO app",
        spoil: { try await $0.new.sql("DROP TABLESPACE fast") },
        says: #"tablespaces are missing there: "fast""#,
        mend: { try await $0.makeTablespace(on: $0.new) }
    )
    private static let collation = Lack(
        description: "a collation's locale",
        holds: """
            CREATE COLLATION odd (locale = 'C'); UPDATE pg_catalog.pg_collation SET collcollate = 'xx_NO', collctype = 'xx_NO'
            WHERE collname = 'odd'; ALTER COLLATION odd OWNER TO app
            """,
        says: "xx_NO",
        mend: { try await $0.old.sql("DROP COLLATION public.odd", database: MovingShop.database) }
    )
    private static let locale = Lack(
        description: "the database's locale",
        spoil: { try await $0.hideLocale() },
        says: #"invalid locale name: "\#(MovingShop.locale)""#,
        mend: { try await $0.showLocale() }
    )
    private static let room = Lack(
        description: "room on the disk",
        spoil: { try await $0.fillDisk() },
        says: "No space left on device",
        mend: { $0.emptyDisk() }
    )
    /// The server cannot write its log ahead, and dies of it: what was there is cleared by the next run.
    private static let wholeDisk = Lack(
        description: "room on the whole disk",
        logsOnTheDisk: true,
        spoil: { try await $0.fillDisk() },
        says: "No space left on device",
        orSays: "server closed the connection unexpectedly",
        mend: {
            $0.emptyDisk()
            try await $0.awaitServer()
        }
    )

    @Test(.proves(31, 36), .timeLimit(.minutes(30)))
    func `what is missing there stops the move in its rehearsal, and once it is there one command completes it`()
        async throws
    {
        let all = [
            Self.role, Self.wholeDisk, Self.collation, Self.room, Self.tablespace, Self.locale,
        ]
        try await Sweep.tryEach(Sweep.pick(all, quick: 1, sample: 2)) { lack in
            try await MovingShop.with(lack) { shop in
                try await lack.spoil(shop)
                let run = try await shop.root.reconcile("apply", "here", "--auto-approve")
                #expect(run.errors.contains(/[Nn]othing was changed/), "\(lack): \(run.errors)")
                try await shop.check(run, lack)
            }
        }
    }

    @Test(.proves(31, 36), .timeLimit(.minutes(30)))
    func `what goes missing there after the rehearsal stops the move before the switch, and the database opens again`()
        async throws
    {
        guard Sweep.current != .quick else { return }
        try await Sweep.tryEach(Sweep.pick([Self.room, Self.role, Self.tablespace], quick: 0, sample: 1)) { lack in
            let freeze = try await MovingShop.with(lack) { try await $0.numberOfFreeze() }
            try await MovingShop.with(lack) { shop in
                async let first = shop.root.run(
                    "/bin/sh",
                    ["-c", "echo $$ >pid; exec \"$RECONCILE\" apply here --auto-approve"],
                    ["RECONCILE_CRASH_AT": "\(freeze):stop"]
                )
                let pid = try await SweepTemplate.stopped("\(shop.root.folder.path)/pid")
                try await lack.spoil(shop)
                kill(pid, SIGCONT)
                let run = try await first
                #expect(run.errors.contains("It is open again where it was"), "\(lack): \(run.errors)")
                try await shop.check(run, lack)
            }
        }
    }
}

/// A shop on one server whose manifest wants it on another: its disk is small, and both have locales of their own.
struct MovingShop: Sendable {
    static let database = "shop"
    static let locale = "xx_SHOP.utf8"

    let root: ScenarioRoot
    let old: EmbeddedServer
    let new: EmbeddedServer
    private let disk: TemporaryFolder
    private let locales: (old: String, new: String)

    /// Runs a test on new servers; `lack` says what the database holds.
    static func with<Result: Sendable>(
        _ lack: MoveTargetTests.Lack,
        _ body: @Sendable (MovingShop) async throws -> Result
    ) async throws -> Result {
        let disk = try TemporaryFolder()
        chmod(disk.path, 0o755)
        if geteuid() == 0 { _ = mount("tmpfs", disk.path, "tmpfs", 0, "size=400m,mode=0777") }
        defer { if geteuid() == 0 { umount2(disk.path, CInt(MNT_DETACH)) } }
        let places = try TemporaryFolder()
        chmod(places.path, 0o755)
        let programs = try await TestServer.programs()
        let (mine, theirs) = (try with(locales: "old", programs, places), try with(locales: "new", programs, places))
        let settings = ["max_wal_size": "4MB", "min_wal_size": "2MB"]
        var template = try await TestServer.template(programs, 1)
        if !lack.logsOnTheDisk { template = try await logging(elsewhere: places, template) }
        return try await TestServer.with(mine) { old in
            try await EmbeddedServer.run(
                theirs,
                in: disk.path,
                template: template,
                settings: settings
            ) { new in
                let root = ScenarioRoot(folder: try TemporaryFolder(), server: old, other: new)
                let shop = MovingShop(
                    root: root,
                    old: old,
                    new: new,
                    disk: disk,
                    locales: ("\(places.path)/old", "\(places.path)/new")
                )
                try await shop.prepare(lack)
                return try await body(shop)
            }
        }
    }

    /// The same data folder, its log in another place.
    private static func logging(elsewhere folder: TemporaryFolder, _ template: String) async throws -> String {
        let copied = "\(folder.path)/template"
        let result = try await Command(
            "/bin/sh",
            [
                "-c",
                "cp -a \(template) \(copied) && mv \(copied)/pg_wal \(folder.path)/wal && ln -s \(folder.path)/wal \(copied)/pg_wal",
            ]
        ).run()
        guard result.status == 0 else { throw ProgramFailure("cp", result) }
        return copied
    }

    /// PostgreSQL's programs, its server with locales from a folder of its own.
    private static func with(
        locales name: String,
        _ programs: PostgresPrograms,
        _ folder: TemporaryFolder
    ) throws -> PostgresPrograms {
        let bin = "\(folder.path)/bin-\(name)"
        for path in [bin, "\(folder.path)/\(name)"] { mkdir(path, 0o755) }
        for program in Files.names(in: programs.folder) ?? [] where program != "postgres" {
            symlink("\(programs.folder)/\(program)", "\(bin)/\(program)")
        }
        try Files.write(
            "#!/bin/sh\nLOCPATH='\(folder.path)/\(name)' exec '\(programs.folder)/postgres' \"$@\"\n",
            to: "\(bin)/postgres"
        )
        chmod("\(bin)/postgres", 0o755)
        return PostgresPrograms(folder: bin, version: programs.version, hasServer: true)
    }

    private func prepare(_ lack: MoveTargetTests.Lack) async throws {
        for server in [old, new] {
            for role in ["app LOGIN", "clerk"] { try await server.sql("CREATE ROLE \(role)") }
            try await makeTablespace(on: server)
        }
        try await showLocale()
        let wanted = Files.names(in: locales.new)?.isEmpty == false ? " TEMPLATE template0 LOCALE '\(Self.locale)'" : ""
        try await old.sql("CREATE DATABASE shop OWNER app\(wanted)")
        try write(isMoving: false)
        let made = try await root.reconcile("apply", "here", "--auto-approve")
        try #require(made.status == 0, "\(made.errors)")
        let filled = try await old.psql(
            "SET ROLE app; INSERT INTO notes (body) SELECT repeat(md5(n::text), 59) FROM generate_series(1, 9000) n;",
            database: Self.database
        )
        try #require(filled.status == 0, "\(filled.errors)")
        if !lack.holds.isEmpty {
            try await old.sql(
                "SET allow_system_table_mods = on; SET search_path = public; \(lack.holds)",
                database: "shop"
            )
        }
        try write(isMoving: true)
    }

    private func write(isMoving: Bool) throws {
        let other = """
            \n  new:
                connection: {host: "\(new.folder)", port: 5432, user: postgres, dbname: postgres}
            """
        try root.folder.write(
            """
            apiVersion: reconcile/v1
            kind: Environment
            name: here
            role: development
            instances:
              old:
                connection: {host: "\(old.folder)", port: 5432, user: postgres, dbname: postgres}
            \(isMoving ? "    state: retiring" + other : "")
            databases:
              - {names: [shop], class: shop, version: latest}
            """,
            to: "environments/here.yaml"
        )
        try root.folder.write(
            """
            apiVersion: reconcile/v1
            kind: DatabaseClass
            name: shop
            migrations: {directory: shop, format: plain}
            drift:
              reason: made by hand
              ignore: ["table desks", "table quick", "collation odd", grants, owners]
            """,
            to: "manifests/shop.yaml"
        )
        try root.folder.write(
            "CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL);\n",
            to: "manifests/shop/0001_notes.sql"
        )
    }

    // MARK: what is there and what is not

    func makeTablespace(on server: EmbeddedServer) async throws {
        let path = "\(server.folder)/fast-\(UInt32.random(in: 0 ... .max))"
        mkdir(path, 0o700)
        if let user = try ProcessUser.forPostgres() { chown(path, user.id, user.group) }
        try await server.sql("CREATE TABLESPACE fast LOCATION '\(path)'")
        try await server.sql("GRANT CREATE ON TABLESPACE fast TO app")
    }

    /// Makes the locale on both sides, where it can be made here.
    func showLocale() async throws {
        for folder in [locales.old, locales.new] where Files.names(in: folder)?.isEmpty != false {
            _ = try? await Command(
                "/usr/bin/localedef",
                ["-i", "de_DE", "-f", "UTF-8", "--no-archive", "\(folder)/\(Self.locale)"],
                timeLimit: .seconds(60)
            ).run()
        }
    }

    func hideLocale() async throws {
        guard Files.names(in: locales.new)?.isEmpty == false else {
            return Proves.skip(31, because: "no locale can be made here")
        }
        _ = try await Command("/bin/rm", ["-rf", "\(locales.new)/\(Self.locale)"]).run()
    }

    func fillDisk() async throws {
        guard geteuid() == 0 else { return Proves.skip(31, because: "no file system can be mounted here") }
        var status = statvfs()
        guard statvfs(disk.path, &status) == 0 else { throw ProgramMissing(what: "statvfs") }
        // Enough is left for the server to live, and too little for what the database holds.
        let size = Int64(status.f_bavail) * Int64(status.f_frsize) - (12 << 20)
        _ = try await Command("/usr/bin/fallocate", ["-l", "\(size)", "\(disk.path)/filler"]).run()
    }

    func emptyDisk() { unlink("\(disk.path)/filler") }

    /// One that died starts again by itself.
    func awaitServer() async throws {
        for _ in 0..<200 {
            if (try? await new.value("SELECT 1")) == "1" { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private struct ProgramMissing: Error { var what: String }

    // MARK: what must be true

    /// The effect by which a whole run shuts others out, counted from 1.
    func numberOfFreeze() async throws -> Int {
        let trace = "\(root.folder.path)/trace"
        let run = try await root.reconcile("apply", "here", "--auto-approve", environment: ["RECONCILE_TRACE": trace])
        try #require(run.status == 0, "\(run.errors)")
        let effects = (Files.text(trace) ?? "").split(separator: "\n").filter { !$0.hasPrefix("-") }
        return try #require(effects.firstIndex { $0.hasSuffix(": freeze") }) + 1
    }

    /// The run failed, said why and how to go on, nothing was moved; and once the lack is mended one command moves it.
    func check(_ run: CommandResult, _ lack: MoveTargetTests.Lack) async throws {
        let said = "\(lack): it ended with \(run.status): \(run.errors)"
        // Where this machine could not take it away, nothing is missing.
        guard run.status != 0 || !isSkipped(lack) else { return }
        #expect(run.status == 1 && lack.isNamed(in: run.errors), "\(said)")
        #expect(run.errors.contains("reconcile apply here"), "\(said)")
        let state = "SELECT datconnlimit, datallowconn FROM pg_database WHERE datname = 'shop'"
        #expect(try await old.value(state) == "-1 t", "\(said)")
        #expect(try await old.value("SELECT count(*) FROM reconcile.moves") == "0", "\(said)")
        #expect(try await old.value(Self.content, database: "shop", role: "app") == "9000 9001", "\(said)")
        if !lack.logsOnTheDisk { try await checkLeftovers(said) }
        try await old.sql("INSERT INTO public.notes (body) VALUES ('written since')", database: "shop")
        try await lack.mend(self)
        let next = try await root.reconcile("apply", "here", "--auto-approve")
        #expect(next.status == 0, "\(said)\nmended, the next run ended with \(next.status): \(next.errors)")
        #expect(try await new.value(Self.content, database: "shop", role: "app") == "9001 9002", "\(said)")
        #expect(try await new.value("SELECT count(*) FROM reconcile.beside") == "0", "\(said)")
        try await checkLeftovers(said, databases: "1")
    }

    private func checkLeftovers(_ said: String, databases: String = "0") async throws {
        let found = try await new.value("SELECT count(*) FROM pg_database WHERE datname ~ '^shop'")
        #expect(found == databases, "\(said)")
        #expect(try await new.value("SELECT count(*) FROM pg_roles WHERE rolname ~ '^rcl_'") == "0", "\(said)")
    }

    private func isSkipped(_ lack: MoveTargetTests.Lack) -> Bool {
        lack.description.hasPrefix("room on") && geteuid() != 0
            || lack.description == "the database's locale" && Files.names(in: locales.old)?.isEmpty != false
    }

    private static let content =
        "SELECT count(*), (SELECT last_value + CASE WHEN is_called THEN 1 ELSE 0 END FROM notes_id_seq) FROM notes"
}
