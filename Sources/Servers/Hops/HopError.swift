package import FleetModel

/// Why a server or program behind hops cannot be reached: which hop failed, and what it said.
package struct HopError: Error, Sendable, Hashable, CustomStringConvertible {
    package var hop: Hop
    package var reason: String

    package init(hop: Hop, reason: String) {
        self.hop = hop
        self.reason = reason
    }

    package var description: String { "\(hop.description): \(reason)" }

    /// The end of what a program said, on one line; nil where it said nothing.
    static func lastWords(_ text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline).map { line in
            var line = line
            while let first = line.first, first.isWhitespace { line.removeFirst() }
            while let last = line.last, last.isWhitespace { line.removeLast() }
            return String(line)
        }
        let said = lines.filter { !$0.isEmpty }.suffix(3).joined(separator: "; ")
        return said.isEmpty ? nil : said
    }
}
