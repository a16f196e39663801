internal import FleetModel

/// More findings than these about one database tell a reader nothing new; the rest is named in one.
private let mostDrifts = 40
private let mostNames = 200

extension Assessor {
    /// A difference as findings: one for each table that is missing or too many, one for each other thing changed.
    ///
    /// Where `observed` is given, they say how each thing should read and how it does, as far as a server has told; the
    /// rest is asked for by the remarks' `wants`.
    func describe(_ difference: CatalogDifference, _ expected: Catalog, observed: Catalog? = nil) -> [Remark] {
        let hint = repairHint(quarantine: nil)
        let missing = difference.missingTables
        let unexpected = difference.unexpectedTables
        let tables =
            missing.map {
                Remark(
                    .tableMissing,
                    .error,
                    object: $0.qualifiedName,
                    "the table should be there but is not",
                    hint: hint
                )
            }
            + unexpected.map {
                Remark(
                    .tableUnexpected,
                    .error,
                    object: $0.qualifiedName,
                    "no migration of the class creates the table",
                    hint: hint
                )
            }

        // Parts of tables are told with their table; what came with a missing table, or view, needs no word of its own.
        let missingViews = difference.missing.filter(\.hasColumns)
        let unexpectedViews = difference.unexpected.filter(\.hasColumns)
        let tableNames = Set(expected.tables).union(observed?.tables ?? [])
        let known = tableNames.map { ObjectID(.table, schema: $0.schema, name: $0.name) } + unexpected
        var order: [ObjectID] = []
        var told: [ObjectID: [Remark]] = [:]
        var count = 0
        for (object, how) in difference.all where !object.isTable || how == .changed {
            // A comment is told with what it is on.
            let subject = object.remarked ?? object
            let place = subject.split(among: known)
            let gone = how == .missing ? missing : unexpected
            let isOfGone = gone.contains { table in
                // `a.b.c` is no part of a table `a` that is gone where there is a table `a.b`.
                let isPart = object.isPart(of: table) && (place?.table.name.utf8.count ?? 0) <= table.name.utf8.count
                return isPart || object.isLikelyCompanion(of: table)
            }
            if how != .changed, isOfGone { continue }
            let goneViews = how == .missing ? missingViews : unexpectedViews
            if how != .changed, goneViews.contains(where: { object.isPart(of: $0) }) { continue }
            let owner = place?.table ?? subject
            if told[owner] == nil { order.append(owner) }
            let part = place.map { "\(subject.kind.rawValue) \"\($0.part)\"" }
            let what =
                subject == object
                ? part ?? object.kind.rawValue : object.kind.rawValue + (part.map { " on \($0)" } ?? "")
            var remark = Remark(
                .schemaDrift,
                .error,
                object: owner.qualifiedName,
                "\(what) \(how.rawValue)",
                hint: hint
            )
            if let observed {
                compare(&remark, object, difference.counterparts[object] ?? object, how, observed, expected)
            }
            told[owner, default: []].append(remark)
            count += 1
        }
        order.sort()
        var drifts = order.flatMap { told[$0] ?? [] }
        if count > mostDrifts {
            let rest = drifts[mostDrifts...]
            let names = rest.prefix(mostNames).map { "\($0.object.map { "\($0) " } ?? "")\($0.bareMessage)" }
            drifts = Array(drifts.prefix(mostDrifts))
            drifts.append(
                Remark(
                    .schemaDrift,
                    .error,
                    "\(rest.count) more \(rest.count == 1 ? "object differs" : "objects differ"): "
                        + names.joined(separator: ", ") + (rest.count > names.count ? " …" : ""),
                    hint: hint
                )
            )
        }
        return tables + drifts
    }

    /// Adds to a remark how the object should read and how it does, or that somebody should be asked.
    private func compare(
        _ remark: inout Remark,
        _ object: ObjectID,
        _ counterpart: ObjectID,
        _ how: CatalogDifference.Kind,
        _ observed: Catalog,
        _ expected: Catalog
    ) {
        var wanted: String?
        var found: String?
        if how != .unexpected {
            let key = DefinitionKey(major: knowledge.major, fingerprint: expected.fingerprint)
            remark.wants.append(DefinitionWant(key: key, object: counterpart, isExpected: true))
            wanted = input.definitions[key]?[counterpart]?.text
        }
        if how != .missing {
            let key = DefinitionKey(major: knowledge.major, fingerprint: observed.fingerprint)
            remark.wants.append(DefinitionWant(key: key, object: object, isExpected: false))
            found = input.definitions[key]?[object]?.text
        }
        remark.show(DefinitionText.comparison(expected: wanted, found: found, how), wanted, found)
    }

