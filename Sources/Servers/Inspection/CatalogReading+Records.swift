internal import FleetModel

/// From raw rows to canonical lines.
extension CatalogReading {
    func canonical(_ pool: CatalogPool) -> CanonicalCatalog {
        var result = CanonicalCatalog()
        let ruleTexts = ruleTexts(pool)
        result.lacksRuleText = ruleTexts.contains { $0 == nil }
        let details = allDetails(ruleTexts)
        for (entry, rows) in zip(layout.entries, rows) {
            guard case .object(let objectClass, let usual) = entry.table.role else { continue }
            for row in 0..<rows.count {
                guard let kind = kind(entry, rows, row, usual), isCompared(entry, rows, row, objectClass) else {
                    continue
                }
                add(entry, rows, row, objectClass, kind, details, to: &result)
            }
        }
        addColumns(details, to: &result)
        addRules(ruleTexts, to: &result)
        addSubscriptions(to: &result)
        addRemarks(.description, .comment, to: &result)
        addRemarks(.securityLabel, .securityLabel, to: &result)
        addDefaultPrivileges(to: &result)
        result.leftOut = leftOut
        if of(.largeObject).map({ $0.rows.count > 0 }) == true { result.notInspected.append("large objects") }
        if of(.foreignServer).map({ $0.rows.count > 0 }) == true { result.notInspected.append("user mappings") }
        return result
    }

    private func add(
        _ entry: CatalogLayout.Entry,
        _ rows: CopyRows,
        _ row: Int,
        _ objectClass: ObjectClass,
        _ kind: ObjectKind,
        _ details: CatalogDetails,
        to result: inout CanonicalCatalog
    ) {
        let oid = entry.oid.map { rows.number(row, $0) } ?? 0
        let key = NameMap.key(objectClass, oid)
        let relation = entry.relation.map { rows.number(row, $0) } ?? (objectClass == .relation ? oid : 0)
        let hasOwner = entry.owner != nil && kind != .index
        let name = { (out: inout [UInt8]) in appendName(entry, rows, row, objectClass, oid, to: &out) }
        result.definitions.add(kind, hasOwner: hasOwner, name: name) { out in
            for (place, form) in entry.defining {
                append(rows, row, place, form, relation, to: &out)
                out.append(9)
            }
            details.append(key, to: &out)
        }
        result.keys.append(key)
        if hasOwner { addPrivileges(entry, rows, row, kind, name, to: &result) }
        guard objectClass == .relation else { return }
        let record = result.keys.count - 1
        if kind == .table { result.tables.append((record, oid)) }
        // A partitioned index is invalid until every partition has one attached: that is how it was made, no damage.
        let isBuilt = relations[oid]?.kind == UInt8(ascii: "i")
        if kind == .index, isBuilt, invalidIndexes.contains(oid) { result.invalidIndexes.append(record) }
    }

    private func addPrivileges(
        _ entry: CatalogLayout.Entry,
        _ rows: CopyRows,
        _ row: Int,
        _ kind: ObjectKind,
        _ name: (inout [UInt8]) -> Void,
        to result: inout CanonicalCatalog
    ) {
        let oid = entry.owner.map { rows.number(row, $0) } ?? databaseOwner.oid
        let hasAccess = entry.access.map { !rows.isNull(row, $0) } ?? false
        // What initdb made belongs to whoever ran it; before 15 the schema `public` does too.
        let isOfStart = entry.oid.map { rows.number(row, $0) < NameMap.firstUser } == true
        let isStartersSchema = isOfStart && entry.table.id == .namespace && layout.major < 15 && oid == 10
        let isNobodys = isStartersSchema || isOfStart && entry.table.id == .extension
        let isDatabaseOwners = oid == databaseOwner.oid && !isNobodys
        // Almost everything is the database owner's, with the privileges it had from the start.
        guard hasAccess || !isDatabaseOwners else { return }
        let owner = isNobodys ? AccessList.nobody : isDatabaseOwners ? databaseOwner.name : roleName(oid)
        var text: [UInt8] = isDatabaseOwners ? AccessList.ownerMark : owner
        text.append(9)
        let bare = text.count
        if let access = entry.access, hasAccess {
            AccessList.append(
                rows.cell(row, access),
                entry.accessKind,
                isSequence: kind == .sequence,
                owner: isNobodys ? owner : CopyRows.unescape(owner),
                databaseOwner: CopyRows.unescape(databaseOwner.name),
                starter: isStartersSchema ? CopyRows.unescape(roleName(oid)) : nil,
                to: &text
            )
        }
        guard text.count > bare || !isDatabaseOwners else { return }
        result.privileges.add(kind, name: name) { $0.append(contentsOf: text) }
    }

