internal import Effects
internal import Glibc
internal import SystemPackage
package import Servers

/// An address behind which servers are exchanged: a link to a server's socket folder.
package final class Door: Sendable {
    private let folder: TemporaryFolder
    /// What a manifest gives as `host`.
    package var path: String { "\(folder.path)/door" }

    package init(to server: EmbeddedServer) throws {
        folder = try TemporaryFolder()
        // The client programs' user is to come through, too.
        chmod(folder.path, 0o711)
        try lead(to: server)
    }

    /// From now on who connects to the address gets to that server; sessions that are open stay where they are.
    package func lead(to server: EmbeddedServer) throws {
        let next = "\(path).next"
        guard symlink(server.socketFolder, next) == 0, rename(next, path) == 0 else { throw Errno(rawValue: errno) }
    }
}

extension ScenarioRoot {
    /// Lets the manifests name the door instead of the server itself.
    package func enter(by door: Door) throws {
        let manifest = "\(folder.path)/environments/here.yaml"
        try Files.write((Files.text(manifest) ?? "").replacing(server.folder, with: door.path), to: manifest)
    }
}

extension EmbeddedServer {
    /// A number that grows with each transaction that writes anything anywhere on the server, and with nothing else.
    package func writes() async throws -> String {
        try await value("SELECT pg_snapshot_xmax(pg_current_snapshot())")
    }

    /// Runs a copy of this server, made by `pg_basebackup` and following it as a standby.
    package func withStandby<Result: Sendable>(
        settings: [String: String],
        _ body: (EmbeddedServer) async throws -> Result
    ) async throws -> Result {
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o711)
        let user = try ProcessUser.forPostgres()
        let copy = "\(folder.path)/copy"
        mkdir(copy, 0o700)
        if let user { chown(copy, user.id, user.group) }
        let made = try await Command(
            client("pg_basebackup"),
            ["-h", socketFolder, "-U", EmbeddedServer.superuser, "-D", copy, "-R", "-c", "fast"],
            environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"],
            folder: "/",
            user: user,
            timeLimit: .seconds(120)
        ).run()
        guard made.status == 0 else { throw ProgramFailure("pg_basebackup", made) }
        return try await EmbeddedServer.run(
            programs,
            in: TestServer.parent,
            template: copy,
            settings: settings,
            body
        )
    }
}
