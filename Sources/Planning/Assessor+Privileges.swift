internal import FleetModel

/// More findings than these about the privileges in one database tell a reader nothing new.
private let mostDifferences = 12

extension Assessor {
    /// Whose owner or grants are not as expected: what each should be and is, where a server has told.
    func privileges(of catalog: Catalog, from expected: Catalog) -> [Remark] {
        guard catalog.privileges != expected.privileges else { return [] }
        let differing = catalog.privilegeDifferences(from: expected, rules)
        let known = [key(of: catalog), key(of: expected)].compactMap { input.definitions[$0] }
        guard known.count == 2 else { return untold(differing, catalog, expected) }
        var ignored: [Int: [(object: ObjectID, what: String)]] = [:]
        var remarks: [Remark] = []
        for (object, counterpart) in differing {
            let (found, wanted) = (known[0][object], known[1][counterpart])
            var parts: [(subject: DriftRules.Ignored.Subject, what: String, wanted: String?, found: String?)] = []
            // Default privileges are named after their role: where one side has none, there is no owner to differ.
            if object.kind != .defaultPrivileges, wanted?.owner != found?.owner {
                parts.append((.owners, "owner differs", wanted?.owner, found?.owner))
            }
            if wanted?.grants != found?.grants {
                parts.append((.grants, "privileges differ", wanted?.grants, found?.grants))
            }
            // What neither shows must not be lost.
            if parts.isEmpty { parts = [(.grants, "owner or privileges differ", nil, nil)] }
            for part in parts {
                let rule = rules.ignored.firstIndex { rule in
                    // Default privileges are nothing but privileges: a rule may name them as objects.
                    let isNamed = object.kind == .defaultPrivileges && rule.subject == .objects(.defaultPrivileges)
                    return (rule.subject == part.subject || isNamed) && rule.matches(object)
                }
                if let rule {
                    ignored[rule, default: []].append((object, part.what))
                    continue
                }
                var remark = remark(object, "\(object.kind.rawValue): \(part.what)")
                remark.show(Self.comparison(part.wanted, part.found), part.wanted, part.found)
                remarks.append(remark)
            }
        }
        if remarks.count > mostDifferences {
            let rest = remarks[mostDifferences...]
            remarks = Array(remarks.prefix(mostDifferences))
            remarks.append(remark(nil, "owner or privileges of \(rest.count) more objects differ"))
        }
        return remarks
            + ignored.keys.sorted().map { place in
                let objects = ignored[place] ?? []
                return rules.ignored[place].remark(
                    objects.map { "\($0.object): \($0.what)" },
                    of: objects.count,
                    first: objects.first?.object
                )
            }
    }

    /// What only one side has: both may have a long list in common.
    private static func comparison(_ wanted: String?, _ found: String?) -> String? {
        guard let wanted, let found else { return wanted.map { "expected \($0)" } ?? found.map { "found \($0)" } }
        let (left, right) = (wanted.split(separator: "; "), found.split(separator: "; "))
        let sides = [
            ("expected", left.filter { !right.contains($0) }), ("found", right.filter { !left.contains($0) }),
        ]
        return sides.filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1.joined(separator: "; "))" }.joined(separator: ", ")
    }

    /// The same before anybody was asked.
    private func untold(
        _ differing: [(object: ObjectID, counterpart: ObjectID)],
        _ catalog: Catalog,
        _ expected: Catalog
    ) -> [Remark] {
        // What differs belongs to objects that rules leave out, or is of a day.
        guard !differing.isEmpty || rules.isEmpty else { return [] }
        let names = differing.map(\.object.qualifiedName)
        var remark = Remark(
            .schemaDrift,
            .warning,
            object: names.first,
            "owner or privileges differ\(names.isEmpty ? "" : " on \(list(names))"); nothing is changed for it",
            hint: Self.privilegesHint
        )
        remark.wants = differing.flatMap { object, counterpart in
            [
                DefinitionWant(key: key(of: catalog), object: object, isExpected: false),
                DefinitionWant(key: key(of: expected), object: counterpart, isExpected: true),
            ]
        }
        return [remark]
    }

    private func key(of catalog: Catalog) -> DefinitionKey {
        DefinitionKey(
            major: knowledge.major,
            fingerprint: catalog.fingerprint,
            privileges: catalog.privileges
        )
    }

    private static let privilegesHint = "grant and revoke by hand, or write it into a migration"

    private func remark(_ object: ObjectID?, _ message: String) -> Remark {
        Remark(
            .schemaDrift,
            .warning,
            object: object?.qualifiedName,
            message,
            hint: "nothing is changed for it: " + Self.privilegesHint
        )
    }
}
