import Effects
import Glibc
import Servers
import Testing
import TestSupport

/// A run that dies anywhere is completed by the next one, and whatever it does is done once.
///
/// `RECONCILE_SWEEP` says how many places are tried (`all`: each; `100-200`: those); the default fits into a test run.
@Suite(.serialized) struct KillSweepTests {
    @Test(.timeLimit(.minutes(60)))
    func `a run killed at an effect is completed by the next one, each change once`() async throws {
        try await Self.sweep("everything-at-once", points: 100)
    }

    @Test(
        .timeLimit(.minutes(60)),
        arguments: [
            "behind-by-one", "drifted-tenants-are-rebuilt", "mixed-tenant-is-untangled", "schema-without-history",
        ]
    )
    func `so it is in other scenarios`(name: String) async throws {
        try await Self.sweep(name, points: 8)
    }

    private static func sweep(_ scenario: String, points: Int) async throws {
        let template = try await SweepTemplate.make(scenario)
        let effects = try await template.effects()
        try #require(effects.count > 20)
        var next = sample(effects.count, ProcessEnvironment.value("RECONCILE_SWEEP") ?? "\(points)").makeIterator()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                guard let place = next.next() else { break }
                group.addTask { try await template.check(place) }
            }
            while try await group.next() != nil {
                if let place = next.next() { group.addTask { try await template.check(place) } }
            }
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `a run that was stopped, overtaken and woken up does nothing more`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        let count = try await template.effects().count
        for share in [2, 3, 4, 5, 6, 7] { try await template.overtake(stoppedAt: count * share / 8) }
    }

    @Test(.timeLimit(.minutes(5)))
    func `whatever a run changes in a database, it changes in a session that holds the database's lock`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        try await template.checkSessions()
    }

    @Test(.timeLimit(.minutes(10)))
    func `a run whose sessions are ended at any moment loses nothing and is completed by the next`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        for round in 0..<6 {
            let pause = Int(random.next() % 1200) + 50
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

    @Test(.timeLimit(.minutes(3)))
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

    /// Evenly spread places, or those from one to another; each fifth dies before its effect, too.
    private static func sample(_ count: Int, _ wanted: String) -> [SweepPlace] {
        let bounds = wanted.split(separator: "-").compactMap { Int($0) }
        let numbers: [Int]
        if bounds.count == 2 {
            numbers = Array(stride(from: bounds[0], through: min(bounds[1], count), by: 1))
        } else {
            let points = wanted == "all" ? count : min(count, bounds.first ?? 1)
            numbers = (0..<points).map { 1 + $0 * count / points }
        }
        let after = numbers.map { SweepPlace(number: $0, isBefore: false) }
        let before = numbers.enumerated().filter { $0.offset % 5 == 2 }.map {
            SweepPlace(number: $0.element, isBefore: true)
        }
        return after + before
    }
}

struct SweepPlace: Sendable, CustomStringConvertible {
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
