import Effects
import FleetModel
import Glibc
import Servers
import Testing
import TestSupport

/// Programs behind hops get their words as they were given.
@Suite(.serialized, .enabled("sshd and a Docker engine are needed", { await Chain.canRun() }))
struct PlaceTests {
    static let hostile = [
        "plain", "two words", "", "it's", "''", "\"", "$HOME", "`id`", "$(id)", "a;b", "a&b", "a|b", ">x", "*", "~",
        "-n",
        "--", "\\", "\\'", "a\nb", "\t", "!", "!!", "#", "é\u{1F600}", "%h", "%%", "{a,b}", "[", "=x", "\r", "\u{1}",
        "\u{7f}", "x';echo INJECTED >&2;#", "\\';id;#", "\\0101", "\n", "a\n\n",
    ]

    /// Shells that people log in to, where they are installed; says which are not.
    private static let shells: [String] = ["sh", "dash", "bash", "zsh", "ksh", "fish", "tcsh"].filter { shell in
        let isThere = access("/usr/bin/\(shell)", X_OK) == 0
        if !isThere { Skipped.say("hostile words through \(shell): it is not installed") }
        return isThere
    }

    @Test(.timeLimit(.minutes(1)), arguments: shells)
    func `hostile words arrive whatever shell a person logs in to`(shell: String) async throws {
        // What sshd does with a login shell, done by it to this one.
        let settings = ["ForceCommand exec /usr/bin/\(shell) -c \"$SSH_ORIGINAL_COMMAND\""]
        try await TestSSHServer.with(settings: settings) { sshd in
            try await Setting(sshd: sshd).routes { routes in
                let place = try await routes.place(behind: [sshd.hop])
                let hostile = Self.hostile + [String(repeating: "it's\n", count: 2000)]
                let result = try await place.run(["perl", "-e", "print map { \"$_\\0\" } @ARGV", "--"] + hostile)
                let arrived = result.output.split(separator: 0, omittingEmptySubsequences: false).dropLast()
                #expect(arrived.map { String(decoding: $0, as: UTF8.self) } == hostile)
                #expect(!result.errors.contains("INJECTED"))
                #expect(try await place.run(["sh", "-c", "exit 7"]).status == 7)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [Chain.ssh, .sshToSSH, .docker, .sshToDocker])
    func `hostile words arrive as they are`(chain: Chain) async throws {
        try await chain.with { journey, _, setting in
            try await setting.routes { routes in
                let place = try await routes.place(behind: journey.hops)
                #expect(place.hops == journey.hops)
                let words = ["perl", "-e", "print map { \"$_\\0\" } @ARGV", "--"] + Self.hostile
                let result = try await place.run(words)
                let arrived = result.output.split(separator: 0, omittingEmptySubsequences: false).dropLast()
                #expect(arrived.map { String(decoding: $0, as: UTF8.self) } == Self.hostile)
                let echo = try await place.run(["cat"], input: Array("in\u{0}put".utf8))
                #expect(echo.output == Array("in\u{0}put".utf8))
                #expect(try await place.run(["sh", "-c", "echo said >&2; exit 7"]).status == 7)
            }
        }
    }

    @Test func `a word with a NUL is refused, and a hostile destination`() async throws {
        let marker = "/tmp/rcl-test-marker-\(getpid())"
        defer { unlink(marker) }
        let routes = Routes()
        await #expect(throws: CommandError.self) { try await Place.here.run(["echo", "a\0b"]) }
        for destination in [
            "-oProxyCommand=touch \(marker)", "-h", "a;touch \(marker)", "$(touch \(marker))@b", "a\nb",
        ] {
            await #expect(throws: HopError.self) {
                try await routes.place(behind: [.ssh(SSHHop(destination: destination))])
            }
        }
        for container in ["--help", "-it", ""] {
            await #expect(throws: HopError.self) { try await routes.place(behind: [.docker(container: container)]) }
        }
        for pod in ["--help", ""] {
            await #expect(throws: HopError.self) {
                try await routes.place(behind: [.kubectl(KubectlHop(pod: pod))])
            }
        }
        await routes.close()
        #expect(access(marker, F_OK) != 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a slow program is ended, and many run at a time`() async throws {
        try await TestSSHServer.with { sshd in
            try await Setting(sshd: sshd).routes { routes in
                let place = try await routes.place(behind: [sshd.hop])
                await #expect(throws: CommandError.self) {
                    try await place.run(["sleep", "60"], timeLimit: .milliseconds(500))
                }
                // More than one connection carries.
                let statuses = await Array(0..<20).concurrentMap(limit: 20) { number in
                    (try? await place.run(["sh", "-c", "sleep 1; exit \(number)"]))?.status
                }
                #expect(statuses == Array(0..<20))
            }
            try await ChainTests.eventually("a connection is left") { sshd.processes().count == 1 }
        }
    }
}
