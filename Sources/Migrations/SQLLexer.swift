/// One token of SQL text; white space lies between tokens and is none.
struct SQLToken {
    enum Kind {
        /// A keyword or an identifier without quotes.
        case word
        case quotedIdentifier
        /// `'…'` with any of its prefixes.
        case string
        case dollarString
        case lineComment
        case blockComment
        /// Any other single byte: digits, operators, parentheses, semicolons.
        case symbol
    }

    var kind: Kind
    /// UTF-8 offsets, delimiters and prefixes included.
    var range: Range<Int>
    /// False where the text ends before the closing delimiter.
    var isTerminated = true

    var isComment: Bool {
        switch kind {
        case .lineComment, .blockComment: true
        case .word, .quotedIdentifier, .string, .dollarString, .symbol: false
        }
    }
}

/// Cuts SQL into tokens as PostgreSQL does with `standard_conforming_strings` on, in one pass.
///
/// Only boundaries matter here, so what cannot contain a quote or a semicolon is not told apart
/// (PostgreSQL: "Lexical Structure", and the rules of `src/backend/parser/scan.l`).
struct SQLLexer {
    private let bytes: [UInt8]
    private let end: Int
    /// Where the next token is looked for; whoever reads `COPY` data moves it past them.
    var offset: Int

    init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
        self.bytes = bytes
        offset = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    mutating func next() -> SQLToken? {
        while offset < end, bytes[offset].isSQLSpace { offset += 1 }
        guard offset < end else { return nil }
        let start = offset
        switch bytes[start] {
        case UInt8(ascii: "'"):
            return string(from: start, quoteAt: start, escapes: false)
        case UInt8(ascii: "\""):
            return quotedIdentifier(from: start, quoteAt: start)
        case UInt8(ascii: "$"):
            return dollarString(from: start) ?? symbol(at: start)
        case UInt8(ascii: "-") where byte(after: start) == UInt8(ascii: "-"):
            return lineComment(from: start)
        case UInt8(ascii: "/") where byte(after: start) == UInt8(ascii: "*"):
            return blockComment(from: start)
        case let first where first.startsIdentifier:
            return word(from: start)
        default:
            return symbol(at: start)
        }
    }

    private func byte(after index: Int) -> UInt8? { index + 1 < end ? bytes[index + 1] : nil }

    private mutating func symbol(at start: Int) -> SQLToken {
        offset = start + 1
        return SQLToken(kind: .symbol, range: start..<offset)
    }

    private mutating func word(from start: Int) -> SQLToken {
        var index = start + 1
        while index < end, bytes[index].continuesIdentifier { index += 1 }
        if index == start + 1, index < end {
            // A single letter right before a quote is that string's prefix.
            switch (bytes[start] | 0x20, bytes[index]) {
            case (UInt8(ascii: "e"), UInt8(ascii: "'")):
                return string(from: start, quoteAt: index, escapes: true)
            case (UInt8(ascii: "b"), UInt8(ascii: "'")), (UInt8(ascii: "x"), UInt8(ascii: "'")),
                (UInt8(ascii: "n"), UInt8(ascii: "'")):
                return string(from: start, quoteAt: index, escapes: false)
            case (UInt8(ascii: "u"), UInt8(ascii: "&")):
                if byte(after: index) == UInt8(ascii: "'") {
                    return string(from: start, quoteAt: index + 1, escapes: false)
                }
                if byte(after: index) == UInt8(ascii: "\"") {
                    return quotedIdentifier(from: start, quoteAt: index + 1)
                }
            default: break
            }
        }
        offset = index
        return SQLToken(kind: .word, range: start..<index)
    }

    private mutating func quotedIdentifier(from start: Int, quoteAt quote: Int) -> SQLToken {
        let (index, isTerminated) = close(UInt8(ascii: "\""), after: quote, escapes: false)
        offset = index
        return SQLToken(kind: .quotedIdentifier, range: start..<index, isTerminated: isTerminated)
    }

