import Effects
import FleetModel
import Servers
import Testing
import TestSupport

/// Kinds of ways, each tested alike.
enum Chain: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case ssh, docker
    case sshToDocker = "ssh > docker"
    case sshToSSH = "ssh > ssh"
    case dockerSocket = "docker, by a socket"
    case sshAddress = "ssh, by an address"

    var testDescription: String { rawValue }

    /// Sets the way up, and gives it with the server that is to be found at its end.
    func with<Result: Sendable>(
        _ body: (Journey, EmbeddedServer, Setting) async throws -> Result
    ) async throws -> Result {
        switch self {
        case .ssh, .sshToSSH, .sshAddress:
            let address = "127.\(Int.random(in: 1...200)).\(Int.random(in: 0...200)).\(Int.random(in: 1...200))"
            let settings = self == .sshAddress ? ["listen_addresses": address] : [:]
            return try await TestServer.with(settings: settings) { server in
                try await TestSSHServer.with { sshd in
                    let hops = self == .sshToSSH ? [sshd.hop, sshd.hop] : [sshd.hop]
                    let host = self == .sshAddress ? address : server.socketFolder
                    let journey = Journey(hops: hops, connection: [("host", host), ("user", "postgres")])
                    return try await body(journey, server, Setting(sshd: sshd, container: nil))
                }
            }
        case .docker, .dockerSocket:
            let docker = try await TestDocker.shared()
            return try await docker.container { container in
                let host = self == .docker ? [(keyword: "host", value: "127.0.0.1")] : []
                let journey = Journey(hops: [container.hop], connection: host + [("user", "postgres")])
                return try await body(journey, container.server, Setting(sshd: nil, container: container))
            }
        case .sshToDocker:
            let docker = try await TestDocker.shared()
            return try await docker.container { container in
                try await TestSSHServer.with(environment: docker.environment) { sshd in
                    let journey = Journey(
                        hops: [sshd.hop, container.hop],
                        connection: [("host", "127.0.0.1"), ("user", "postgres")]
                    )
                    return try await body(journey, container.server, Setting(sshd: sshd, container: container))
                }
            }
        }
    }

    static func canRun() async -> Bool {
        let ssh = TestSSHServer.isAvailable
        return await TestDocker.isAvailable() && ssh
    }
}

/// What a way leads over.
struct Setting: Sendable {
    var sshd: TestSSHServer?
    var container: TestContainer?

    /// What a program needs to go the way.
    var environment: [String: String] {
        ProcessEnvironment.withoutPostgres.merging(container?.docker.environment ?? [:]) { $1 }
    }

    /// Runs `body` with routes that are closed afterwards.
    func routes<Result: Sendable>(_ body: (Routes) async throws -> Result) async throws -> Result {
        let routes = Routes(environment: environment)
        do {
            let result = try await body(routes)
            await routes.close()
            return result
        } catch {
            await routes.close()
            throw error
        }
    }
}
