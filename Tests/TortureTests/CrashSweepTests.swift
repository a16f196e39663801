import Effects
import Servers
import Testing
import TestSupport

/// A server that crashes in the middle of a run comes back with everything it said was done, and the next run does the rest.
///
/// The server's own default is `synchronous_commit = off`, which loses what was acknowledged last: a run must not take it.
@Suite(.serialized) struct CrashSweepTests {
    /// What a run does, by what stands in its queries; and how often.
    private static let moments: [(text: String, times: Int)] = [
        ("reconcile.body", 7), ("CREATE INDEX CONCURRENTLY", 4), ("CREATE DATABASE", 2), ("COPY public.entries", 4),
        ("RENAME TO", 1), ("INTO reconcile.lease", 1), ("INSERT INTO reconcile.steps", 12),
        ("__drizzle_migrations\" (", 12), ("UPDATE reconcile.runs", 2), ("'intent'", 6), ("pg_try_advisory_lock", 6),
    ]

    @Test(.proves(3, 21, 36), .timeLimit(.minutes(60)))
    func `a server that crashes at any moment keeps what it acknowledged, and the next run does the rest`() async throws
    {
        let template = try await SweepTemplate.make("everything-at-once")
        let passed = try await template.conversation()
        var places: [WireFault.Place] = []
        for moment in Self.moments {
            places += (1...moment.times).flatMap {
                [.query(moment.text, $0, isBefore: false), .query(moment.text, $0, isBefore: true)]
            }
        }
        // Right after it committed, while nobody has heard of it yet.
        places += (1...passed.count.commits).map { .replyToCommit($0) }
        // One of each kind first, where not all are tried.
        let mixed = (0..<places.count).map { places[$0 * 37 % places.count] }
        try await Sweep.tryEach(Sweep.pick(Set(mixed).count == mixed.count ? mixed : places, quick: 1, sample: 8)) {
            place in
            try await template.with { root in
                try await TestServer.keeping(root.server) {
                    let server = root.server
                    let crash = WireFault.Damage.act { _ in
                        do { try await server.crashAndRestart() } catch { Issue.record("no restart: \(error)") }
                    }
                    try await template.check(WireFault(place, crash), root)
                }
            }
        }
    }
}
