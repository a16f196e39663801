package import Effects
package import FleetModel
internal import Glibc
package import Servers

/// A real Docker engine of this test process: private, its image made of this machine's own files, gone with the process.
package struct TestDocker: Sendable {
    package let folder: String
    private static let engine = Engine()

    /// Whether one can be started here; says once why not.
    package static func isAvailable() async -> Bool { (try? await engine.started()) != nil }

    /// The engine, started at its first use.
    package static func shared() async throws -> TestDocker { try await engine.started() }

    /// What a program needs to find it.
    package var environment: [String: String] { ["DOCKER_HOST": "unix://\(folder)/docker.sock"] }

    /// Runs `docker`.
    @discardableResult
    package func docker(_ words: String..., mustSucceed: Bool = true) async throws -> CommandResult {
        let command = Command(
            "/usr/bin/env",
            ["--", "docker"] + words,
            environment: ProcessEnvironment.withoutPostgres.merging(environment) { $1 },
            timeLimit: .seconds(60)
        )
        let result = try await command.run()
        guard result.status == 0 || !mustSucceed else { throw ProgramFailure("docker", result) }
        return result
    }

    /// Starts a container with PostgreSQL as its process 1 and no network, runs the test, and removes it.
    ///
    /// Its socket folder is also one of this machine's, so that a test has a door of its own.
    ///
    /// Servers of the same `identity` have the same system identifier, as a clone would.
    package func container<Result: Sendable>(
        identity: Int = 0,
        settings: [String: String] = [:],
        _ body: (TestContainer) async throws -> Result
    ) async throws -> Result {
        let name = "pg-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        let sockets = try TemporaryFolder(in: folder)
        if let user = try ProcessUser.forPostgres() { chown(sockets.path, user.id, user.group) }
        let programs = try await TestServer.programs()
        var all = [
            "listen_addresses": "127.0.0.1", "unix_socket_directories": "/var/run/postgresql", "fsync": "off",
            "max_connections": "60", "shared_buffers": "16MB", "log_min_messages": "fatal",
        ]
        all.merge(settings) { $1 }
        let options = all.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
        let data = try await TestServer.template(programs, identity)
        let start =
            "[ -e /var/lib/data ] || cp -a /template /var/lib/data; exec setpriv --reuid=postgres --regid=postgres --clear-groups postgres -D /var/lib/data \"$@\""
        let words =
            [
                "--", "docker", "run", "--detach", "--name", name, "--network", "none", "--pull", "never",
                "--stop-signal", "SIGINT", "--volume", "\(sockets.path):/var/run/postgresql", "--volume",
                "\(data):/template:ro", Self.image, "sh", "-c", start, "postgres",
            ] + options
        let run = try await Command(
            "/usr/bin/env",
            words,
            environment: ProcessEnvironment.withoutPostgres.merging(environment) { $1 },
            timeLimit: .seconds(60)
        ).run()
        guard run.status == 0 else { throw ProgramFailure("docker run", run) }
        let server = EmbeddedServer(folder: sockets.path, socketFolder: sockets.path, programs: programs)
        let container = TestContainer(
            name: name,
            id: run.outputText.split(separator: "\n").first.map(String.init) ?? "",
            docker: self,
            server: server
        )
        do {
            try await container.waitUntilReady()
            let result = try await body(container)
            try await docker("rm", "--force", name)
            return result
        } catch {
            _ = try? await docker("rm", "--force", name)
            throw error
        }
    }

    fileprivate static let image = "reconcile-test"
    fileprivate init(folder: String) { self.folder = folder }
}

/// A container with a server in it.
package struct TestContainer: Sendable {
    package let name: String
    package let id: String
    package let docker: TestDocker
    /// As this machine reaches it, past all hops.
    package let server: EmbeddedServer

    package var hop: Hop { .docker(container: name) }

    /// The command lines of its processes but the server's own.
    package func strangers() async throws -> [String] {
        let top = try await docker.docker("top", name, "-eo", "pid,args").outputText
        return top.split(separator: "\n").dropFirst().map(String.init).filter { !$0.contains("postgres") }
    }

    package func waitUntilReady() async throws {
        for _ in 0..<500 {
            if (try? await server.value("SELECT 1")) == "1" { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Misstep("the server in \(name) did not come up")
    }
}

/// Starts the engine once, and keeps it while this process lives.
private actor Engine {
    private var starting: Task<TestDocker, any Error>?
    private var keeper: Keeper?

    func started() async throws -> TestDocker {
        if starting == nil {
            starting = Task {
                do { return try await start() } catch {
                    Skipped.say("tests with containers: no Docker engine could be started here: \(error)")
                    throw error
                }
            }
        }
        guard let starting else { throw Misstep("no engine") }
        return try await starting.value
    }

    private func start() async throws -> TestDocker {
        guard geteuid() == 0 else { throw Misstep("an engine of one's own needs root") }
        guard access("/usr/sbin/dockerd", X_OK) == 0 || access("/usr/bin/dockerd", X_OK) == 0 else {
            throw Misstep("there is no dockerd; scripts/bootstrap installs it")
        }
        var template = Array("/tmp/rcl-docker-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Misstep("no folder") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(folder, 0o711)
        let docker = TestDocker(folder: folder)
        for driver in ["overlay2", "vfs"] {
            keeper = Keeper(Command("/bin/sh", ["-c", Self.supervision, "test-docker", folder, driver], folder: "/"))
            if try await isUp(docker) {
                try await makeImage(docker)
                return docker
            }
            await keeper?.end()
        }
        throw Misstep(Files.text("\(folder)/log")?.split(separator: "\n").last.map(String.init) ?? "no log")
    }

    private func isUp(_ docker: TestDocker) async throws -> Bool {
        for _ in 0..<300 {
            if Files.text("\(docker.folder)/ended") != nil { return false }
            if try await docker.docker("version", mustSucceed: false).status == 0 { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    private func makeImage(_ docker: TestDocker) async throws {
        let programs = try await TestServer.programs()
        let script =
            #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/\($1)" } + "/scripts/container-image"
        let pipe = """
            set -o pipefail
            "$1" "$2" | docker import --change 'ENV LANG=C.UTF-8' --change "ENV PATH=$2:/usr/bin" - "$3"
            """
        let made = try await Command(
            "/bin/bash",
            ["-c", pipe, "container-image", script, programs.folder, TestDocker.image],
            environment: ProcessEnvironment.withoutPostgres.merging(docker.environment) { $1 },
            timeLimit: .seconds(120)
        ).run()
        guard made.status == 0 else { throw ProgramFailure("scripts/container-image", made) }
    }

    private static let supervision = """
        folder=$1; driver=$2
        export DOCKER_HOST="unix://$folder/docker.sock"
        mkdir -p "$folder"; rm -f "$folder/ended"
        { dockerd --host="$DOCKER_HOST" --data-root="$folder/data" --exec-root="$folder/exec" \
            --pidfile="$folder/pid" --bridge=none --iptables=false --ip6tables=false --storage-driver="$driver" \
            --userland-proxy=false --exec-opt native.cgroupdriver=cgroupfs \
            </dev/null >"$folder/log" 2>&1; echo >"$folder/ended"; } &
        cat >/dev/null
        docker ps --all --quiet 2>/dev/null | while read -r id; do docker rm --force "$id" >/dev/null 2>&1; done
        [ -e "$folder/ended" ] || kill "$(cat "$folder/pid")" 2>/dev/null
        wait
        rm -rf -- "$folder"
        """
}
