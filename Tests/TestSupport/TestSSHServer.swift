internal import Effects
package import FleetModel
package import Glibc
internal import Servers

/// A real sshd of one test: private, on a port of the loopback, with a key of its own, gone with the test.
package struct TestSSHServer: Sendable {
    package let folder: String
    package let port: Int

    /// Whether one can be started here; says once that it cannot.
    package static let isAvailable: Bool = {
        let isThere = access("/usr/sbin/sshd", X_OK) == 0 && access("/usr/bin/ssh", X_OK) == 0
        if !isThere { Skipped.say("tests over ssh: there is no sshd; scripts/bootstrap installs it") }
        return isThere
    }()

    /// Starts one, runs the test, and stops it with all its connections.
    ///
    /// - Parameters:
    ///   - settings: lines of its `sshd_config`.
    ///   - environment: what programs behind it find; `DOCKER_HOST`, say.
    ///   - comesBack: whether it is started anew a second after it was stopped.
    ///   - body: begun once it takes connections.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws, or what kept the server from starting.
    package static func with<Result: Sendable>(
        settings: [String] = [],
        environment: [String: String] = [:],
        comesBack: Bool = false,
        _ body: (TestSSHServer) async throws -> Result
    ) async throws -> Result {
        // Not in memory: a socket's name must be short, and so must what ssh adds to it.
        let folder = try TemporaryFolder(in: "/tmp")
        if geteuid() == 0 { mkdir("/run/sshd", 0o755) }
        for name in ["host", "client", "stranger"] {
            let made = try await Command(
                "/usr/bin/ssh-keygen",
                ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", "\(folder.path)/\(name)"]
            ).run()
            guard made.status == 0 else { throw Misstep("ssh-keygen: \(made.errors)") }
        }
        try Files.write(Files.text("\(folder.path)/client.pub") ?? "", to: "\(folder.path)/authorized")
        var refusal = ""
        for _ in 0..<5 {
            let server = TestSSHServer(folder: folder.path, port: Int.random(in: 20_000..<32_000))
            try server.write(settings, environment)
            if comesBack { try Files.write("", to: "\(folder.path)/again") }
            let supervisor = Command("/bin/sh", ["-c", supervision, "test-sshd", folder.path], folder: "/")
            let outcome: Result? = try await supervisor.runBeside {
                guard try await server.isUp() else { return nil }
                return try await body(server)
            }
            if let outcome { return outcome }
            refusal = Files.text("\(folder.path)/log") ?? ""
        }
        throw Misstep("sshd did not start: \(refusal)")
    }

    /// What a manifest's hop says to come here, by a configuration as a person has it.
    package var hop: Hop { .ssh(SSHHop(destination: "vps", config: "\(folder)/config")) }

    /// Ends the server and every connection to it.
    package func stop() {
        for pid in processes() { kill(pid, SIGKILL) }
    }

    /// The server's processes: itself and one or two a connection.
    package func processes() -> [pid_t] {
        guard let first = Files.text("\(folder)/sshd.pid").flatMap({ pid_t($0.split(separator: "\n").first ?? "") })
        else { return [] }
        var found = [first]
        var next = 0
        while next < found.count {
            found += TestProcesses.children(of: found[next])
            next += 1
        }
        return found
    }

    private func isUp() async throws -> Bool {
        for _ in 0..<500 {
            if Files.text("\(folder)/ended") != nil { return false }
            if Files.text("\(folder)/log")?.contains("Server listening on") == true { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    private func write(_ settings: [String], _ environment: [String: String]) throws {
        for name in ["ended", "log"] { unlink("\(folder)/\(name)") }
        // A login shell reads files of its person's home, which may start what they like; one that a test kills there may
        // leave a lock behind, for which every later one waits.
        let settled = ["HOME": folder].merging(environment) { $1 }
        let variables = settled.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        let lines =
            settings + [
                "Port \(port)", "ListenAddress 127.0.0.1", "HostKey \(folder)/host", "PidFile \(folder)/sshd.pid",
                "AuthorizedKeysFile \(folder)/authorized", "PasswordAuthentication no",
                "KbdInteractiveAuthentication no", "UsePAM no", "StrictModes no", "PermitRootLogin prohibit-password",
                // Of several such lines only the first counts.
                "SetEnv \(variables)",
            ]
        try Files.write(lines.joined(separator: "\n") + "\n", to: "\(folder)/sshd_config")
        try Files.write(
            "[127.0.0.1]:\(port) \(Files.text("\(folder)/host.pub") ?? "")",
            to: "\(folder)/known_hosts"
        )
        let user = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"
        try Files.write(
            """
            Host vps
                HostName 127.0.0.1
                Port \(port)
                User \(user)
                IdentityFile \(folder)/client
                IdentitiesOnly yes
                IdentityAgent none
                UserKnownHostsFile \(folder)/known_hosts
                GlobalKnownHostsFile /dev/null
                ForkAfterAuthentication yes
                ControlMaster auto
                ControlPersist 10m
                RemoteCommand true
                RequestTTY force

            """,
            to: "\(folder)/config"
        )
    }

    private static let supervision = """
        cd "$1"
        { while :; do
              /usr/sbin/sshd -D -e -f sshd_config </dev/null >/dev/null 2>log
              [ -e again ] || break
              sleep 1
          done
          echo >ended; } &
        cat >/dev/null
        rm -f again
        [ -e ended ] || kill "$(cat sshd.pid)" 2>/dev/null
        wait
        """
}

/// Processes of this machine, as /proc tells of them.
package enum TestProcesses {
    package static func children(of parent: pid_t) -> [pid_t] {
        all().filter { pid in
            guard let stat = Files.text("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return false }
            let fields = stat[stat.index(after: end)...].split(separator: " ")
            return fields.count > 1 && pid_t(fields[1]) == parent
        }
    }

    /// Those whose command line holds a text.
    package static func mentioning(_ text: String) -> [String] {
        lines(all().filter { $0 != getpid() }).filter { $0.contains(text) }
    }

    /// Number and command line of each that has one.
    package static func lines(_ processes: [pid_t]) -> [String] {
        processes.compactMap { pid in
            guard let bytes = Files.bytes("/proc/\(pid)/cmdline"), !bytes.isEmpty else { return nil }
            return "\(pid) \(String(decoding: bytes.map { $0 == 0 ? 32 : $0 }, as: UTF8.self))"
        }
    }

    /// Those whose command line or environment holds a text.
    package static func showing(_ text: String) -> [String] {
        all().compactMap { pid in
            for name in ["cmdline", "environ"] {
                guard let bytes = Files.bytes("/proc/\(pid)/\(name)"), !bytes.isEmpty else { continue }
                let line = String(decoding: bytes.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
                if line.contains(text) { return "\(pid) \(name) \(line)" }
            }
            return nil
        }
    }

    private static func all() -> [pid_t] { (Files.names(in: "/proc") ?? []).compactMap { pid_t($0) } }
}

/// Says on stderr what is not tested, so that nobody takes silence for success.
package enum Skipped {
    package static func say(_ what: String) {
        let line = Array("SKIPPED \(what)\n".utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
