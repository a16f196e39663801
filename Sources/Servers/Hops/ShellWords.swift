internal import FleetModel

/// Words as a shell takes them.
enum ShellWords {
    /// Each in single quotes, in which nothing has a meaning: for a POSIX shell, and no other.
    ///
    /// See <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02>.
    static func quoted(_ words: [String]) -> String {
        words.map { word in "'\(word.replacing(each: "'", with: #"'\''"#))'" }.joined(separator: " ")
    }

    /// A line that runs a program from whatever shell a person logs in to.
    ///
    /// In single quotes fish reads `\\` and `\'`, and csh reads `!` and ends at a newline. So the login shell is shown only
    /// what all of them read alike, and `sh` makes the words of it.
    static func line(_ words: [String]) -> String {
        var plain = ""
        for byte in quoted(words).utf8 {
            if isPlain(byte) {
                plain.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 8)
                plain += "\\0" + String(repeating: "0", count: 3 - digits.count) + digits
            }
        }
        return #"sh -c 'eval "exec $(printf %b "$1")"' sh '"# + plain + "'"
    }

    /// A word that ends where a program's argument would: what follows a NUL is lost.
    static func hasNUL(_ words: [String]) -> Bool { words.contains { $0.utf8.contains(0) } }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: " _./:=,@+-".utf8.contains(byte)
        }
    }
}
