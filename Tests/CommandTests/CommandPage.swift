import Effects
import FleetModel
import TestSupport

/// `docs/commands.md`: what the program's own help says, between comments, and around it what a person wrote.
///
/// ```
/// <!-- help: plan -->
/// …
/// <!-- end of help -->
/// ```
struct CommandPage {
    static let common = "flags of many commands"

    /// Each command's part, in the order of the help, and last the flags that many of them have.
    var parts: [(name: String, text: String)] = []

    /// Asks the program.
    init() async throws {
        let dump = try JSONValue(parsing: try await Self.ask(["--experimental-dump-help"]).utf8)
        let commands = Self.leaves(of: dump["command"], below: [])
        let all = commands.flatMap(\.flags)
        let count = { (flag: Flag) in all.count { $0 == flag } }
        let isCommon = { (flag: Flag) in count(flag) * 2 > commands.count }
        let isUniversal = { (flag: Flag) in count(flag) == commands.count }
        for command in commands {
            let help = try await Self.ask(command.name.split(separator: " ").map(String.init) + ["--help"])
            let text = command.text(
                help: help,
                own: command.flags.filter { !isCommon($0) },
                common: command.flags.filter { isCommon($0) && !isUniversal($0) }
            )
            parts.append((command.name, text))
        }
        var common: [Flag] = []
        for flag in all where isCommon(flag) && !common.contains(flag) { common.append(flag) }
        let ofAll = Flag.table(common.filter { isUniversal($0) })
        let ofMany = Flag.table(common.filter { !isUniversal($0) })
        parts.append((Self.common, "Of all:\n\n\(ofAll)\nOf those that name them:\n\n\(ofMany)"))
    }

    /// The page with every part as the help has it now; a command that it lacks gets a section at its end.
    func brought(_ page: String) -> String {
        parts.reduce(page) { page, part in
            let opening = Self.opening(part.name)
            let text = "\(opening)\n\(part.text)\(Self.closing)"
            guard let start = page.firstRange(of: opening),
                let end = page[start.upperBound...].firstRange(of: Self.closing)
            else { return page + "\n## \(part.name)\n\n\(text)\n" }
            return String(page[..<start.lowerBound]) + text + String(page[end.upperBound...])
        }
    }

    static func opening(_ name: String) -> String { "<!-- help: \(name) -->" }
    static let closing = "<!-- end of help -->"

    private static func ask(_ arguments: [String]) async throws -> String {
        let command = Command(
            TestPrograms.reconcile,
            arguments,
            environment: TestPrograms.environment(home: "/"),
            timeLimit: .seconds(20)
        )
        let result = try await command.run()
        guard result.status == 0 else { throw ProgramFailure("reconcile", result) }
        return result.outputText
    }

    private static func leaves(of command: JSONValue?, below names: [String]) -> [HelpedCommand] {
        guard let command, let name = command["commandName"]?.words, name != "help" else { return [] }
        let below = command["subcommands"]?.items ?? []
        let path = names.isEmpty && name == "reconcile" ? [] : names + [name]
        return below.isEmpty
            ? [HelpedCommand(name: path.joined(separator: " "), help: command)]
            : below.flatMap { leaves(of: $0, below: path) }
    }
}

/// One command as the help knows it.
private struct HelpedCommand {
    let name: String
    let purpose: String
    let discussion: String
    let flags: [Flag]

    init(name: String, help: JSONValue) {
        self.name = name
        purpose = help["abstract"]?.words ?? ""
        // The help's examples are not run; those of the page are.
        discussion = (help["discussion"]?.words ?? "").components(upTo: "EXAMPLES")
        flags = (help["arguments"]?.items ?? []).filter { $0["shouldDisplay"] != .bool(false) }.map(Flag.init)
    }

    func text(help: String, own: [Flag], common: [Flag]) -> String {
        let usage = help.split(separator: "\n").first { $0.hasPrefix("USAGE: ") }?.dropFirst("USAGE: ".count) ?? ""
        let named = ["those of all"] + common.compactMap(\.names.last).map { "`\($0)`" }
        var text = "\(purpose)\n\n"
        if !discussion.isEmpty { text += discussion + "\n\n" }
        text += "```text\n\(usage)\n```\n\n"
        if !own.isEmpty { text += Flag.table(own) + "\n" }
        return text + "And [flags of many commands](#flags-of-many-commands): \(named.joined(separator: ", ")).\n"
    }
}

/// An argument or a flag.
private struct Flag: Equatable {
    /// `-C`, `--root`; of an argument what stands for it.
    let names: [String]
    let value: String?
    let meaning: String

    init(_ help: JSONValue) {
        let value = help["valueName"]?.words ?? ""
        let isPositional = help["kind"]?.words == "positional"
        names =
            isPositional
            ? [value]
            : (help["names"]?.items ?? []).compactMap { name in
                name["name"]?.words.map { (name["kind"]?.words == "long" ? "--" : "-") + $0 }
            }
        self.value = help["kind"]?.words == "option" ? value : nil
        var meaning = help["abstract"]?.words ?? ""
        if let values = help["allValues"]?.items {
            meaning += " One of " + values.compactMap(\.words).map { "`\($0)`" }.joined(separator: ", ") + "."
        }
        if let standard = help["defaultValue"]?.words, !isPositional { meaning += " Else `\(standard)`." }
        self.meaning = meaning
    }

    static func table(_ flags: [Flag]) -> String {
        flags.reduce(into: "| flag | meaning |\n|---|---|\n") { table, flag in
            let names = flag.names.map { "`\($0)`" }.joined(separator: ", ")
            let value = flag.value.map { " *\($0)*" } ?? ""
            // A bar would end the cell.
            table += "| \(names)\(value) | \(flag.meaning) |\n".replacing("ENV|FILE", with: "ENV\\|FILE")
        }
    }
}

extension JSONValue {
    fileprivate var words: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    fileprivate var items: [JSONValue]? {
        guard case .array(let values) = self else { return nil }
        return values
    }
}

extension String {
    fileprivate func components(upTo mark: String) -> String {
        var text = firstRange(of: mark).map { String(self[..<$0.lowerBound]) } ?? self
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
