import FleetModel
import SystemPackage

extension ManifestDecoder {
    /// Which code the class is to agree with.
    mutating func expectation(_ pair: YAMLPair) -> Expectation? {
        let title = "\"expects\""
        let sources = ["sql", "command", "drizzle"]
        guard let fields = fields(of: pair.value, title, at: pair.key.range, allowed: sources + ["casing", "timeout"])
        else {
            return nil
        }
        let named = sources.filter { fields[$0] != nil }
        var source: Expectation.Source?
        if let node = fields["sql"] { source = fileInRoot(node, "sql").map { .sql($0.value) } }
        let casing = fields["casing"].flatMap { choice($0, "casing", as: Expectation.Casing.self) }
        if let node = fields["drizzle"] {
            source = fileOrFolderInRoot(node, "drizzle").map { .drizzle($0.value, casing: casing) }
        } else if let casing = fields.pair("casing") {
            fault(.wrongValue, "\"casing\" is for drizzle", at: casing.key.range)
        }
        let limit = fields["timeout"].flatMap { duration($0, "timeout", least: .milliseconds(1)) }
        if let node = fields["command"] {
            source = command(node).map {
                .command($0, folder: folder.string, timeLimit: limit ?? Expectation.timeLimit)
            }
        } else if let timeout = fields.pair("timeout") {
            fault(.wrongValue, "\"timeout\" is for a command", at: timeout.key.range)
        }
        guard named.count == 1 else {
            fault(.wrongValue, "\(title) must have one of sql, command and drizzle", at: pair.key.range)
            return nil
        }
        return source.map { Expectation($0, at: pair.key.range) }
    }
}
