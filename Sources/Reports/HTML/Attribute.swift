/// An attribute of an element: a closed list, none of which a browser runs, loads or sends.
struct Attribute: Sendable {
    /// Nil where there is to be none.
    let name: String?
    let value: String?

    private init(_ name: StaticString, _ value: String?) {
        self.name = "\(name)"
        self.value = value
    }

    private init() {
        name = nil
        value = nil
    }

    static let none = Attribute()

    static func id(_ anchor: Anchor) -> Attribute { Attribute("id", anchor.id) }
    /// To a place in this page; there are no others.
    static func href(_ anchor: Anchor) -> Attribute { Attribute("href", "#" + anchor.id) }
    static func `class`(_ names: String...) -> Attribute {
        Attribute("class", names.filter { !$0.isEmpty }.joined(separator: " "))
    }
    static func title(_ text: String) -> Attribute { Attribute("title", text) }
    static func open(if isOpen: Bool) -> Attribute { isOpen ? Attribute("open", nil) : .none }
    /// Shown by the page's script only: without it, it would do nothing.
    static let needsScript = [Attribute("hidden", nil), Attribute("data-needs-script", nil)]
    /// What `is:` in the filter finds it by.
    static func states(_ words: [String]) -> Attribute { Attribute("data-is", words.joined(separator: " ")) }
    /// What following the link writes into the filter.
    static func filter(_ words: String) -> Attribute { Attribute("data-filter", words) }
    static func action(_ name: StaticString) -> Attribute { Attribute("data-action", "\(name)") }

    // Tables.
    enum Scope: String { case column = "col", columns = "colgroup", row }
    static func scope(_ scope: Scope) -> Attribute { Attribute("scope", scope.rawValue) }
    static func span(columns: Int) -> Attribute { columns == 1 ? .none : Attribute("colspan", "\(columns)") }
    static func span(rows: Int) -> Attribute { rows == 1 ? .none : Attribute("rowspan", "\(rows)") }

    // What is said to those who do not see the page.
    static func label(_ text: String) -> Attribute { Attribute("aria-label", text) }
    static func labelled(by anchor: Anchor) -> Attribute { Attribute("aria-labelledby", anchor.id) }
    static func role(_ name: StaticString) -> Attribute { Attribute("role", "\(name)") }
    static let decorative = Attribute("aria-hidden", "true")
    static let list = Attribute("role", "list")
    static let focusable = Attribute("tabindex", "0")
    /// A place that a link can bring the focus to.
    static let target = Attribute("tabindex", "-1")

    // Controls.
    static func type(_ name: StaticString) -> Attribute { Attribute("type", "\(name)") }
    static func name(_ name: StaticString) -> Attribute { Attribute("name", "\(name)") }
    static func value(_ text: StaticString) -> Attribute { Attribute("value", "\(text)") }
    static func placeholder(_ text: StaticString) -> Attribute { Attribute("placeholder", "\(text)") }
    static func `for`(_ anchor: Anchor) -> Attribute { Attribute("for", anchor.id) }
    static let checked = Attribute("checked", nil)
    static let noCompletion = [Attribute("autocomplete", "off"), Attribute("spellcheck", "false")]

    // The head.
    static let utf8 = Attribute("charset", "utf-8")
    static func header(_ name: StaticString) -> Attribute { Attribute("http-equiv", "\(name)") }
    static func content(_ text: String) -> Attribute { Attribute("content", text) }

    // Pictures.
    static func viewBox(width: Int, height: Int) -> Attribute { Attribute("viewBox", "0 0 \(width) \(height)") }
    static let stretched = Attribute("preserveAspectRatio", "none")
    static func x(_ number: Int) -> Attribute { Attribute("x", "\(number)") }
    static func width(_ number: Int) -> Attribute { Attribute("width", "\(number)") }
    static func height(_ number: Int) -> Attribute { Attribute("height", "\(number)") }
}
