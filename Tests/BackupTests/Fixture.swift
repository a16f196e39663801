import Applying
import Effects
import FleetModel
import Glibc
import Postgres
import Servers
import TestSupport

/// A backup directory of one test and what takes backups into it.
struct Fixture {
    let folder: String
    let programs: [PostgresPrograms]
    var directory: String { "\(folder)/.reconcile/backups" }

    /// Makes the folder, runs the test, removes the folder.
    static func with<Result>(_ body: (Fixture) async throws -> Result) async throws -> Result {
        var path = Array("\(TestServer.parent)/rcl-test-XXXXXX".utf8CString)
        guard mkdtemp(&path) != nil else { throw PosixError(what: "mkdtemp") }
        let folder = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(folder, 0o755)
        let own = try await TestServer.programs()
        let clients = try PostgresPrograms.clients(
            among: await PostgresPrograms.all(explicit: nil),
            forMajor: own.version.major
        )
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(Fixture(folder: folder, programs: [clients, own]))) } catch {
            result = .failure(error)
        }
        _ = try await Command("/bin/rm", ["-rf", folder]).run()
        return try result.get()
    }

    func taker(
        _ database: String,
        run: String = "run1",
        directory: String? = nil,
        programs: PostgresPrograms? = nil,
        space: SpaceDemand = SpaceDemand(factor: 1, margin: 1 << 20)
    ) -> BackupTaker {
        BackupTaker(
            place: BackupPlace(
                directory: directory ?? self.directory,
                environment: "production",
                runID: run,
                instance: "vps",
                database: database
            ),
            root: folder,
            tools: DumpTools(.here(programs ?? self.programs[0])),
            space: space,
            now: { 1_800_000_000 },
            inspect: read
        )
    }

    func bench<Result: Sendable>(_ body: (RestoreBench) async throws -> Result) async throws -> Result {
        try await RestoreBench.run(
            programs,
            major: programs[0].version.major,
            backups: directory,
            space: SpaceDemand(factor: 1, margin: 1 << 20),
            inspect: read,
            body
        )
    }

    /// Puts a backup back on a server as the program does, swapped in by renaming.
    func restore(
        _ backup: StoredBackup,
        on server: EmbeddedServer,
        as name: String? = nil
    ) async throws -> DatabaseRestore.Swap {
        let target = server.target(database: "postgres")
        let settings = SessionSettings(access: .readWrite, applicationName: "test")
        let session = try await Session.open(target, settings: settings)
        let restore = DatabaseRestore(
            programs: programs[0],
            runID: "run2",
            now: { Int64(time(nil)) },
            inspect: read
        )
        let swap = try await restore.run(backup, as: name, over: session, target: target, events: { _ in }) { swap in
            if let aside = swap.asideName {
                try await session.run("ALTER DATABASE \(identifier: swap.liveName) RENAME TO \(identifier: aside)")
            }
            try await session.run("ALTER DATABASE \(identifier: swap.newName) RENAME TO \(identifier: swap.liveName)")
        }
        await session.close()
        return swap
    }

    func files() async throws -> [String] {
        try await Command("/usr/bin/find", [folder, "-type", "f"]).run().outputText.split(separator: "\n").map(
            String.init
        )
        .sorted()
    }

    var read: CatalogReader {
        let pool = CatalogPool()
        return { session throws(PostgresError) in
            try await Inspector.inspect(session, history: nil, pool: pool).catalog
        }
    }
}

extension EmbeddedServer {
    /// As `sql`, in the schema that people write for.
    func fill(_ database: String, _ text: String) async throws {
        try await sql("SET search_path = public; \(text)", database: database)
    }
}

struct PosixError: Error {
    var what: String
    var number = errno
}

/// A database with one of everything that is easily lost.
let richSchema = """
    CREATE EXTENSION citext;
    CREATE EXTENSION pgcrypto;
    CREATE SCHEMA "o""dd; it's ünï";
    CREATE SCHEMA ext; CREATE EXTENSION hstore WITH SCHEMA ext;
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s');
    CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x text, m mood DEFAULT 'ok', p positive,
        twice int GENERATED ALWAYS AS (coalesce(p, 0) * 2) STORED, c citext, f float8, price money, h ext.hstore);
    INSERT INTO t (x, p, c, f, price) SELECT 'Zeile ' || g || E'\\n\\t''"ü', g, 'CI' || g, g / 3.0, g FROM generate_series(1, 500) g;
    CREATE TABLE nothing ();
    INSERT INTO nothing DEFAULT VALUES;
    CREATE TABLE "o""dd; it's ünï"."ta
    ble" ("x" int, "r.*" text);
    INSERT INTO "o""dd; it's ünï"."ta
    ble" VALUES (1, NULL), (2, 'two');
    CREATE TABLE parts (k int, v text) PARTITION BY RANGE (k);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
    CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (200);
    INSERT INTO parts SELECT g, g FROM generate_series(0, 199) g;
    CREATE TABLE base (a int); CREATE TABLE child (b int) INHERITS (base); ALTER TABLE base ADD COLUMN late int;
    INSERT INTO child VALUES (1, 2, 3); INSERT INTO base VALUES (4, 5);
    CREATE TABLE secret (who text, what text);
    INSERT INTO secret VALUES ('a', '1'), ('b', '2');
    ALTER TABLE secret ENABLE ROW LEVEL SECURITY; ALTER TABLE secret FORCE ROW LEVEL SECURITY;
    CREATE POLICY own ON secret USING (who = current_user);
    CREATE SEQUENCE counter START 5 INCREMENT 3; SELECT nextval('counter'), nextval('counter');
    CREATE SEQUENCE down INCREMENT -1; SELECT nextval('down');
    CREATE MATERIALIZED VIEW doubled AS SELECT k * 2 AS k FROM parts;
    SELECT lo_from_bytea(0, 'large'), lo_from_bytea(0, convert_to(repeat('x', 1500000), 'UTF8'));
    CREATE TABLE "dr.opped" (a int, gone int, b text); ALTER TABLE "dr.opped" DROP COLUMN gone;
    INSERT INTO "dr.opped" VALUES (1, 'b');
    COMMENT ON TABLE t IS 'it''s a comment';
    """
