internal import FleetModel

/// A place in a replay: what one migration after certain others led to, or that it failed.
enum ReplayNode: Sendable {
    /// The migration is nil at the root, before the first one.
    case reached(Catalog, MeasuredMigration?)
    case failed(line: Int?, message: String)
}

/// Names a node by all that decides what is in it, so that a changed file, server or class never finds an old answer.
struct ReplayKey: Sendable, Hashable {
    private let fingerprint: Fingerprint

    init(root parts: [String]) {
        fingerprint = Fingerprint(of: parts.map { "\($0.utf8.count):\($0)" }.joined())
    }

    func after(_ parts: [String]) -> ReplayKey { ReplayKey(root: [fingerprint.hex] + parts) }

    var hex: String { fingerprint.hex }
}
