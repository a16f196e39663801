/// Text of strangers made safe to stand in a forge's comment, where Markdown means HTML, links, pictures and mentions.
///
/// Names stand in code spans, in which nothing of that exists. Of messages, plain words stand as they are, and every word
/// with more in it than letters or digits is a code span too: what has no marks needs no escaping that a renderer might
/// read in another way, and a word in a code span is never a mention.
enum MarkdownText {
    /// A name, in a code span.
    static func name(_ name: String) -> String { code(Printable.name(name)) }

    /// The first few names and how many more there are.
    static func list(_ names: [String], first: Int) -> String {
        // "and 1 more" is longer to read than the one.
        let shown = names.count <= first + 1 ? names.count : first
        let rest = names.count - shown
        return names.prefix(shown).map(name).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    /// Any text as one code span; its fence is longer than any run of backticks in it.
    static func code(_ text: String) -> String {
        let text = Printable.clean(text)
        // A span of nothing is none, and one of blanks alone is not shown.
        guard text.contains(where: { $0 != " " }) else { return "`\"\(text)\"`" }
        let longest = longestRun(of: "`", in: text)
        if longest == 0 { return "`\(text)`" }
        let fence = String(repeating: "`", count: longest + 1)
        return "\(fence) \(text) \(fence)"
    }

    /// A message: words of letters and digits as they are, the others as code, and so what stands in backticks.
    static func prose(_ text: String) -> String {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        let spans = parts.indices.filter { !$0.isMultiple(of: 2) }
        // What is no pair around something is no code either.
        guard parts.count > 2, !parts.count.isMultiple(of: 2),
            spans.allSatisfy({ !parts[$0].isEmpty && parts[$0].first != " " && parts[$0].last != " " })
        else { return words(text) }
        var result = ""
        var isApart = false
        for (index, part) in parts.enumerated() {
            let isSpan = spans.contains(index)
            let piece = isSpan ? code(String(part)) : words(String(part))
            isApart = isApart || (!isSpan && part.first == " ")
            guard !piece.isEmpty else { continue }
            // Two spans that touch would be one fence.
            if !result.isEmpty, isApart || (result.last == "`" && piece.first == "`") { result += " " }
            result += piece
            isApart = !isSpan && part.last == " "
        }
        return result
    }

    private static func words(_ text: String) -> String {
        var result: [String] = []
        var code: [Substring] = []
        func flush() {
            if !code.isEmpty { result.append(self.code(code.joined(separator: " "))) }
            code = []
        }
        for word in Printable.clean(text).split(separator: " ") {
            let (lead, core, tail) = parts(of: word)
            if isPlain(core) {
                flush()
                result.append(String(word))
            } else if lead.isEmpty, tail.isEmpty {
                code.append(core)
            } else {
                // Marks around a word stand outside, so that the span holds what is meant and nothing else.
                if !lead.isEmpty { flush() }
                code.append(core)
                let before = result.count
                flush()
                result[before] = lead + result[before] + tail
            }
        }
        flush()
        return result.joined(separator: " ")
    }

    /// The same in a cell of a table, where a pipe would begin the next one.
    static func cell(_ markdown: String) -> String {
        var result = ""
        for scalar in markdown.unicodeScalars {
            guard scalar == "|" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            // `\|` is a pipe in a cell, unless a backslash of the text's own stands before it.
            result += result.last == "\\" ? "<U+007C>" : "\\|"
        }
        return result
    }

    /// A code element of HTML, for places where Markdown is not read.
    static func html(code text: String) -> String {
        var result = ""
        for scalar in Printable.clean(text).unicodeScalars {
            let isPlain = scalar.properties.isAlphabetic || scalar == " " || ("0"..."9").contains(scalar)
            result += isPlain ? String(scalar) : "&#\(scalar.value);"
        }
        return "<code>\(result)</code>"
    }

    /// Lines of code behind a fence that nothing in them closes.
    static func fenced(_ lines: [String], _ language: String) -> String {
        let lines = lines.map(Printable.clean)
        let longest = lines.map { longestRun(of: "`", in: $0) }.max() ?? 0
        let fence = String(repeating: "`", count: max(3, longest + 1))
        return ([fence + language] + lines + [fence]).joined(separator: "\n")
    }

    private static func longestRun(of mark: Character, in text: String) -> Int {
        var longest = 0
        var run = 0
        for scalar in text.unicodeScalars {
            run = Character(scalar) == mark ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }

    private static let leads = Set("(\"'".unicodeScalars)
    private static let tails = Set(")\"',;:.?!…".unicodeScalars)
    private static let others = Set("-'’–—→+×".unicodeScalars)

    private static func parts(of word: Substring) -> (lead: Substring, core: Substring, tail: Substring) {
        let scalars = word.unicodeScalars
        let start = scalars.firstIndex { !leads.contains($0) } ?? scalars.endIndex
        let end = scalars[start...].lastIndex { !tails.contains($0) }.map(scalars.index(after:)) ?? start
        return (word[..<start], word[start..<end], word[end...])
    }

    /// Whether a word means nothing but itself, to a renderer and to the forge that looks for references afterwards.
    private static func isPlain(_ word: Substring) -> Bool {
        let scalars = word.unicodeScalars
        let isDigits = scalars.contains { ("0"..."9").contains($0) }
        let isLetters = scalars.contains(where: \.properties.isAlphabetic)
        // `GH-1` is an issue, and so may be any other short word with a number; seven digits of a kind, a commit.
        if isDigits && isLetters { return false }
        let isCommit = scalars.count >= 7 && scalars.allSatisfy(\.properties.isASCIIHexDigit)
        if isDigits, !isCommit, scalars.allSatisfy({ ("0"..."9").contains($0) || $0 == "." }) { return true }
        return !isCommit && word.first != "-"
            && scalars.allSatisfy {
                $0.properties.isAlphabetic || ("0"..."9").contains($0) || others.contains($0)
            }
    }
}
