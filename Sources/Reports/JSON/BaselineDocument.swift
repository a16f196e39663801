internal import FleetModel
package import Planning

/// A recorded inventory as the file that `inventory --record` writes: no rows, no secrets, large parts once.
package struct BaselineDocument: Sendable {
    package let bytes: [UInt8]
    package let digest: String

    package init(_ baseline: Baseline) {
        var shared = SharedParts()
        let environments = baseline.environments.map { $0.json(&shared) }
        var members: [JSONValue.Member] = [
            .init("kind", .string(Self.kind)),
            .init("format_version", .string(Baseline.formatVersion)),
            .init("tool_version", .string(baseline.toolVersion)),
            .init("recorded_at", .string(Timestamp(seconds: baseline.recordedAt).description)),
            .init("environments", .array(environments)),
            .init("catalogs", .object(shared.catalogs)),
            .init("histories", .object(shared.histories)),
        ]
        digest = Fingerprint(of: JSONValue.object(members).canonical).hex
        members.append(.init("digest", .string(digest)))
        bytes = JSONValue.object(members).canonical
    }

    static let kind = "reconcile-baseline"

    /// Why a query's names are not known; what the server said may quote rows and is left out.
    enum Unknown: String {
        case notThere = "no-database"
        case lacking = "no-object"
        case failed
    }
}

/// Catalogs and histories, which whole cohorts share, by the digest of what is written of them.
private struct SharedParts {
    var catalogs: [JSONValue.Member] = []
    var histories: [JSONValue.Member] = []
    private var known: Set<String> = []
    private var catalogNames: [ObjectIdentifier: String] = [:]
    private var historyNames: [ObjectIdentifier: String] = [:]

    mutating func name(of catalog: Catalog) -> String {
        if let name = catalogNames[ObjectIdentifier(catalog)] { return name }
        let name = add(catalog.json, to: \.catalogs)
        catalogNames[ObjectIdentifier(catalog)] = name
        return name
    }

    mutating func name(of history: HistoryRows) -> String {
        if let name = historyNames[ObjectIdentifier(history)] { return name }
        let name = add(history.json, to: \.histories)
        historyNames[ObjectIdentifier(history)] = name
        return name
    }

    private mutating func add(_ json: JSONValue, to parts: WritableKeyPath<SharedParts, [JSONValue.Member]>) -> String {
        let name = Fingerprint(of: json.canonical).hex
        if known.insert(name).inserted { self[keyPath: parts].append(.init(name, json)) }
        return name
    }
}

extension Baseline.Recorded {
    fileprivate func json(_ shared: inout SharedParts) -> JSONValue {
        var all: [JSONValue] = []
        for instance in instances { all.append(instance.json(&shared)) }
        return ["name": .string(name), "instances": .array(all)]
    }
}

extension Baseline.RecordedInstance {
    fileprivate func json(_ shared: inout SharedParts) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(observed.name)), .init("address", .string(address)),
        ]
        switch observed.outcome {
        case .unreachable(let reason): members.append(.init("reason", .string(reason)))
        case .reachable(let facts, let databases):
            var rows: [JSONValue] = []
            for database in databases {
                rows.append(database.json(history: histories[ExactName(database.name)], &shared))
            }
            members += [
                .init("reason", .null),
                .init("server_version", JSONValue(facts.version.number)),
                .init("system_identifier", .string(facts.systemIdentifier)),
                .init("timeline", JSONValue(facts.timeline)),
                .init("in_recovery", .bool(facts.inRecovery)),
                .init("retired", .bool(facts.isRetired)),
                .init("roles", JSONValue(facts.roles)),
                .init("answers", .array(answersJSON)),
                .init("databases", .array(rows)),
            ]
        }
        return .object(members)
    }

    private var answersJSON: [JSONValue] {
        answers.sorted { ($0.key.database, $0.key.sql) < ($1.key.database, $1.key.sql) }.map { question, answer in
            [
                "database": .string(question.database), "sql": .string(question.sql.hex),
                "names": answer.names.map { JSONValue($0) } ?? .null, "unknown": JSONValue(answer.unknown?.rawValue),
            ]
        }
    }
}

extension ObservedDatabase {
    fileprivate func json(history: String?, _ shared: inout SharedParts) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(name)), .init("oid", JSONValue(Int64(oid))), .init("owner", .string(owner)),
            .init("size_bytes", JSONValue(sizeBytes)), .init("template", .bool(isTemplate)),
            .init("history_table", JSONValue(history)),
        ]
        switch content {
        case .unobserved(let reason): members.append(.init("reason", .string(reason)))
        case .observed(let state):
            members += [
                .init("reason", .null),
                .init("catalog", .string(shared.name(of: state.catalog))),
                .init("history", .string(shared.name(of: state.history))),
                .init("filled", .array(state.nonEmptyTables.sorted().map { JSONValue($0) })),
                .init("init", .string(state.initMark.rawValue)),
                .init("unfinished", JSONValue(state.unfinished)),
            ]
        }
        return .object(members)
    }
}

extension QueryAnswer {
    fileprivate var unknown: BaselineDocument.Unknown? {
        switch self {
        case .names: nil
        case .notThere: .notThere
        case .lacking: .lacking
        case .failed: .failed
        }
    }
}

extension HistoryRows {
    fileprivate var json: JSONValue {
        [
            "exists": .bool(exists), "digest": .string(digest.hex),
            "rows": .array(rows.map { row in .array(row.map { JSONValue($0) }) }),
        ]
    }
}

extension Catalog {
    fileprivate var json: JSONValue {
        [
            "fingerprint": .string(fingerprint.hex), "privileges": .string(privileges.hex),
            "column_order": .string(columnOrder.hex),
            "objects": .array(
                objects.map { object in
                    guard case .object(let members) = object.id.json else { return object.id.json }
                    return .object(
                        members + [
                            .init("definition", .string(object.definition.hex)),
                            .init("privileges", JSONValue(object.privileges?.hex)),
                        ]
                    )
                }
            ),
            "tables": .array(tables.map { ["schema": .string($0.schema), "name": .string($0.name)] }),
            "invalid_indexes": .array(invalidIndexes.map(\.json)),
            "not_inspected": JSONValue(notInspected),
        ]
    }
}

extension ObjectID {
    fileprivate var json: JSONValue {
        ["kind": .string(kind.rawValue), "schema": JSONValue(schema), "name": .string(name)]
    }
}
