package import Discovery
internal import Effects

/// Looks around at a place for PostgreSQL servers; connects to none.
package struct Lookout: Sendable {
    private let place: Place
    private let folders: [String]
    private let socketsOnly: Bool

    /// Where packages, images and the sources put their sockets.
    private static let usualFolders = ["/var/run/postgresql", "/run/postgresql", "/tmp"]

    /// Says where to look; looks nowhere yet.
    ///
    /// - Parameters:
    ///   - place: this machine, or one behind hops.
    ///   - folders: of sockets, where only these are to be looked into; none: everything is.
    package init(_ place: Place, folders: [String] = []) {
        self.place = place
        self.folders = folders.isEmpty ? Self.usualFolders : folders
        socketsOnly = !folders.isEmpty
    }

    /// One look.
    ///
    /// - Throws: `CommandError` or `LookoutError` where not even a shell runs there; `CancellationError`.
    package func look() async throws -> Sighting {
        let mark = String(UInt64.random(in: UInt64.min...UInt64.max), radix: 36)
        async let containers = socketsOnly ? nil : seenContainers(mark)
        let script = PlaceScript.system(mark: mark, folders: folders)
        let result = try await place.run(["sh"], input: Array(script.utf8), limit: 64 << 20)
        let report = PlaceReport(parsing: result.outputText, mark: mark)
        guard report.first("end") != nil else {
            throw LookoutError(status: result.status, message: result.errors)
        }
        let (seen, trouble) = await containers ?? (nil, nil)
        var sighting = Sighting(
            system: report,
            containers: seen,
            scope: SightingScope(hops: place.hops, socketsOnly: socketsOnly)
        )
        if let trouble { sighting.unseen.append(trouble) }
        return sighting
    }

    /// Apart from all else, since a daemon that hangs must not hide what else there is.
    private func seenContainers(_ mark: String) async -> (PlaceReport?, String?)? {
        do {
            let script = PlaceScript.containers(mark: mark)
            let result = try await place.run(
                ["sh"],
                input: Array(script.utf8),
                limit: 64 << 20,
                timeLimit: .seconds(20)
            )
            return (PlaceReport(parsing: result.outputText, mark: mark), nil)
        } catch {
            return (nil, "containers: \(error)")
        }
    }
}

/// No shell could be run at a place, or it did not come to its end.
package struct LookoutError: Error, Sendable, CustomStringConvertible {
    package var status: Int
    package var message: String

    package var description: String {
        let said = message.split(separator: "\n").first.map { ": \($0)" } ?? ""
        return "the shell there ended with \(status)\(said)"
    }
}