    /// What sets a database apart from what its history leaves behind: what counts, and what rules leave out.
    func differences(of catalog: Catalog, from expected: Catalog) -> [Remark] {
        let difference = CatalogDifference(observed: catalog, expected: expected, rules: rules)
        let remarks = describe(difference, expected, observed: catalog)
        let left = ignored(difference)
        if !remarks.isEmpty { return remarks + left }
        return [
            Remark(
                .schemaDrift,
                .error,
                "the schema is not what its history leaves behind",
                hint: repairHint(quarantine: nil)
            )
        ] + left
    }

    /// What differs between two catalogs that fit one another: what rules leave out, and the order of columns.
    func quietDifferences(of catalog: Catalog, from expected: Catalog) -> [Remark] {
        var remarks: [Remark] = []
        if !rules.isEmpty, catalog.fingerprint != expected.fingerprint {
            remarks += ignored(CatalogDifference(observed: catalog, expected: expected, rules: rules))
        }
        let reordered = catalog.reordered(from: expected)
        if let first = reordered.first {
            remarks.append(
                Remark(
                    .schemaDrift,
                    .info,
                    object: first.description,
                    "the columns of \(list(reordered.map(\.description))) stand in another order than its migrations "
                        + "leave them",
                    hint: "nothing is changed for it; an INSERT that names no columns depends on their order"
                )
            )
        }
        return remarks
    }

    /// For each rule what it leaves out, and why.
    private func ignored(_ difference: CatalogDifference) -> [Remark] {
        let byRule = Dictionary(grouping: difference.ignored, by: \.rule)
        let left = byRule.keys.sorted().map { place in
            let objects = (byRule[place] ?? []).sorted { $0.object < $1.object }
            // What belongs to something that is named needs no name of its own.
            let named = Set(objects.map(\.object).filter(\.mayHoldParts).map(\.tableName))
            let told = objects.filter { item in
                let subject = item.object.remarked ?? item.object
                let isOfNamed = subject != item.object && named.contains(subject.tableName)
                let isCompanion = named.contains { name in
                    subject.isLikelyCompanion(of: ObjectID(.table, schema: name.schema, name: name.name))
                }
                return !isOfNamed && !isCompanion && !subject.possibleOwners.contains(where: named.contains)
            }
            return rules.ignored[place].remark(
                told.map { "\($0.object) \($0.how.rawValue)" },
                of: objects.count,
                first: told.first?.object
            )
        }
        return left + difference.dated.map { rules.dated[$0.rule].remark($0.found, $0.expected) }
    }
}

extension DriftRules.Dated {
    /// That tables are compared with others than those of their names.
    fileprivate func remark(_ found: [TableName], _ expected: [TableName]) -> Remark {
        Remark(
            .schemaDrift,
            .info,
            object: found.first?.description,
            "\(counted(found.count, "table", "tables")) compared by shape under rule \"\(text)\" (\(reason)): "
                + "\(list(found.map(\.description))); the migrations would make \(list(expected.map(\.description)))"
        )
    }
}

extension DriftRules.Ignored {
    /// That something differs and does not count.
    func remark(_ differences: [String], of count: Int, first: ObjectID?) -> Remark {
        let names = differences.prefix(mostNames).joined(separator: ", ") + (differences.count > mostNames ? " …" : "")
        let rest = count > differences.count ? ", with what belongs to \(differences.count == 1 ? "it" : "them")" : ""
        return Remark(
            .schemaDrift,
            .info,
            object: (first?.remarked ?? first)?.qualifiedName,
            "\(counted(count, "difference", "differences")) ignored by rule \"\(text)\" (\(reason)): \(names)\(rest)"
        )
    }
}

extension ObjectID {
    fileprivate var tableName: TableName { TableName(schema: schema ?? "", name: name) }
}

extension CatalogDifference {
    fileprivate var all: [(ObjectID, Kind)] {
        missing.map { ($0, .missing) } + unexpected.map { ($0, .unexpected) } + changed.map { ($0, .changed) }
    }
}
