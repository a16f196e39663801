internal import Applying
internal import FleetModel
internal import Planning
internal import Servers

/// Which class's history a database holds, known once its server has answered the entries' questions.
struct HistoryGuess: Sendable {
    private let entries: [(selector: DatabaseEntry.Selector, instance: String, glob: Glob?, history: HistoryQuery?)]
    private let retiring: Set<String>

    init(_ environment: Environment, _ contexts: [String: ClassContext]) {
        entries = environment.entries.map { entry in
            var glob: Glob?
            if case .match(let pattern) = entry.selector.value { glob = Glob(pattern) }
            return (entry.selector.value, entry.instance.value, glob, contexts[entry.className.value]?.historyQuery)
        }
        retiring = Set(environment.instances.filter { $0.state == .retiring }.map(\.name.value))
    }

    func query(instance: String, database: String, _ facts: ServerFacts) -> HistoryQuery? {
        for (index, entry) in entries.enumerated() where entry.instance == instance || retiring.contains(instance) {
            let isClaimed =
                switch entry.selector {
                case .names(let names): names.contains { $0.utf8.elementsEqual(database.utf8) }
                case .match: entry.glob?.matches(database) == true
                case .query:
                    facts.queriedNames[index]?.names?.contains { $0.utf8.elementsEqual(database.utf8) } == true
                }
            if isClaimed { return entry.history }
        }
        return nil
    }
}

extension HistoryGuess {
    /// The table such a history is read from, and which of its columns.
    func name(instance: String, database: String, _ facts: ServerFacts) -> String? {
        query(instance: instance, database: database, facts).map {
            "\($0.schema).\($0.table) (\($0.columns.joined(separator: ", ")))"
        }
    }
}
