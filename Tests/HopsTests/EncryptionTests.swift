import Effects
import FleetModel
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

/// Where TLS is asked for behind a hop, it is spoken: libpq would leave it out on a Unix socket and not say so.
@Suite(.serialized, .enabled("sshd and a Docker engine are needed", { await Chain.canRun() }))
struct EncryptionTests {
    @Test(.timeLimit(.minutes(1)))
    func `a session over ssh is encrypted, and the certificate is the named server's`() async throws {
        let keys = try await Self.keys(for: "db.example.test")
        try await Self.server(keys) { server, address in
            try await TestSSHServer.with { sshd in
                try await Setting(sshd: sshd).routes { routes in
                    func journey(_ mode: String, name: String = "db.example.test") -> Journey {
                        let connection = [
                            ("host", name), ("hostaddr", address), ("user", "postgres"), ("sslmode", mode),
                            ("sslrootcert", "\(keys.path)/cert.pem"),
                        ]
                        return Journey(hops: [sshd.hop], connection: connection)
                    }
                    let question: SQL = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
                    for mode in ["require", "verify-ca", "verify-full"] {
                        #expect(await journey(mode).answer(question, routes).hasPrefix("t TLSv1."), "\(mode)")
                    }
                    let other = await journey("verify-full", name: "other.example.test").answer(question, routes)
                    #expect(other.contains("does not match host name"), "\(other)")
                    // A socket folder has no TLS, whatever is asked for, and nobody claims that it has.
                    let socket = Journey(
                        hops: [sshd.hop],
                        connection: [("host", server.socketFolder), ("user", "postgres"), ("sslmode", "require")]
                    )
                    #expect(await socket.answer(question, routes).hasPrefix("f"))
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a server without TLS is refused over a hop as it is without one`() async throws {
        try await Chain.docker.with { journey, _, setting in
            try await setting.routes { routes in
                var journey = journey
                journey.connection.append(("sslmode", "require"))
                let said = await journey.answer("SELECT 1", routes)
                #expect(said.contains("server does not support SSL"), "\(said)")
            }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can be somebody else"), .timeLimit(.minutes(1)))
    func `another user's process is not let through the port`() async throws {
        try await Chain.docker.with { journey, server, setting in
            try await setting.routes { routes in
                var journey = journey
                journey.connection.append(("sslmode", "require"))
                let parameters = try await journey.access(routes).target.parameters
                let port = try #require(parameters.first { $0.keyword == "port" }?.value)
                // The server answers a request for TLS with one letter, before anybody has said who he is.
                let ask = """
                    exec 3<>/dev/tcp/127.0.0.1/$0
                    printf '\\0\\0\\0\\010\\004\\322\\026\\057' >&3
                    head -c 1 <&3
                    """
                func answer(as user: String) async throws -> String {
                    try await Command(
                        "/bin/bash",
                        ["-c", ask, port],
                        folder: "/",
                        user: ProcessUser(named: user),
                        timeLimit: .seconds(20)
                    ).run().outputText
                }
                #expect(try await answer(as: "root") == "N")
                #expect(try await answer(as: "postgres") == "N")
                #expect(try await answer(as: "nobody") == "")
                #expect(try await answer(as: "daemon") == "")
            }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can be somebody else"), .timeLimit(.minutes(1)))
    func `another user's process does not reach the socket`() async throws {
        for chain in [Chain.docker, .ssh] {
            try await chain.with { journey, server, setting in
                try await setting.routes { routes in
                    let parameters = try await journey.access(routes).target.parameters
                    let folder = try #require(parameters.first { $0.keyword == "host" }?.value)
                    func ask(as user: String) async throws -> Int {
                        try await Command(
                            server.client("psql"),
                            ["-X", "-d", "host=\(folder) user=postgres dbname=postgres", "-c", "SELECT 1"],
                            folder: "/",
                            user: ProcessUser(named: user),
                            timeLimit: .seconds(20)
                        ).run().status
                    }
                    #expect(try await ask(as: "postgres") == 0)
                    #expect(try await ask(as: "root") == 0)
                    #expect(try await ask(as: "nobody") == 2)
                }
            }
        }
    }

    /// A key and a certificate of its own for a name.
    private static func keys(for name: String) async throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o755)
        let words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=\(name)"]
        let extras = ["-addext", "subjectAltName=DNS:\(name)", "-keyout", "key.pem", "-out", "cert.pem"]
        let made = try await Command("/usr/bin/openssl", words + extras, folder: folder.path).run()
        try #require(made.status == 0, "\(made.errors)")
        if let user = try ProcessUser.forPostgres() { chown("\(folder.path)/key.pem", user.id, user.group) }
        chmod("\(folder.path)/key.pem", 0o600)
        chmod("\(folder.path)/cert.pem", 0o644)
        return folder
    }

    private static func server(
        _ keys: TemporaryFolder,
        _ body: (EmbeddedServer, _ address: String) async throws -> Void
    ) async throws {
        let address = "127.\(Int.random(in: 1...200)).\(Int.random(in: 0...200)).\(Int.random(in: 1...200))"
        let settings = [
            "listen_addresses": address, "ssl": "on", "ssl_cert_file": "\(keys.path)/cert.pem",
            "ssl_key_file": "\(keys.path)/key.pem",
        ]
        try await TestServer.with(settings: settings) { try await body($0, address) }
    }
}
