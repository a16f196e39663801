/// One token of TypeScript, as far as definitions of tables are made of it.
struct TypeScriptToken {
    enum Kind: Hashable {
        case word(String)
        /// A string, or a template without a substitution.
        case string(String)
        /// A template: the text before its only substitution, the one word in that, and the text after it.
        case template(prefix: String, word: String, suffix: String)
        /// A template with other substitutions, a number, a regular expression.
        case other
        case symbol(Symbol)
    }

    enum Symbol: Hashable {
        case open, close, comma, colon, dot, spread, arrow, equals, question, other
    }

    var kind: Kind
    /// Of its first byte.
    var offset: Int
    /// What it is where it is a symbol: its first byte.
    var bracket: UInt8 = 0

    var word: String? {
        guard case .word(let text) = kind else { return nil }
        return text
    }

    var string: String? {
        guard case .string(let text) = kind else { return nil }
        return text
    }

    func isSymbol(_ symbol: Symbol) -> Bool {
        if case .symbol(symbol) = kind { true } else { false }
    }
    func opens(_ letter: Unicode.Scalar) -> Bool { isSymbol(.open) && bracket == UInt8(ascii: letter) }
    /// Whether it is a sign that has no name of its own here.
    func isSign(_ letter: Unicode.Scalar) -> Bool { isSymbol(.other) && bracket == UInt8(ascii: letter) }
}

/// Cuts TypeScript into tokens; tolerant of all it need not understand, in time linear in the text.
struct TypeScriptLexer {
    /// Why a text is no TypeScript, and where.
    struct Fault: Error {
        var message: String
        var offset: Int
    }

    private let bytes: [UInt8]
    private var position = 0
    private(set) var tokens: [TypeScriptToken] = []
    /// How often what looked like a regular expression was none.
    private var divisions = 0

    /// All tokens of a text.
    static func tokens(_ bytes: [UInt8]) throws(Fault) -> [TypeScriptToken] {
        var lexer = TypeScriptLexer(bytes: bytes)
        while let token = try lexer.next() { lexer.tokens.append(token) }
        return lexer.tokens
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        if bytes.dropFirst(position).starts(with: "#!".utf8) { skipLine() }
    }

    private func byte(_ ahead: Int = 0) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    private mutating func skipLine() {
        while let byte = byte(), byte != 0x0A { position += 1 }
    }

    private mutating func next() throws(Fault) -> TypeScriptToken? {
        try skipBlanks()
        guard let first = byte() else { return nil }
        let start = position
        if Self.isWord(first) {
            while let byte = byte(), Self.isWord(byte) { position += 1 }
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            let isNumber = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
            return TypeScriptToken(kind: isNumber ? .other : .word(text), offset: start)
        }
        switch first {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return TypeScriptToken(kind: .string(try string(first)), offset: start)
        case UInt8(ascii: "`"): return TypeScriptToken(kind: try template(), offset: start)
        case UInt8(ascii: "/") where mayBeginExpression:
            try regularExpression()
            return TypeScriptToken(kind: .other, offset: start)
        case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"):
            position += 1
            return TypeScriptToken(kind: .symbol(.open), offset: start, bracket: first)
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
            position += 1
            return TypeScriptToken(kind: .symbol(.close), offset: start, bracket: first)
        default: return TypeScriptToken(kind: .symbol(symbol(first)), offset: start, bracket: first)
        }
    }

    private mutating func symbol(_ first: UInt8) -> TypeScriptToken.Symbol {
        position += 1
        switch first {
        case UInt8(ascii: ","): return .comma
        case UInt8(ascii: ":"): return .colon
        case UInt8(ascii: "?"): return .question
        case UInt8(ascii: "."):
            guard byte() == first, byte(1) == first else { return .dot }
            position += 2
            return .spread
        case UInt8(ascii: "="):
            if byte() == UInt8(ascii: ">") {
                position += 1
                return .arrow
            }
            guard byte() == first else { return .equals }
            while byte() == first { position += 1 }
            return .other
        default: return .other
        }
    }

