internal import FleetModel

/// The raw rows of one database's catalogs, and what they say together.
struct CatalogReading {
    let layout: CatalogLayout
    let rows: [CopyRows]
    var context = NodeTree.Context()
    var relations: [UInt32: Relation] = [:]
    var excluded: Set<UInt64> = []
    var excludedSchemas: Set<UInt32> = []
    /// The schema made for the history alone.
    var historySchema: UInt32 = 0
    /// Tables of the class's own history.
    let history: Set<TableName>
    /// A role, and its name as COPY escapes it.
    var databaseOwner: (oid: UInt32, name: [UInt8]) = (0, [])
    var ownedSequences: [(sequence: UInt32, table: UInt32, column: UInt32)] = []
    var invalidIndexes: Set<UInt32> = []
    /// Tables on which constraints stand, where a constraint has a parent.
    var parentConstraints: [UInt32: UInt32] = [:]

    /// A relation of the user's, as far as others ask about it.
    struct Relation {
        var row: Int
        var kind: UInt8
        var isExcluded: Bool

        /// Whether its columns are objects.
        var hasColumns: Bool {
            switch kind {
            case UInt8(ascii: "r"), UInt8(ascii: "p"), UInt8(ascii: "v"), UInt8(ascii: "m"), UInt8(ascii: "f"),
                UInt8(ascii: "c"):
                true
            default: false
            }
        }

        var isIndex: Bool { kind == UInt8(ascii: "i") || kind == UInt8(ascii: "I") }
    }

    /// Names every object in the rows, so that others can be written with names in place of OIDs.
    ///
    /// - Parameters:
    ///   - layout: of the server's major.
    ///   - rows: one for each entry of the layout.
    ///   - history: the tables that are left out.
    init(_ layout: CatalogLayout, _ rows: [CopyRows], history: Set<TableName>) {
        self.layout = layout
        self.rows = rows
        self.history = history
        nameRoles()
        nameSchemas(history)
        nameRelations(history)
        nameColumns()
        nameTypes()
        for (entry, rows) in zip(layout.entries, rows) { nameOthers(entry, rows) }
        readDependencies()
    }

    func of(_ id: CatalogTable.Identifier) -> (entry: CatalogLayout.Entry, rows: CopyRows)? {
        layout.place(of: id).map { (layout.entries[$0], rows[$0]) }
    }

    private mutating func nameRoles() {
        // The owner of `public`: its OID is the same on every server since 14.
        context.names.set(NameMap.key(.role, 6171)) { $0.append(contentsOf: "pg_database_owner".utf8) }
        if let (entry, rows) = of(.role), let oid = entry.oid, let name = entry.name {
            for row in 0..<rows.count {
                context.names.set(NameMap.key(.role, rows.number(row, oid))) {
                    $0.append(contentsOf: rows.cell(row, name))
                }
            }
        }
        guard let (entry, rows) = of(.database), rows.count > 0, let owner = entry.owner else { return }
        let columns = layout.columns
        databaseOwner = (rows.number(0, owner), Array(rows.cell(0, columns.ownerName)))
        for (oid, name) in [(owner, columns.ownerName), (columns.currentUser, columns.currentUserName)] {
            context.names.set(NameMap.key(.role, rows.number(0, oid))) { $0.append(contentsOf: rows.cell(0, name)) }
        }
    }

    /// As COPY escapes it, and as the server writes one that is gone.
    func roleName(_ oid: UInt32) -> [UInt8] {
        if let span = context.names.span(NameMap.key(.role, oid)) { return Array(context.names.arena[span]) }
        context.names.unnamed.classes.insert(.role)
        return Array("unknown (OID=\(oid))".utf8)
    }

    private mutating func nameSchemas(_ history: Set<TableName>) {
        let home = history.first?.schema
        guard let (entry, rows) = of(.namespace), let oid = entry.oid, let name = entry.name else { return }
        for row in 0..<rows.count {
            let schema = rows.number(row, oid)
            let cell = rows.cell(row, name)
            context.names.set(NameMap.key(.schema, schema)) { $0.append(contentsOf: cell) }
            if Self.isLeftOut(cell) { excludedSchemas.insert(schema) }
            if let home, home != "public", rows.unescaped(row, name).elementsEqual(home.utf8) {
                historySchema = schema
            }
        }
    }

