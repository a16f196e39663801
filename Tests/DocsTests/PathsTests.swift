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

    @Test func `every link leads to a page`() throws {
        for page in try Page.all() {
            for match in page.text.matches(of: #/\]\(([^)#]+)(?:#[^)]*)?\)/#) where !match.1.contains("://") {
                let folder = FilePath(page.path).removingLastComponent()
                #expect(exists(folder.appending(String(match.1)).string), "\(page.path): \(match.1)")
            }
        }
    }

    @Test func `every page of docs is linked from the README`() throws {
        let readme = try Page("README.md").text
        for page in try Page.folder("docs") { #expect(readme.contains("(\(page.path))"), "\(page.path)") }
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
