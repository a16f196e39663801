internal import Effects
internal import Glibc
internal import Synchronization
package import Testing

/// Says which invariants of `docs/safety.md` a test proves, and notes for `make torture` what came of it.
package struct Proves: TestTrait, SuiteTrait, TestScoping {
    package let numbers: [Int]
    package var isRecursive: Bool { true }

    @TaskLocal fileprivate static var tally: Tally?

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        try await Self.note(numbers, test.name) { tally in
            let counting: IssueHandlingTrait = .filterIssues { _ in
                tally.violations.add(1, ordering: .relaxed)
                return true
            }
            try await counting.provideScope(for: test, testCase: testCase, performing: function)
        }
    }

    /// Does what proves invariants, and notes it; what it throws counts as a violation.
    package static func note(_ numbers: [Int], _ name: String, _ body: () async throws -> Void) async throws {
        try await note(numbers, name) { _ in try await body() }
    }

    private static func note(_ numbers: [Int], _ name: String, _ body: (Tally) async throws -> Void) async throws {
        let tally = Tally()
        let start = ContinuousClock.now
        do {
            try await $tally.withValue(tally) { try await body(tally) }
        } catch {
            tally.violations.add(1, ordering: .relaxed)
            write(numbers, tally, start, name)
            throw error
        }
        write(numbers, tally, start, name)
    }

    /// Notes that an invariant could not be tried on this machine, and says it on stderr.
    package static func skip(_ numbers: Int..., because reason: String) {
        Skipped.say(reason)
        line("\(text(numbers))\t0\t0\t0\tskipped: \(reason)")
    }

    private static func write(_ numbers: [Int], _ tally: Tally, _ start: ContinuousClock.Instant, _ name: String) {
        let seconds =
            Double((ContinuousClock.now - start).components.seconds)
            + Double((ContinuousClock.now - start).components.attoseconds) / 1e18
        // A test that counts none has tried one thing.
        let points = max(1, tally.points.load(ordering: .relaxed))
        let violations = tally.violations.load(ordering: .relaxed)
        line("\(text(numbers))\t\(points)\t\(violations)\t\(seconds)\t\(name)")
    }

    private static func text(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ",") }

    private static func line(_ text: String) {
        guard let path = ProcessEnvironment.value("RECONCILE_LEDGER") else { return }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let bytes = Array((text.replacing("\n", with: " ") + "\n").utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }
}

extension Trait where Self == Proves {
    /// The numbers of the invariants in `docs/safety.md` that a test, or each of a suite, proves.
    package static func proves(_ numbers: Int...) -> Self { Proves(numbers: numbers) }
}

/// What one test tried, and how often it found an invariant broken.
private final class Tally: Sendable {
    let points = Atomic(0)
    let violations = Atomic(0)
}

/// How many places of a sweep are tried.
///
/// `RECONCILE_SWEEP` says it: nothing for what fits into `make test`, `sample` for a sample, `all` for every place, or
/// `100-200` for some that failed, `1-2000/4` for every fourth from the first.
package enum Sweep: Equatable, Sendable {
    case quick, sample, whole
    case places(first: Int, last: Int, step: Int)

    package static let current: Sweep = {
        guard let wanted = ProcessEnvironment.value("RECONCILE_SWEEP") else { return .quick }
        if let range = wanted.wholeMatch(of: /(\d+)-(\d+)(?:\/([1-9]\d*))?/), let first = Int(range.1),
            let last = Int(range.2)
        {
            return .places(first: first, last: last, step: range.3.flatMap { Int($0) } ?? 1)
        }
        switch wanted {
        case "sample": return .sample
        case "all": return .whole
        default: preconditionFailure("RECONCILE_SWEEP is to be sample, all, 100-200 or 1-2000/4, not \(wanted)")
        }
    }()

    /// Evenly spread places, the first among them.
    package static func pick<Place>(_ all: [Place], quick: Int, sample: Int) -> [Place] {
        switch current {
        case .whole: return all
        case .places(let first, let last, let step):
            return stride(from: max(first, 1) - 1, to: min(last, all.count), by: step).map { all[$0] }
        case .quick: return spread(all, quick)
        case .sample: return spread(all, sample)
        }
    }

    private static func spread<Place>(_ all: [Place], _ wanted: Int) -> [Place] {
        let count = min(all.count, wanted)
        return (0..<count).map { all[$0 * all.count / count] }
    }

    /// How many rounds of something that has no end.
    package static func count(quick: Int, sample: Int, whole: Int) -> Int {
        switch current {
        case .quick, .places: quick
        case .sample: sample
        case .whole: whole
        }
    }

    /// Tries places, some at a time, and counts them for the invariants that the test proves.
    package static func tryEach<Place: Sendable>(
        _ places: [Place],
        width: Int = 3,
        _ body: @Sendable @escaping (Place) async throws -> Void
    ) async throws {
        var next = places.makeIterator()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<width {
                guard let place = next.next() else { break }
                group.addTask { try await one(place, body) }
            }
            while try await group.next() != nil {
                if let place = next.next() { group.addTask { try await one(place, body) } }
            }
        }
    }

    /// Counts one thing that was tried.
    package static func tried(_ count: Int = 1) {
        Proves.tally?.points.add(count, ordering: .relaxed)
    }

    private static func one<Place>(_ place: Place, _ body: (Place) async throws -> Void) async throws {
        tried()
        try await body(place)
    }
}