    /// Schemas of histories and what was set aside; temporary ones belong to a session.
    private static func isLeftOut(_ name: ArraySlice<UInt8>) -> Bool {
        func begins(_ text: StaticString) -> Bool {
            text.withUTF8Buffer { name.starts(with: $0) }
        }
        return name.elementsEqual("drizzle".utf8) || name.elementsEqual("reconcile".utf8) || begins("quarantine_")
            || begins("pg_temp") || begins("pg_toast")
    }

    private mutating func nameRelations(_ history: Set<TableName>) {
        guard let (entry, rows) = of(.relation), let oid = entry.oid, let name = entry.name, let schema = entry.schema,
            let kind = entry.kind
        else { return }
        relations.reserveCapacity(rows.count)
        for row in 0..<rows.count {
            let relation = rows.number(row, oid)
            let home = rows.number(row, schema)
            setName(.relation, relation, in: home, rows.cell(row, name))
            var isExcluded = excludedSchemas.contains(home)
            if !isExcluded, let own = history.first(where: { rows.unescaped(row, name).elementsEqual($0.name.utf8) }) {
                isExcluded =
                    context.names.span(NameMap.key(.schema, home)).map {
                        CopyRows.unescape(context.names.arena[$0]).elementsEqual(own.schema.utf8)
                    } ?? false
            }
            relations[relation] = Relation(row: row, kind: rows.byte(row, kind), isExcluded: isExcluded)
        }
    }

    private mutating func nameColumns() {
        guard let (entry, rows) = of(.attribute), let relation = entry.relation, let number = entry.columnNumber,
            let name = entry.name
        else { return }
        for row in 0..<rows.count {
            let key = NameMap.key(.relation, rows.number(row, relation), column: rows.number(row, number))
            let range = rows.range(row, name)
            context.names.set(key) { $0.append(rows.bytes, range) }
        }
    }

    private mutating func nameTypes() {
        guard let (entry, rows) = of(.type), let oid = entry.oid, let name = entry.name, let schema = entry.schema,
            let kind = entry.kind
        else { return }
        let element = layout.columns.element
        let category = layout.columns.category
        func isArray(_ row: Int) -> Bool {
            rows.byte(row, category) == UInt8(ascii: "A") && rows.number(row, element) != 0
        }
        for row in 0..<rows.count where !isArray(row) {
            setName(.type, rows.number(row, oid), in: rows.number(row, schema), rows.cell(row, name))
            if rows.byte(row, kind) == UInt8(ascii: "e") { context.enums.insert(rows.number(row, oid)) }
        }
        // The name of an array type is PostgreSQL's choice and may hold underscores to tell it from others.
        for row in 0..<rows.count where isArray(row) {
            let type = rows.number(row, oid)
            let of = rows.number(row, element)
            if context.enums.contains(of) { context.enumArrays.insert(type) }
            guard let span = context.names.span(NameMap.key(.type, of)) else { continue }
            let name = context.names.arena[span] + [UInt8(ascii: "["), UInt8(ascii: "]")]
            context.names.set(NameMap.key(.type, type)) { $0.append(contentsOf: name) }
        }
        guard let (_, labels) = self.of(.enumLabel) else { return }
        let labelOID = layout.columns.labelOID
        let label = layout.columns.label
        for row in 0..<labels.count {
            let range = labels.range(row, label)
            context.names.set(NameMap.key(.enumLabel, labels.number(row, labelOID))) {
                $0.append(contentsOf: labels.bytes[range])
            }
        }
    }

    private mutating func nameOthers(_ entry: CatalogLayout.Entry, _ rows: CopyRows) {
        guard case .object(let objectClass, _) = entry.table.role, let oid = entry.oid, let name = entry.name else {
            return
        }
        switch objectClass {
        case .schema, .relation, .type: return
        default: break
        }
        for row in 0..<rows.count {
            if objectClass == .function || objectClass == .cast {
                nameByTypes(objectClass, entry, rows, row, rows.number(row, oid))
                continue
            }
            if objectClass == .trigger, isSilent(rows, row) { continue }
            // What is named after its relation is found through it.
            let schema = entry.isNamedAfterRelation ? nil : entry.schema.map { rows.number(row, $0) }
            setName(objectClass, rows.number(row, oid), in: schema, rows.cell(row, name))
        }
    }

