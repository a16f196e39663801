import Applying
import FleetModel
import Postgres
import Servers
import Testing
import TestSupport

/// Owners and privileges are in the receipt, and a restored copy without one of them is none.
@Suite struct PrivilegeTests {
    @Test(.proves(14, 19), .timeLimit(.minutes(5)))
    func `many owners, grants and default privileges come back; without one of them nothing is proved or swapped in`()
        async throws
    {
        try await Fixture.with { fixture in
            try await TestServer.with { server in
                for role in ["app", "clerk", "auditor", "reader", "\"o\"\"dd; rôle\""] {
                    try await server.sql("CREATE ROLE \(role)")
                }
                try await server.sql("CREATE DATABASE shop OWNER app")
                try await server.fill("shop", manyOwners)
                let backup = try await fixture.taker("shop").take(server.target(database: "shop"))
                #expect(try StoredBackup.read(backup.path) == backup)
                let recorded = try #require(backup.receipt.privileges).entries.map(\.id)
                for id in ["schema own", "table public.t", "column public.t.what", "table own.u", "sequence own.turns"]
                {
                    #expect(recorded.contains { $0.description == id }, "\(id) is not among \(recorded)")
                }
                for kind in [ObjectKind.function, .view, .enumeration, .domain, .operator, .defaultPrivileges] {
                    #expect(recorded.contains { $0.kind == kind }, "\(kind) is not among \(recorded)")
                }
                let (proved, proof) = try await fixture.bench { try await $0.verify(backup) }
                #expect(proved.receipt.verified == .restore && proof.leftOut.isEmpty)
                _ = try await fixture.restore(proved, on: server, as: "copy")
                let (one, two) = (try await acl("shop", server), try await acl("copy", server))
                #expect(one == two)
                #expect(one.contains("clerk") && one.contains("auditor"), "\(one)")

                for lost in recorded.indices {
                    var other = backup
                    other.receipt.privileges?.entries[lost].digest = Fingerprint(of: "another")
                    try await expectRefusal(other, .privileges(recorded[lost]), server, fixture, bench: lost == 0)
                }
                var other = backup
                other.receipt.privileges?.entries.removeLast()
                try await expectRefusal(other, .privileges(recorded[recorded.count - 1]), server, fixture, bench: true)
                other = backup
                other.receipt.content.largeObjects.privileges = ["1", "2"]
                try await expectRefusal(other, .largeObjectPrivileges, server, fixture, bench: true)
                // One that does not tell is taken for what it tells.
                other = backup
                other.receipt.privileges = nil
                other.receipt.content.largeObjects.privileges = nil
                _ = try await fixture.restore(other, on: server, as: "older")
            }
        }
    }

    private func expectRefusal(
        _ backup: StoredBackup,
        _ difference: ContentDifference,
        _ server: EmbeddedServer,
        _ fixture: Fixture,
        bench: Bool
    ) async throws {
        func isIt(_ error: any Error) -> Bool {
            guard case BackupError.differs(let found) = error else { return false }
            return found == [difference]
        }
        Sweep.tried()
        if bench {
            await #expect { _ = try await fixture.bench { try await $0.verify(backup) } } throws: { isIt($0) }
        } else {
            // On the server each takes a moment only.
            await #expect { _ = try await fixture.restore(backup, on: server, as: "again") } throws: { isIt($0) }
            let left = "SELECT count(*) FROM pg_database WHERE datname ~ '^again'"
            #expect(try await server.sql(left)?.scalar == "0")
        }
    }

    private func acl(_ database: String, _ server: EmbeddedServer) async throws -> String {
        try await server.value(
            """
            SELECT string_agg(line, ' ' ORDER BY line) FROM (
                SELECT relname || relowner::regrole || coalesce(relacl::text, '') FROM pg_class WHERE oid >= 16384 AND relnamespace <> 'pg_toast'::regnamespace
                UNION ALL SELECT proname || proowner::regrole || coalesce(proacl::text, '') FROM pg_proc WHERE oid >= 16384
                UNION ALL SELECT nspname || nspowner::regrole || coalesce(nspacl::text, '') FROM pg_namespace WHERE nspname !~ '^pg_t'
                UNION ALL SELECT typname || typowner::regrole || coalesce(typacl::text, '') FROM pg_type WHERE typtype IN ('e', 'd')
                    AND oid >= 16384
                UNION ALL SELECT attname || attacl::text FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid >= 16384
                UNION ALL SELECT defaclrole::regrole || defaclacl::text FROM pg_default_acl
                UNION ALL SELECT oid || lomowner::regrole::text || coalesce(lomacl::text, '') FROM pg_largeobject_metadata) l (line)
            """,
            database: database
        )
    }
}

/// Five roles that own things and may do things with each other's.
private let manyOwners = #"""
    CREATE SCHEMA own AUTHORIZATION clerk; GRANT USAGE ON SCHEMA own TO reader WITH GRANT OPTION; GRANT CREATE ON SCHEMA own TO auditor;
    GRANT CREATE ON SCHEMA public TO clerk;
    CREATE TABLE t (id int PRIMARY KEY, what text); ALTER TABLE t OWNER TO app;
    CREATE TABLE own.u AS SELECT n FROM generate_series(1, 10) n; ALTER TABLE own.u OWNER TO clerk;
    CREATE SEQUENCE own.turns; ALTER SEQUENCE own.turns OWNER TO clerk; GRANT USAGE ON SEQUENCE own.turns TO "o""dd; rôle";
    CREATE TYPE mood AS ENUM ('sad', 'ok'); ALTER TYPE mood OWNER TO clerk; REVOKE USAGE ON TYPE mood FROM PUBLIC; GRANT USAGE ON TYPE mood TO reader;
    CREATE DOMAIN own.above AS int CHECK (VALUE > 0); ALTER DOMAIN own.above OWNER TO auditor;
    CREATE FUNCTION own.doubled(n int) RETURNS int LANGUAGE sql IMMUTABLE RETURN n * 2; ALTER FUNCTION own.doubled(int) OWNER TO auditor;
    REVOKE ALL ON FUNCTION own.doubled(int) FROM PUBLIC; GRANT EXECUTE ON FUNCTION own.doubled(int) TO reader, "o""dd; rôle";
    CREATE OPERATOR own.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq); ALTER OPERATOR own.=== (int, int) OWNER TO clerk;
    GRANT SELECT ON t TO auditor; CREATE VIEW seen AS SELECT id FROM t; ALTER VIEW seen OWNER TO auditor; GRANT SELECT ON seen TO PUBLIC;
    SET ROLE app; GRANT SELECT ON t TO reader; GRANT SELECT (id), UPDATE (what) ON t TO "o""dd; rôle" WITH GRANT OPTION; REVOKE TRUNCATE ON t FROM app;
    SET ROLE clerk; GRANT ALL ON own.u TO PUBLIC; REVOKE DELETE ON own.u FROM clerk; RESET ROLE;
    ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO reader;
    ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT USAGE ON SCHEMAS TO reader;
    ALTER DEFAULT PRIVILEGES FOR ROLE clerk REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES FOR ROLE auditor IN SCHEMA own GRANT ALL ON SEQUENCES TO "o""dd; rôle" WITH GRANT OPTION;
    SELECT lo_from_bytea(70001, 'small'), lo_create(70002); ALTER LARGE OBJECT 70001 OWNER TO clerk; ALTER LARGE OBJECT 70002 OWNER TO app;
    GRANT SELECT ON LARGE OBJECT 70001 TO reader;
    """#
