import FleetModel
import Postgres
import Testing
import TestSupport

@testable import Servers

@Suite struct RuleMemoryTests {
    @Test func `the words of a view are asked for once, those of what nobody has never`() async throws {
        try await TestServer.with { server in
            try await server.sql(InspectorTests.schema)
            let pool = CatalogPool()
            _ = try await InspectorTests.inspect(server, "postgres", pool: pool)
            #expect(pool.layout(major: 15, adding: []).wanted.isEmpty)
        }
    }

    @Test func `remembered words are those of the very view`() async throws {
        try await TestServer.with { server in
            let changes = [
                "ALTER VIEW happy RENAME COLUMN name TO called", "ALTER TABLE clients RENAME COLUMN name TO called",
                "ALTER TABLE clients RENAME TO customers", "ALTER TYPE mood RENAME VALUE 'happy' TO 'glad'",
                "CREATE OR REPLACE VIEW happy AS SELECT id, name FROM clients WHERE mood = 'ok'",
            ]
            let pool = CatalogPool()
            try await server.sql("CREATE DATABASE template")
            try await server.sql(InspectorTests.schema, database: "template")
            var seen = Set([try await InspectorTests.inspect(server, "template", pool: pool).catalog.fingerprint])
            for (number, change) in changes.enumerated() {
                try await server.sql("CREATE DATABASE changed_\(number) TEMPLATE template")
                try await server.sql("SET search_path = public; \(change)", database: "changed_\(number)")
                let remembered = try await InspectorTests.inspect(server, "changed_\(number)", pool: pool).catalog
                let asked = try await InspectorTests.inspect(server, "changed_\(number)").catalog
                #expect(remembered.fingerprint == asked.fingerprint, "\(change)")
                #expect(seen.insert(asked.fingerprint).inserted, "\(change)")
            }
        }
    }

    @Test func `an owner who is neither the database's nor ours has a name`() async throws {
        try await TestServer.with { server in
            try await server.sql("CREATE ROLE \"o\"\"dd\"; CREATE ROLE other")
            var privileges: [Fingerprint] = []
            for (name, owner) in [("one", "\"o\"\"dd\""), ("two", "other"), ("three", "\"o\"\"dd\"")] {
                try await server.sql("CREATE DATABASE \(name)")
                try await server.sql(
                    "CREATE TABLE public.t (a int); ALTER TABLE public.t OWNER TO \(owner)",
                    database: name
                )
                privileges.append(try await InspectorTests.inspect(server, name).catalog.privileges)
            }
            #expect(privileges[0] == privileges[2])
            #expect(privileges[0] != privileges[1])
            try await server.sql("ALTER ROLE other RENAME TO another")
            #expect(try await InspectorTests.inspect(server, "two").catalog.privileges != privileges[1])
        }
    }
}
