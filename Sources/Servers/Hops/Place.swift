package import Effects
package import FleetModel

/// Where a program runs: on this machine, or behind hops.
///
/// A program is always an array of words; what a remote shell would make of them is the hop's care.
package struct Place: Sendable {
    private let link: Link

    init(_ link: Link) {
        self.link = link
    }

    /// Outermost first; empty for this machine.
    package var hops: [Hop] { link.hops }

    /// This machine: a program without a slash is looked for in the usual folders, by `env`.
    package static let here = Place(.here(ProcessEnvironment.withoutPostgres))

    /// Runs a program to its end, keeping at most `limit` bytes of its output; it is ended after `timeLimit`.
    ///
    /// - Throws: `CommandError`, `HopError`, `CancellationError`. A status other than 0 is a result: 255 of ssh and 125 to 127
    ///   of docker speak of the way there, not of the program.
    package func run(
        _ words: [String],
        input: [UInt8] = [],
        limit: Int = 16 << 20,
        timeLimit: Duration = .seconds(30)
    ) async throws -> CommandResult {
        var output: [UInt8] = []
        var result = try await stream(words, input: input, timeLimit: timeLimit) { bytes in
            output.append(contentsOf: bytes.prefix(max(0, limit - output.count)))
        }
        result.output = output
        return result
    }

    /// As `run`, handing over the output piece by piece; a throwing receiver ends the program.
    ///
    /// A program in a container is not ended with the client of Docker's that leads to it: one that must not stay reads its
    /// stdin, which ends `.withUs`.
    package func stream(
        _ words: [String],
        input: [UInt8] = [],
        ending: InputEnd = .atOnce,
        timeLimit: Duration? = nil,
        _ receive: (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> CommandResult {
        guard !words.isEmpty, !ShellWords.hasNUL(words) else {
            throw CommandError.notStarted(program: words.first ?? "", reason: "a word of it holds a NUL")
        }
        let lease = try await link.lease()
        var command = link.command(words, over: lease)
        command.timeLimit = timeLimit
        let result = try await command.stream(input: input, ending: ending, receive)
        if result.status == 255, let lease, let carrier = link.carrier, !lease.master.isAlive {
            throw HopError(hop: carrier.hop, reason: link.lost(lease.master))
        }
        return withExtendedLifetime(lease) { result }
    }
}
