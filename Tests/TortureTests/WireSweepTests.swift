import Effects
import Servers
import Testing
import TestSupport

/// Whatever happens on the wire, the next run completes what a broken one began, each change once, and the broken one says
/// how to go on.
@Suite(.serialized) struct WireSweepTests {
    @Test(.proves(5, 21, 36), .timeLimit(.minutes(60)))
    func `a connection cut at any message, in either direction, loses nothing`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        let (count, passed) = try await template.conversation()
        try #require(count.toServer > 100 && count.toClient > 300)
        let places =
            (1...count.toServer).flatMap { [.before(.toServer, $0), .after(.toServer, $0)] }
            + Self.answers(passed).map { WireFault.Place.before(.toClient, $0) }
        let damages: [WireFault.Damage] = [.reset, .hangUp, .outage(.milliseconds(400))]
        let all = places.enumerated().map { WireFault($1, damages[$0 % damages.count]) }
        try await Sweep.tryEach(Sweep.pick(all, quick: 1, sample: 2), template.check)
    }

    /// What ends an answer or says that it failed, and a tenth of what is within answers: most of that is settings shown.
    private static func answers(_ passed: [String]) -> [Int] {
        passed.compactMap { line in
            let words = line.split(separator: " ", maxSplits: 3)
            guard words[0] == "←", let number = Int(words[1]) else { return nil }
            return "ZEGK".contains(words[2]) || number % 10 == 0 ? number : nil
        }
    }

    @Test(.proves(21, 36), .timeLimit(.minutes(60)))
    func `of a commit whose reply is lost the next run knows`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        let commits = try await template.conversation().count.commits
        try #require(commits > 20)
        let all = (1...commits).map { WireFault(.replyToCommit($0), .reset) }
        try await Sweep.tryEach(Sweep.pick(all, quick: 0, sample: 1), template.check)
    }

    @Test(.proves(5, 21, 36), .timeLimit(.minutes(60)))
    func `a way that is silent for a while is waited for`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        let count = try await template.conversation().count
        // Longer than the watch over the locks takes from one look to the next.
        let silence = WireFault.Damage.silence(Sweep.current == .quick ? .seconds(2) : .seconds(7))
        let all =
            stride(from: 1, through: count.toServer, by: 6).map { WireFault(.before(.toServer, $0), silence) }
            + stride(from: 4, through: count.toClient, by: 20).map { WireFault(.before(.toClient, $0), silence) }
        try await Sweep.tryEach(Sweep.pick(all, quick: 1, sample: 2), template.check)
    }

    @Test(.proves(3, 6, 36), .timeLimit(.minutes(60)))
    func `where a network goes away the session that is left keeps others out, and unlock ends it`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        let count = try await template.conversation().count.toServer
        // The server does not hear of it for longer than the test takes.
        let all = stride(from: 2, through: count, by: 5).map {
            WireFault(.after(.toServer, $0), .oneSided(.seconds(60)))
        }
        try await Sweep.tryEach(Sweep.pick(all, quick: 0, sample: 1)) { fault in
            try await template.with { root in
                try await template.broken(by: fault, root) { proxy, run, what in
                    try await template.checkEnding(run, root, what)
                    try await Self.checkHeld(root, what)
                    proxy.mend()
                    try await template.complete(root, what)
                }
            }
        }
    }

    @Test(.proves(6, 36), .timeLimit(.minutes(5)))
    func `a dump that the server still has keeps nobody out for longer than one command`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        let fault = WireFault(.query("COPY public.entries", 1, isBefore: false), .oneSided(.seconds(90)))
        try await template.with { root in
            try await template.broken(by: fault, root) { _, run, what in
                #expect(run.status == 1, "\(what): \(run.status) \(run.errors)")
                try await template.checkEnding(run, root, what)
                let held = try await root.reconcile("unlock", "here")
                #expect(held.status == 4, "\(what): \(held.outputText)\(held.errors)")
                try await Self.checkHeld(root, what)
                // Its locks would stop the first migration.
                try await template.complete(root, what)
            }
        }
    }

    /// Where the lost session holds something, others are told who it is, and one command ends it.
    private static func checkHeld(_ root: ScenarioRoot, _ what: String) async throws {
        let held = try await root.reconcile("unlock", "here")
        guard held.status == 4 else { return }
        let next = try await root.reconcile("apply", "here", "--auto-approve")
        #expect(next.status == 4, "\(what): \(next.status) \(next.errors)")
        #expect(next.errors.contains(/run \d{12}[0-9a-z]{4}/), "\(what): \(next.errors)")
        #expect(next.errors.contains("reconcile unlock here"), "\(what): \(next.errors)")
        let forced = try await root.reconcile("unlock", "here", "--force", "--auto-approve")
        #expect(forced.status == 0, "\(what): \(forced.status) \(forced.errors)")
    }

    @Test(.proves(5, 21, 36), .timeLimit(.minutes(60)))
    func `a session that an administrator ends before any of its statements loses nothing`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        let count = try await template.conversation().count.toServer
        try await Sweep.tryEach(Sweep.pick(Array(1...count), quick: 1, sample: 3)) { number in
            try await template.with { root in
                let server = root.server
                let ending = WireFault.Damage.act { backend in
                    _ = try? await server.value(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid = \(backend)"
                    )
                }
                try await template.check(WireFault(.before(.toServer, number), ending), root)
            }
        }
    }
}
