package import FleetModel

/// Why a server or program behind hops cannot be reached: which hop failed, and what it said.
package struct HopError: Error, Sendable, CustomStringConvertible {
    package var hop: Hop
    package var reason: String

    package init(hop: Hop, reason: String) {
        self.hop = hop
        self.reason = reason
    }

    package var description: String { "\(hop.description): \(reason)" }
}

/// The ways over hops that a run has opened: each is opened once and shared by all who need it.
package actor Routes {
    package init() {}

    /// Where programs behind these hops run.
    package func place(behind hops: [Hop]) async throws(HopError) -> Place {
        guard let first = hops.first else { return .here }
        throw HopError(hop: first, reason: "hops are not supported yet")
    }

    /// Closes every way; nothing of them is left on this machine or behind the hops.
    package func close() async {}
}
