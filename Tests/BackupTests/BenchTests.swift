import Applying
import Effects
import Glibc
import Servers
import Testing
import TestSupport

/// The servers that backups are proved on leave nothing, wherever they had to stand.
@Suite(.serialized) struct BenchTests {
    /// Where PostgreSQL's user cannot get to the backups; the test itself makes sure that it cannot.
    private static let outside = "/var/tmp"

    @Test(.proves(17), .timeLimit(.minutes(5)))
    func `a bench of a dead run goes with the next run, one of a living run or of somebody else stays`() async throws {
        guard geteuid() == 0, let user = try ProcessUser.forPostgres() else {
            return Proves.skip(17, because: "only root proves backups as another user")
        }
        try await Fixture.with { fixture in
            let (dead, others) = try await Self.dead(user)
            defer { [dead, others].forEach(Files.remove) }
            chmod(fixture.folder, 0o700)
            try await fixture.bench { bench in
                guard case .elsewhere(let living, _) = bench.place else {
                    Issue.record("it stands under the backups: \(bench.place)")
                    return
                }
                #expect(living.hasPrefix("\(Self.outside)/"))
                try await RestoreBench.clear(backups: fixture.directory)
                #expect(Files.names(in: living) != nil, "a living run's was cleared")
                #expect(Files.names(in: dead) == nil, "a dead run's is still there")
                #expect(Files.names(in: others) != nil, "somebody else's was cleared")
            }
        }
    }

    /// Two folders that bear the number of a process that has ended: PostgreSQL's user's, and nobody's.
    private static func dead(_ user: ProcessUser) async throws -> (dead: String, others: String) {
        let pid = try await Command("/bin/sh", ["-c", "echo $$"]).run().outputText.prefix { $0.isNumber }
        let paths = ["a", "b"].map { "\(outside)/rcl-bench-\(pid)-test\($0)\(getpid())" }
        for path in paths {
            try #require(mkdir(path, 0o700) == 0)
            try Files.write("rows", to: "\(path)/rows")
        }
        for file in [paths[0], "\(paths[0])/rows"] { try #require(chown(file, user.id, user.group) == 0) }
        for file in [paths[1], "\(paths[1])/rows"] { try #require(chown(file, 65534, 65534) == 0) }
        return (paths[0], paths[1])
    }
}
