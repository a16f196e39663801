import Effects
import Testing
import TestSupport

/// The README and the pages of `docs/`: what they tell a reader to type is typed, and what they show is what is printed.
///
/// `ONLY=part-of-a-path,…` types those pages alone.
@Suite struct HandbookTests {
    static let project = Here.folder("").split(separator: "/").dropLast(2).reduce(into: "") { $0 += "/\($1)" }

    static let pages: [HandbookPage] =
        (["README.md", "CONTRIBUTING.md"]
        + Files.all(below: "\(project)/docs").filter { $0.hasSuffix(".md") }.map { "docs/\($0)" })
        .map { HandbookPage($0, parsing: Files.text("\(project)/\($0)") ?? "") }

    static let staged = Here.wanted(pages.filter { $0.stage != nil }.map(\.path))

    @Test(.timeLimit(.minutes(2)), arguments: staged)
    func `a page's commands do what it shows`(path: String) async throws {
        let page = try #require(Self.pages.first { $0.path == path })
        let stage = "\(Here.folder("Stages"))/\(try #require(page.stage)).txtar"
        let text = try #require(Files.text(stage), "\(path) names a stage that is not there: \(stage)")
        let script = try Script(parsing: text.replacing("${project}", with: Self.project))
        try await ScriptSession.play(script, estates: Here.folder("Estates"), page: page)
    }

    @Test func `every block is typed, or the page says why not`() {
        for page in Self.pages where page.stage == nil {
            for block in page.blocks {
                guard case .notRun = block.use else {
                    Issue.record("\(page.path):\(block.line): no stage is named, and no reason why it is not run")
                    continue
                }
            }
        }
    }

    /// What no test types, so that a block is not marked in passing.
    @Test func `these blocks are not run`() {
        let left = Self.pages.flatMap { page in
            page.blocks.compactMap { block in
                if case .notRun(let why) = block.use { "\(page.path): \(why)" } else { nil }
            }
        }
        #expect(left == Self.notRun)
    }

    static let notRun = [
        "README.md: production moves for a minute, out of a container behind ssh; the demo below does it",
        "README.md: the demo takes minutes, and the tests are these",
        "README.md: it installs the program on this machine and looks at all servers of it",
        "docs/start.md: the test has a private server of its own in this place",
    ]

    @Test func `the page of commands is what the program's help says`() async throws {
        let path = "\(Self.project)/docs/commands.md"
        let page = try #require(Files.text(path))
        let help = try await CommandPage()
        let brought = help.brought(page)
        if brought != page, ProcessEnvironment.value("RECORD") != nil {
            try Files.write(brought, to: path)
            Issue.record("recorded docs/commands.md: look at the difference")
        }
        #expect(brought == page, "`make record` writes it anew: \(Difference.between(page, brought))")
        let sections = page.matches(of: #/\n## ([^\n]+)\n/#).map { String($0.1) }
        #expect(sections.filter { $0.first?.isLowercase == true } == help.parts.dropLast().map(\.name))
    }

    @Test func `the page of commands says of each how it ends, and shows it`() throws {
        let statuses = Set(
            try #require(Files.text("\(Self.project)/docs/exit-statuses.md"))
                .matches(of: #/(?m)^\| (\d+) \|/#).map { String($0.1) }
        )
        let page = try #require(Files.text("\(Self.project)/docs/commands.md"))
        for section in page.split(separator: "\n## ").dropFirst() where section.first?.isLowercase == true {
            let name = section.prefix { $0 != "\n" }
            let ending = try #require(section.firstMatch(of: #/\nEnds with (?:[^`]|`[^`]*`)+?\.\n/#), "\(name)").output
            for number in ending.matches(of: #/\b\d+\b/#) {
                #expect(statuses.contains(String(number.output)), "\(name)")
            }
            #expect(section.contains("\n$ reconcile \(name)"), "\(name) has no example")
        }
    }
}
