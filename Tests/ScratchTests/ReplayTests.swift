import Effects
import FleetModel
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

/// Sequences of migrations, and what becomes of the answers.
@Suite struct ReplayTests {
    static let texts = [
        "CREATE TABLE \"clients\" (\"id\" serial PRIMARY KEY, \"name\" text NOT NULL);\n--> statement-breakpoint\nCREATE TABLE notes (id integer);",
        "ALTER TABLE \"clients\" ADD COLUMN \"email\" text;",
        "CREATE TABLE invoices (id integer, client_id integer REFERENCES clients);",
    ]

    @Test func `each version has its catalog, and branches share what they can`() async throws {
        let programs = try await TestServer.programs()
        let fixture = Fixture(Self.texts, major: programs.version.major)
        let scratch = Scratch(programs: [programs], cacheFolder: nil, inspect: columnsOnly)
        let replays = try await fixture.answer(scratch, [[], [0], [0, 1, 2], [0, 2, 1], [1]])
        #expect(replays[0].states.count == 1 && replays[0].end == .complete && replays[0].states[0].tables.isEmpty)
        #expect(replays[1].states.count == 2 && replays[1].migrations.map(\.tag) == ["0000_step"])
        #expect(replays[2].states.map(\.tables.count) == [0, 2, 2, 3])
        #expect(replays[2].states[3].fingerprint == replays[3].states[3].fingerprint)
        #expect(replays[2].states[2].fingerprint != replays[3].states[2].fingerprint)
        #expect(replays[3].migrations.map(\.tag) == ["0000_step", "0002_step", "0001_step"])
        guard case .failed(at: 0, let message) = replays[4].end else {
            return #expect(Bool(false), "\(replays[4].end)")
        }
        #expect(message.hasPrefix("migrations/0001_step.sql:1: relation \"clients\" does not exist"))
    }

    @Test func `a version's catalog is that of a database built by the same migrations`() async throws {
        try await TestServer.with { server in
            let programs = try await TestServer.programs()
            let fixture = Fixture(Self.texts, create: CreationOptions(owner: "app"), major: programs.version.major)
            let pool = CatalogPool()
            let scratch = Scratch(programs: [programs], cacheFolder: nil, inspect: Scratch.inspector(pool))
            let replay = try await fixture.answer(scratch, [[0, 1, 2]])[0]
            try await server.sql("CREATE ROLE app LOGIN")
            try await server.sql("CREATE DATABASE real OWNER app TEMPLATE template0")
            let settings = SessionSettings(access: .readWrite, applicationName: "test")
            let session = try await Session.open(server.target(database: "real", user: "app"), settings: settings)
            for (place, text) in Self.texts.enumerated() {
                try await session.run("SET search_path = public; \(SQL(writtenByUser: text))")
                let real = try await Scratch.inspector(pool)(session, "drizzle", "__drizzle_migrations")
                let differing = Set(replay.states[place + 1].objects).symmetricDifference(real.objects)
                #expect(differing.isEmpty, "\(differing.map { "\($0.id)" }.sorted())")
                #expect(replay.states[place + 1].fingerprint == real.fingerprint)
                #expect(replay.states[place + 1].privileges == real.privileges)
                #expect(replay.states[place + 1].columnOrder == real.columnOrder)
            }
        }
    }

