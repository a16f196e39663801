/// Manifests and migrations that several tests begin with: a folder of files with variables in them.
///
/// A file `variables` at its top gives their defaults, a `NAME=VALUE` a line.
package struct Estate: Sendable {
    package var variables: [String: String] = [:]
    package var files: [Script.File] = []

    /// Reads an estate's files and sets its variables.
    ///
    /// - Parameters:
    ///   - words: its name, then `VARIABLE=VALUE`.
    ///   - folder: where the estates are, each a folder of its name.
    ///   - servers: variables that are known already, which its own values may use.
    /// - Throws: `Misstep` where there is no such estate, or a variable is not written as `NAME=VALUE`.
    package init(_ words: [String], in folder: String, servers: [String: String]) throws {
        guard let name = words.first, Files.names(in: "\(folder)/\(name)") != nil else {
            throw Misstep("there is no estate \(words.first ?? "") in \(folder)")
        }
        let defaults = (Files.text("\(folder)/\(name)/variables") ?? "").split(separator: "\n").map(String.init)
        for word in defaults + words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw Misstep("\(word) is no NAME=VALUE") }
            variables[parts[0]] = Self.expanded(parts[1], servers)
        }
        files = Files.all(below: "\(folder)/\(name)").filter { $0 != "variables" }.map { path in
            Script.File(path: path, content: Files.text("\(folder)/\(name)/\(path)") ?? "")
        }
    }

    package static func expanded(_ text: String, _ variables: [String: String]) -> String {
        guard text.contains("${") else { return text }
        return variables.reduce(text) { $0.replacing("${\($1.key)}", with: $1.value) }
    }
}
