internal import FleetModel

/// The one thing a reader of a page wants to know first, the least grave first.
enum Headline: Comparable {
    case declared, passes, owed, refused, attention, failing, unreachable, blocked

    /// Of a plan: what would come of applying it.
    init(plan: EnvironmentPlan) {
        self =
            switch plan.verdict {
            case .unknown: .unreachable
            case .failing: .failing
            case .refused: .refused
            case .owed: .owed
            case .converged: .declared
            }
    }

    /// Of an inventory: what is there.
    init(inventory plan: EnvironmentPlan) {
        if plan.hasUnreachable {
            self = .unreachable
        } else if plan.findings.contains(where: { $0.severity == .error }) {
            self = .attention
        } else if plan.databases.contains(where: { [.pending, .missing, .empty].contains($0.status) }) {
            self = .owed
        } else {
            self = .declared
        }
    }

    var symbol: String {
        switch self {
        case .declared, .passes: "✓"
        case .owed: "~"
        case .attention, .blocked, .failing, .refused: "✗"
        case .unreachable: "?"
        }
    }

    var words: String {
        switch self {
        case .declared: "As declared"
        case .passes: "The gate passes"
        case .blocked: "Blocked"
        case .owed: "Changes are owed"
        case .attention: "Something is wrong"
        case .failing: "A check fails"
        case .unreachable: "Out of reach"
        case .refused: "Refused"
        }
    }

    var tone: Tone {
        switch self {
        case .declared, .passes: .good
        case .owed: .warning
        case .attention, .blocked, .failing, .unreachable, .refused: .error
        }
    }

    /// The symbol and the words, in the colour that repeats them.
    var chip: HTML { HTML.chip(symbol, words, tone, "verdict") }
}

/// What a colour says; a symbol and a word always say it as well.
enum Tone: String {
    case good, warning, error, info, faint

    init(_ tint: Tint) {
        self =
            switch tint {
            case .good: .good
            case .warning: .warning
            case .error: .error
            case .info, .strong: .info
            case .faint: .faint
            }
    }
}

extension HTML {
    static func chip(_ symbol: String, _ words: String, _ tone: Tone, _ name: String = "") -> HTML {
        Tag.span(.class("chip", tone.rawValue, name)) {
            Tag.span(.class("symbol"), .decorative) { symbol }
            words
        }
    }

    /// A name from anywhere: apart from the words around it, whichever way it is written.
    static func name(_ name: String) -> HTML { Tag.bdi(.class("name")) { Printable.name(name) } }

    static func names(_ names: [String]) -> HTML {
        HTML(names.enumerated().map { HTML([$0.offset == 0 ? .nothing : HTML(", "), .name($0.element)]) })
    }

    /// A heading's own address, for whoever wants to send it.
    static func permalink(_ anchor: Anchor, _ what: String) -> HTML {
        Tag.a(.class("permalink"), .href(anchor), .label("Link to \(what)")) { "#" }
    }

    static func hazards(_ hazards: Set<Hazard>) -> HTML {
        HTML(hazards.sorted().map { hazard in HTML([chip("!", hazard.rawValue, .warning, "hazard"), HTML(" ")]) })
    }
}

extension DatabaseStatus {
    var tone: Tone { self == .missing ? .info : Tone(tint) }
    var chip: HTML { HTML.chip(symbol, rawValue, tone, "status") }

    /// What needs a person first.
    var rank: Int {
        switch self {
        case .corrupted: 0
        case .drifted: 1
        case .unknown: 2
        case .missing: 3
        case .empty: 4
        case .pending: 5
        case .unmanaged: 6
        case .converged: 7
        case .aside: 8
        }
    }
}
