/// A session at a shell as a page: what it shows, its commands, and the files it starts with.
///
/// The first line is a comment that says what is shown. Commands follow, one a line, then files, each below a line
/// `-- path --`. `ScriptSession` says which verbs there are.
package struct Script: Sendable {
    package struct Line: Sendable {
        package var number: Int
        /// As it stands in the script.
        package var text: String
        /// It begins with `!`.
        package var isNegated: Bool
        package var verb: String
        package var arguments: [String]
    }

    package struct File: Sendable {
        package var path: String
        package var content: String

        package init(path: String, content: String) {
            self.path = path
            self.content = content
        }
    }

    package struct Fault: Error, CustomStringConvertible {
        package var line: Int
        package var message: String
        package var description: String { "line \(line): \(message)" }
    }

    package var title: String
    package var lines: [Line] = []
    package var files: [File] = []

    package init(parsing text: String) throws(Fault) {
        let all = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = all.first, first.hasPrefix("# ") else {
            throw Fault(line: 1, message: "the first line is to be a comment that says what is shown")
        }
        title = String(first.dropFirst(2))
        for (index, line) in all.enumerated() {
            if let path = Self.marker(line) {
                files.append(File(path: path, content: ""))
            } else if !files.isEmpty {
                // What follows the text's last line break is no line.
                guard index < all.count - 1 || !line.isEmpty else { break }
                files[files.count - 1].content += line + "\n"
            } else if let parsed = try Self.line(String(line), number: index + 1) {
                lines.append(parsed)
            }
        }
    }

    package func file(_ path: String) -> File? { files.first { $0.path == path } }

    /// The page with one file's content replaced, or the file added at its end.
    package static func replacing(_ path: String, with content: String, in text: String) -> String {
        var result: [Substring] = []
        var isInside = false
        var isReplaced = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let marker = marker(line)
            if marker != nil { isInside = marker == path }
            if marker == path {
                result.append(line)
                result += content.split(separator: "\n", omittingEmptySubsequences: false).dropLast(content.hasSuffix("\n") ? 1 : 0)
                isReplaced = true
            } else if !isInside {
                result.append(line)
            }
        }
        while result.last?.isEmpty == true { result.removeLast() }
        let page = result.joined(separator: "\n") + "\n"
        return isReplaced ? page : page + "-- \(path) --\n" + content
    }

    private static func marker(_ line: Substring) -> String? {
        guard line.hasPrefix("-- "), line.hasSuffix(" --"), line.count > 6 else { return nil }
        return String(line.dropFirst(3).dropLast(3))
    }

    private static func line(_ text: String, number: Int) throws(Fault) -> Line? {
        guard var words = words(text) else { throw Fault(line: number, message: "a quote is never closed") }
        let isNegated = words.first == "!"
        if isNegated { words.removeFirst() }
        guard let verb = words.first else {
            if isNegated { throw Fault(line: number, message: "nothing follows the \"!\"") }
            return nil
        }
        return Line(number: number, text: text, isNegated: isNegated, verb: verb, arguments: Array(words.dropFirst()))
    }

    /// Words as a shell would split them; nil where a quote is never closed.
    ///
    /// `'…'` is taken as it stands; in `"…"` `\n`, `\t`, `\"` and `\\` have their usual meaning; `#` begins a comment.
    static func words(_ text: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var rest = text[...]
        while let character = rest.popFirst() {
            switch character {
            case " ", "\t":
                if let ended = word { words.append(ended) }
                word = nil
            case "#" where word == nil: rest = ""
            case "'":
                guard let end = rest.firstIndex(of: "'") else { return nil }
                word = (word ?? "") + rest[..<end]
                rest = rest[rest.index(after: end)...]
            case "\"":
                guard let quoted = quoted(&rest) else { return nil }
                word = (word ?? "") + quoted
            default: word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        return words
    }

    private static func quoted(_ rest: inout Substring) -> String? {
        var text = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return text
            case "\\":
                guard let escaped = rest.popFirst() else { return nil }
                text += escaped == "n" ? "\n" : escaped == "t" ? "\t" : String(escaped)
            default: text.append(character)
            }
        }
        return nil
    }
}
