internal import Glibc

/// Parts of objects that have rows of their own.
extension CatalogReading {
    /// All details, sorted.
    func allDetails(_ ruleTexts: [[UInt8]?]) -> CatalogDetails {
        var details = CatalogDetails()
        for (entry, rows) in zip(layout.entries, rows) { read(entry, rows, into: &details) }
        for owned in ownedSequences {
            details.add(NameMap.key(.relation, owned.sequence)) { out in
                out.append(contentsOf: "owned by ".utf8)
                context.names.append(.relation, owned.table, to: &out)
                context.names.append(.relation, owned.table, column: owned.column, to: &out)
            }
        }
        readViews(ruleTexts, into: &details)
        readIndexColumns(into: &details)
        readToastOptions(into: &details)
        details.sort()
        return details
    }

    private func read(_ entry: CatalogLayout.Entry, _ rows: CopyRows, into details: inout CatalogDetails) {
        guard case .detail(let objectClass) = entry.table.role, let oid = entry.oid else { return }
        for row in 0..<rows.count {
            let object = rows.number(row, oid)
            let column = entry.columnNumber.map { rows.number(row, $0) } ?? 0
            let ordinal = entry.ordinal.map { strtod(String(decoding: rows.cell(row, $0), as: UTF8.self), nil) } ?? 0
            let relation = entry.relation.map { rows.number(row, $0) } ?? (objectClass == .relation ? object : 0)
            details.add(NameMap.key(objectClass, object, column: column), ordinal: ordinal) { out in
                for (place, form) in entry.defining {
                    append(rows, row, place, form, relation, to: &out)
                    out.append(9)
                }
            }
        }
    }

    private func readViews(_ texts: [[UInt8]?], into details: inout CatalogDetails) {
        guard let (entry, rows) = of(.rewrite), let name = entry.name, let relation = entry.relation else { return }
        for row in 0..<rows.count where isReturnRule(rows, row, name) {
            details.add(NameMap.key(.relation, rows.number(row, relation))) { $0 += texts[row] ?? [] }
        }
    }

    /// Of an index's columns only what was set on them counts: the rest follows from its definition.
    private func readIndexColumns(into details: inout CatalogDetails) {
        guard let (entry, rows) = of(.attribute), let relation = entry.relation, let number = entry.columnNumber else {
            return
        }
        let target = layout.columns.attributeTarget
        let options = layout.columns.attributeOptions
        var last: (oid: UInt32, isIndex: Bool) = (0, false)
        for row in 0..<rows.count {
            let oid = rows.number(row, relation)
            if oid != last.oid { last = (oid, relations[oid]?.isIndex ?? false) }
            guard last.isIndex, !rows.isNull(row, options) || rows.number(row, target) > 0 else { continue }
            var set: [UInt8] = []
            append(rows, row, options, .columnOptions, 0, to: &set)
            guard set != Array("\\N".utf8) || rows.number(row, target) > 0 else { continue }
            details.add(NameMap.key(.relation, oid), ordinal: Double(rows.number(row, number))) { out in
                out.append(contentsOf: rows.cell(row, number))
                out.append(9)
                out.append(contentsOf: rows.cell(row, target))
                out.append(9)
                out.append(contentsOf: set)
            }
        }
    }

    /// `toast.*` options stand at the TOAST table, but were set on its owner.
    private func readToastOptions(into details: inout CatalogDetails) {
        guard let (_, rows) = of(.relation) else { return }
        let toast = layout.columns.toast
        let options = layout.columns.options
        for (oid, relation) in relations where !relation.isExcluded {
            guard let row = relations[rows.number(relation.row, toast)]?.row, !rows.isNull(row, options) else {
                continue
            }
            details.add(NameMap.key(.relation, oid)) { append(rows, row, options, .set, 0, to: &$0) }
        }
    }
}
