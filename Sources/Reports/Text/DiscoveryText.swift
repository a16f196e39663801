internal import Discovery
internal import FleetModel

extension DiscoveryReport {
    package func rendered(width: Int, style: Style, detail: Detail = .folded) -> String {
        var page = TextPage(width: width, style: style, detail: detail)
        if servers.isEmpty { page.line(Span("No PostgreSQL server was found.")) }
        for server in servers {
            page.blank()
            page.server(server, InstanceDraft(server, passwordVariable: passwordVariable))
        }
        if !unseen.isEmpty {
            page.blank()
            page.line(Span("Not seen:", .strong))
            for what in unseen { page.paragraph([Span("  ? ", .warning)], Printable.clean(what)) }
        }
        return page.text
    }
}

extension TextPage {
    fileprivate mutating func server(_ server: FoundServer, _ draft: InstanceDraft?) {
        head(server)
        let reached = server.reached
        if case .unreached(let reason) = server.outcome {
            paragraph([Span("    ✗ ", .error)], Printable.clean(reason))
        }
        var facts: [String] = []
        if let container = server.candidate.container { facts.append("container of image \(container.image)") }
        if let cluster = server.candidate.cluster { facts.append("cluster \(cluster)") }
        if let folder = reached?.dataFolder ?? server.candidate.dataFolder { facts.append("data in \(folder)") }
        let others = server.addresses.filter { $0 != server.address }.map(\.description)
        if !others.isEmpty { facts.append("also at \(others.joined(separator: ", "))") }
        if reached?.facts.inRecovery == true { facts.append("a standby") }
        if !facts.isEmpty { paragraph([Span("    ")], Printable.clean(facts.joined(separator: "; ")), .faint) }
        if let declared = server.declaredAs {
            line(Span("    ✓ ", .good), Span("declared as \(Printable.clean(declared))"))
        }
        if let reached { databases(reached.databases) }
        guard server.declaredAs == nil, let draft else { return }
        line(Span("    ! ", .warning), Span("no manifest names it; below `instances:` it would be"))
        for text in draft.lines { line(Span("      " + Printable.clean(text))) }
    }

    private mutating func head(_ server: FoundServer) {
        var facts: [String] = []
        if let reached = server.reached {
            facts.append("PostgreSQL \(reached.facts.version)")
            facts.append(Printable.size(reached.databases.reduce(0) { $0 + $1.observed.sizeBytes }))
        } else {
            facts.append("not reached")
        }
        flow(
            [
                Span(Printable.name(server.name), .strong),
                Span("  " + facts.joined(separator: ", "), server.reached == nil ? .error : nil),
            ],
            indent: 4,
            last: Span("  " + Printable.clean(server.address?.description ?? ""), .faint)
        )
    }

    private mutating func databases(_ databases: [FoundDatabase]) {
        guard !databases.isEmpty else {
            line(Span("    no databases", .faint))
            return
        }
        let folds = detail == .folded && databases.count > mostUnfolded
        var groups = folds ? databases.grouped { Alike($0) } : [databases]
        // What was expected is read last.
        if folds { groups = groups.filter { !$0[0].isPlain } + groups.filter { $0[0].isPlain } }
        let rows = groups.flatMap { group in
            folds && group.count > mostListed ? [folded(group)] : group.map { row($0) }
        }
        table(
            TextTable(
                heads: ["database", "class", "version", "tables", "rows", "size", "last change"],
                numbers: 3...5,
                yielding: [2, 1, 0],
                leaving: [6, 5, 3, 4],
                rows: rows
            )
        )
    }

    private func row(_ database: FoundDatabase) -> TextTable.Row {
        let isSeen = database.reason == nil
        return TextTable.Row(
            mark: Span(database.mark.symbol + " ", database.mark.tint),
            cells: [
                Printable.name(database.name), Self.className(database), database.version.map(Printable.name) ?? "–",
                database.tables.map { "\($0.count)" } ?? "–", Self.rows(database),
                Printable.size(isSeen ? database.observed.sizeBytes : nil), Self.day([database]),
            ],
            note: database.reason.map(Printable.clean)
        )
    }

    /// Databases that are alike, as one row.
    private func folded(_ databases: [FoundDatabase]) -> TextTable.Row {
        let first = databases[0]
        let isSeen = first.reason == nil
        let rows = databases.compactMap(\.rows).reduce(0, +)
        let isPartial = databases.contains { $0.notAnalyzed > 0 }
        let estimate = rows == 0 && isPartial ? "?" : "\(isPartial ? "≥ " : "~")\(rows)"
        let names = list(databases.map(\.name))
        return TextTable.Row(
            mark: Span(first.mark.symbol + " ", first.mark.tint),
            cells: [
                "\(databases.count) databases", Self.className(first), first.version.map(Printable.name) ?? "–",
                databases.compactMap { $0.tables?.count }.span, isSeen ? estimate : "–",
                Printable.size(isSeen ? databases.reduce(0) { $0 + $1.observed.sizeBytes } : nil), Self.day(databases),
            ],
            note: names + (first.reason.map { "; of the first: " + Printable.clean($0) } ?? "")
        )
    }

    private static func day(_ databases: [FoundDatabase]) -> String {
        let changed = databases.flatMap { [$0.lastChange, $0.lastWrite].compactMap(\.self) }.max()
        return changed.map { Timestamp(milliseconds: $0).day } ?? "–"
    }

    /// What databases share that one row may stand for.
    private struct Alike: Hashable {
        var mark: String
        var className: String
        var version: String?

        init(_ database: FoundDatabase) {
            mark = database.mark.symbol
            className = TextPage.className(database)
            version = database.version
        }
    }

    fileprivate static func className(_ database: FoundDatabase) -> String {
        switch database.likeness {
        case .none: "–"
        case .empty: "empty"
        case .exact(let name, _), .likely(let name, _, _, _): Printable.name(name)
        case .mixture(let shares):
            shares.map { "\(Printable.name($0.className)) \($0.tables)" }.joined(separator: " + ")
        }
    }

    private static func rows(_ database: FoundDatabase) -> String {
        guard let rows = database.rows, let tables = database.tables, !tables.isEmpty else { return "–" }
        if rows == 0, database.notAnalyzed > 0 { return "?" }
        return (database.notAnalyzed > 0 ? "≥ " : "~") + String(rows)
    }
}

extension FoundDatabase {
    /// Whether it is just what a migration makes.
    fileprivate var isPlain: Bool {
        if case .exact = likeness { return reason == nil }
        return false
    }

    fileprivate var mark: (symbol: String, tint: Tint) {
        if reason != nil { return ("?", .error) }
        switch likeness {
        case .none: return ("!", .warning)
        case .empty: return ("·", .faint)
        case .exact: return ("✓", .good)
        case .likely: return ("~", .warning)
        case .mixture: return ("✗", .error)
        }
    }
}
