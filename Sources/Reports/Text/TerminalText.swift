/// Text from files, catalogs and servers, made safe to show on a terminal.
package enum TerminalText {
    /// The text with everything replaced by `�` that a terminal would obey instead of showing: control characters,
    /// escape sequences, changes of direction, line breaks.
    package static func safe(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(safe(scalar)) }
        return String(result)
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

    /// Columns a character takes on a terminal: none for combining marks, two for wide East Asian ones and emoji.
    static func width(of scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
