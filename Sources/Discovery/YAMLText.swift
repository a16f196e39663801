/// Text as a manifest may hold it, whatever strangers called their databases.
package enum YAMLText {
    /// A value: plain where it can be taken for nothing else, in double quotes everywhere else.
    package static func scalar(_ text: String) -> String {
        isPlain(text) ? text : quoted(text)
    }

    package static func flow(_ pairs: [(key: String, value: String)]) -> String {
        "{" + pairs.map { "\($0.key): \(scalar($0.value))" }.joined(separator: ", ") + "}"
    }

    /// What may stand behind `# `: one line without anything that ends it or hides what follows.
    package static func comment(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars { result += isShown(scalar) ? String(scalar) : escape(scalar) }
        return result
    }

    private static func isPlain(_ text: String) -> Bool {
        let isSafe = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "_./-@".utf8.contains(byte)
            }
        }
        // What other readers of YAML would take for something else than text.
        let others: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        guard isSafe, !others.contains(text.lowercased()), let first = text.first else { return false }
        return first.isLetter || first == "/" || first == "_" || text.hasPrefix("../") || isNumbered(text)
    }

    /// `0001_start`, `5432` and `127.0.0.1`, not `0x1F`, `1e3` or `1.5`.
    private static func isNumbered(_ text: String) -> Bool {
        if text.allSatisfy({ $0.isNumber || $0 == "." }), text.count(where: { $0 == "." }) == 3 { return true }
        let rest = text.drop { $0.isNumber }
        return rest.isEmpty ? !text.hasPrefix("0") : rest.first == "_" && rest.contains { $0.isLetter }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            default: result += isShown(scalar) ? String(scalar) : escape(scalar)
            }
        }
        return result + "\""
    }

    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    /// `\UXXXXXXXX`, eight hexadecimal digits: <https://yaml.org/spec/1.2.2/#57-escaped-characters>.
    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
