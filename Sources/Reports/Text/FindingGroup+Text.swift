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
        let about = group.objects.isEmpty ? "" : list(group.objects) + ": "
        let whose = place.map { $0 + ": " } ?? ""
        paragraph(
            [Span(margin), Span(group.severity.symbol + " ", group.severity.tint), Span(code, group.severity.tint)],
            whose + about + Printable.clean(group.message)
        )
        if showsHint, let hint = group.hint {
            paragraph([Span(margin + "  " + String(repeating: " ", count: 24))], "→ " + Printable.clean(hint), .faint)
        }
    }

    /// What to show of some groups: all, or of each code the first few, and those that are left out.
    func abridged(
        _ groups: [FindingGroup],
        folds: Bool
    ) -> (shown: [FindingGroup], untold: Int, folded: [[FindingGroup]]) {
        if detail == .whole { return (groups, 0, []) }
        let (told, untold) = FindingGroup.abridged(groups)
        guard folds else { return (told, untold, []) }
        let byCode = told.grouped { $0.code }
        let shown = Set(byCode.flatMap { $0.count > mostListed + 1 ? Array($0.prefix(1)) : $0 })
        let folded = byCode.filter { $0.count > mostListed + 1 }.map { Array($0.dropFirst()) }
        return (told.filter(shown.contains), untold, folded)
    }

    /// Findings of one code that are only counted: where, and how to see them.
    mutating func folded(_ groups: [[FindingGroup]], indent: Int) {
        for group in groups {
            guard let first = group.first else { continue }
            let places = group.flatMap(\.places).grouped { $0 }.compactMap(\.first)
            let what =
                places.isEmpty
                ? counted(group.count, "more finding", "more findings")
                : "the like in \(places.count) more: \(list(places))"
            let code = Printable.padded(first.code.rawValue, to: 23) + " "
            paragraph(
                [
                    Span(String(repeating: " ", count: indent)), Span(first.severity.symbol + " ", first.severity.tint),
                    Span(code, first.severity.tint),
                ],
                what + "; --verbose tells of each"
            )
        }
    }

    /// Differences that are not shown one by one.
    mutating func untold(_ count: Int, indent: Int) {
        guard count > 0 else { return }
        paragraph(
            [Span(String(repeating: " ", count: indent + 2 + 24))],
            "and \(counted(count, "more difference", "more differences")): --verbose shows them all",
            .faint
        )
    }
}
