import FleetModel
import Postgres
import Servers
import Testing
import TestSupport

/// Everything that can be changed in a catalog, one at a time, on every major version that is here.
@Suite struct ChangeTests {
    @Test(arguments: await TestServer.everyMajor())
    func `one change is seen, named and shown, and nothing beside it`(programs: PostgresPrograms) async throws {
        try await TestServer.with(programs) { server in
            let bench = try await Bench(server)
            await bench.check(Change.tables + Change.constraints + Change.indexes + Change.others + Change.more) {
                step in
                #expect(step.before.fingerprint != step.after.fingerprint)
                return step.differing { $0.definition }
            }
            await bench.checkPrivileges()
            await bench.check(Change.nothing) { step in
                #expect(step.before.fingerprint == step.after.fingerprint)
                #expect(step.before.privileges == step.after.privileges)
                #expect(step.before.columnOrder == step.after.columnOrder)
                return step.differing { $0.definition }
            }
            await bench.check([Change("CREATE TABLE t (a int, b int)", "ALTER TABLE t DROP a; ALTER TABLE t ADD a int")]
            ) {
                // The order of columns stands in the third digest alone.
                #expect($0.before.fingerprint == $0.after.fingerprint)
                #expect($0.before.privileges == $0.after.privileges)
                #expect($0.before.columnOrder != $0.after.columnOrder)
                let table = TableName(name: "t")
                #expect($0.before.columnOrders[table] == ["a", "b"])
                #expect($0.after.columnOrders[table] == ["b", "a"])
                return []
            }
            await bench.checkPartitions()
            try await Self.checkSchemaPublic(server)
        }
    }

    /// Before 15 it belongs to whoever ran initdb, who may own the database, too.
    private static func checkSchemaPublic(_ server: EmbeddedServer) async throws {
        let starters = try await InspectorTests.inspect(server, "postgres").catalog
        try await server.sql("CREATE DATABASE others OWNER other TEMPLATE template0")
        let others = try await InspectorTests.inspect(server, "others").catalog
        #expect(starters.fingerprint == others.fingerprint)
        #expect(starters.privileges == others.privileges)
        let schema = ObjectID(.schema, schema: nil, name: "public")
        let told = try await ["postgres", "others"].asyncMap {
            try await DefinitionReader.read([schema], at: server.target(database: $0))[schema]
        }
        #expect(told[0] != nil && told[0]?.owner == told[1]?.owner && told[0]?.grants == told[1]?.grants)
        // Given away it is another's.
        try await server.sql("ALTER SCHEMA public OWNER TO other", database: "others")
        #expect(try await InspectorTests.inspect(server, "others").catalog.privileges != starters.privileges)
    }
}

extension Array {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}

extension PostgresPrograms: CustomTestStringConvertible {
    public var testDescription: String { "PostgreSQL \(version)" }
}

/// One server on which changes are tried, each in a transaction of its own, which is rolled back.
private struct Bench {
    let session: Session
    let pool = CatalogPool()
    let major: Int

    /// A database before and after one change.
    struct Step {
        var before: Catalog
        var after: Catalog

        func differing<Value: Hashable>(_ value: (CatalogObject) -> Value) -> [ObjectID] {
            let old = Dictionary(uniqueKeysWithValues: before.objects.map { ($0.id, value($0)) })
            let new = Dictionary(uniqueKeysWithValues: after.objects.map { ($0.id, value($0)) })
            return Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
        }
    }

    init(_ server: EmbeddedServer) async throws {
        try await server.sql("CREATE ROLE other")
        let settings = SessionSettings(access: .readWrite, applicationName: "test")
        session = try await Session.open(server.target(database: "postgres"), settings: settings)
        major = server.programs.version.major
    }

    /// A partitioned index that lacks one of a partition is not damaged, and of a bound its kind is in a table's shape.
    func checkPartitions() async {
        let base = Change.partitioned
        await check([
            Change(base, "CREATE INDEX i ON ONLY p (a)", "index public.i"),
            Change(
                "\(base); CREATE INDEX i ON ONLY p (a); CREATE INDEX j ON p1 (a)",
                "ALTER INDEX i ATTACH PARTITION j",
                "index public.i",
                "index public.j"
            ),
        ]) { step in
            #expect(step.after.invalidIndexes == [] && step.before.invalidIndexes == [])
            return step.differing { $0.definition }
        }
        let dated = base.replacing("p1", with: "p_2026")
        let detach = "ALTER TABLE p DETACH PARTITION p_2026; ALTER TABLE p ATTACH PARTITION p_2026"
        let table = ObjectID(.table, schema: "public", name: "p_2026")
        for (bound, isAlike) in [("FOR VALUES FROM (20) TO (30)", true), ("DEFAULT", false)] {
            await check([Change(dated, "\(detach) \(bound)", "table public.p_2026")]) { step in
                #expect(step.before.shapes[table] != nil)
                #expect((step.before.shapes[table] == step.after.shapes[table]) == isAlike)
                return step.differing { $0.definition }
            }
        }
    }

    func checkPrivileges() async {
        await check(Change.privileges + Change.privilegesMore) { step in
            #expect(step.before.fingerprint == step.after.fingerprint)
            #expect(step.before.privileges != step.after.privileges)
            return step.differing { $0.privileges }
        }
    }

    func check(_ changes: [Change], _ compare: (Step) -> [ObjectID]) async {
        for change in changes where change.majors.contains(major) {
            await #expect(throws: Never.self, "PostgreSQL \(major): \(change.base); \(change.change)") {
                try await check(change, compare)
            }
            _ = try? await session.run("ROLLBACK")
        }
    }

    private func check(_ change: Change, _ compare: (Step) -> [ObjectID]) async throws {
        try await session.run(SQL(writtenByUser: "BEGIN; SET LOCAL search_path = public; \(change.base)"))
        try await session.run("SAVEPOINT s")
        let before = try await Inspector.inspect(session, history: nil, pool: pool).catalog
        try await session.run(SQL(writtenByUser: change.change))
        let after = try await Inspector.inspect(session, history: nil, pool: pool).catalog
        let differing = compare(Step(before: before, after: after))
        #expect(
            differing.map(\.description).sorted() == change.differing(on: major),
            "PostgreSQL \(major): \(change.base); \(change.change)"
        )
        guard !differing.isEmpty else { return }
        let new = try await DefinitionReader.read(differing, session)
        try await session.run("ROLLBACK TO SAVEPOINT s")
        let old = try await DefinitionReader.read(differing, session)
        for object in differing where object.kind != .securityLabel {
            let (was, isNow) = (
                Set(before.objects.map(\.id)).contains(object), Set(after.objects.map(\.id)).contains(object)
            )
            #expect((old[object] != nil) == was, "PostgreSQL \(major): \(object) before \(change.change)")
            #expect((new[object] != nil) == isNow, "PostgreSQL \(major): \(object) after \(change.change)")
            // What differs must be there to read.
            #expect(
                old[object] != new[object],
                "PostgreSQL \(major): \(object) reads alike: \(new[object]?.text ?? "–") \(change.change)"
            )
        }
    }
}
