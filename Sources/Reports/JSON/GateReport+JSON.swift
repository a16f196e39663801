package import FleetModel
package import Planning

extension PlanDocument {
    /// What `gate` prints: the plan it judged, and the verdict beside it.
    package init(_ plan: Plan, _ report: GateReport) {
        self.init(plan, environments: plan.environments.map(\.json), besides: [.init("gate", report.json)])
    }
}

extension GateReport {
    var json: JSONValue {
        [
            "passes": .bool(status == nil), "status": JSONValue(status?.rawValue ?? 0),
            "allow_pending": .bool(allowsPending), "offline": .bool(offline != nil),
            "baseline": offline?.baseline?.json ?? .null,
            "environments": .array(verdicts.map(\.json)),
            "classes": .array((offline?.classes ?? []).map(\.json)),
        ]
    }
}

extension GateReport.Source {
    fileprivate var json: JSONValue {
        [
            "file": .string(file), "digest": .string(digest),
            "recorded_at": .string(Timestamp(seconds: recordedAt).description), "age_seconds": JSONValue(age),
        ]
    }
}

extension GateVerdict {
    fileprivate var json: JSONValue {
        [
            "name": JSONValue(environment), "role": JSONValue(role?.rawValue), "passes": .bool(status == nil),
            "status": JSONValue(status?.rawValue ?? 0), "lowered": JSONValue(lowered),
            "objections": .array(objections.map(\.json)),
        ]
    }
}

extension GateObjection {
    fileprivate var json: JSONValue {
        [
            "rule": .string(rule.code), "level": .string(weight.rawValue), "status": JSONValue(status.rawValue),
            "message": .string(message), "hint": JSONValue(hint), "reason": JSONValue(reason),
            "class": JSONValue(className), "instance": JSONValue(instance), "databases": JSONValue(databases),
            "object": JSONValue(object), "cohort": JSONValue(cohort), "location": location.json,
        ]
    }
}

extension GateClass {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "major": JSONValue(major), "migrations": JSONValue(migrations),
            "replayed": JSONValue(replayed),
            "risks": .array(
                risks.map { risk in
                    [
                        "migration": .string(risk.tag), "hazards": JSONValue(risk.hazards.sorted().map(\.rawValue)),
                        "message": .string(risk.message), "file": .string(risk.file),
                    ]
                }
            ),
        ]
    }
}
