/// A page of the documentation as what its reader types, in order.
///
/// Comments, which no reader sees, say what a test needs to know:
///
/// | comment | meaning |
/// |---|---|
/// | `<!-- runs: NAME -->` anywhere | the script that sets the stage for the page's blocks |
/// | `<!-- file: PATH -->` before a block | the reader saves the block under that path |
/// | `<!-- not run: WHY -->` before a block | no test types it |
///
/// A block of `sh`, or any other shell, is run whole and must end with 0. In one of `console` each line `$ COMMAND` is run,
/// with the lines `> …` that go on with it, and what follows is what it prints: see `Excerpt`.
package struct HandbookPage: Sendable {
    package enum Use: Sendable, Hashable {
        case shell
        case console
        case file(String)
        case notRun(String)
    }

    package struct Block: Sendable {
        /// The line of its opening fence.
        package var line: Int
        package var use: Use
        package var text: String
    }

    /// Relative to the project.
    package var path: String
    package var stage: String?
    package var blocks: [Block] = []

    /// Reads the blocks that a shell or a file is told of; others are prose.
    package init(_ path: String, parsing text: String) {
        self.path = path
        var mark: Use?
        var fence: (indent: Int, line: Int, use: Use?)?
        var content: [Substring] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let indent = line.prefix { $0 == " " }.count
            let words = line.dropFirst(indent)
            if let open = fence {
                guard words.hasPrefix("```") else {
                    content.append(line.dropFirst(min(indent, open.indent)))
                    continue
                }
                if let use = open.use {
                    let text = content.map { $0 + "\n" }.joined()
                    blocks.append(Block(line: open.line, use: use, text: text))
                }
                fence = nil
                content = []
            } else if words.hasPrefix("```") {
                fence = (indent, index + 1, Self.use(of: words.drop { $0 == "`" }, mark))
                mark = nil
            } else if let comment = line.wholeMatch(of: #/\s*<!-- (runs|file|not run): (.+) -->\s*/#) {
                switch comment.1 {
                case "runs": stage = String(comment.2)
                case "file": mark = .file(String(comment.2))
                default: mark = .notRun(String(comment.2))
                }
            } else if !words.isEmpty {
                mark = nil
            }
        }
    }

    private static func use(of language: Substring, _ mark: Use?) -> Use? {
        switch language {
        case "console": mark ?? .console
        case "sh", "shell", "bash", "zsh", "fish": mark ?? .shell
        default: mark
        }
    }
}

extension HandbookPage.Block {
    package struct Command: Sendable {
        package var line: Int
        package var text: String
        /// What the page shows of its output.
        package var output: String
    }

    /// The commands of a `console`; what stands before the first of them is a fault of the page.
    package func commands() throws -> [Command] {
        var commands: [Command] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().enumerated() {
            if line.hasPrefix("$ ") {
                commands.append(Command(line: self.line + index + 1, text: String(line.dropFirst(2)), output: ""))
            } else if commands.isEmpty {
                throw Misstep("line \(self.line + index + 1): no command stands before it")
            } else if line.hasPrefix("> "), commands[commands.count - 1].output.isEmpty {
                commands[commands.count - 1].text += "\n" + line.dropFirst(2)
            } else {
                commands[commands.count - 1].output += line + "\n"
            }
        }
        return commands
    }
}

/// What a page shows of a program's output.
///
/// `…` alone on a line stands for any lines, within a line for any part of it. Numbers that another machine or another
/// moment changes (sizes, durations, moments, runs, versions of PostgreSQL) count as any of their kind, and so does the
/// width of the gaps between columns.
package enum Excerpt {
    /// What is wrong with it; nil where the output is as shown.
    package static func difference(shown: String, output: String) -> String? {
        let shown = lines(shown)
        let output = lines(output)
        guard !fits(shown[...], output[...]) else { return nil }
        return "it is not what the page shows\n--- shown\n\(shown.joined(separator: "\n"))\n--- printed\n"
            + output.joined(separator: "\n") + "\n---"
    }

    private static func lines(_ text: String) -> [String] {
        var lines = TestOutput.withoutChance(text)
            .replacing(/__rcl_(new_)?\d{12}[0-9a-z]{4}\b/, with: "__rcl_<run>")
            .replacing(/PostgreSQL \d+(\.\d+|beta\d+|rc\d+)?/, with: "PostgreSQL <version>")
            .replacing(/\b\d+(\.\d+)? (bytes|[kKMGT]i?B)\b/, with: "<size>")
            .replacing(/\b\d+(\.\d+)? ?(ms|s|min)\b/, with: "<took>")
            .replacing(/\b\d{4}-\d\d-\d\d\b/, with: "<day>")
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.split(separator: " ").joined(separator: " ") }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private static func fits(_ shown: ArraySlice<String>, _ output: ArraySlice<String>) -> Bool {
        guard let first = shown.first else { return output.isEmpty }
        if first == "…" {
            return (output.startIndex...output.endIndex).contains { fits(shown.dropFirst(), output[$0...]) }
        }
        guard let line = output.first, fits(first, line) else { return false }
        return fits(shown.dropFirst(), output.dropFirst())
    }

    private static func fits(_ pattern: String, _ line: String) -> Bool {
        let parts = pattern.split(separator: "…", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return pattern == line }
        guard line.hasPrefix(first) else { return false }
        var rest = line.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
