/// The words of a piece of SQL or PL/pgSQL outside comments and string constants.
///
/// Never to learn what a statement does, which the server tells; only to notice that code which ran on empty tables, or
/// did not run at all, might write rows where there are some. In doubt it says so.
struct WrittenWords {
    private(set) var words: [String] = []
    /// Positions of words that a parenthesis follows.
    private var calls: Set<Int> = []

    /// Reads the words: unquoted ones come in lower case, quoted ones as they stand.
    ///
    /// Text in dollar quotes is read like all else: it is the body of a block or a function.
    init(_ text: String) {
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            switch byte {
            case UInt8(ascii: "-") where next == UInt8(ascii: "-"):
                while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
            case UInt8(ascii: "/") where next == UInt8(ascii: "*"):
                index = Self.endOfComment(bytes, from: index)
            case UInt8(ascii: "'"):
                index = Self.endOfQuoted(bytes, from: index).next
            case UInt8(ascii: "\""):
                let quoted = Self.endOfQuoted(bytes, from: index)
                words.append(String(decoding: bytes[(index + 1)..<quoted.end], as: UTF8.self))
                index = quoted.next
            case _ where Self.isOfWord(byte):
                let start = index
                while index < bytes.count, Self.isOfWord(bytes[index]) { index += 1 }
                words.append(String(decoding: bytes[start..<index], as: UTF8.self).lowercased())
            case UInt8(ascii: "("):
                calls.insert(words.count - 1)
                index += 1
            default: index += 1
            }
        }
    }

    /// The first call of one of these functions.
    func call(of functions: Set<String>) -> String? {
        words.indices.first { calls.contains($0) && functions.contains(words[$0]) }.map { words[$0] }
    }

    /// Finds the first thing in it that may write rows or drop what holds some.
    ///
    /// - Parameter writers: names of functions and procedures whose own code may write.
    /// - Returns: what it is, in the words of SQL; nil where nothing does.
    func writing(_ writers: Set<String> = []) -> String? {
        for (index, word) in words.enumerated() {
            let before = index > 0 ? words[index - 1] : ""
            let after = index + 1 < words.count ? words[index + 1] : ""
            switch word {
            case "insert" where after == "into", "merge" where after == "into": return "\(word.uppercased()) INTO"
            case "delete" where after == "from": return "DELETE FROM"
            case "truncate" where !Self.privilegeNeighbours.contains(after): return "TRUNCATE"
            // `ON UPDATE CASCADE`, `FOR NO KEY UPDATE`, `BEFORE INSERT OR UPDATE` write nothing.
            case "update" where !Self.beforeHarmlessUpdate.contains(before): return "UPDATE"
            case "execute" where !["function", "procedure", "on"].contains(after): return "EXECUTE"
            case "drop" where !Self.afterHarmlessDrop.contains(after): return "DROP \(after.uppercased())"
            default: break
            }
        }
        return call(of: writers).map { "a call of \($0)" }
    }

    /// Whether a statement only speaks of functions and never calls one.
    var onlyDefines: Bool {
        switch words.first {
        case "drop", "comment", "grant", "revoke", "security", "set", "reset", "lock", "analyze", "vacuum": true
        case "alter": words.dropFirst().first != "table"
        case "create": !words.prefix(6).contains { ["table", "view", "index"].contains($0) }
        default: false
        }
    }

    private static let privilegeNeighbours: Set = ["on", "or", "references", "trigger"]
    private static let beforeHarmlessUpdate: Set = ["on", "for", "key", "or", "before", "after", "of", "do", "grant"]
    private static let afterHarmlessDrop: Set = [
        "constraint", "not", "default", "index", "trigger", "function", "procedure", "policy", "view", "rule",
        "identity", "expression", "cast", "operator", "event",
    ]

    private static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private static func endOfComment(_ bytes: [UInt8], from start: Int) -> Int {
        var index = start
        var depth = 0
        while index + 1 < bytes.count {
            switch (bytes[index], bytes[index + 1]) {
            case (UInt8(ascii: "/"), UInt8(ascii: "*")):
                depth += 1
                index += 2
            case (UInt8(ascii: "*"), UInt8(ascii: "/")):
                depth -= 1
                index += 2
                if depth == 0 { return index }
            default: index += 1
            }
        }
        return bytes.count
    }

    private static func endOfQuoted(_ bytes: [UInt8], from start: Int) -> (end: Int, next: Int) {
        let quote = bytes[start]
        var index = start + 1
        while index < bytes.count {
            if bytes[index] == quote {
                guard index + 1 < bytes.count, bytes[index + 1] == quote else { return (index, index + 1) }
                index += 1
            }
            index += 1
        }
        return (bytes.count, bytes.count)
    }
}
