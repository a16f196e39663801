/// A piece of a page.
///
/// Text gets in escaped and in no other way. Elements and attributes are a closed list (`Tag`, `Attribute`) in which there
/// is no handler of an event, no style, and no address but that of a place in the same page: what data may contain, it
/// stays text. Characters that nobody sees or that turn text around are shown by their number.
struct HTML: Sendable {
    private(set) var markup: String

    static let nothing = HTML(markup: "")

    init(_ text: String) {
        markup = ""
        Self.escape(text, into: &markup, asText: true)
    }

    private init(markup: String) { self.markup = markup }

    init(_ parts: [HTML]) {
        markup = ""
        markup.reserveCapacity(parts.reduce(0) { $0 + $1.markup.utf8.count })
        for part in parts { markup += part.markup }
    }

    var isEmpty: Bool { markup.isEmpty }

    /// A whole page; the declaration comes first, or browsers imitate those of the last century.
    static func document(head: HTML, body: HTML) -> HTML {
        HTML(
            markup:
                "<!doctype html>\n<html lang=\"en\">\n<head>\n\(head.markup)</head>\n<body>\n\(body.markup)</body>\n</html>\n"
        )
    }

    static func style(_ asset: Asset) -> HTML { HTML(markup: "<style>\(asset.text)</style>\n") }
    static func script(_ asset: Asset) -> HTML { HTML(markup: "<script>\(asset.text)</script>\n") }

    fileprivate static func element(_ name: String, _ attributes: [Attribute], _ content: HTML, breaks: Bool) -> HTML {
        var markup = opened(name, attributes)
        markup += content.markup
        markup += breaks ? "</\(name)>\n" : "</\(name)>"
        return HTML(markup: markup)
    }

    fileprivate static func element(_ name: String, _ attributes: [Attribute]) -> HTML {
        HTML(markup: opened(name, attributes) + "\n")
    }

    private static func opened(_ name: String, _ attributes: [Attribute]) -> String {
        var markup = "<\(name)"
        for attribute in attributes {
            guard let name = attribute.name else { continue }
            markup += " \(name)"
            guard let value = attribute.value else { continue }
            markup += "=\""
            escape(value, into: &markup, asText: false)
            markup += "\""
        }
        return markup + ">"
    }

    private static func escape(_ text: String, into markup: inout String, asText: Bool) {
        // Most text is plain, and a page may hold megabytes of it.
        let isPlain = text.utf8.allSatisfy { byte in
            (0x20...0x7E).contains(byte) && byte != 0x26 && byte != 0x3C && byte != 0x3E && byte != 0x22 && byte != 0x27
        }
        if isPlain {
            markup += text
            return
        }
        var marks = 0
        for scalar in text.unicodeScalars {
            marks = scalar.properties.generalCategory == .nonspacingMark ? marks + 1 : 0
            switch scalar {
            case "&": markup += "&amp;"
            case "<": markup += "&lt;"
            case ">": markup += "&gt;"
            case "\"": markup += "&quot;"
            case "'": markup += "&#39;"
            case "\n", "\t": markup.unicodeScalars.append(scalar)
            case _ where Printable.isHostile(scalar) || marks > 3:
                let code = Printable.code(of: scalar)
                markup += asText ? "<span class=\"unseen\">\(code)</span>" : "&lt;\(code)&gt;"
            default: markup.unicodeScalars.append(scalar)
            }
        }
    }
}

/// An element by its name; of those that load, run or send something there is none.
struct Tag: Sendable {
    private let name: String
    /// Whether a line ends after it, so that a page kept as a test's answer can be read.
    private let breaks: Bool

    private init(_ name: StaticString, breaks: Bool = true) {
        self.name = "\(name)"
        self.breaks = breaks
    }

    private static func inline(_ name: StaticString) -> Tag { Tag(name, breaks: false) }

    static let article = Tag("article")
    static let caption = Tag("caption")
    static let details = Tag("details")
    static let div = Tag("div")
    static let dl = Tag("dl"), dt = Tag("dt"), dd = Tag("dd")
    static let fieldset = Tag("fieldset"), legend = Tag("legend")
    static let footer = Tag("footer"), header = Tag("header"), main = Tag("main"), nav = Tag("nav")
    static let h1 = Tag("h1"), h2 = Tag("h2"), h3 = Tag("h3"), h4 = Tag("h4")
    static let ol = Tag("ol"), ul = Tag("ul"), li = Tag("li")
    static let p = Tag("p"), pre = Tag("pre")
    static let section = Tag("section"), summary = Tag("summary")
    static let table = Tag("table"), thead = Tag("thead"), tbody = Tag("tbody"), tr = Tag("tr")
    static let th = Tag("th"), td = Tag("td")
    static let title = Tag("title")
    static let svg = Tag("svg"), rect = inline("rect")
    static let a = inline("a"), bdi = inline("bdi"), button = inline("button"), code = inline("code")
    static let label = inline("label"), output = inline("output"), span = inline("span"), strong = inline("strong")
    static let time = inline("time")

    func callAsFunction(_ attributes: Attribute..., @HTMLBuilder content: () -> HTML = { .nothing }) -> HTML {
        HTML.element(name, attributes, content(), breaks: breaks)
    }

    func callAsFunction(_ attributes: [Attribute], @HTMLBuilder content: () -> HTML = { .nothing }) -> HTML {
        HTML.element(name, attributes, content(), breaks: breaks)
    }
}

/// An element without content.
struct VoidTag: Sendable {
    private let name: String

    private init(_ name: StaticString) { self.name = "\(name)" }

    static let input = VoidTag("input")
    static let meta = VoidTag("meta")

    func callAsFunction(_ attributes: Attribute...) -> HTML { HTML.element(name, attributes) }
    func callAsFunction(_ attributes: [Attribute]) -> HTML { HTML.element(name, attributes) }
}

/// Puts pieces after each other; a string among them is text.
@resultBuilder enum HTMLBuilder {
    static func buildExpression(_ html: HTML) -> HTML { html }
    static func buildExpression(_ text: String) -> HTML { HTML(text) }
    static func buildBlock(_ parts: HTML...) -> HTML { HTML(parts) }
    static func buildOptional(_ part: HTML?) -> HTML { part ?? .nothing }
    static func buildEither(first part: HTML) -> HTML { part }
    static func buildEither(second part: HTML) -> HTML { part }
    static func buildArray(_ parts: [HTML]) -> HTML { HTML(parts) }
}
