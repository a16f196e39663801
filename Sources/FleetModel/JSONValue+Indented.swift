extension JSONValue {
    /// For readers: a line for each member in the order it was written; lists of plain values stand on one.
    package var indented: String { indented(at: 0) }

    private func indented(at depth: Int) -> String {
        let margin = String(repeating: "  ", count: depth + 1)
        let end = "\n" + String(repeating: "  ", count: depth)
        switch self {
        case .null, .bool, .integer, .string: return text
        case .array(let values):
            let isPlain = values.allSatisfy { value in
                switch value {
                case .array, .object: false
                default: true
                }
            }
            if isPlain { return "[\(values.map(\.text).joined(separator: ", "))]" }
            return "[" + values.map { "\n" + margin + $0.indented(at: depth + 1) }.joined(separator: ",") + end + "]"
        case .object(let members):
            if members.isEmpty { return "{}" }
            return "{"
                + members.map { member in
                    "\n\(margin)\(JSONValue.string(member.key).text): \(member.value.indented(at: depth + 1))"
                }.joined(separator: ",") + end + "}"
        }
    }
}
