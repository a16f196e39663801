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
    private let style: Style
    private var lines: [String] = []
    /// Statements shown already, with the step they were shown under.
    var shown: [[PlannedStatement]: String] = [:]

    init(width: Int, style: Style) {
        self.width = max(width, 40)
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
