internal import FleetModel

/// A place in a page that can be linked to; the same thing has the same one in every page.
///
/// Parts are apart by `/`; what is no letter of ASCII, digit, `_`, `.` or `-` is written as `~` and two digits for each
/// byte, so that it is the same in an address bar as in the page.
struct Anchor: Sendable, Hashable {
    let id: String

    init(_ fixed: StaticString) { id = "\(fixed)" }

    /// The heading of what stands there.
    static func heading(of anchor: Anchor) -> Anchor { Anchor("heading", joined: anchor) }

    private init(_ kind: StaticString, joined anchor: Anchor) { id = "\(kind)/\(anchor.id)" }

    private init(_ kind: StaticString, _ parts: [String]) {
        id = "\(kind)" + parts.map { "/" + Self.plain($0) }.joined()
    }

    static let main = Anchor("main")
    static let fleet = Anchor("fleet")
    static let gate = Anchor("gate")
    static let comparison = Anchor("comparison")
    static let words = Anchor("words")
    static let filter = Anchor("filter")
    static let filterCount = Anchor("filter-count")

    static func environment(_ name: String) -> Anchor { Anchor("environment", [name]) }
    static func part(_ part: Part, of environment: String) -> Anchor {
        Anchor("environment", [environment, part.rawValue])
    }
    static func instance(_ name: String, in environment: String) -> Anchor { Anchor("instance", [environment, name]) }
    static func cohort(_ id: String, in environment: String) -> Anchor { Anchor("cohort", [environment, id]) }
    static func compared(_ className: String) -> Anchor { Anchor("compared", [className]) }
    static func step(_ id: String, in environment: String) -> Anchor { Anchor("step", [environment, id]) }

    static func database(_ name: String, on instance: String, in environment: String) -> Anchor {
        Anchor("database", [environment, instance, name])
    }

    /// Found again as long as the same is said of the same, of however many databases.
    static func finding(_ group: FindingGroup, on instance: String, in environment: String) -> Anchor {
        let words = [group.message, group.hint ?? ""] + group.objects
        let mark = Fingerprint(of: words.joined(separator: "\u{0}")).hex.prefix(8)
        return Anchor("finding", [environment, instance, group.code.rawValue, String(mark)])
    }

    /// The parts of what is told of an environment.
    enum Part: String, CaseIterable { case refused, work, findings, databases, backups, runs }

    private static func plain(_ text: String) -> String {
        guard !text.isEmpty else { return "~" }
        return text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 95, 46, 45: String(UnicodeScalar(byte))
            default: "~" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }.joined()
    }
}
