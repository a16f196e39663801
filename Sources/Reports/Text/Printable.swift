/// What a terminal may be shown of texts that strangers wrote: names, messages of servers, SQL.
enum Printable {
    /// One line in which nothing moves the cursor, hides or reorders text.
    static func clean(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var marks = 0
        for scalar in text.unicodeScalars {
            marks = scalar.properties.generalCategory == .nonspacingMark ? marks + 1 : 0
            if scalar == "\n" || scalar == "\t" || scalar == "\r" {
                result.append(" ")
            } else if isHostile(scalar) || marks > 3 {
                result.append(contentsOf: "<\(code(of: scalar))>".unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// A name as it can be told from the words around it: in quotes where it holds more than letters, digits, `_.-`.
    static func name(_ name: String) -> String {
        let isPlain =
            !name.isEmpty
            && name.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || ("0"..."9").contains($0) || "_.-".unicodeScalars.contains($0)
            }
        if isPlain { return clean(name) }
        let inside = name.unicodeScalars.map { scalar in
            switch scalar {
            case "\n", "\t", "\r": "<U+\(hex(scalar.value))>"
            case "\"": "\"\""
            default: String(scalar)
            }
        }.joined()
        return "\"\(clean(inside))\""
    }

    /// Whether it hides, or moves or turns around what stands beside it.
    static func isHostile(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // Controls, bidirectional marks and overrides, zero-width characters, line separators, unassigned planes.
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }

    /// `U+202E`.
    static func code(of scalar: Unicode.Scalar) -> String { "U+\(hex(scalar.value))" }

    private static func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Columns a terminal needs: two for wide characters, none for marks.
    static func width(_ text: String) -> Int {
        text.utf8.allSatisfy { (0x20...0x7E).contains($0) } ? text.utf8.count : text.reduce(0) { $0 + width($1) }
    }

    static func width(_ character: Character) -> Int {
        let scalars = character.unicodeScalars
        guard let first = scalars.first else { return 0 }
        // Flags are two scalars in one place; a variation selector makes a picture of a sign.
        if first.properties.isEmojiPresentation { return 2 }
        if first.properties.isEmoji, scalars.contains("\u{FE0F}") { return 2 }
        return scalars.reduce(0) { $0 + TerminalText.width(of: $1) }
    }

    /// The text in at most so many columns, its end cut.
    static func shortened(_ text: String, to columns: Int) -> String {
        guard width(text) > columns else { return text }
        var result = ""
        var used = 0
        for character in text {
            let next = width(character)
            if used + next > columns - 1 { break }
            result.append(character)
            used += next
        }
        return result + "…"
    }

    static func padded(_ text: String, to columns: Int) -> String {
        text + String(repeating: " ", count: max(0, columns - width(text)))
    }

    /// Lines of at most so many columns, broken at blanks; words that are longer stand alone.
    ///
    /// Chinese and Japanese have no blanks: such a word is broken anywhere.
    static func wrapped(_ text: String, to columns: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        var used = 0
        for word in text.split(separator: " ") {
            for (index, piece) in pieces(of: String(word), columns).enumerated() {
                let needed = width(piece)
                if index > 0 || (used > 0 && used + 1 + needed > columns) {
                    lines.append(line)
                    line = ""
                    used = 0
                }
                line += (used > 0 ? " " : "") + piece
                used += (used > 0 ? 1 : 0) + needed
            }
        }
        return lines + (line.isEmpty ? [] : [line])
    }

    /// The word, or parts of it that fit where it is too long and of letters that may be parted.
    private static func pieces(of word: String, _ columns: Int) -> [String] {
        guard width(word) > columns, word.contains(where: { width($0) > 1 }) else { return [word] }
        var pieces = [""]
        var used = 0
        for character in word {
            let next = width(character)
            if used > 0, used + next > columns {
                pieces.append("")
                used = 0
            }
            pieces[pieces.count - 1].append(character)
            used += next
        }
        return pieces
    }

    /// `7.4 MB`, in steps of 1024 as PostgreSQL counts.
    static func size(_ bytes: Int64?) -> String {
        guard let bytes else { return "–" }
        if bytes < 1024 { return "\(bytes) B" }
        var tenths = bytes * 10 / 1024
        var unit = 0
        let units = ["kB", "MB", "GB", "TB", "PB"]
        while tenths >= 10_240, unit < units.count - 1 {
            tenths /= 1024
            unit += 1
        }
        return tenths >= 1000 ? "\(tenths / 10) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    /// The first few names and how many more there are.
    static func list(_ names: [String], first: Int = 3) -> String {
        // "and 1 more" is longer to read than the one.
        let shown = names.count <= first + 1 ? names.count : first
        let rest = names.count - shown
        return names.prefix(shown).map(name).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}
