/// The name of a migration's folder in drizzle's second layout: `20250801120000_init`.
///
/// As `src/migrator.ts` and `src/migrator.utils.ts` of drizzle-orm read it and `drizzle-kit up` writes it (branch beta).
package enum DrizzleName {
    /// How many digits of a name are its time, to the second in UTC.
    static let digits = 14

    /// Milliseconds since 1970, as JavaScript's `Date.UTC` counts them; nil where the name does not begin with a time.
    static func milliseconds(of name: String) -> Int64? {
        let head = name.utf8.prefix(digits)
        guard head.count == digits, head.allSatisfy(\.isASCIIDigit) else { return nil }
        var rest = head[...]
        func number(_ count: Int) -> Int64 {
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count).reduce(0) { $0 * 10 + Int64($1) - 48 }
        }
        var year = number(4)
        let month = number(2) - 1
        let (day, hour, minute, second) = (number(2), number(2), number(2), number(2))
        // Date.UTC takes two digits for a year of the last century, and carries what is too large.
        if year < 100 { year += 1900 }
        let carried = month < 0 ? -1 : month / 12
        let days = HistoryTime.days(year + carried, month - carried * 12 + 1, day)
        return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000
    }

    /// Whether the digits are a moment that a calendar has.
    static func isMoment(_ name: String) -> Bool {
        milliseconds(of: name).map { digits(of: $0) == name.prefix(digits) } ?? false
    }

    /// The folder that `drizzle-kit up` makes of a migration of the first layout: its `when`, and its tag after the number.
    package static func upgraded(tag: String, when: Int64) -> String {
        let rest = tag.split(separator: "_", omittingEmptySubsequences: false).dropFirst().joined(separator: "_")
        return "\(digits(of: when))_\(rest)"
    }

    private static func digits(of milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0)
        let days = seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)
        let time = seconds - days * 86_400
        let (year, month, day) = HistoryTime.date(days)
        return padded(year, 4) + padded(month, 2) + padded(day, 2) + padded(time / 3600, 2) + padded(time / 60 % 60, 2)
            + padded(time % 60, 2)
    }

    private static func padded(_ number: Int64, _ length: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(length - text.utf8.count, 0)) + text
    }

    // MARK: order

    /// Whether a name comes before another as JavaScript's `localeCompare` has it, by which drizzle sorts its folders.
    ///
    /// Exact for printable ASCII (the root order of CLDR: marks, digits, letters; case only where all else is equal). Other
    /// characters come last, by their code: what a locale makes of them depends on the machine drizzle runs on.
    static func precedes(_ left: String, _ right: String) -> Bool {
        let weights = (left.unicodeScalars.map(weight), right.unicodeScalars.map(weight))
        if weights.0 != weights.1 { return weights.0.lexicographicallyPrecedes(weights.1) }
        for (first, second) in zip(left.utf8, right.utf8) where first != second {
            // Of two forms of a letter the small one comes first.
            return first > second
        }
        return false
    }

    private static let marks: [UnicodeScalar: Int] = Dictionary(
        uniqueKeysWithValues: " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$".unicodeScalars.enumerated().map { ($1, $0) }
    )

    private static func weight(_ scalar: UnicodeScalar) -> Int {
        if let mark = marks[scalar] { return mark }
        switch scalar.value {
        case 0x30...0x39: return 100 + Int(scalar.value)
        case 0x41...0x5A: return 200 + Int(scalar.value) + 32
        case 0x61...0x7A: return 200 + Int(scalar.value)
        default: return 1000 + Int(scalar.value)
        }
    }
}
