internal import Effects

/// Where pages that more than one target plays are.
package enum Here {
    /// The names that `ONLY=part-of-a-name,…` asks for; all where it asks for none.
    package static func wanted(_ names: [String]) -> [String] {
        guard let only = ProcessEnvironment.value("ONLY")?.split(separator: ",") else { return names }
        return names.filter { name in only.contains { name.contains($0) } }
    }

    /// A folder of the tests of commands.
    package static func folder(_ name: String, file: String = #filePath) -> String {
        file.split(separator: "/").dropLast(2).reduce(into: "") { $0 += "/\($1)" } + "/CommandTests/\(name)"
    }
}
