internal import ArgumentParser

/// Puts flags that stand before the subcommand behind it, where ArgumentParser looks for them.
///
/// People type `reconcile -C DIR plan` as they type `git -C DIR log`.
enum Arguments {
    private static let withValue: Set<String> = [
        "-C", "--root", "--output", "--log-level", "--format", "--pg-bin", "--parallel", "--instance", "--database",
        "--scratch", "--allow",
    ]
    private static let ofTheProgram: Set<String> = ["-h", "--help", "-help", "--version", "--help-hidden"]

    static func ordered(_ arguments: [String], subcommands: [String: Set<String>]) -> [String] {
        var split = 0
        while split < arguments.count, arguments[split].hasPrefix("-"), arguments[split] != "--" {
            let word = arguments[split]
            if ofTheProgram.contains(word) || word.hasPrefix("--generate-completion-script") { return arguments }
            split += withValue.contains(word) ? 2 : 1
        }
        guard split > 0, split < arguments.count, let nested = subcommands[arguments[split]] else { return arguments }
        var end = split + 1
        if end < arguments.count, nested.contains(arguments[end]) { end += 1 }
        return Array(arguments[split..<end] + arguments[..<split] + arguments[end...])
    }
}

extension ReconcileCommand {
    /// The names of the subcommands, each with those of its own.
    static var subcommandNames: [String: Set<String>] {
        var names: [String: Set<String>] = [:]
        for command in configuration.subcommands {
            var nested: Set<String> = []
            for inner in command.configuration.subcommands { nested.insert(inner._commandName) }
            names[command._commandName] = nested
        }
        return names
    }
}
