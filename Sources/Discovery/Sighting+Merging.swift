package import FleetModel

/// What a place is asked about, and whatever of it is left out.
package struct SightingScope: Sendable, Hashable {
    /// The hops that lead to the place.
    package var hops: [Hop]
    /// Only sockets in the folders that were asked for; no ports, no containers.
    package var socketsOnly: Bool

    package init(hops: [Hop] = [], socketsOnly: Bool = false) {
        self.hops = hops
        self.socketsOnly = socketsOnly
    }
}

extension Sighting {
    /// Ports on which PostgreSQL is so usual that one may ask whoever listens there.
    package static let usualPorts = 5432...5442

    /// Puts what a place told together: one candidate for each server, however many addresses there are to it.
    ///
    /// - Parameters:
    ///   - system: of sockets, ports, processes and clusters.
    ///   - containers: of containers; nil where nobody asked.
    ///   - scope: where the place is, and what was not asked.
    package init(system: PlaceReport, containers: PlaceReport?, scope: SightingScope) {
        var merging = Merging(system, scope)
        user = merging.user
        userName = system.first("me")?.value("name")
        postgresUser = system.first("postgres")?.lines.first.flatMap { UInt32($0) }
        if !scope.socketsOnly {
            if let containers { merging.take(containers: containers) }
            merging.takeProcesses()
        }
        merging.takeSockets()
        if !scope.socketsOnly {
            merging.takePorts()
            merging.takeHidden()
            merging.takeClusters()
        }
        candidates = merging.finished
        unseen = merging.unseen
    }
}
