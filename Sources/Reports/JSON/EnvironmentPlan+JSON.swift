internal import FleetModel

extension EnvironmentPlan {
    var inventoryJSON: JSONValue {
        [
            "name": .string(name), "role": .string(role.rawValue), "instances": .array(instances.map(\.json)),
            "databases": .array(databases.map(\.json)), "findings": .array(findings.map(\.json)),
            "summary": summary.json, "location": location.json,
        ]
    }

    var json: JSONValue {
        guard case .object(let members) = inventoryJSON else { return inventoryJSON }
        return .object(
            members + [
                .init("cohorts", .array(cohorts.map(\.json))),
                .init("steps", .array(steps.map(\.json))),
                .init("granted", JSONValue(granted.sorted().map(\.rawValue))),
                .init("refused", .array(refused.map(\.json))),
                .init("narrowed", JSONValue(narrowed)),
            ]
        )
    }
}

extension EnvironmentPlan.Summary {
    fileprivate var json: JSONValue {
        [
            "databases": JSONValue(databases), "converged": JSONValue(converged), "to_create": JSONValue(toCreate),
            "to_migrate": JSONValue(toMigrate), "to_rebuild": JSONValue(toRebuild), "to_move": JSONValue(toMove),
            "to_drop": JSONValue(toDrop), "to_retire": JSONValue(toRetire), "statements": JSONValue(statements),
        ]
    }
}

extension PlannedInstance {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "address": .string(address), "reachable": .bool(reachable),
            "server_version": JSONValue(serverVersion), "system_identifier": JSONValue(systemIdentifier),
            "timeline": JSONValue(timeline), "state": .string(state.rawValue), "retired": .bool(isRetired),
            "size_bytes": JSONValue(sizeBytes),
        ]
    }
}

extension PlannedDatabase {
    fileprivate var json: JSONValue {
        [
            "instance": .string(instance), "name": .string(name), "class": JSONValue(className),
            "expected_version": JSONValue(expectedVersion), "observed_version": JSONValue(observedVersion),
            "status": .string(status.rawValue), "tables": JSONValue(tables), "size_bytes": JSONValue(sizeBytes),
            "last_change": JSONValue(lastChange.map { Timestamp(milliseconds: $0).description }),
            "fingerprint": JSONValue(fingerprint?.hex), "cohort": JSONValue(cohort),
            "oid": JSONValue(oid.map(Int64.init)), "history": JSONValue(historyDigest?.hex),
            "privileges": JSONValue(privileges?.hex),
        ]
    }
}

extension Finding {
    fileprivate var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("code", .string(code.rawValue)), .init("severity", .string(severity.rawValue)),
            .init("instance", .string(instance)), .init("database", JSONValue(database)),
            .init("object", JSONValue(object)), .init("message", .string(message)), .init("hint", JSONValue(hint)),
            .init("location", location.json),
        ]
        // Only a difference of definitions has these.
        if let expected { members.append(.init("expected", .string(expected))) }
        if let found { members.append(.init("found", .string(found))) }
        return .object(members)
    }
}

extension FilePosition? {
    var json: JSONValue {
        map { ["file": .string($0.file), "line": JSONValue($0.line), "column": JSONValue($0.column)] } ?? .null
    }
}

extension Cohort {
    fileprivate var json: JSONValue {
        [
            "id": .string(id), "class": .string(className), "instance": .string(instance),
            "databases": JSONValue(databases), "from": JSONValue(from?.hex), "to": JSONValue(to?.hex),
            "steps": .array(steps.map(\.json)),
            "assumed_empty": .array(
                assumedEmpty.map { empty in
                    [
                        "table": .string(empty.table.description),
                        "hazards": JSONValue(empty.hazards.sorted().map(\.rawValue)),
                    ]
                }
            ),
        ]
    }
}

extension Step {
    fileprivate var json: JSONValue {
        [
            "id": .string(id), "kind": .string(kind.rawValue), "summary": .string(summary),
            "migrations": JSONValue(migrations),
            "migration_digests": .object(
                migrationDigests.map { JSONValue.Member($0.key, .string($0.value)) }
            ),
            "objects": JSONValue(objects), "statements": .array(statements.map(\.json)),
            "hazards": JSONValue(hazards.sorted().map(\.rawValue)), "because": JSONValue(because.map(\.rawValue)),
            "instance": JSONValue(instance), "database": JSONValue(database),
        ]
    }
}

extension PlannedStatement {
    fileprivate var json: JSONValue {
        [
            "sql": .string(sql), "hazards": JSONValue(hazards.sorted().map(\.rawValue)),
            "locks": .array(
                locks.map { ["table": .string($0.table.description), "mode": .string($0.mode)] }
            ),
            "note": JSONValue(note), "destroys": JSONValue(destroys.map(\.description)), "location": location.json,
        ]
    }
}

extension Refusal {
    fileprivate var json: JSONValue {
        [
            "what": .string(what), "why": .string(why), "grant": JSONValue(grant), "cohort": JSONValue(cohort),
            "databases": JSONValue(databases),
        ]
    }
}
