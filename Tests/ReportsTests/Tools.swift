import Effects
import Glibc
import Testing

/// Programs that know a format better than we do: GitHub's own renderer of Markdown, and a reader of XML.
struct Tool {
    static let cmark = Tool("cmark-gfm")
    static let xmllint = Tool("xmllint")

    /// Nil where the machine has it not; `scripts/bootstrap --tests` installs both.
    let path: String?

    private init(_ name: String) {
        path = (ProcessEnvironment.value("PATH") ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }

    func run(_ arguments: [String], _ input: String) async throws -> CommandResult {
        let path = try #require(path)
        return try await Command(path, arguments, timeLimit: .seconds(20)).run(input: Array(input.utf8))
    }
}
