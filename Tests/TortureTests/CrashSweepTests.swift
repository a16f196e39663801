import Effects
import Servers
import Testing
import TestSupport

/// A server that crashes in the middle of a run comes back with everything it said was done, and the next run does the rest.
///
/// The server's own default is `synchronous_commit = off`, which loses what was acknowledged last: a run must not take it.
@Suite(.serialized) struct CrashSweepTests {
    /// What a run does, by what stands in its queries.
    private static let moments = [
        "reconcile.body", "CREATE INDEX CONCURRENTLY", "CREATE DATABASE", "COPY public.entries", "RENAME TO",
        "INTO reconcile.lease", "INSERT INTO reconcile.steps", "__drizzle_migrations", "UPDATE reconcile.runs",
        "reconcile.marks", "pg_try_advisory_lock",
    ]

    @Test(.proves(3, 21, 36), .timeLimit(.minutes(60)))
    func `a server that crashes at any moment keeps what it acknowledged, and the next run does the rest`() async throws
    {
        let template = try await SweepTemplate.make("everything-at-once")
        let (count, passed) = try await template.conversation()
        let queries = passed.filter { $0.contains(#/^→ \d+ [QP] /#) }
        var places: [WireFault.Place] = []
        for moment in Self.moments {
            let times = queries.count { $0.contains(moment) }
            try #require(times > 0, "a run has no \(moment)")
            places += (1...times).flatMap {
                [.query(moment, $0, isBefore: false), .query(moment, $0, isBefore: true)]
            }
        }
        // Right after it committed, while nobody has heard of it yet.
        places += (1...count.commits).map { .replyToCommit($0) }
        // One of each kind first, where not all are tried.
        let mixed = (0..<places.count).map { places[$0 * 37 % places.count] }
        try await Sweep.tryEach(Sweep.pick(Set(mixed).count == mixed.count ? mixed : places, quick: 1, sample: 2)) {
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
