internal import FleetModel
internal import Postgres

/// What is not of the catalog, but of the one database.
extension CatalogReading {
    /// Places in `relations` of the tables with a page on disk; a partitioned table has what its partitions have.
    func nonEmpty(_ tables: [UInt32]) -> Set<Int> {
        guard let (_, rows) = of(.relation) else { return [] }
        var full: Set<UInt32> = []
        let parents = parents()
        for (oid, relation) in relations where hasPages(rows, relation.row) {
            full.insert(oid)
            var rest = parents[oid] ?? []
            while let parent = rest.popLast() {
                if full.insert(parent).inserted { rest += parents[parent] ?? [] }
            }
        }
        return Set(tables.indices.filter { full.contains(tables[$0]) })
    }

    private func hasPages(_ rows: CopyRows, _ row: Int) -> Bool {
        func isZero(_ place: Int) -> Bool { rows.isNull(row, place) || rows.cell(row, place).elementsEqual([48]) }
        return !isZero(layout.columns.pages) || !isZero(layout.columns.size)
    }

    /// What the user's relations take on disk, by the pages that the server last counted.
    var relationBytes: Int64 {
        guard let (_, rows) = of(.relation) else { return 0 }
        func number(_ row: Int, _ place: Int) -> Int64 {
            Int64(String(decoding: rows.cell(row, place), as: UTF8.self)) ?? 0
        }
        return (0..<rows.count).reduce(0) { sum, row in
            // Blocks are of 8 KiB wherever a server was not built for others.
            sum + number(row, layout.columns.pages) * 8192 + number(row, layout.columns.size)
        }
    }

    private func parents() -> [UInt32: [UInt32]] {
        guard let (entry, rows) = of(.inherits), let oid = entry.oid else { return [:] }
        let parent = layout.columns.parent
        var parents: [UInt32: [UInt32]] = [:]
        for row in 0..<rows.count { parents[rows.number(row, oid), default: []].append(rows.number(row, parent)) }
        return parents
    }

    func hasTable(_ history: HistoryQuery) -> Bool {
        table(schema: history.schema, name: history.table) != nil
    }

    /// The names of a history's columns, in the order in which the table gives them away.
    func columnNames(of history: HistoryQuery) -> [String] {
        guard let row = table(schema: history.schema, name: history.table), let (entry, rows) = of(.relation),
            let (columns, columnRows) = of(.attribute), let oid = entry.oid, let relation = columns.relation,
            let number = columns.columnNumber, let name = columns.name
        else { return [] }
        let table = rows.number(row, oid)
        // COPY leaves out what is generated.
        return (0..<columnRows.count)
            .filter {
                columnRows.number($0, relation) == table && columnRows.cell($0, layout.columns.generated).isEmpty
            }
            .sorted { columnRows.number($0, number) < columnRows.number($1, number) }
            .map { String(decoding: columnRows.unescaped($0, name), as: UTF8.self) }
    }

    /// Whether `reconcile.marks` is there and ours: whoever owns a database can make a schema of this name.
    var hasTrustedMarks: Bool {
        guard let row = table(schema: "reconcile", name: "marks"), let (entry, rows) = of(.relation),
            let (schemas, schemaRows) = of(.namespace), let (_, database) = of(.database), database.count > 0
        else { return false }
        let current = database.number(0, layout.columns.currentUser)
        let owner = rows.number(row, entry.owner ?? 0)
        let home = (0..<schemaRows.count).first {
            schemaRows.cell($0, schemas.name ?? 0).elementsEqual("reconcile".utf8)
        }
        guard let home else { return false }
        return owner == current && schemaRows.number(home, schemas.owner ?? 0) == current
    }

    /// The row of an ordinary table.
    private func table(schema: String, name: String) -> Int? {
        guard let (entry, rows) = of(.relation), let nameColumn = entry.name, let schemaColumn = entry.schema,
            let kind = entry.kind
        else { return nil }
        return (0..<rows.count).first { row in
            guard rows.byte(row, kind) == UInt8(ascii: "r"),
                let span = context.names.span(NameMap.key(.schema, rows.number(row, schemaColumn)))
            else { return false }
            return rows.unescaped(row, nameColumn).elementsEqual(name.utf8)
                && CopyRows.unescape(context.names.arena[span]).elementsEqual(schema.utf8)
        }
    }
}
