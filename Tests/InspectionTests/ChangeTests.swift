import FleetModel
import Postgres
import Servers
import Testing
import TestSupport

@Suite struct ChangeTests {
    @Test func `one change is seen, and nothing beside it`() async throws {
        try await Self.check(Change.tables + Change.constraints + Change.indexes + Change.others) { before, after in
            #expect(before.fingerprint != after.fingerprint)
            return Self.differing(before, after) { $0.definition }
        }
    }

    @Test func `privileges stand in the second digest alone`() async throws {
        try await Self.check(Change.privileges) { before, after in
            #expect(before.fingerprint == after.fingerprint)
            #expect(before.privileges != after.privileges)
            return Self.differing(before, after) { $0.privileges }
        }
    }

    @Test func `rows, histories and what is temporary are not seen`() async throws {
        try await Self.check(Change.nothing) { before, after in
            #expect(before.fingerprint == after.fingerprint)
            #expect(before.privileges == after.privileges)
            #expect(before.columnOrder == after.columnOrder)
            return Self.differing(before, after) { $0.definition }
        }
    }

    @Test func `the order of columns stands in the third digest alone`() async throws {
        let change = Change(
            "CREATE TABLE t (a int, b int)",
            "ALTER TABLE t DROP a; ALTER TABLE t ADD a int"
        )
        try await Self.check([change]) { before, after in
            #expect(before.fingerprint == after.fingerprint)
            #expect(before.privileges == after.privileges)
            #expect(before.columnOrder != after.columnOrder)
            return []
        }
    }

    /// Each change in a transaction of its own, which is rolled back.
    private static func check(
        _ changes: [Change],
        _ compare: @Sendable (Catalog, Catalog) throws -> [String]
    ) async throws {
        try await TestServer.with { server in
            try await server.sql("CREATE ROLE other")
            let settings = SessionSettings(access: .readWrite, applicationName: "test")
            let session = try await Session.open(server.target(database: "postgres"), settings: settings)
            let pool = CatalogPool()
            for change in changes {
                await #expect(throws: Never.self, "\(change.base); \(change.change)") {
                    try await session.run(SQL(writtenByUser: "BEGIN; SET LOCAL search_path = public; \(change.base)"))
                    let before = try await Inspector.inspect(session, history: nil, pool: pool).catalog
                    try await session.run(SQL(writtenByUser: change.change))
                    let after = try await Inspector.inspect(session, history: nil, pool: pool).catalog
                    let differing = try compare(before, after)
                    #expect(differing == change.differing.sorted(), "\(change.change)")
                }
                try await session.run("ROLLBACK")
            }
        }
    }

    private static func differing<Value: Hashable>(
        _ before: Catalog,
        _ after: Catalog,
        _ value: (CatalogObject) -> Value
    ) -> [String] {
        let old = Dictionary(uniqueKeysWithValues: before.objects.map { ($0.id, value($0)) })
        let new = Dictionary(uniqueKeysWithValues: after.objects.map { ($0.id, value($0)) })
        return Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.map(\.description).sorted()
    }
}
