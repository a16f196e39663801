internal import FleetModel

/// Views and rules: the server puts each into words once, and the words are remembered for every database that has the
/// same.
///
/// `pg_get_viewdef` plans queries of its own and locks what the view reads; a view's stored tree costs next to nothing.
/// Two views with the same tree over the same columns read the same.
extension CatalogReading {
    /// For each row of `pg_rewrite` its text in canonical form; nil where it is not known yet.
    func ruleTexts(_ pool: CatalogPool) -> [[UInt8]?] {
        guard let (entry, rows) = of(.rewrite), rows.count > 0, let oid = entry.oid, let relation = entry.relation
        else {
            return []
        }
        let columns = columnLists(rows, entry)
        var texts: [UInt32: [UInt8]] = [:]
        if let (asked, textRows) = of(.ruleText), let key = asked.oid {
            for row in 0..<textRows.count {
                var text: [UInt8] = []
                DeparsedText.append(textRows.cell(row, asked.defining[0].place), to: &text)
                texts[textRows.number(row, key)] = text
            }
        }
        return (0..<rows.count).map { row in
            // Nobody asks for the words of an extension's views.
            guard !isExcluded(relation: rows.number(row, relation)) else { return [] }
            let key = ruleKey(entry, rows, row, columns)
            if key == nil { pool.noteUnmemorableRule() }
            guard let text = texts[rows.number(row, oid)] else { return key.flatMap(pool.ruleText) }
            if let key { pool.remember(text, of: key) }
            return text
        }
    }

    /// All that decides on the words; nil where it holds a number that could be another object elsewhere.
    private func ruleKey(
        _ entry: CatalogLayout.Entry,
        _ rows: CopyRows,
        _ row: Int,
        _ columns: [UInt32: [UInt8]]
    ) -> Fingerprint? {
        var key: [UInt8] = []
        guard let name = entry.name, let relation = entry.relation else { return nil }
        key.append(contentsOf: rows.cell(row, name))
        key.append(9)
        var isComplete = context.names.append(.relation, rows.number(row, relation), to: &key)
        for (place, form) in entry.defining {
            key.append(9)
            isComplete = append(rows, row, place, form, 0, to: &key) && isComplete
        }
        for relation in relationsSeen(rows, row, entry) {
            key.append(9)
            context.names.append(.relation, relation, to: &key)
            if let list = columns[relation] { key += list }
        }
        return isComplete ? Fingerprint(of: key) : nil
    }

    /// Names and numbers of the columns of every relation that a rule has to do with.
    private func columnLists(_ rules: CopyRows, _ rule: CatalogLayout.Entry) -> [UInt32: [UInt8]] {
        guard let (entry, rows) = of(.attribute), let relation = entry.relation, let name = entry.name,
            let number = entry.columnNumber
        else { return [:] }
        let wanted = Set((0..<rules.count).flatMap { relationsSeen(rules, $0, rule) })
        var lists: [UInt32: [(UInt32, ArraySlice<UInt8>)]] = [:]
        for row in 0..<rows.count where wanted.contains(rows.number(row, relation)) {
            lists[rows.number(row, relation), default: []].append((rows.number(row, number), rows.cell(row, name)))
        }
        return lists.mapValues { list in
            list.sorted { $0.0 < $1.0 }.reduce(into: []) { bytes, column in
                bytes.append(9)
                bytes.append(digitsOf: column.0)
                bytes.append(NameMap.dot)
                bytes += column.1
            }
        }
    }

    /// The relation that has the rule, since the words name its columns too, and those the rule reads.
    private func relationsSeen(_ rows: CopyRows, _ row: Int, _ entry: CatalogLayout.Entry) -> [UInt32] {
        (entry.relation.map { [rows.number(row, $0)] } ?? []) + relationsRead(rows, row, entry)
    }

    /// The user's relations in a stored query, in the order they stand there.
    private func relationsRead(_ rows: CopyRows, _ row: Int, _ entry: CatalogLayout.Entry) -> [UInt32] {
        let field = Array(":relid ".utf8)
        guard let place = entry.defining.last?.place else { return [] }
        let range = rows.range(row, place)
        var found: [UInt32] = []
        rows.bytes.withUnsafeBufferPointer { bytes in
            var index = range.lowerBound
            while index + field.count < range.upperBound {
                guard bytes[index] == field[0], bytes[index + 3] == field[3],
                    bytes[index..<(index + field.count)].elementsEqual(field)
                else {
                    index += 1
                    continue
                }
                index += field.count
                var oid: UInt32 = 0
                while index < range.upperBound, bytes[index] >= 48, bytes[index] <= 57 {
                    oid = oid &* 10 &+ UInt32(bytes[index] - 48)
                    index += 1
                }
                if oid >= NameMap.firstUser { found.append(oid) }
            }
        }
        return found
    }

    /// A view is its rule `_RETURN`; every other rule is an object.
    func addRules(_ texts: [[UInt8]?], to result: inout CanonicalCatalog) {
        guard let (entry, rows) = of(.rewrite), let name = entry.name, let relation = entry.relation,
            let oid = entry.oid
        else { return }
        for row in 0..<rows.count where !isReturnRule(rows, row, name) {
            guard !isExcluded(relation: rows.number(row, relation)) else { continue }
            result.definitions.add(.rule) { out in
                if let span = context.names.span(NameMap.key(.relation, rows.number(row, relation))) {
                    out.append(contentsOf: context.names.arena[span])
                }
                out.append(NameMap.dot)
                out.append(contentsOf: rows.cell(row, name))
            } definition: { out in
                out.append(contentsOf: rows.cell(row, entry.defining[0].place))
                out.append(9)
                out += texts[row] ?? []
            }
            result.keys.append(NameMap.key(.rule, rows.number(row, oid)))
        }
    }

    func isReturnRule(_ rows: CopyRows, _ row: Int, _ name: Int) -> Bool {
        rows.cell(row, name).elementsEqual("_RETURN".utf8)
    }
}