    /// A function is told from others by the types of its arguments, a cast is nothing but two types.
    private mutating func nameByTypes(
        _ objectClass: ObjectClass,
        _ entry: CatalogLayout.Entry,
        _ rows: CopyRows,
        _ row: Int,
        _ oid: UInt32
    ) {
        guard let name = entry.name, oid >= NameMap.firstUser else { return }
        var text: [UInt8] = []
        if objectClass == .cast {
            TypeNames.append(rows.number(row, name), context.names, to: &text)
            text.append(contentsOf: " AS ".utf8)
            TypeNames.append(rows.number(row, layout.columns.castTarget), context.names, to: &text)
        } else {
            text.append(contentsOf: rows.cell(row, name))
            text.append(UInt8(ascii: "("))
            let types = rows.cell(row, layout.columns.argumentTypes).split(separator: UInt8(ascii: " "))
            for (place, type) in types.enumerated() {
                if place > 0 { text.append(contentsOf: ", ".utf8) }
                TypeNames.append(rows.bytes.number(in: type.startIndex..<type.endIndex), context.names, to: &text)
            }
            text.append(UInt8(ascii: ")"))
        }
        setName(objectClass, oid, in: entry.schema.map { rows.number(row, $0) }, text[...])
    }

    private mutating func setName(
        _ objectClass: ObjectClass,
        _ oid: UInt32,
        in schema: UInt32?,
        _ name: ArraySlice<UInt8>
    ) {
        let span = schema.flatMap { context.names.span(NameMap.key(.schema, $0)) }
        context.names.set(NameMap.key(objectClass, oid)) { arena in
            if let span {
                arena.append(contentsOf: arena[span])
                arena.append(NameMap.dot)
            }
            arena.append(contentsOf: name)
        }
    }

    /// What belongs to an extension, or comes with a type of ranges, is left out; a sequence follows its column's table, an index its own.
    private mutating func readDependencies() {
        guard let (entry, rows) = of(.depend), let oid = entry.oid, let target = entry.relation,
            let column = entry.columnNumber
        else { return }
        let catalog = layout.columns.dependent
        let type = layout.columns.dependency
        for row in 0..<rows.count {
            let object = rows.number(row, oid)
            let isRelation = rows.number(row, catalog) == 1259
            let dependency = rows.byte(row, type)
            if dependency == UInt8(ascii: "e") || (dependency == UInt8(ascii: "i") && !isRelation) {
                guard let objectClass = ObjectClass(catalog: rows.number(row, catalog)) else { continue }
                excluded.insert(NameMap.key(objectClass, object))
                if objectClass == .relation { relations[object]?.isExcluded = true }
            } else if relations[object]?.kind == UInt8(ascii: "S") {
                ownedSequences.append((object, rows.number(row, target), rows.number(row, column)))
            }
        }
        for owned in ownedSequences where isExcluded(relation: owned.table) {
            relations[owned.sequence]?.isExcluded = true
        }
        readIndexes()
        readParentConstraints()
    }

    private mutating func readIndexes() {
        guard let (entry, rows) = of(.index), let oid = entry.oid, let table = entry.relation else { return }
        let isValid = layout.columns.isValid
        for row in 0..<rows.count {
            let index = rows.number(row, oid)
            if isExcluded(relation: rows.number(row, table)) { relations[index]?.isExcluded = true }
            if !rows.isTrue(row, isValid) { invalidIndexes.insert(index) }
        }
    }

    private mutating func readParentConstraints() {
        guard let (entry, rows) = of(.constraint), let oid = entry.oid, let table = entry.relation else { return }
        let parent = layout.columns.constraintParent
        guard (0..<rows.count).contains(where: { rows.number($0, parent) != 0 }) else { return }
        for row in 0..<rows.count { parentConstraints[rows.number(row, oid)] = rows.number(row, table) }
    }

    /// The triggers behind foreign keys count only where someone disabled them.
    func isSilent(_ triggers: CopyRows, _ row: Int) -> Bool {
        triggers.isTrue(row, layout.columns.triggerIsInternal)
            && triggers.byte(row, layout.columns.triggerIsEnabled) == UInt8(ascii: "O")
    }

    /// Also true of what is not the user's.
    func isExcluded(relation: UInt32) -> Bool { relations[relation]?.isExcluded ?? true }
}
