import Effects
import FleetFixtures
import FleetModel
import Planning
import Reports
import Testing

@Suite struct MarkdownTests {
    @Test(arguments: PlanTextTests.all.map(\.0))
    func `comments read as recorded`(name: String) throws {
        let plan = try #require(PlanTextTests.all.first { $0.0 == name }?.1)
        try expectGolden(PlanMarkdown(plan).rendered(), "\(name)-plan.md")
        try expectGolden(InventoryMarkdown(plan).rendered(), "\(name)-inventory.md")
    }

    @Test func `hostile names read as recorded`() throws {
        let name = "`</details>` @team | [x](https://evil.example) <img src=x>\n# \u{202E}"
        try expectGolden(PlanMarkdown(Hostile.plan(name)).rendered(), "hostile-plan.md")
        try expectGolden(DiagnosticsMarkdown(Hostile.diagnostics(name)).rendered(), "hostile-diagnostics.md")
    }

    @Test func `a thousand databases read as recorded`() throws {
        try expectGolden(PlanMarkdown(Large.fleet).rendered(), "large-plan.md")
        try expectGolden(InventoryMarkdown(Large.fleet).rendered(), "large-inventory.md")
    }

    @Test(arguments: [65_000, 5_000])
    func `a page fits, and says what it left out`(limit: Int) throws {
        for plan in [Large.fleet, Large.scattered] {
            for text in [
                PlanMarkdown(plan).rendered(limit: limit), InventoryMarkdown(plan).rendered(limit: limit),
            ] {
                #expect(text.utf16.count <= limit)
                #expect(text.hasPrefix("## "))
            }
        }
        let text = PlanMarkdown(Large.scattered).rendered(limit: limit)
        let lines = text.split(separator: "\n")
        let folded = try #require(lines.last { $0.hasPrefix("**Folded to fit a comment:**") })
        let left = folded.split(separator: " ").reversed().drop { !$0.hasPrefix("cohorts") }.dropFirst().first
        let shown = lines.count { $0.hasPrefix("**`c") }
        #expect(shown + (left.flatMap { Int($0) } ?? 0) == Large.scattered.environments[0].cohorts.count)
    }

    @Test func `the verdict comes first`() {
        for (plan, words) in [
            (PlanTextTests.converged, "## ✓ Nothing to do"), (PlanTextTests.moving, "## ✗ Refused in `production`"),
            (PlanTextTests.refusals, "## ? Not every instance was reached in `production`"),
        ] {
            #expect(PlanMarkdown(plan).rendered().hasPrefix(words))
        }
    }

    @Test func `words are told from names, and backticks in pairs are code`() {
        for (text, markdown) in [
            ("set policy `repair: rebuild` or (mend it)", "set policy `repair: rebuild` or (mend it)"),
            ("class \"master\", not @team", "class \"master\", not `@team`"),
            ("lone ` backtick", "lone `` ` `` backtick"),
            ("see https://evil.example/a b.", "see `https://evil.example/a` b."),
            ("4 of 12, 15.3", "4 of 12, 15.3"),
        ] {
            let plan = Plan(
                toolVersion: "",
                createdAt: 0,
                gitCommit: nil,
                environments: [
                    EnvironmentPlan(
                        name: "e",
                        role: .testing,
                        instances: [
                            PlannedInstance(
                                name: "i",
                                address: "",
                                reachable: true,
                                serverVersion: nil,
                                systemIdentifier: nil,
                                state: .active,
                                sizeBytes: nil
                            )
                        ],
                        findings: [Finding(.notInspected, .info, instance: "i", message: text)]
                    )
                ]
            )
            #expect(PlanMarkdown(plan).rendered().contains("`not-inspected` `i`: \(markdown)\n"), "\(text)")
        }
    }
}

/// What GitHub's own renderer makes of it.
@Suite(.enabled("cmark-gfm must be installed") { Tool.cmark.path != nil })
struct RenderedMarkdownTests {
    private static let tags: Set<String> = [
        "h2", "h3", "h4", "p", "ul", "li", "strong", "code", "pre", "br", "details", "summary", "table", "thead",
        "tbody", "tr", "th", "td",
    ]

