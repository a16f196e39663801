package import FleetModel
package import Postgres
package final class CatalogPool: Sendable { package init() {} }
package enum Inspector {
    package static func inspect(_ session: Session, history: HistoryQuery?, pool: CatalogPool) async throws(PostgresError) -> DatabaseState { throw .unexpectedAnswer("stub") }
}
package struct FleetObserver: Sendable {
    package init() {}
    package func observe(_ environment: Environment) async -> ObservedEnvironment { ObservedEnvironment(name: "", instances: []) }
}
