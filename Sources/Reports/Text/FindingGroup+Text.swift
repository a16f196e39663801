internal import FleetModel

extension Severity {
    var symbol: String {
        switch self {
        case .error: "✗"
        case .warning: "!"
        case .info: "·"
        }
    }
}

extension TextPage {
    /// A group of findings: what, about what, and once what to do.
    mutating func finding(_ group: FindingGroup, indent: Int, place: String? = nil, showsHint: Bool = true) {
        let margin = String(repeating: " ", count: indent)
        // The longest code fills the column, and still a blank follows it.
        let code = Printable.padded(group.code.rawValue, to: 23) + " "
        let about = group.objects.isEmpty ? "" : Printable.list(group.objects) + ": "
        let whose = place.map { $0 + ": " } ?? ""
        paragraph(
            [Span(margin), Span(group.severity.symbol + " ", group.severity.tint), Span(code, group.severity.tint)],
            whose + about + Printable.clean(group.message)
        )
        if showsHint, let hint = group.hint {
            paragraph([Span(margin + "  " + String(repeating: " ", count: 24))], "→ " + Printable.clean(hint), .faint)
        }
    }

    /// Differences that are not shown one by one.
    mutating func untold(_ count: Int, indent: Int) {
        guard count > 0 else { return }
        paragraph(
            [Span(String(repeating: " ", count: indent + 2 + 24))],
            "and \(Printable.counted(count, "more difference", "more differences")): --format json has them all",
            .faint
        )
    }
}
