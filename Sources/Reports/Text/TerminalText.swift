/// Text from files, catalogs and servers, made safe to show on a terminal.
package enum TerminalText {
    /// The text with everything replaced by `�` that a terminal would obey instead of showing: control characters,
    /// escape sequences, changes of direction, line breaks.
    package static func safe(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(safe(scalar)) }
        return String(result)
    }

    /// A text of several lines as one: what libpq says of a server that does not answer.
    package static func line(_ text: String) -> String {
        safe(text.split(separator: "\n").map { $0.drop { $0 == "\t" || $0 == " " } }.joined(separator: "; "))
    }

    /// The first few of some names, and how many there are besides.
    package static func list(_ names: [String]) -> String { Printable.list(names) }

    static func safe(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.properties.generalCategory {
        case .control: scalar == "\t" ? " " : "\u{FFFD}"
        case .lineSeparator, .paragraphSeparator, .format: "\u{FFFD}"
        default: scalar
        }
    }

    /// The beginning of a line, as much of it as fits so many columns.
    package static func fitting(_ text: String, columns: Int) -> String { Printable.shortened(text, to: columns) }

    /// Columns a text takes on a terminal.
    package static func columns(of text: String) -> Int { Printable.width(text) }

    /// `1,000`: as long numbers are read.
    package static func number(_ number: Int) -> String {
        var digits = Array(String(number))
        var place = digits.count - 3
        while place > 0, digits[place - 1].isNumber {
            digits.insert(",", at: place)
            place -= 3
        }
        return String(digits)
    }

    /// Columns a character takes on a terminal: none for what is drawn onto the one before it, two for wide East Asian
    /// ones and emoji.
    static func width(of scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .control, .format: return 0
        default: break
        }
        switch scalar.value {
        // Vowels and final consonants of Hangul join the consonant before them.
        case 0x1160...0x11FF, 0xD7B0...0xD7FF: return 0
        case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF,
            0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD:
            return 2
        default: return scalar.properties.isEmojiPresentation ? 2 : 1
        }
    }
}
