/// Whether text may use colour; colour only repeats what words and symbols say.
package enum Style: Sendable, Hashable { case plain, colored }

/// The few colours there are, by what they mean.
package enum Tint: String, Sendable, Hashable {
    case error = "31"
    case warning = "33"
    case info = "36"
    case good = "32"
    case strong = "1"
    case faint = "2"
}

extension Style {
    package func paint(_ text: String, _ tint: Tint) -> String {
        switch self {
        case .plain: text
        case .colored: text.isEmpty ? text : "\u{1B}[\(tint.rawValue)m\(text)\u{1B}[0m"
        }
    }
}
