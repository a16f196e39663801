import FleetModel
import Reports
import Testing

@Suite struct `Diagnostics as text` {
    private func range(_ line: Int, _ start: Int, _ end: Int, endLine: Int? = nil) -> SourceRange {
        SourceRange(
            file: "environments/prod.yaml",
            start: SourcePosition(line: line, column: start),
            end: SourcePosition(line: endLine ?? line, column: end)
        )
    }

    private func text(_ diagnostics: [Diagnostic], line: String?, style: Style = .plain) -> String {
        DiagnosticsText(diagnostics, style: style).rendered { _, _ in line }
    }

    @Test func `a diagnostic shows what, where, the line and the way out`() {
        let diagnostic = Diagnostic(
            .error,
            .danglingReference,
            "no manifest declares class \"tennant\"",
            at: range(12, 12, 19),
            hint: "did you mean \"tenant\"?"
        )
        #expect(
            text([diagnostic], line: "    class: tennant") == """
                error[dangling-reference]: no manifest declares class "tennant"
                  --> environments/prod.yaml:12:12
                   |
                12 |     class: tennant
                   |            ^^^^^^^
                   = hint: did you mean "tenant"?

                1 error

                """
        )
    }

    @Test func `without a line, or without a place, less is shown`() {
        let placed = Diagnostic(.warning, .secretReadable, "others can read it", at: range(3, 1, 2), hint: "chmod 600")
        let unplaced = Diagnostic(.error, .fileUnreadable, "there is nothing", at: nil, hint: "use -C")
        #expect(
            text([placed, unplaced], line: nil) == """
                warning[secret-readable]: others can read it
                 --> environments/prod.yaml:3:1
                  = hint: chmod 600

                error[file-unreadable]: there is nothing
                 = hint: use -C

                1 error, 1 warning

                """
        )
    }

    @Test func `the marks stand under what they mean, whatever its width`() {
        let diagnostic = Diagnostic(.error, .wrongValue, "x", at: range(1, 5, 7))
        #expect(text([diagnostic], line: "日e\u{301}:ab c").contains("| 日e\u{301}:ab c\n  |     ^^\n"))
    }

    @Test func `marks of several lines go to the end of the first`() {
        let diagnostic = Diagnostic(.error, .wrongType, "x", at: range(1, 4, 2, endLine: 3))
        #expect(text([diagnostic], line: "a: bcd").contains("| a: bcd\n  |    ^^^\n"))
    }

    @Test func `a fault at the end of a line is marked behind it`() {
        let diagnostic = Diagnostic(.error, .yamlSyntax, "x", at: range(1, 5, 6))
        #expect(text([diagnostic], line: "a: [").contains("| a: [\n  |     ^\n"))
    }

    @Test func `nothing in an excerpt, a message or a file name moves the terminal`() {
        var range = range(1, 1, 2)
        range.file = "environments/\u{1B}[2J.yaml"
        let diagnostic = Diagnostic(
            .error,
            .wrongValue,
            "\"\u{1B}[31m\" and \"\u{202E}\"",
            at: range,
            hint: "line\nbreak"
        )
        let shown = text([diagnostic], line: "\u{1B}]0;title\u{7}\u{9B}x\u{202E}\r")
        let obeyed = shown.unicodeScalars.filter { scalar in
            scalar != "\n" && [.control, .format].contains(scalar.properties.generalCategory)
        }
        #expect(obeyed.isEmpty)
        #expect(shown.contains("line\u{FFFD}break"))
    }

    @Test func `a long line is shown around its marks`() throws {
        let line = String(repeating: "a", count: 4000) + "WRONG" + String(repeating: "b", count: 4000)
        let shown = text([Diagnostic(.error, .wrongValue, "x", at: range(1, 4001, 4006))], line: line)
        let lines = shown.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count < 120 })
        let marks = try #require(lines.firstIndex { $0.contains("^") })
        let excerpt = Array(lines[marks - 1])
        let marked = zip(excerpt, lines[marks]).filter { $0.1 == "^" }.map(\.0)
        #expect(String(marked) == "WRONG")
    }

    @Test func `a line that nobody wrote by hand is not shown at all`() {
        let line = String(repeating: "password: x ", count: 100_000)
        let shown = text(
            [Diagnostic](repeating: .init(.error, .wrongValue, "x", at: range(1, 9, 10)), count: 200),
            line: line
        )
        #expect(shown.utf8.count < 20_000)
    }

    @Test func `colour only repeats what the words say`() {
        let diagnostic = Diagnostic(.error, .wrongValue, "x", at: range(1, 1, 2), hint: "y")
        let colored = text([diagnostic], line: "abc", style: .colored)
        #expect(colored.contains("\u{1B}[31m"))
        #expect(colored.replacing(#/\u{1B}\[[0-9]*m/#, with: "") == text([diagnostic], line: "abc"))
    }

    @Test func `a literal secret is covered in the excerpts of its neighbours too`() {
        let secret = Diagnostic(.error, .literalSecret, "not here", at: range(1, 6, 13))
        let other = Diagnostic(.error, .unknownKey, "x", at: range(1, 15, 16))
        let shown = text([secret, other], line: "key: hunter2, x: 1")
        #expect(!shown.contains("hunter2"))
        #expect(shown.contains("| key: ***, x: 1\n  |      ^^^\n"))
        #expect(shown.contains("| key: ***, x: 1\n  |           ^\n"))
    }

    @Test func `nothing to say is an empty text`() {
        #expect(text([], line: nil).isEmpty)
    }
}
