internal import FleetModel

/// Which of the catalogs that most databases have no use for this one needs.
///
/// Everything a user makes in a schema, and whatever refers to something of a user's, has a row in `pg_depend`; the rest
/// of the signs stand in the catalogs that are always read.
extension CatalogReading {
    func needs(_ canonical: CanonicalCatalog) -> Set<CatalogTable.Identifier> {
        var needs: Set<CatalogTable.Identifier> = []
        if let (entry, rows) = of(.depend), let oid = entry.oid {
            for row in 0..<rows.count {
                let catalog = rows.number(row, layout.columns.dependent)
                guard catalog != 1259, let objectClass = ObjectClass(catalog: catalog),
                    !excluded.contains(NameMap.key(objectClass, rows.number(row, oid)))
                else { continue }
                needs.formUnion(Self.catalogs(of: objectClass))
            }
        }
        if let (_, rows) = of(.database), rows.count > 0 {
            for (place, sign) in CatalogTable.signs.enumerated()
            where rows.number(0, layout.columns.firstSign + place) != 0 { needs.insert(sign.id) }
        }
        for objectClass in context.names.unnamed.classes { needs.formUnion(Self.catalogs(of: objectClass)) }
        if let (entry, rows) = of(.relation), let kind = entry.kind {
            for row in 0..<rows.count {
                switch rows.byte(row, kind) {
                case UInt8(ascii: "p"): needs.formUnion([.partitioned, .inherits])
                case UInt8(ascii: "f"): needs.formUnion([.foreignTable, .foreignServer])
                default: if rows.isTrue(row, layout.columns.hasSubclass) { needs.insert(.inherits) }
                }
            }
        }
        if let (entry, rows) = of(.type), let kind = entry.kind {
            let hasRange = (0..<rows.count).contains { rows.byte($0, kind) == UInt8(ascii: "r") }
            if hasRange { needs.insert(.range) }
        }
        if let (entry, rows) = of(.function), let kind = entry.kind {
            for row in 0..<rows.count {
                if rows.byte(row, kind) == UInt8(ascii: "a") { needs.insert(.aggregate) }
                if rows.isTrue(row, layout.columns.hasBody) { needs.insert(.functionBody) }
            }
        }
        if let (_, rows) = of(.publication), rows.count > 0 {
            needs.formUnion([.publicationRelation, .publicationNamespace])
        }
        if canonical.lacksRuleText { needs.insert(.ruleText) }
        return needs
    }

    private static func catalogs(of objectClass: ObjectClass) -> [CatalogTable.Identifier] {
        switch objectClass {
        case .operator: [.operator]
        case .operatorClass, .operatorFamily: [.operatorClass, .operatorFamily, .accessOperator, .accessFunction]
        case .collation: [.collation]
        case .conversion: [.conversion]
        case .transform: [.transform]
        case .tablespace: [.tablespace]
        case .policy: [.policy]
        case .statistics: [.statistics]
        case .eventTrigger: [.eventTrigger]
        case .foreignServer: [.foreignServer]
        case .role: [.role]
        case .textSearchConfiguration, .textSearchDictionary, .textSearchParser, .textSearchTemplate:
            [
                .textSearchConfiguration, .textSearchMap, .textSearchDictionary, .textSearchParser, .textSearchTemplate,
            ]
        case .schema, .relation, .type, .function, .language, .accessMethod, .foreignDataWrapper, .extension,
            .constraint, .trigger, .rule, .publication, .cast, .enumLabel, .largeObject, .defaultPrivileges, .none:
            []
        }
    }
}
