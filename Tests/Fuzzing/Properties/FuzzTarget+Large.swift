// Files about as large as their readers take them, of what makes a careless reader slow, or hungry for memory.
extension FuzzTarget {
    /// A text that is as long as somebody likes.
    package struct Large: Sendable {
        package var name: String
        private var head: String
        private var unit: String
        private var middle: String
        private var closing: String
        private var tail: String
        private var most: Int

        /// `unit` again and again, and where something closes it, `closing` as often.
        fileprivate init(
            _ name: String,
            _ unit: String,
            head: String = "",
            middle: String = "",
            closing: String = "",
            tail: String = "",
            most: Int = .max
        ) {
            self.name = name
            self.head = head
            self.unit = unit
            self.middle = middle
            self.closing = closing
            self.tail = tail
            self.most = most
        }

        package func bytes(_ size: Int) -> [UInt8] {
            let room = size - head.utf8.count - middle.utf8.count - tail.utf8.count
            let count = min(most, max(1, room / (unit.utf8.count + closing.utf8.count)))
            let text = head + String(repeating: unit, count: count) + middle
            return Array((text + String(repeating: closing, count: count) + tail).utf8)
        }
    }

    /// What a reader of this kind is given; a migration's first byte chooses its format.
    package var large: [Large] {
        switch self {
        case .manifest: Self.manifests
        case .plan: Self.documents
        case .splitter: Self.statements
        case .migration: Self.migrations
        case .journal: Self.journals
        case .typescript: Self.definitions
        }
    }

    /// How large a file this reader takes, or a size that shows what would become of more.
    package var largest: Int {
        switch self {
        case .manifest: 990_000
        case .typescript, .journal, .migration: 4 << 20
        case .plan, .splitter: 2 << 20
        }
    }

    private static let manifests = [
        Large("tabs in a text", "\t", head: "a: \"", tail: "\""),
        Large("tabs before comments", "a: b\t#\n- "),
        Large("lists in lists", "[", closing: "]"),
        Large("mappings as keys", "{? "),
        Large("anchors", "&a [*a, "),
        Large("faults", "a: *b\n"),
        Large("keys", "aa: b, ", head: "{", tail: "}"),
        Large("documents", "--- {a: b}\n"),
        Large("line breaks in a text", "\n", head: "a: \"", tail: "\"\nb: *c\n"),
        claims,
    ]

    /// Two environments of one server: each pattern of one claims each name of the other.
    private static let claims: Large = {
        func environment(_ name: String) -> String {
            """
            apiVersion: reconcile/v1
            kind: Environment
            name: \(name)
            role: development
            instances: {one: {connection: {host: db, port: 1, user: u, dbname: d}}}
            databases:

            """
        }
        func entry(_ selector: String) -> String { "- {\(selector), class: hub, version: latest, instance: one}\n" }
        let names = (0..<2000).map { "n\($0)" }.joined(separator: ", ")
        return Large(
            "claims",
            entry("match: \"n*\""),
            head: environment("a") + entry("names: [\(names)]") + "---\n" + environment("b"),
            // A file may have 50,000 nodes.
            most: 1000
        )
    }()

    private static let documents = [
        Large("lists in lists", "[", closing: "]"),
        Large("numbers", "1,", head: "[", tail: "1]"),
        Large("escapes", "\\u00e9", head: "\"", tail: "\""),
        Large("surrogates", "\\ud83d\\ude00", head: "\"", tail: "\""),
        Large("objects", "{\"a\":1},", head: "{\"environments\":[", tail: "1]}"),
    ]

    private static let statements = [
        Large("statements", "a;"), Large("parentheses", "("), Large("comments in comments", "/*", closing: "*/"),
        Large("dollars", "$"), Large("tags", "$a"), Large("closed tags", "$a$;"), Large("quotes", "'"),
        Large("continued strings", "E'a'\n--\n"), Large("line breaks", "\n"),
        Large("copies", "copy a from stdin;\n\\.\n"),
        Large("bodies", "create function a() begin atomic case ", tail: "end"),
    ]

    private static let migrations = [
        Large("breaks", "a\n--> statement-breakpoint\n", head: "\u{1}"),
        Large("statements", "a;", head: "\u{0}"),
        Large("faults on one line", "\\ ", head: "\u{0}"),
        Large("breaks in one text", "--> statement-breakpoint", head: "\u{1}'", tail: "'"),
        Large("beginnings", "-- +goose Up\n", head: "\u{3}"),
        Large("marks", "-- migrate:up a\n", head: "\u{4}"),
        Large("bodies in bodies", "do $a$ ", head: "\u{0}"),
        Large("roles", "create role a;\n", head: "\u{0}"),
    ]

    private static let journals: [Large] = {
        let head = #"{"version": "7", "dialect": "postgresql", "entries": ["#
        let entry = #"{"idx": 0, "when": 1, "tag": "0000_a"}"#
        return [
            Large("entries on one line", entry + ",", head: head, tail: entry + "]}"),
            Large("numbers", "1,", head: head, tail: "1]}"),
            Large("lists in lists", "[", closing: "]"),
            Large("a long key", "a", head: #"{""#, tail: #"": ["# + String(repeating: "1,", count: 10_000) + "1]}"),
        ]
    }()

    private static let definitions = [
        Large("divisions", "/[", head: "a="), Large("escaped divisions", "/\\", head: "a="),
        Large("lists of imports", "import{{", closing: "}}"), Large("less", "a<"),
        Large("parentheses", "(", closing: ")"),
        Large("templates", "${`", head: "`"), Large("constants", "const a = b\n"), Large("assignments", "var a=["),
        Large("strings", "\"a\","),
        Large("members", ".a", head: "const a = b", tail: "\n" + String(repeating: "a()\n", count: 20_000)),
        Large(
            "one builder for all",
            ".a()",
            head: "const a = text()",
            tail: "\nexport const b = pgTable(\"b\", {" + String(repeating: "c: a,", count: 20_000) + "})"
        ),
        Large(
            "spread in one another",
            "...a,",
            head: "const a = {b: text(), c: text()}\nexport const d = pgTable(\"d\", {",
            tail: "})"
        ),
    ]
}
