package import FleetModel
package import Postgres

/// Why an instance cannot be reached, before or after connecting.
package enum AccessError: Error, Sendable, CustomStringConvertible {
    case hop(HopError)
    case secret(SecretError)
    case noTLS

    package var description: String {
        switch self {
        case .hop(let error): error.description
        case .secret(let error): error.description
        case .noTLS: "the connection is not encrypted although the manifest asks for it"
        }
    }
}

/// The way to one instance: its keywords with the secret resolved and hops opened.
package struct InstanceAccess: Sendable {
    package let instance: Instance
    /// Of the maintenance database; `with(database:)` leads to the others.
    package let target: ConnectionTarget
    private let requiresTLS: Bool

    /// Resolves the instance's secret and opens the way over its hops; connects to no server yet.
    ///
    /// - Parameters:
    ///   - instance: the one to be reached.
    ///   - environment: whose it is; its role says how strictly the secret is kept, its policy whether TLS must be.
    ///   - routes: whose ways over hops it takes; they must stay open as long as the target is used.
    ///   - warn: told what is unwise but allowed.
    /// - Throws: `AccessError.hop` where a hop on the way fails, `AccessError.secret`.
    package init(
        _ instance: Instance,
        of environment: Environment,
        routes: Routes,
        warn: (String) -> Void = { _ in }
    ) async throws(AccessError) {
        self.instance = instance
        var secret: Secret?
        if let source = instance.password?.value {
            do throws(SecretError) {
                secret = try await source.read(for: environment.role, warn: warn)
            } catch {
                throw .secret(error)
            }
        }
        var parameters = instance.connection.filter { $0.keyword != "dbname" }
            .map { (keyword: $0.keyword, value: $0.value) }
        let way: Way?
        do throws(HopError) { way = try await routes.way(behind: instance.via, to: parameters) } catch {
            throw .hop(error)
        }
        if let way {
            parameters.removeAll { Way.keywords.contains($0.keyword) }
            parameters += way.parameters
        }
        target = ConnectionTarget(
            parameters: parameters,
            database: instance.maintenanceDatabase,
            password: secret,
            way: way
        )
        requiresTLS = instance.demandsTLS(environment.policy)
    }

    /// To be called once connected: a keyword that asks for TLS is no proof of it.
    ///
    /// - Throws: `AccessError.noTLS`.
    package func check(_ session: Session) async throws(AccessError) {
        guard requiresTLS, await !session.usesTLS else { return }
        throw .noTLS
    }
}

extension Instance {
    /// A Unix socket has no TLS, whatever is asked for; a loopback needs none.
    fileprivate func demandsTLS(_ policy: Policy) -> Bool {
        let hosts = (parameter("hostaddr") ?? parameter("host") ?? "").split(separator: ",")
        let isLocal = hosts.allSatisfy { $0.hasPrefix("/") || $0.hasPrefix("@") }
        if isLocal, parameter("service") == nil { return false }
        switch parameter("sslmode") {
        case "require", "verify-ca", "verify-full": return true
        default: break
        }
        let isLoopback = hosts.allSatisfy {
            $0 == "localhost" || $0.hasPrefix("127.") || $0 == "::1" || $0.hasPrefix("/")
        }
        return policy.requireTLS && !isLoopback && via.isEmpty
    }
}
