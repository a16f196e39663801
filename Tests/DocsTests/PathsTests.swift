import SystemPackage
import Testing

@Suite struct `Paths in docs` {
    @Test(arguments: ["docs/architecture.md", "docs/safety.md", "CONTRIBUTING.md"])
    func `what a page names is there`(_ path: String) throws {
        let named = try Page(path).text.matches(
            of: #/(?:Sources|Tests|docs|scripts|environments|manifests)\/[A-Za-z0-9_.\/*+-]*[A-Za-z0-9_\/*]/#
        )
        #expect(named.count > 3)
        for match in named { #expect(exists(String(match.output)), "\(match.output)") }
    }

    @Test func `every link leads to a page, and to a heading of it`() throws {
        for page in try Page.all() {
            for link in page.links() {
                let folder = FilePath(page.path).removingLastComponent()
                let path = link.path.isEmpty ? page.path : folder.appending(link.path).lexicallyNormalized().string
                #expect(exists(path), "\(page.path): \(link.path)")
                guard let anchor = link.anchor, path.hasSuffix(".md"), exists(path) else { continue }
                #expect(try Page(path).anchors().contains(anchor), "\(page.path): \(link.path)#\(anchor)")
            }
        }
    }

    /// The pages in the order in which the table of contents has them.
    private func contents() throws -> [String] {
        try Page("docs/README.md").links().map(\.path).filter { $0.hasSuffix(".md") && !$0.contains("/") }
    }

    @Test func `the table of contents has every page of docs once`() throws {
        let pages = try Page.folder("docs").map { String($0.path.dropFirst("docs/".count)) }
        #expect(try contents().sorted() == pages.filter { $0 != "README.md" })
    }

    @Test func `every page of docs leads to the next one`() throws {
        let contents = try contents()
        for (page, next) in zip(contents, contents.dropFirst()) {
            let last = try Page("docs/\(page)").text.split(separator: "\n").last ?? ""
            #expect(
                last.hasPrefix("Next: [") && last.hasSuffix("](\(next))."),
                "docs/\(page) is to end: Next: […](\(next))."
            )
        }
    }

    @Test func `the index of decisions is complete, and says what they are called`() throws {
        let index = try Page("docs/decisions/README.md").text
        let linked = index.matches(of: #/\[([0-9]{4})\]\(([^)]+)\)/#).map { (number: String($0.1), file: String($0.2)) }
        #expect(linked.map(\.file) == (try namesOfFiles(in: "docs/decisions")).filter { $0 != "README.md" })
        for link in linked {
            #expect(link.file.hasPrefix(link.number))
            #expect(try Page("docs/decisions/\(link.file)").text.hasPrefix("# \(link.number) "))
        }
    }
}
