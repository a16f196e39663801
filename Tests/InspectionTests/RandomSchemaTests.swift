import FleetModel
import Postgres
import Servers
import Testing
import TestSupport

/// Random schemas, each built twice: a fingerprint is equal exactly where the server's own definitions are.
@Suite struct RandomSchemaTests {
    @Test func `fingerprints are equal where definitions are, and nowhere else`() async throws {
        var random = Seeded(state: 7)
        let programs = (0..<35).flatMap { _ -> [[String]] in
            let choice = Program(&random)
            return [choice.statements, choice.rearranged(&random)]
        }
        try await TestServer.with { server in
            let settings = SessionSettings(access: .readWrite, applicationName: "test")
            let session = try await Session.open(server.target(database: "postgres"), settings: settings)
            let pool = CatalogPool()
            var built: [(fingerprint: Fingerprint, definitions: String, text: String)] = []
            for program in programs {
                let text = program.joined(separator: ";\n")
                try await session.run(SQL(writtenByUser: "BEGIN; SET LOCAL search_path = public; \(text)"))
                let catalog = try await Inspector.inspect(session, history: nil, pool: pool).catalog
                let definitions = try await session.run(Self.oracle).first?.rows?.scalar
                built.append((catalog.fingerprint, definitions ?? "", text))
                try await session.run("ROLLBACK")
            }
            var equal = 0
            for (place, left) in built.enumerated() {
                for right in built[(place + 1)...] {
                    let isEqual = left.definitions == right.definitions
                    equal += isEqual ? 1 : 0
                    #expect((left.fingerprint == right.fingerprint) == isEqual, "\(left.text)\n---\n\(right.text)")
                }
            }
            // Each has its twin, and some agree by chance.
            #expect(equal >= 35 && equal < built.count * built.count / 4, "\(equal) pairs are equal")
        }
    }

    /// What PostgreSQL says of itself by other ways than an inspection takes.
    private static let oracle: SQL = """
        SELECT string_agg(line, E'\\n' ORDER BY line COLLATE "C") FROM (
        SELECT concat_ws(' ', 'column', table_name, column_name, data_type, character_maximum_length, numeric_precision, \
        numeric_scale, udt_name, is_nullable, column_default, is_identity, identity_generation, generation_expression, \
        collation_name) AS line FROM information_schema.columns WHERE table_schema = 'public' \
        UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)) \
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
        UNION ALL SELECT concat_ws(' ', 'view', viewname, definition) FROM pg_views WHERE schemaname = 'public' \
        UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
        UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal \
        UNION ALL SELECT concat_ws(' ', 'enum', enumtypid::regtype, (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) \
        FROM pg_enum i WHERE i.enumtypid = o.enumtypid)) FROM pg_enum o GROUP BY enumtypid \
        UNION ALL SELECT concat_ws(' ', 'policy', tablename, policyname, permissive, roles, cmd, qual, with_check) FROM pg_policies \
        UNION ALL SELECT concat_ws(' ', 'table', tablename, rowsecurity, hasrules) FROM pg_tables WHERE schemaname = 'public' \
        UNION ALL SELECT concat_ws(' ', 'rule', tablename, rulename, definition) FROM pg_rules WHERE schemaname = 'public' \
        UNION ALL SELECT concat_ws(' ', 'sequence', sequencename, data_type, start_value, min_value, max_value, increment_by, \
        cycle, cache_size) FROM pg_sequences WHERE schemaname = 'public' \
        UNION ALL SELECT concat_ws(' ', 'comment', objoid::regclass, objsubid, description) FROM pg_description \
        WHERE classoid = 1259 AND objoid >= 16384) AS lines
        """
}

/// A random schema: statements in stages, in which their order does not matter.
private struct Program {
    private var stages: [[String]]

    init(_ random: inout Seeded) {
        func pick(_ choices: [String]) -> String { choices[Int(random.next() % UInt64(choices.count))] }
        func maybe(_ choices: [String]) -> [String] { random.next() % 3 == 0 ? [pick(choices)] : [] }
        let type = pick(["int", "bigint", "numeric(10, 2)", "int NOT NULL", "int DEFAULT 1"])
        stages = [
            maybe(["CREATE TYPE e AS ENUM ('a', 'b')", "CREATE TYPE e AS ENUM ('b', 'a')"])
                + maybe(["CREATE SEQUENCE s", "CREATE SEQUENCE s INCREMENT 2", "CREATE SEQUENCE s CYCLE"])
                + maybe([
                    "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
                    "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
                    "CREATE FUNCTION f(a bigint) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'",
                ]),
            [
                "CREATE TABLE t (id int PRIMARY KEY, a \(type), b text)",
                pick(["CREATE TABLE u (id int PRIMARY KEY, t int)", "CREATE TABLE u (t int, id int PRIMARY KEY)"]),
            ],
            maybe(["CREATE INDEX i ON t (a)", "CREATE INDEX i ON t (b)", "CREATE UNIQUE INDEX i ON t (a)"])
                + maybe(["CREATE INDEX j ON t (a) WHERE b = 'x'", "CREATE INDEX j ON t (a) WHERE b = 'y'"])
                + maybe(["CREATE VIEW v AS SELECT a FROM t", "CREATE VIEW v AS SELECT b FROM t WHERE a > 1"])
                + maybe(["ALTER TABLE t ENABLE ROW LEVEL SECURITY"])
                + maybe(["CREATE POLICY p ON t USING (a > 1)", "CREATE POLICY p ON t FOR SELECT USING (a > 1)"])
                + maybe(["COMMENT ON TABLE t IS 'x'", "COMMENT ON TABLE t IS 'y'", "COMMENT ON COLUMN t.a IS 'x'"])
                + maybe([
                    "ALTER TABLE u ADD CONSTRAINT k FOREIGN KEY (t) REFERENCES t",
                    "ALTER TABLE u ADD CONSTRAINT k FOREIGN KEY (t) REFERENCES t ON DELETE CASCADE",
                    "ALTER TABLE u ADD CONSTRAINT k CHECK (t > 0)",
                ])
                + maybe([
                    "CREATE RULE r AS ON DELETE TO u DO INSTEAD NOTHING",
                    "CREATE RULE r AS ON UPDATE TO u DO ALSO NOTHING",
                ]),
        ]
    }

    var statements: [String] { stages.flatMap(\.self) }

    /// The same schema by another way: other OIDs, other column numbers, another order.
    func rearranged(_ random: inout Seeded) -> [String] {
        let waste = "CREATE TABLE waste (a serial PRIMARY KEY); DROP TABLE waste"
        return stages.flatMap { stage in
            stage.shuffled(using: &random).flatMap { statement in
                random.next() % 2 == 0 ? [waste, statement] : [statement]
            }
        } + [
            "ALTER TABLE t ADD gone int", "ALTER TABLE t DROP gone", "ALTER TABLE u ADD gone int",
            "ALTER TABLE u DROP gone",
        ]
    }
}

/// Numbers that are the same in every run.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) ^ (state >> 12)
    }
}
