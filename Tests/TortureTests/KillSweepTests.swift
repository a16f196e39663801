import Effects
import Glibc
import Servers
import Testing
import TestSupport

/// A run that dies anywhere is completed by the next one, and whatever it does is done once.
@Suite(.serialized) struct KillSweepTests {
    @Test(.proves(3, 6, 21, 29, 36), .timeLimit(.minutes(60)))
    func `a run killed at an effect is completed by the next one, each change once`() async throws {
        try await Self.sweep("everything-at-once", quick: 2, sample: 6)
    }

    @Test(
        .proves(3, 6, 21, 30, 36),
        .timeLimit(.minutes(60)),
        arguments: [
            "behind-by-one", "drifted-tenants-are-rebuilt", "mixed-tenant-is-untangled", "schema-without-history",
        ]
    )
    func `so it is in other scenarios`(name: String) async throws {
        try await Self.sweep(name, quick: 1, sample: 2)
    }

    private static func sweep(_ scenario: String, quick: Int, sample: Int) async throws {
        let template = try await SweepTemplate.make(scenario)
        let effects = try await template.effects()
        try #require(effects.count > 20)
        let places = (1...effects.count).flatMap {
            [SweepPlace(number: $0, isBefore: true), SweepPlace(number: $0, isBefore: false)]
        }
        try await Sweep.tryEach(Sweep.pick(places, quick: quick, sample: sample), template.check)
    }

    @Test(.proves(4), .timeLimit(.minutes(60)))
    func `a run that was stopped, overtaken and woken up does nothing more`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        let effects = try await template.effects()
        // Before it holds the environment nobody can overtake it.
        let first = try #require(effects.firstIndex { $0.hasSuffix(": lease") }) + 1
        try await Sweep.tryEach(Sweep.pick(Array(first...effects.count), quick: 1, sample: 2), template.overtake)
    }

    @Test(.proves(2), .timeLimit(.minutes(15)))
    func `whatever a run changes in a database, it changes in a session that holds the database's lock`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        try await template.checkSessions()
    }

    @Test(.proves(5, 21), .timeLimit(.minutes(60)))
    func `a run whose sessions are ended at any moment loses nothing and is completed by the next`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        for round in 0..<Sweep.count(quick: 1, sample: 2, whole: 60) {
            Sweep.tried()
            let pause = Int(random.next() % 3000) + 50
            try await template.with { root in
                async let run = root.reconcile("apply", "here", "--auto-approve")
                for _ in 0..<2 {
                    try await Task.sleep(for: .milliseconds(pause))
                    _ = try await root.server.value(
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name ~ '^reconcile'"
                    )
                }
                let ended = try await run
                #expect(
                    ended.status == 0 || ended.status == 1,
                    "round \(round), after \(pause) ms: \(ended.status) \(ended.errors)"
                )
                try await template.complete(root, "round \(round), sessions ended after \(pause) ms: \(ended.errors)")
            }
        }
    }

    @Test(.proves(1), .timeLimit(.minutes(3)))
    func `of twenty applies at once one runs, and the others say who`() async throws {
        let template = try await SweepTemplate.make("one-slow-migration")
        try await template.with { root in
            let ends = try await withThrowingTaskGroup(of: CommandResult.self) { group in
                for _ in 0..<20 { group.addTask { try await root.reconcile("apply", "here", "--auto-approve") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(ends.count { $0.status == 0 } == 1)
            #expect(ends.count { $0.status == 4 } == 19, "\(ends.map(\.status))")
            for end in ends where end.status == 4 {
                #expect(end.errors.contains(/run \d{12}[0-9a-z]{4}/), "\(end.errors)")
            }
            #expect(try await root.server.value("SELECT n FROM counters", database: "shop") == "1")
            #expect(
                try await root.server.value("SELECT count(*) FROM reconcile.runs WHERE outcome = 'converged'") == "1"
            )
        }
    }
}

struct SweepPlace: Hashable, Sendable, CustomStringConvertible {
    var number: Int
    var isBefore: Bool
    var description: String { "\(number)" + (isBefore ? ":before" : ":after") }
}

/// Marsaglia's, so that a failing round can be played again.
struct Xorshift {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