    private mutating func skipBlanks() throws(Fault) {
        while let first = byte() {
            if first <= 0x20 {
                position += 1
            } else if first == UInt8(ascii: "/"), byte(1) == first {
                skipLine()
            } else if first == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
                let start = position
                position += 2
                while byte() != nil, !(byte() == UInt8(ascii: "*") && byte(1) == UInt8(ascii: "/")) { position += 1 }
                guard byte() != nil else { throw Fault(message: "a comment is never closed", offset: start) }
                position += 2
            } else {
                return
            }
        }
    }

    /// Letters, digits, `_`, `$`, `@`, `#` and all that is not ASCII.
    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), UInt8(ascii: "#"),
            UInt8(ascii: "@"), 0x80...:
            true
        default: false
        }
    }

    private mutating func string(_ quote: UInt8) throws(Fault) -> String {
        let start = position
        position += 1
        var text: [UInt8] = []
        while let next = byte(), next != 0x0A {
            position += 1
            if next == quote { return String(decoding: text, as: UTF8.self) }
            if next == UInt8(ascii: "\\") { escape(into: &text) } else { text.append(next) }
        }
        throw Fault(message: "a string is never closed", offset: start)
    }

    /// What follows a backslash; names of tables need no more than the common ones.
    private mutating func escape(into text: inout [UInt8]) {
        guard let next = byte() else { return }
        position += 1
        switch next {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case 0x0A: break
        case UInt8(ascii: "u"), UInt8(ascii: "x"):
            let isBraced = next == UInt8(ascii: "u") && byte() == UInt8(ascii: "{")
            if isBraced { position += 1 }
            let most = isBraced ? 6 : next == UInt8(ascii: "u") ? 4 : 2
            let digits = bytes[position...].prefix(most).prefix { Character(UnicodeScalar($0)).isHexDigit }
            position += digits.count
            if isBraced, byte() == UInt8(ascii: "}") { position += 1 }
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
            if let scalar = value.flatMap(UnicodeScalar.init) { text += String(Character(scalar)).utf8 }
        default: text.append(next)
        }
    }

    /// A template to its end, whatever its substitutions hold.
    private mutating func template() throws(Fault) -> TypeScriptToken.Kind {
        let start = position
        position += 1
        var parts: [[UInt8]] = [[]]
        var words: [String] = []
        while let next = byte() {
            position += 1
            if next == UInt8(ascii: "`") {
                let texts = parts.map { String(decoding: $0, as: UTF8.self) }
                if words.isEmpty { return .string(texts[0]) }
                guard words.count == 1, !words[0].isEmpty else { return .other }
                return .template(prefix: texts[0], word: words[0], suffix: texts[1])
            }
            if next == UInt8(ascii: "\\") {
                escape(into: &parts[parts.count - 1])
            } else if next == UInt8(ascii: "$"), byte() == UInt8(ascii: "{") {
                position += 1
                words.append(try substitution(of: start))
                parts.append([])
            } else {
                parts[parts.count - 1].append(next)
            }
        }
        throw Fault(message: "a template is never closed", offset: start)
    }

    /// Skips `…}`; gives its only word, or nothing where there is more in it.
    private mutating func substitution(of template: Int) throws(Fault) -> String {
        let start = position
        // Braces and templates within templates, as deep as they may be: no recursion, the text may be hostile.
        var open: [UInt8] = [UInt8(ascii: "}")]
        while let last = open.last {
            guard let next = byte() else { throw Fault(message: "a template is never closed", offset: template) }
            if last == UInt8(ascii: "`") {
                position += 1
                switch next {
                case UInt8(ascii: "\\"): position += 1
                case UInt8(ascii: "`"): open.removeLast()
                case UInt8(ascii: "$") where byte() == UInt8(ascii: "{"):
                    position += 1
                    open.append(UInt8(ascii: "}"))
                default: break
                }
                continue
            }
            switch next {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): _ = try string(next)
            case UInt8(ascii: "`"), UInt8(ascii: "{"):
                position += 1
                open.append(next == UInt8(ascii: "{") ? UInt8(ascii: "}") : next)
            case UInt8(ascii: "}"):
                position += 1
                open.removeLast()
            case UInt8(ascii: "/") where byte(1) == next || byte(1) == UInt8(ascii: "*"): try skipBlanks()
            default: position += 1
            }
        }
        let inside = bytes[start..<(position - 1)]
        return inside.allSatisfy(Self.isWord) ? String(decoding: inside, as: UTF8.self) : ""
    }

    /// Whether a `/` here begins a regular expression and does not divide.
    private var mayBeginExpression: Bool {
        switch tokens.last?.kind {
        case .word(let word): ["return", "typeof", "case", "in", "of"].contains(word)
        case .string, .template, .other, .symbol(.close): false
        case .symbol, nil: true
        }
    }

    private mutating func regularExpression() throws(Fault) {
        let start = position
        position += 1
        var isInClass = false
        // None that is written by hand is longer; and who divides often is not read to the end of the line each time.
        let limit = start + (divisions < 1000 ? 4096 : 0)
        while position < limit, let next = byte(), next != 0x0A {
            position += 1
            switch next {
            case UInt8(ascii: "\\"): position += 1
            case UInt8(ascii: "["): isInClass = true
            case UInt8(ascii: "]"): isInClass = false
            case UInt8(ascii: "/") where !isInClass: return
            default: break
            }
        }
        // A division after all.
        position = start + 1
        divisions += 1
    }
}