    @Test func `what was answered once needs no server again`() async throws {
        let programs = try await TestServer.programs()
        let fixture = Fixture(Self.texts + ["SELECT nonsense"], major: programs.version.major)
        let folder = TemporaryFolder()
        let cold = Scratch(programs: [programs], cacheFolder: folder.path, inspect: columnsOnly)
        let first = try await fixture.answer(cold, [[0, 1, 2], [0, 3]])
        let impossible = PostgresPrograms(folder: "/nonexistent", version: programs.version, hasServer: true)
        let warm = Scratch(programs: [impossible], cacheFolder: folder.path, inspect: columnsOnly)
        let second = try await fixture.answer(warm, [[0, 1, 2], [0, 3], [0, 1]])
        for (left, right) in zip(first, second) {
            #expect(left.end == right.end)
            #expect(left.migrations == right.migrations)
            #expect(left.states.map(\.fingerprint) == right.states.map(\.fingerprint))
            #expect(left.states.map(\.objects) == right.states.map(\.objects))
        }
        #expect(second[2].end == .complete)
        #expect(!folder.entries.contains { $0.hasSuffix(".partial") })
        // Another file, another answer: this one was never asked for.
        let edited = Fixture(Self.texts.map { $0 + " " }, major: programs.version.major)
        guard case .unassessed = try await edited.answer(warm, [[0]])[0].end else { return #expect(Bool(false)) }
    }

    @Test func `a damaged answer is computed again`() async throws {
        let programs = try await TestServer.programs()
        let fixture = Fixture(Self.texts, major: programs.version.major)
        let folder = TemporaryFolder()
        let scratch = Scratch(programs: [programs], cacheFolder: folder.path, inspect: columnsOnly)
        let first = try await fixture.answer(scratch, [[0, 1, 2]])[0]
        for (index, name) in folder.entries.enumerated() {
            let path = "\(folder.path)/\(name)"
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            // Cut, emptied, or with one byte changed.
            switch index % 3 {
            case 0: truncate(path, status.st_size - 1)
            case 1: truncate(path, 0)
            default:
                let descriptor = open(path, O_WRONLY)
                pwrite(descriptor, "x", 1, status.st_size - 3)
                close(descriptor)
            }
        }
        let second = try await fixture.answer(scratch, [[0, 1, 2]])[0]
        #expect(second.end == .complete)
        #expect(second.states.map(\.fingerprint) == first.states.map(\.fingerprint))
        let impossible = PostgresPrograms(folder: "/nonexistent", version: programs.version, hasServer: true)
        let warm = Scratch(programs: [impossible], cacheFolder: folder.path, inspect: columnsOnly)
        #expect(try await fixture.answer(warm, [[0, 1, 2]])[0].end == .complete)
    }

    @Test(arguments: [
        ("CREATE EXTENSION no_such_extension", "no_such_extension"),
        ("CREATE EXTENSION file_fdw", "permission denied"),
        ("CREATE TABLE t (id integer); GRANT SELECT ON t TO nobody_we_know", "role \"nobody_we_know\" does not exist"),
        ("CREATE ROLE other", "permission denied"),
        ("COPY (SELECT 1) TO PROGRAM 'true'", "external program"),
    ]) func `what scratch lacks is unassessed and not at fault`(_ sql: String, _ reason: String) async throws {
        let programs = try await TestServer.programs()
        let fixture = Fixture(["CREATE TABLE a (id integer)", sql], major: programs.version.major)
        let replay = try await fixture.answer(
            Scratch(programs: [programs], cacheFolder: nil, inspect: columnsOnly),
            [[0, 1]]
        )[0]
        guard case .unassessed(at: 1, let said) = replay.end else { return #expect(Bool(false), "\(replay.end)") }
        #expect(said.contains(reason), "\(said)")
        #expect(replay.states.count == 2 && replay.migrations.count == 1)
    }

    @Test(arguments: [
        ("CREATE TABLE t (id integer);\n\nSELECT nonsense", 3, "column \"nonsense\" does not exist"),
        ("CREATE INDEX CONCURRENTLY ON a (id)", 1, "reconcile: no-transaction"),
        ("ALTER TYPE mood ADD VALUE 'new';\nUPDATE a SET m = 'new'", 2, "a migration of its own"),
        ("SELECT uuid_generate_v4()", 1, "create.extensions"),
        ("CREATE TABLE t (id integer); COMMIT; CREATE TABLE u (id integer)", 1, "ends the transaction"),
    ]) func `a migration's fault is told with its place`(_ sql: String, _ line: Int, _ message: String) async throws {
        let programs = try await TestServer.programs()
        let fixture = Fixture(
            ["CREATE TYPE mood AS ENUM ('a'); CREATE TABLE a (id integer, m mood)", sql],
            major: programs.version.major
        )
        let replay = try await fixture.answer(
            Scratch(programs: [programs], cacheFolder: nil, inspect: columnsOnly),
            [[0, 1]]
        )[0]
        guard case .failed(at: 1, let said) = replay.end else { return #expect(Bool(false), "\(replay.end)") }
        #expect(said.hasPrefix("migrations/0001_step.sql:\(line): "), "\(said)")
        #expect(said.contains(message), "\(said)")
    }

    @Test func `roles, extensions, owner and locale are as the class wants them`() async throws {
        let programs = try await TestServer.programs()
        var create = CreationOptions(
            owner: "postgres",
            encoding: "UTF8",
            locale: "xx_XX.utf8",
            extensions: ["citext", "file_fdw"]
        )
        let texts = [
            "CREATE TABLE t (name citext); GRANT SELECT ON t TO app, \"o\"\"dd; it's ünï\"; SET ROLE app; RESET ROLE"
        ]
        let scratch = Scratch(programs: [programs], cacheFolder: nil, inspect: columnsOnly)
        let roles = ["app", "postgres", "o\"dd; it's ünï", "pg_monitor", "reconcile_scratch"]
        let replay = try await Fixture(texts, create: create, major: programs.version.major).answer(
            scratch,
            [[0]],
            roles: roles
        )[0]
        #expect(replay.end == .complete)
        create.extensions = ["no_such"]
        let lacking = try await Fixture(texts, create: create, major: programs.version.major).answer(scratch, [[0]])[0]
        guard case .unassessed(at: 0, let said) = lacking.end else { return #expect(Bool(false), "\(lacking.end)") }
        #expect(said.contains("no_such"))
        let runner = Fixture(
            ["CREATE TABLE t (id integer); DO $$ BEGIN ASSERT current_user = 'migrator'; END $$"],
            role: .role("migrator"),
            major: programs.version.major
        )
        #expect(try await runner.answer(scratch, [[0]], roles: roles + ["migrator"])[0].end == .complete)
    }

    @Test func `without programs of the major nothing is claimed`() async throws {
        let programs = try await TestServer.programs()
        let fixture = Fixture(Self.texts, major: 99)
        let replay = try await fixture.answer(
            Scratch(programs: [programs], cacheFolder: nil, inspect: columnsOnly),
            [[0]]
        )[0]
        guard case .unassessed(at: 0, let said) = replay.end else { return #expect(Bool(false)) }
        #expect(said.contains("PostgreSQL 99") && said.contains("--pg-bin"))
    }

    @Test func `a server that the user names is used, and left as it was`() async throws {
        try await TestServer.with { server in
            try await server.sql("CREATE ROLE maker LOGIN CREATEDB")
            let programs = try await TestServer.programs()
            let fixture = Fixture(Self.texts + ["DELETE FROM clients"], major: programs.version.major)
            let given = Scratch(
                programs: [],
                given: server.target(database: "postgres", user: "maker"),
                cacheFolder: nil,
                inspect: columnsOnly
            )
            let replay = try await fixture.answer(given, [[0, 1, 2, 3]])[0]
            #expect(replay.end == .complete)
            #expect(replay.migrations.last?.statements.first?.effects == [.deletes(TableName(name: "clients"))])
            #expect(
                try await server.sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'reconcile%'")?.scalar == "0"
            )
            let asSuperuser = Scratch(
                programs: [],
                given: server.target(database: "postgres"),
                cacheFolder: nil,
                inspect: columnsOnly
            )
            guard case .unassessed(at: 0, let said) = try await fixture.answer(asSuperuser, [[0]])[0].end else {
                return #expect(Bool(false))
            }
            #expect(said.contains("superuser"))
        }
    }

    @Test func `a server of our own is up in a moment, and gone without a trace`() async throws {
        let programs = try await TestServer.programs()
        let clock = ContinuousClock()
        try await Scratch.withServer(programs) { _ in }
        let start = clock.now
        let (folder, user) = try await Scratch.withServer(programs) { server in
            print("scratch server up after \(clock.now - start)")
            return (server.folder, try await server.sql("SELECT current_user")?.scalar)
        }
        print("and gone after \(clock.now - start)")
        #expect(user == "reconcile_scratch")
        #expect(access(folder, F_OK) != 0)
    }

    @Test func `forty versions of six hundred objects are read from the cache`() async throws {
        let programs = try await TestServer.programs()
        let folder = TemporaryFolder()
        let objects = (0..<600).map { index in
            CatalogObject(
                id: ObjectID(.column, schema: "public", name: "some_table_\(index / 20).some_column_\(index)"),
                definition: Fingerprint(of: "\(index)"),
                privileges: index % 5 == 0 ? Fingerprint(of: "p\(index)") : nil
            )
        }
        let catalog = Catalog(
            fingerprint: Fingerprint(of: "a"),
            privileges: Fingerprint(of: "b"),
            columnOrder: Fingerprint(of: "c"),
            objects: objects,
            tables: []
        )
        let fixture = Fixture((0..<40).map { "SELECT \($0)" }, major: programs.version.major)
        let sequence = Array(0..<40)
        _ = try await fixture.answer(
            Scratch(programs: [programs], cacheFolder: folder.path) { _, _, _ in catalog },
            [sequence]
        )
        let impossible = PostgresPrograms(folder: "/nonexistent", version: programs.version, hasServer: true)
        let clock = ContinuousClock()
        let start = clock.now
        let replay = try await fixture.answer(
            Scratch(programs: [impossible], cacheFolder: folder.path, inspect: columnsOnly),
            [sequence]
        )[0]
        print("40 × 600 objects read in \(clock.now - start)")
        #expect(replay.end == .complete && replay.states.count == 41 && replay.states[40].objects == objects)
    }

    @Test func `client programs are chosen by major and by their known holes`() throws {
        func programs(_ version: String) throws -> PostgresPrograms {
            PostgresPrograms(
                folder: "/\(version)",
                version: try #require(ServerVersion(parsing: version)),
                hasServer: true
            )
        }
        let installed = try ["14.24", "15.18", "16.15", "18.2"].map(programs)
        func chosen(_ server: String) throws -> String? {
            ClientTools.choose(from: installed, server: try #require(ServerVersion(parsing: server)))?.programs.folder
        }
        #expect(try chosen("14.1") == "/16.15")
        #expect(try chosen("17.1") == "/18.2")
        #expect(try chosen("19.0") == nil)
        let unfit = try #require(ClientTools.choose(from: installed, server: ServerVersion(number: 17_0001)))
        #expect(unfit.fitness == .vulnerable(fixed: ServerVersion(number: 18_0006)))
        #expect(unfit.warning?.contains("18.6") == true)
        let fit = try ["14.24", "15.19", "16.15", "17.11", "18.6", "19.0"].map(programs)
        #expect(fit.allSatisfy { ClientTools.fitness(of: $0.version) == .fit })
        let old = try ["14.23", "15.18", "16.14", "17.10", "18.5", "13.99"].map(programs)
        #expect(old.allSatisfy { ClientTools.fitness(of: $0.version) != .fit })
    }
}
