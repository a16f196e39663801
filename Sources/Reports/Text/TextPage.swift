internal import FleetModel

/// A piece of a line with its colour.
struct Span {
    var text: String
    var tint: Tint?

    init(_ text: String, _ tint: Tint? = nil) {
        self.text = text
        self.tint = tint
    }
}

/// Lines of text laid out to a width; what is plain and what is painted differ in nothing but colour.
struct TextPage {
    let width: Int
    let detail: Detail
    private let style: Style
    private var lines: [String] = []
    /// Whether there is more of what is shown than is read one by one.
    var isCrowded = false
    /// Statements shown already, with the step they were shown under.
    var shown: [[PlannedStatement]: String] = [:]

    init(width: Int, style: Style, detail: Detail = .folded) {
        self.width = max(width, 40)
        self.detail = detail
        self.style = style
    }

    var text: String { lines.map { $0 + "\n" }.joined() }

    mutating func blank() {
        if lines.last?.isEmpty == false { lines.append("") }
    }

    /// One line as it is, blanks at its end removed.
    mutating func line(_ spans: Span...) {
        line(spans)
    }

    mutating func line(_ spans: [Span]) {
        var spans = spans
        while let last = spans.last {
            let trimmed = last.text.trimmingBlanksAtEnd
            spans[spans.count - 1].text = trimmed
            guard trimmed.isEmpty else { break }
            spans.removeLast()
        }
        lines.append(spans.map(painted).joined())
    }

    /// A lead, and beside it a text broken to the width.
    mutating func paragraph(_ lead: [Span], _ text: String, _ tint: Tint? = nil) {
        let indent = lead.reduce(0) { $0 + Printable.width($1.text) }
        let broken = Printable.wrapped(text, to: max(20, width - indent))
        line(lead + [Span(broken.first ?? "", tint)])
        for more in broken.dropFirst() { line(Span(String(repeating: " ", count: indent)), Span(more, tint)) }
    }

    /// One line where the width does, else broken at blanks, the rest below its beginning.
    mutating func flow(_ spans: [Span], indent: Int) {
        guard spans.reduce(0, { $0 + Printable.width($1.text) }) > width else { return line(spans) }
        var row: [Span] = []
        var used = 0
        var blanks = ""
        // What no blank parts is one word, whatever colours it has.
        var word: [Span] = []
        func end(_ word: inout [Span]) {
            guard !word.isEmpty else { return }
            let needed = word.reduce(0) { $0 + Printable.width($1.text) }
            if used > indent, used + blanks.count + needed > width {
                line(row)
                blanks = String(repeating: " ", count: indent)
                row = []
                used = 0
            }
            row.append(Span(blanks))
            row += word
            used += blanks.count + needed
            blanks = ""
            word = []
        }
        for span in spans {
            for (index, piece) in span.text.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
                if index > 0 {
                    end(&word)
                    blanks += " "
                }
                if !piece.isEmpty { word.append(Span(String(piece), span.tint)) }
            }
        }
        end(&word)
        line(row)
    }

    /// As `flow`, where the last piece is better read whole: it is given its own line before it is broken.
    mutating func flow(_ spans: [Span], indent: Int, last: Span) {
        guard spans.reduce(Printable.width(last.text), { $0 + Printable.width($1.text) }) > width else {
            return line(spans + [last])
        }
        flow(spans, indent: indent)
        let blanks = String(repeating: " ", count: indent)
        flow([Span(blanks + last.text.drop { $0 == " " }, last.tint)], indent: indent)
    }

    /// The first few of some names, or all of them where everything is wanted.
    func list(_ names: [String], first: Int = 3) -> String {
        Printable.list(names, first: detail == .whole ? names.count : first)
    }

    private func painted(_ span: Span) -> String {
        span.tint.map { style.paint(span.text, $0) } ?? span.text
    }
}

extension String {
    fileprivate var trimmingBlanksAtEnd: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
