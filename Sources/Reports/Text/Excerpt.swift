import FleetModel

/// One line of a file as a diagnostic shows it, with the marks under what is meant, and no secret in it.
///
/// A line that is wrong may well be the line with the password in it. What a diagnostic names as a literal secret is
/// covered exactly; besides that, whatever follows a word like `password` or stands before the `@` of a URI is covered
/// in every excerpt, since a file with a syntax error was never understood well enough to know better.
struct Excerpt {
    private static let maximumWidth = 100
    private static let cover = "***"

    let text: String
    /// Blanks up to the first mark, then the marks.
    let marks: String

    /// `columns` are 1-based, the end exclusive; nil as its end means the end of the line.
    init(_ line: String, from start: Int, to end: Int?, covering secrets: [Range<Int>]) {
        let scalars = Array(line.unicodeScalars)
        var covered = secrets.map { $0.clamped(to: 0..<scalars.count) }.filter { !$0.isEmpty }
        covered += SecretWords.ranges(in: scalars)
        let first = min(max(start - 1, 0), scalars.count)
        let last = min(max(end.map { $0 - 1 } ?? scalars.count, first + 1), scalars.count + 1)
        // Long lines are shown around the marks.
        let from = scalars.count <= Self.maximumWidth ? 0 : max(0, first - Self.maximumWidth / 3)
        let to = min(scalars.count, from + Self.maximumWidth)
        var text = from > 0 ? "…" : ""
        var marks = from > 0 ? " " : ""
        var isCovering = false
        for index in from..<max(from, to) {
            let isMarked = (first..<last).contains(index)
            if covered.contains(where: { $0.contains(index) }) {
                if !isCovering {
                    text += Self.cover
                    let overlap = covered.contains { $0.contains(index) && $0.overlaps(first..<last) }
                    marks += String(repeating: overlap ? "^" : " ", count: Self.cover.count)
                }
                isCovering = true
                continue
            }
            isCovering = false
            let scalar = TerminalText.safe(scalars[index])
            text.unicodeScalars.append(scalar)
            marks += String(repeating: isMarked ? "^" : " ", count: TerminalText.width(of: scalar))
        }
        if last > scalars.count && to == scalars.count { marks += first == scalars.count ? "^" : "" }
        if to < scalars.count { text += "…" }
        self.text = text
        while marks.last == " " { marks.removeLast() }
        self.marks = marks.isEmpty ? "^" : marks
    }
}

/// Finds what looks like a secret in a line of any syntax.
private enum SecretWords {
    private static let words = [
        "password", "passwd", "passphrase", "pwd", "secret", "scram_client_key", "scram_server_key",
    ]

    static func ranges(in line: [Unicode.Scalar]) -> [Range<Int>] {
        let folded = line.map { scalar in
            (0x41...0x5A).contains(scalar.value) ? Unicode.Scalar(UInt8(scalar.value + 0x20)) : scalar
        }
        return words.flatMap { values(after: Array($0.unicodeScalars), in: folded) } + userinfo(in: folded)
    }

    /// From behind the word and what separates it from a value to the end of the line, unless a `{` says that it
    /// is a reference.
    ///
    /// A word in prose is taken for one in a setting: an excerpt may lose a little, never show it.
    private static func values(after word: [Unicode.Scalar], in line: [Unicode.Scalar]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var index = 0
        while index + word.count <= line.count {
            guard line[index..<index + word.count].elementsEqual(word) else {
                index += 1
                continue
            }
            index += word.count
            var value = index
            while value < line.count, isWord(line[value]) { value += 1 }
            let separators = line[value...].prefix { " \t:='\"".unicodeScalars.contains($0) }
            value += separators.count
            guard value < line.count, !separators.isEmpty, line[value] != "{" else { continue }
            ranges.append(value..<line.count)
            break
        }
        return ranges
    }

    private static func userinfo(in line: [Unicode.Scalar]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var index = 0
        while index + 3 <= line.count {
            guard line[index] == ":", line[index + 1] == "/", line[index + 2] == "/" else {
                index += 1
                continue
            }
            index += 3
            let authority = line[index...].prefix { !" \t/?#'\"".unicodeScalars.contains($0) }
            if let at = authority.lastIndex(of: "@") { ranges.append(index..<at) }
            index = authority.endIndex
        }
        return ranges
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }
}
