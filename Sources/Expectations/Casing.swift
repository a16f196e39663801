internal import FleetModel

/// A key's words as Drizzle's own `casing` finds them (`drizzle-orm/src/casing.ts`).
enum Casing {
    static func words(of key: String) -> [String] {
        var words: [String] = []
        var rest = Array(key.unicodeScalars)[...]
        func isSmall(_ scalar: Unicode.Scalar) -> Bool { ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) }
        func isCapital(_ scalar: Unicode.Scalar) -> Bool { ("A"..."Z").contains(scalar) }
        while let first = rest.first {
            var count = 0
            if isSmall(first) {
                count = rest.prefix(while: isSmall).count
            } else if isCapital(first) {
                let capitals = rest.prefix(while: isCapital).count
                let small = rest.dropFirst(capitals).first.map { ("a"..."z").contains($0) } ?? false
                // The last capital before a small letter begins the next word.
                count = small ? max(1, capitals - 1) : capitals
                if small, capitals == 1 { count += rest.dropFirst().prefix(while: isSmall).count }
            }
            guard count > 0 else {
                rest = rest.dropFirst()
                continue
            }
            words.append(String(String.UnicodeScalarView(rest.prefix(count))).lowercased())
            rest = rest.dropFirst(count)
        }
        return words
    }
}

extension Expectation.Casing? {
    /// The column that a key without a text of its own stands for.
    func column(of key: String) -> String {
        switch self {
        case nil: key
        case .snakeCase: Casing.words(of: key).joined(separator: "_")
        case .camelCase:
            Casing.words(of: key).enumerated().map { index, word in
                index == 0 ? word : word.prefix(1).uppercased() + word.dropFirst()
            }.joined()
        }
    }
}
