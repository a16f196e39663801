package import Servers
internal import Effects
internal import Glibc

extension TestServer {
    /// Ends with `body` a server that was started anew in it: its supervisor only knows the process that it started.
    package static func keeping<Result: Sendable>(
        _ server: EmbeddedServer,
        _ body: () async throws -> Result
    ) async throws -> Result {
        let keeper = Command(
            "/bin/sh",
            ["-c", keeping, "test-server", "\(server.folder)/data/postmaster.pid"],
            folder: "/",
            user: try ProcessUser.forPostgres()
        )
        return try await keeper.runBeside(body)
    }

    private static let keeping = """
        trap '' INT TERM HUP
        cat >/dev/null
        pid=$(head -n 1 "$1" 2>/dev/null) || exit 0
        kill -QUIT "$pid"
        while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
        """
}

extension EmbeddedServer {
    /// Lets the server crash and starts it again on the same folder and socket, with the same settings.
    ///
    /// What it had not written is lost; what is written to the system is not. To be called within `TestServer.keeping`.
    package func crashAndRestart() async throws {
        let result = try await Command(
            client("pg_ctl"),
            ["restart", "-s", "-w", "-t", "60", "-m", "immediate", "-D", "\(folder)/data", "-l", "\(folder)/log.2"],
            folder: "/",
            user: try ProcessUser.forPostgres(),
            timeLimit: .seconds(90)
        ).run()
        guard result.status == 0 else { throw ProgramFailure("pg_ctl restart", result) }
    }
}
