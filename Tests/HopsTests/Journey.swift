import Effects
import FleetModel
import Postgres
import Servers
import TestSupport

/// A way under test: what a manifest says of an instance.
struct Journey: Sendable {
    var hops: [Hop]
    var connection: [(keyword: String, value: String)]

    private static let place = SourceRange.beginning(of: "here.yaml")

    func access(_ routes: Routes) async throws -> InstanceAccess {
        let instance = Instance(
            name: Located("a", at: Self.place),
            via: hops,
            connection: connection.map { ConnectionParameter(keyword: $0.keyword, value: $0.value, range: Self.place) },
            password: nil,
            state: .active
        )
        let environment = Environment(
            name: Located("test", at: Self.place),
            role: .testing,
            description: nil,
            instances: [instance],
            entries: [],
            policy: Policy(defaultsFor: .testing)
        )
        return try await InstanceAccess(instance, of: environment, routes: routes)
    }

    /// Opens a session and holds it against what was asked for.
    func session(_ routes: Routes) async throws -> Session {
        let access = try await access(routes)
        let session = try await Session.open(
            access.target,
            settings: SessionSettings(access: .readWrite, applicationName: "test")
        )
        try await access.check(session)
        return session
    }

    /// What a session answers, or what kept it from coming about.
    func answer(_ sql: SQL, _ routes: Routes) async -> String {
        do {
            let session = try await session(routes)
            let rows = try await session.run(sql).last?.rows
            await session.close()
            return rows?.first?.compactMap(\.self).joined(separator: " ") ?? "none"
        } catch {
            return "\(error)"
        }
    }
}