    @Test(arguments: Hostile.names)
    func `nothing arises from data but text`(name: String) async throws {
        let plan = Hostile.plan(name)
        let pages = [
            PlanMarkdown(plan).rendered(), InventoryMarkdown(plan).rendered(),
            DiagnosticsMarkdown(Hostile.diagnostics(name)).rendered(),
            ComparisonMarkdown(Hostile.comparison(name)).rendered(),
        ]
        try await expectHarmless(pages.joined(separator: "\n"), name.debugDescription)
        for text in pages {
            for scalar in text.unicodeScalars where scalar != "\n" {
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: Issue.record("\(scalar.value) in \(text)")
                default: break
                }
            }
        }
    }

    @Test func `nor from all of them after one another`() async throws {
        let plan = Hostile.plan(Hostile.names.joined(separator: " "))
        try await expectHarmless(PlanMarkdown(plan).rendered(), "plan")
        try await expectHarmless(InventoryMarkdown(plan).rendered(), "inventory")
        try await expectHarmless(PlanMarkdown(Hostile.plan(Hostile.names.joined())).rendered(), "plan")
    }

    @Test func `what is shown has the shape that is meant`() async throws {
        let html = try await rendered(PlanMarkdown(PlanTextTests.refusals).rendered())
        #expect(html.split(separator: "<details>").count == 3)
        #expect(html.split(separator: "<table>").count == 6)
        #expect(html.contains("<pre><code class=\"language-sql\">") || html.contains("<pre lang=\"sql\"><code>"))
    }

    private func rendered(_ markdown: String) async throws -> String {
        let result = try await Tool.cmark.run(
            ["--unsafe", "-e", "table", "-e", "strikethrough", "-e", "autolink", "-e", "tasklist", "-e", "footnotes"],
            markdown
        )
        #expect(result.status == 0, "\(result.errors)")
        return result.outputText
    }

    /// Only elements we wrote, in the number in which we wrote them; outside code nothing that a forge looks for.
    private func expectHarmless(_ markdown: String, _ what: String, location: SourceLocation = #_sourceLocation)
        async throws
    {
        let html = try await rendered(markdown)
        var open: [String] = []
        var text = ""
        for (index, piece) in html.split(separator: "<", omittingEmptySubsequences: false).enumerated() {
            let parts = piece.split(separator: ">", maxSplits: 1, omittingEmptySubsequences: false)
            // The renderer writes `<` and `>` of texts as entities: each begins or ends a tag here.
            if index > 0 {
                let tag = String(parts[0])
                let isEnd = tag.hasPrefix("/")
                let name = String(tag.drop { $0 == "/" }.prefix { $0 != " " })
                #expect(Self.tags.contains(name), "\(what): <\(tag)>", sourceLocation: location)
                let attributes = tag.drop { $0 == "/" }.dropFirst(name.count)
                let isKnown =
                    ["", " /", " class=\"language-sql\"", " lang=\"sql\""].contains(attributes)
                    || attributes.hasPrefix(" align=\"")
                #expect(isKnown, "\(what): <\(tag)>", sourceLocation: location)
                if ["code", "details"].contains(name) {
                    if isEnd {
                        #expect(open.popLast() == name, "\(what)", sourceLocation: location)
                    } else {
                        open.append(name)
                    }
                }
            }
            if let rest = parts.last, index == 0 || parts.count == 2, !open.contains("code") { text += rest + " " }
        }
        #expect(open.isEmpty, "\(what)", sourceLocation: location)
        for mark in ["@", "`", "[", "]", "|", "://", "www.", "GH-", "$", "~~", "**", ".example"] {
            #expect(!text.contains(mark), "\(what): \(mark) in \(text)", sourceLocation: location)
        }
        for (mark, next) in zip(text.unicodeScalars, text.unicodeScalars.dropFirst()) where mark == "#" || mark == ":" {
            let isReference = mark == "#" ? ("0"..."9").contains(next) : next.properties.isAlphabetic
            #expect(!isReference, "\(what): \(mark)\(next)", sourceLocation: location)
        }
    }
}
