internal import FleetModel

/// Findings that say the same of several databases or objects, shown once.
struct FindingGroup: Hashable {
    var code: FindingCode
    var severity: Severity
    var message: String
    var hint: String?
    /// `instance` or `instance/database`, each once.
    var places: [String]
    var objects: [String]

    /// In the order of their first appearance.
    static func groups(of findings: [Finding]) -> [FindingGroup] {
        struct Words: Hashable {
            var code: FindingCode
            var severity: Severity
            var message: String
            var hint: String?
            var instance: String
        }
        var order: [Words] = []
        var places: [Words: [String]] = [:]
        var objects: [Words: [String]] = [:]
        var seen: [Words: (places: Set<String>, objects: Set<String>)] = [:]
        for finding in findings {
            let words = Words(
                code: finding.code,
                severity: finding.severity,
                message: finding.message,
                hint: finding.hint,
                instance: finding.instance
            )
            if seen[words] == nil { order.append(words) }
            let place = finding.database ?? ""
            if seen[words, default: ([], [])].places.insert(place).inserted, !place.isEmpty {
                places[words, default: []].append(place)
            }
            if let object = finding.object, seen[words, default: ([], [])].objects.insert(object).inserted {
                objects[words, default: []].append(object)
            }
        }
        return order.map { words in
            FindingGroup(
                code: words.code,
                severity: words.severity,
                message: words.message,
                hint: words.hint,
                places: places[words] ?? [],
                objects: objects[words] ?? []
            )
        }
    }
}

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
        let code = Printable.padded(group.code.rawValue, to: 22)
        let about = group.objects.isEmpty ? "" : Printable.list(group.objects) + ": "
        let whose = place.map { $0 + ": " } ?? ""
        paragraph(
            [Span(margin), Span(group.severity.symbol + " ", group.severity.tint), Span(code, group.severity.tint)],
            whose + about + Printable.clean(group.message)
        )
        if showsHint, let hint = group.hint {
            paragraph([Span(margin + "  " + String(repeating: " ", count: 22))], "→ " + Printable.clean(hint), .faint)
        }
    }
}
