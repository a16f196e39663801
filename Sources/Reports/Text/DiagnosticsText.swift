package import FleetModel

/// Diagnostics as a person reads them: what, where, the line itself with marks under the fault, and the way out.
package struct DiagnosticsText {
    private let diagnostics: [Diagnostic]
    private let style: Style
    /// Where literal secrets stand, so that no excerpt shows one, whatever it is shown for.
    private let secrets: [SourceRange]

    package init(_ diagnostics: [Diagnostic], style: Style) {
        self.diagnostics = diagnostics
        self.style = style
        secrets = diagnostics.filter { $0.code == .literalSecret }.compactMap(\.range)
    }

    /// All of them and a last line that counts; `line` fetches a line of a file (number, file relative to the root).
    package func rendered(line: (Int, String) -> String?) -> String {
        var text = ""
        for diagnostic in diagnostics {
            text += rendered(diagnostic, line: line)
            text += "\n"
        }
        return text + (summary.map { $0 + "\n" } ?? "")
    }

    /// `2 errors, 1 warning`; nil where there is nothing to count.
    package var summary: String? {
        let counts = Severity.allCases.compactMap { severity -> String? in
            let count = diagnostics.count { $0.severity == severity }
            guard count > 0 else { return nil }
            let noun = severity == .info ? "note" : severity.rawValue
            return style.paint("\(count) \(noun)\(count == 1 ? "" : "s")", severity.tint)
        }
        return counts.isEmpty ? nil : counts.joined(separator: ", ")
    }

    private func rendered(_ diagnostic: Diagnostic, line: (Int, String) -> String?) -> String {
        let label = style.paint(
            "\(diagnostic.severity.rawValue)[\(diagnostic.code.rawValue)]",
            diagnostic.severity.tint
        )
        var text = label + style.paint(": " + TerminalText.safe(diagnostic.message), .strong) + "\n"
        var margin = ""
        if let range = diagnostic.range {
            let number = String(range.start.line)
            margin = String(repeating: " ", count: number.count)
            let place = "\(TerminalText.safe(range.file)):\(number):\(range.start.column)"
            text += margin + style.paint("--> ", .faint) + place + "\n"
            // A longer line was written by a machine, or to keep us busy.
            if let source = line(range.start.line, range.file), (1...10_000).contains(source.utf8.count) {
                let excerpt = Excerpt(
                    source,
                    from: range.start.column,
                    to: range.end.line > range.start.line ? nil : range.end.column,
                    covering: coveredColumns(onLine: range.start.line, of: range.file)
                )
                text += margin + style.paint(" |", .faint) + "\n"
                text += style.paint("\(number) |", .faint) + " " + excerpt.text + "\n"
                text += margin + style.paint(" |", .faint) + " "
                text += paintedMarks(excerpt.marks, diagnostic.severity) + "\n"
            }
        }
        if let hint = diagnostic.hint {
            text += margin + style.paint(" = ", .faint) + "hint: " + TerminalText.safe(hint) + "\n"
        }
        return text
    }

    private func paintedMarks(_ marks: String, _ severity: Severity) -> String {
        let blanks = marks.prefix { $0 == " " }
        return blanks + style.paint(String(marks.dropFirst(blanks.count)), severity.tint)
    }

    /// 0-based columns of a line that lie in a literal secret.
    private func coveredColumns(onLine line: Int, of file: String) -> [Range<Int>] {
        secrets.filter { $0.file == file && ($0.start.line...$0.end.line).contains(line) }.map { secret in
            let start = secret.start.line < line ? 0 : secret.start.column - 1
            let end = secret.end.line > line ? Int.max : secret.end.column - 1
            return start..<max(start, end)
        }
    }
}

extension Severity {
    var tint: Tint {
        switch self {
        case .error: .error
        case .warning: .warning
        case .info: .info
        }
    }
}
