import Postgres
import Servers
import Testing
import TestSupport

@Suite struct SessionTests {
    static let settings = SessionSettings(access: .readWrite, applicationName: "test")

    @Test func `a session answers, and a name with quotes stays a name`() async throws {
        try await TestServer.with { server in
            let session = try await Session.open(server.target(database: "postgres"), settings: Self.settings)
            let name = "o\"dd; it's ünï.code"
            try await session.run("CREATE SCHEMA \(identifier: name)")
            let rows = try await session.run("SELECT nspname FROM pg_namespace WHERE nspname = \(literal: name)")[0]
                .rows
            #expect(rows?.scalar == name)
            let back = try await session.run("SELECT $1::text", parameters: ["a\\b'c"])
            #expect(back.scalar == "a\\b'c")
            let literal = try await session.run("SELECT \(literal: "a\\b'c")")[0].rows
            #expect(literal?.scalar == "a\\b'c")
        }
    }

    @Test(arguments: [
        "x\"\u{301}; DROP SCHEMA kept; --", "x'\u{301}; DROP SCHEMA kept; --",
        "\\\u{301}'\u{301}; DROP SCHEMA kept; --",
        "\"\u{200D}", "'\u{200D}\u{FE0F}",
    ])
    func `a quote is a quote with an accent after it, too`(name: String) async throws {
        try await TestServer.with { server in
            let session = try await Session.open(server.target(database: "postgres"), settings: Self.settings)
            try await session.run("CREATE SCHEMA kept; CREATE SCHEMA \(identifier: name)")
            let rows = try await session.run(
                "SELECT nspname FROM pg_namespace WHERE nspname IN (\(literal: name), 'kept') ORDER BY oid"
            )[0].rows
            #expect(rows?.compactMap { $0[0].map { Array($0.utf8) } } == [Array("kept".utf8), Array(name.utf8)])
            await session.close()
        }
    }

    @Test func `pinned settings win over what a database's owner chose`() async throws {
        try await TestServer.with { server in
            try await server.sql("ALTER DATABASE postgres SET synchronous_commit = off")
            try await server.sql("ALTER DATABASE postgres SET search_path = evil")
            let session = try await Session.open(server.target(database: "postgres"), settings: Self.settings)
            let rows = try await session.run(
                "SELECT current_setting('synchronous_commit'), current_setting('search_path')"
            )
            #expect(rows[0].rows?.first == ["on", "pg_catalog, pg_temp"])
        }
    }

    @Test func `a session over which a setting slipped is refused`() {
        let answers = Self.answers(process: "7")
        #expect(throws: Never.self) { try Self.settings.verify(answers, backendPID: 7) }
        for place in answers.indices.dropLast() {
            var slipped = answers
            slipped[place] = .rows(Rows(columns: [], values: [["public"]]))
            #expect(throws: PostgresError.self) { try Self.settings.verify(slipped, backendPID: 7) }
        }
        #expect(throws: PostgresError.self) { try Self.settings.verify(answers.dropLast(), backendPID: 7) }
    }

    @Test func `a pooler is refused`() {
        #expect(throws: PostgresError.self) {
            try Self.settings.verify(Self.answers(process: "8"), backendPID: 7)
        }
    }

    private static func answers(process: String) -> [Answer] {
        (settings.pinned.map { [$0.value] } + [[process, nil, "now"]]).map { .rows(Rows(columns: [], values: [$0])) }
    }

    @Test func `cancelling a task cancels its statement`() async throws {
        try await TestServer.with { server in
            let session = try await Session.open(server.target(database: "postgres"), settings: Self.settings)
            let task = Task { try await session.run("SELECT pg_sleep(30)") }
            try await Task.sleep(for: .milliseconds(200))
            let clock = ContinuousClock()
            let start = clock.now
            task.cancel()
            let result = await task.result
            #expect(throws: PostgresError.self) { try result.get() }
            #expect(clock.now - start < .seconds(5))
        }
    }

    @Test func `what was answered before an error is kept`() async throws {
        try await TestServer.with { server in
            let session = try await Session.open(server.target(database: "postgres"), settings: Self.settings)
            let (answers, error) = try await session.runKeepingAnswers(
                "SELECT 1; COPY (SELECT 2) TO STDOUT; SELECT nonsense"
            )
            #expect(answers.count == 2)
            #expect(error?.sqlState == "42703")
        }
    }
}
