/// The SQL of `docs/least-privilege.md`, so that the page and what is tested cannot part.
package enum LeastPrivilege {
    /// The login that the page makes.
    package static let login = "reconcile"

    /// What a superuser runs once on a server, for databases of these owners, who exist.
    ///
    /// - Throws: `Misstep` where the page has no such block.
    package static func statements(owners: [String]) throws -> String {
        try owners.reduce(into: try block("login")) { all, owner in
            all += try block("owner").replacing("app", with: "\"\(owner.replacing("\"", with: "\"\""))\"")
        }
    }

    /// The block of SQL below `<!-- sql: NAME -->`.
    package static func block(_ name: String) throws -> String {
        let page =
            #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/\($1)" } + "/docs/least-privilege.md"
        let lines = (Files.text(page) ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        guard let mark = lines.firstIndex(of: "<!-- sql: \(name) -->"), lines.dropFirst(mark + 1).first == "```sql"
        else {
            throw Misstep("\(page) has no block of SQL called \(name)")
        }
        return lines.dropFirst(mark + 2).prefix { $0 != "```" }.map { $0 + "\n" }.joined()
    }
}
