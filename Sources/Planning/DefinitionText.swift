/// Two definitions beside one another, short enough for a line and with what differs in it.
enum DefinitionText {
    /// A line of a report: what is longer is cut around the first difference.
    private static let most = 240

    /// What follows `column "a" differs`; nil where nothing is known.
    static func comparison(expected: String?, found: String?, _ how: CatalogDifference.Kind) -> String? {
        switch how {
        case .missing: expected.map { "expected " + excerpt($0) }
        case .unexpected: found.map { "found " + excerpt($0) }
        case .changed:
            switch (expected, found) {
            case (let expected?, let found?): pair(expected, found)
            case (let expected?, nil): "expected " + excerpt(expected)
            case (nil, let found?): "found " + excerpt(found)
            case (nil, nil): nil
            }
        }
    }

    /// Both, whole where they are short; else what is left between the lines they begin and end with alike.
    private static func pair(_ expected: String, _ found: String) -> String {
        let (left, right) = (lines(expected), lines(found))
        guard left != right else { return "expected and found read alike: \(excerpt(found))" }
        if left.count == 1, right.count == 1 {
            let (left, right) = cut(left[0], right[0])
            return "expected \(left), found \(right)"
        }
        let head = zip(left, right).prefix { $0 == $1 }.count
        let tail = zip(left.dropFirst(head).reversed(), right.dropFirst(head).reversed()).prefix { $0 == $1 }.count
        let wanted = left[head..<left.count - tail].joined(separator: " ⏎ ")
        let there = right[head..<right.count - tail].joined(separator: " ⏎ ")
        let (first, second) = cut(wanted, there)
        return "line \(head + 1): expected \(quoted(first)), found \(quoted(second))"
    }

    private static func quoted(_ text: String) -> String { text.isEmpty ? "nothing" : "\"\(text)\"" }

    /// Lines without the blanks around them, the empty ones at both ends left out.
    private static func lines(_ text: String) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.trimmingPrefix { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        }
        let begun = lines.drop { $0.isEmpty }
        return Array(begun.reversed().drop { $0.isEmpty }.reversed())
    }

    private static func excerpt(_ text: String) -> String {
        let all = lines(text).joined(separator: " ⏎ ")
        return all.isEmpty ? "nothing beside its name" : shortened(all[...], from: 0)
    }

    /// Two texts cut alike, so that both show what differs.
    private static func cut(_ left: String, _ right: String) -> (String, String) {
        guard left.count > most || right.count > most else { return (left, right) }
        let common = zip(left, right).prefix { $0 == $1 }.count
        // Some of what is alike stays, to say where it is.
        let start = max(0, common - 60)
        return (shortened(left.dropFirst(start), from: start), shortened(right.dropFirst(start), from: start))
    }

    private static func shortened(_ text: Substring, from start: Int) -> String {
        (start > 0 ? "…" : "") + text.prefix(most) + (text.count > most ? "…" : "")
    }
}