    private func appendName(
        _ entry: CatalogLayout.Entry,
        _ rows: CopyRows,
        _ row: Int,
        _ objectClass: ObjectClass,
        _ oid: UInt32,
        to out: inout [UInt8]
    ) {
        func append(_ key: UInt64) {
            guard let span = context.names.span(key) else { return }
            out.append(context.names.arena, span)
        }
        guard entry.isNamedAfterRelation, let relation = entry.relation else {
            append(NameMap.key(objectClass, oid))
            return
        }
        let owner = rows.number(row, relation)
        if owner != 0 {
            append(NameMap.key(.relation, owner))
        } else {
            // A constraint of a domain.
            append(NameMap.key(.type, rows.number(row, layout.columns.constraintType)))
        }
        out.append(NameMap.dot)
        let constraint = objectClass == .trigger ? rows.number(row, layout.columns.triggerConstraint) : 0
        guard constraint != 0, rows.isTrue(row, layout.columns.triggerIsInternal) else {
            if let name = entry.name { out.append(contentsOf: rows.cell(row, name)) }
            return
        }
        // PostgreSQL names the triggers behind a constraint by OID.
        append(NameMap.key(.constraint, constraint))
        let task = ConstraintTrigger.task(of: rows.number(row, layout.columns.triggerFunction))
        out.append(contentsOf: " (\(task))".utf8)
    }

    /// Nil for what is not an object of its own.
    private func kind(_ entry: CatalogLayout.Entry, _ rows: CopyRows, _ row: Int, _ usual: ObjectKind) -> ObjectKind? {
        guard let place = entry.kind else { return usual }
        let letter = Character(UnicodeScalar(rows.byte(row, place)))
        switch entry.table.id {
        case .relation:
            switch letter {
            case "r", "p": return .table
            case "v": return .view
            case "m": return .materializedView
            case "f": return .foreignTable
            case "S": return .sequence
            case "i", "I": return .index
            default: return nil
            }
        case .function:
            switch letter {
            case "a": return .aggregate
            case "p": return .procedure
            default: return .function
            }
        default: return typeKind(letter, rows, row)
        }
    }

    private func typeKind(_ letter: Character, _ rows: CopyRows, _ row: Int) -> ObjectKind? {
        switch letter {
        case "e": return .enumeration
        case "d": return .domain
        case "r": return .rangeType
        // Comes with its range.
        case "m": return nil
        case "c":
            let relation = rows.number(row, layout.columns.typeRelation)
            return relations[relation]?.kind == UInt8(ascii: "c") ? .compositeType : nil
        default:
            let isArray = rows.byte(row, layout.columns.category) == UInt8(ascii: "A")
            return isArray && rows.number(row, layout.columns.element) != 0 ? nil : .baseType
        }
    }

    /// Whether an object is the user's and of no history, extension or quarantine.
    private func isCompared(
        _ entry: CatalogLayout.Entry,
        _ rows: CopyRows,
        _ row: Int,
        _ objectClass: ObjectClass
    ) -> Bool {
        let oid = entry.oid.map { rows.number(row, $0) } ?? 0
        guard !excluded.contains(NameMap.key(objectClass, oid)) else { return false }
        if let schema = entry.schema, excludedSchemas.contains(rows.number(row, schema)) { return false }
        switch objectClass {
        case .tablespace: return false
        case .extension: return true
        case .schema:
            guard !excludedSchemas.contains(oid), oid != historySchema else { return false }
            return oid >= NameMap.firstUser
                || entry.name.map { rows.cell(row, $0).elementsEqual("public".utf8) } == true
        case .relation: return !isExcluded(relation: oid)
        case .constraint:
            let relation = entry.relation.map { rows.number(row, $0) } ?? 0
            guard relation != 0 else {
                let type = rows.number(row, layout.columns.constraintType)
                return !excluded.contains(NameMap.key(.type, type))
            }
            // For each partition of the table a key refers to, PostgreSQL keeps a constraint of its own making.
            let parent = rows.number(row, layout.columns.constraintParent)
            if parent != 0, parentConstraints[parent] == relation { return false }
        case .trigger: if isSilent(rows, row) { return false }
        default: break
        }
        if entry.isNamedAfterRelation, let relation = entry.relation {
            return !isExcluded(relation: rows.number(row, relation))
        }
        return oid >= NameMap.firstUser
    }
}
