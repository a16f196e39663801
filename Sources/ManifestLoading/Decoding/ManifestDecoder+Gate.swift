import FleetModel

extension ManifestDecoder {
    /// `gate: {rules: {RULE: {level, reason}}}`; whatever is weakened says why.
    mutating func gate(_ pair: YAMLPair?, role: EnvironmentRole?) -> GateSettings {
        var settings = GateSettings()
        guard let pair, let fields = fields(of: pair.value, "\"gate\"", at: pair.key.range, allowed: ["rules"]),
            let rules = fields.pair("rules"),
            let pairs = mapping(rules.value, "\"rules\"", at: rules.key.range)
        else { return settings }
        for pair in pairs {
            guard let rule = GateRule(code: pair.key.value) else {
                fault(
                    .wrongValue,
                    "the gate has no rule \(quoted(pair.key.value))",
                    at: pair.key.range,
                    hint: nearest(to: pair.key.value, among: GateRule.allCases.map(\.code))
                        .map { "did you mean \(quoted($0))?" } ?? "docs/gate.md lists them"
                )
                continue
            }
            if let setting = setting(of: rule, pair, role: role) { settings.rules[rule] = setting }
        }
        return settings
    }

    private mutating func setting(
        of rule: GateRule,
        _ pair: YAMLPair,
        role: EnvironmentRole?
    ) -> GateSettings.Setting? {
        let title = "rule \(quoted(rule.code))"
        guard let fields = fields(of: pair.value, title, at: pair.key.range, allowed: ["level", "reason"]) else {
            return nil
        }
        let level = required("level", in: fields).flatMap { choice($0, "level", as: GateLevel.self) }
        let reason = fields["reason"].flatMap { self.reason($0) }
        guard let level else { return nil }
        guard rule.mayBeSet else {
            fault(
                .wrongValue,
                "\(title) has no level: plan and apply end with 65 on it as well",
                at: pair.key.range,
                hint: "mend what it finds"
            )
            return nil
        }
        if level != .error, role == .production, rule.protectsRows {
            fault(
                .unsafePolicy,
                "in production \(title) stands between a migration and the loss of rows: it is always an error",
                at: fields["level"]?.range ?? pair.key.range,
                hint: "grant the hazard where it is meant, by policy `allow` or --allow"
            )
            return nil
        }
        if level != .error, fields["reason"] == nil {
            fault(
                .missingKey,
                "\(title) is weakened and has no \"reason\"",
                at: pair.key.range,
                hint: "write down why; it is shown wherever the level counts"
            )
        }
        return GateSettings.Setting(level: level, reason: reason)
    }
}
