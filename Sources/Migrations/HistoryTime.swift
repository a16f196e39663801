/// A moment as a session of ours is told it: `2026-11-26 07:25:22.464123+00`, in UTC.
///
/// See <https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-OUTPUT>.
struct HistoryTime {
    /// Since 1970.
    var microseconds: Int64

    var milliseconds: Int64 {
        // Towards the past, also before 1970.
        (microseconds - ((microseconds % 1000) + 1000) % 1000) / 1000
    }

    init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Nil for what is no moment of ours: `infinity`, a year before Christ or hundreds of millennia after, another zone.
    init?(_ text: String) {
        var rest = text.utf8[...]
        func number(until end: Character?) -> Int64? {
            var digits = rest
            if let end {
                guard let place = rest.firstIndex(of: end.asciiValue ?? 0) else { return nil }
                digits = rest[..<place]
                rest = rest[rest.index(after: place)...]
            }
            guard !digits.isEmpty, digits.count < 8, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
            return digits.reduce(0) { $0 * 10 + Int64($1) - 48 }
        }
        if let zone = rest.firstIndex(of: UInt8(ascii: "+")) {
            guard rest[zone...].elementsEqual("+00".utf8) else { return nil }
            rest = rest[..<zone]
        }
        var fraction = Int64(0)
        if let point = rest.firstIndex(of: UInt8(ascii: ".")) {
            var digits = Array(rest[rest.index(after: point)...])
            guard digits.count <= 6, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
            while digits.count < 6 { digits.append(48) }
            fraction = digits.reduce(0) { $0 * 10 + Int64($1) - 48 }
            rest = rest[..<point]
        }
        guard let year = number(until: "-"), let month = number(until: "-"), let day = number(until: " "),
            let hour = number(until: ":"), let minute = number(until: ":"), let second = number(until: nil)
        else { return nil }
        let seconds = Self.days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
        // The last years that PostgreSQL knows are beyond what fits: whoever wrote them wrote no time of a migration.
        let (whole, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isBeyondToo) = whole.addingReportingOverflow(fraction)
        guard !isBeyond, !isBeyondToo else { return nil }
        microseconds = sum
    }

    /// Days since 1970 in the Gregorian calendar: <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>.
    static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The date of a day since 1970: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
    static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let civil = month < 10 ? month + 3 : month - 9
        return (yearOfEra + era * 400 + (civil <= 2 ? 1 : 0), civil, day)
    }
}