    private mutating func string(from start: Int, quoteAt quote: Int, escapes: Bool) -> SQLToken {
        var (index, isTerminated) = close(UInt8(ascii: "'"), after: quote, escapes: escapes)
        // Literals on following lines continue the string, and backslashes go on escaping in those of E'…'.
        while escapes, isTerminated, let next = continuation(after: index) {
            (index, isTerminated) = close(UInt8(ascii: "'"), after: next, escapes: true)
        }
        offset = index
        return SQLToken(kind: .string, range: start..<index, isTerminated: isTerminated)
    }

    /// The offset behind the closing quote, which is one that is not doubled.
    private func close(_ quote: UInt8, after opening: Int, escapes: Bool) -> (end: Int, isTerminated: Bool) {
        var index = opening + 1
        while index < end {
            if bytes[index] == quote {
                guard byte(after: index) == quote else { return (index + 1, true) }
                index += 2
            } else if escapes, bytes[index] == UInt8(ascii: "\\") {
                index += 2
            } else {
                index += 1
            }
        }
        return (end, false)
    }

    /// The next quote, where only white space with a line break, and line comments, lie before it.
    private func continuation(after closing: Int) -> Int? {
        var index = closing
        var sawLineBreak = false
        while index < end {
            let byte = bytes[index]
            if byte.isLineBreak {
                sawLineBreak = true
                index += 1
            } else if byte.isSQLSpace {
                index += 1
            } else if byte == UInt8(ascii: "-"), self.byte(after: index) == UInt8(ascii: "-") {
                while index < end, !bytes[index].isLineBreak { index += 1 }
            } else {
                return byte == UInt8(ascii: "'") && sawLineBreak ? index : nil
            }
        }
        return nil
    }

    private mutating func dollarString(from start: Int) -> SQLToken? {
        var tagEnd = start + 1
        if tagEnd < end, bytes[tagEnd].startsIdentifier {
            // A dollar sign ends the tag, though it may stand inside other identifiers.
            while tagEnd < end, bytes[tagEnd] != UInt8(ascii: "$"), bytes[tagEnd].continuesIdentifier { tagEnd += 1 }
        }
        guard tagEnd < end, bytes[tagEnd] == UInt8(ascii: "$") else { return nil }
        let delimiter = bytes[start...tagEnd]
        var index = tagEnd + 1
        while index < end {
            guard bytes[index] == UInt8(ascii: "$") else {
                index += 1
                continue
            }
            // The tag holds no dollar sign, so what matched of it cannot hold the next candidate: linear.
            if bytes[index..<end].starts(with: delimiter) {
                offset = index + delimiter.count
                return SQLToken(kind: .dollarString, range: start..<offset)
            }
            index += 1
        }
        offset = end
        return SQLToken(kind: .dollarString, range: start..<end, isTerminated: false)
    }

    private mutating func lineComment(from start: Int) -> SQLToken {
        var index = start + 2
        while index < end, !bytes[index].isLineBreak { index += 1 }
        offset = index
        return SQLToken(kind: .lineComment, range: start..<index)
    }

    private mutating func blockComment(from start: Int) -> SQLToken {
        var depth = 1
        var index = start + 2
        while index < end {
            if bytes[index] == UInt8(ascii: "*"), byte(after: index) == UInt8(ascii: "/") {
                depth -= 1
                index += 2
                if depth == 0 { break }
            } else if bytes[index] == UInt8(ascii: "/"), byte(after: index) == UInt8(ascii: "*") {
                depth += 1
                index += 2
            } else {
                index += 1
            }
        }
        offset = min(index, end)
        return SQLToken(kind: .blockComment, range: start..<offset, isTerminated: depth == 0)
    }
}

extension UInt8 {
    /// Space, tab, line feed, vertical tab, form feed, carriage return.
    var isSQLSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
    var isLineBreak: Bool { self == 0x0A || self == 0x0D }
    var isASCIIDigit: Bool { (0x30...0x39).contains(self) }

    /// Letters, the underscore, and every byte of a character beyond ASCII.
    var startsIdentifier: Bool { (0x61...0x7A).contains(self | 0x20) || self == 0x5F || self >= 0x80 }
    var continuesIdentifier: Bool { startsIdentifier || isASCIIDigit || self == 0x24 }
    var lowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
