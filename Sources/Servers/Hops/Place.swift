package import Effects
package import FleetModel

/// Where a program runs: on this machine, or behind hops.
///
/// A program is always an array of words; what a remote shell would make of them is the hop's care.
package struct Place: Sendable {
    /// Outermost first; empty for this machine.
    package let hops: [Hop]
    private let command: @Sendable (_ words: [String]) -> Command

    init(hops: [Hop], command: @escaping @Sendable (_ words: [String]) -> Command) {
        self.hops = hops
        self.command = command
    }

    /// This machine: a program without a slash is looked for in the usual folders, by `env`.
    package static let here = Place(hops: []) { words in Command("/usr/bin/env", ["--"] + words) }

    /// Runs a program to its end, keeping at most `limit` bytes of its output; it is ended after `timeLimit`.
    ///
    /// - Throws: `CommandError`, `CancellationError`. A status other than 0 is a result: 255 of ssh and 125 to 127 of docker
    ///   speak of the way there, not of the program.
    package func run(
        _ words: [String],
        input: [UInt8] = [],
        limit: Int = 16 << 20,
        timeLimit: Duration = .seconds(30)
    ) async throws -> CommandResult {
        var command = command(words)
        command.timeLimit = timeLimit
        return try await command.run(input: input, limit: limit)
    }
}
