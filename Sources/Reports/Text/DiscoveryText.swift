internal import Discovery
internal import FleetModel

extension DiscoveryReport {
    package func rendered(width: Int, style: Style) -> String {
        var page = TextPage(width: width, style: style)
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
        line(
            Span(Printable.name(server.name), .strong),
            Span("  " + facts.joined(separator: ", "), server.reached == nil ? .error : nil),
            Span("  " + Printable.clean(server.address?.description ?? ""), .faint)
        )
    }

    private mutating func databases(_ databases: [FoundDatabase]) {
        guard !databases.isEmpty else {
            line(Span("    no databases", .faint))
            return
        }
        let heads = ["database", "class", "version", "tables", "rows", "size", "last change"]
        let rows = databases.map(Self.cells)
        var widths = heads.indices.map { column in ([heads] + rows).map { Printable.width($0[column]) }.max() ?? 0 }
        // Names give way first; nothing else can be cut without losing its meaning.
        for column in [2, 1, 0] {
            let excess = 6 + widths.reduce(0, +) + 2 * (widths.count - 1) - width
            if excess > 0 { widths[column] = max(12, widths[column] - excess) }
        }
        line(Span("      " + Self.aligned(heads, widths), .faint))
        for (database, row) in zip(databases, rows) {
            let mark = database.mark
            line(Span("    "), Span(mark.symbol + " ", mark.tint), Span(Self.aligned(row, widths)))
            if let reason = database.reason { paragraph([Span("        ")], Printable.clean(reason), .faint) }
        }
    }

    private static func cells(_ database: FoundDatabase) -> [String] {
        let isSeen = database.reason == nil
        let changed = [database.lastChange, database.lastWrite].compactMap(\.self).max()
        return [
            Printable.name(database.name), className(database), database.version.map(Printable.name) ?? "–",
            database.tables.map { "\($0.count)" } ?? "–", rows(database),
            Printable.size(isSeen ? database.observed.sizeBytes : nil),
            changed.map { Timestamp(milliseconds: $0).day } ?? "–",
        ]
    }

    private static func className(_ database: FoundDatabase) -> String {
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

    /// Numbers stand to the right of their column.
    private static func aligned(_ cells: [String], _ widths: [Int]) -> String {
        zip(cells, widths).enumerated().map { index, cell in
            let text = Printable.shortened(cell.0, to: cell.1)
            guard (3...5).contains(index) else { return Printable.padded(text, to: cell.1) }
            return String(repeating: " ", count: max(0, cell.1 - Printable.width(text))) + text
        }.joined(separator: "  ")
    }
}

extension FoundDatabase {
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
