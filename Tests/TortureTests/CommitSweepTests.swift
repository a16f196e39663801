import Effects
import Testing
import TestSupport

/// A run that dies right beside what takes effect for good: each commit, and each statement outside a transaction.
@Suite struct CommitSweepTests {
    @Test(.proves(21, 24), .timeLimit(.minutes(30)))
    func `whatever had just taken effect when a run died is not done again, and nothing is left out`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        let marks = [", commit", ", statement 2"]
        let effects = try await template.effectsOnOne()
        // What has one name is done on a copy first, and is tried there in a transaction: the last one is what lasts.
        var last: [Substring: Int] = [:]
        for (index, effect) in effects.enumerated() where marks.contains(where: { effect.contains($0) }) {
            guard let name = effect.split(separator: "\t").last, name.contains("tenant_a: ") else { continue }
            last[name] = index + 1
        }
        let lasting = last.values.sorted()
        #expect(lasting.count >= 8, "\(effects)")
        let places = [false, true].flatMap { isBefore in
            lasting.map { SweepPlace(number: $0, isBefore: isBefore) }
        }
        try await Sweep.tryEach(Sweep.pick(places, quick: 1, sample: 3), template.dieOnOne)
    }

    /// Its history row alone says whether it ran: no schema tells, by which it could be taken for done.
    @Test(.proves(21), .timeLimit(.minutes(10)))
    func `a migration that changes rows alone is done once, whatever was committed when its run died`() async throws {
        let template = try await SweepTemplate.make("rows-alone")
        let effects = try await template.effects()
        let places = effects.indices.filter { effects[$0].contains("shop: ") && effects[$0].contains(", commit") }
            .flatMap { [SweepPlace(number: $0 + 1, isBefore: true), SweepPlace(number: $0 + 1, isBefore: false)] }
        try #require(!places.isEmpty, "\(effects)")
        try await Sweep.tryEach(places, template.check)
    }
}

extension SweepTemplate {
    /// With one database alone the same effects have the same numbers in every run.
    private static let narrowed = ["apply", "here", "--auto-approve", "--database", "tenant_a"]

    func effectsOnOne() async throws -> [String] {
        try await with { root in
            let trace = "\(root.folder.path)/trace"
            let run = try await root.run(TestPrograms.reconcile, Self.narrowed, ["RECONCILE_TRACE": trace])
            try #require(run.status == 0, "\(run.outputText)\(run.errors)")
            return (Files.text(trace) ?? "").split(separator: "\n").filter { !$0.hasPrefix("-") }.map(String.init)
        }
    }

    func dieOnOne(at place: SweepPlace) async throws {
        try await with { root in
            let trace = "\(root.folder.path)/trace"
            let run = try await root.run(
                TestPrograms.reconcile,
                Self.narrowed,
                ["RECONCILE_TRACE": trace, "RECONCILE_CRASH_AT": "\(place)"]
            )
            // A run may have a few effects less than the one that was counted.
            #expect([0, 137].contains(run.status), "killed at \(place): \(run.errors)")
            let last = (Files.text(trace) ?? "").split(separator: "\n").filter { !$0.hasPrefix("-") }.last ?? ""
            try await complete(root, "killed at \(place): \(last)")
        }
    }
}
