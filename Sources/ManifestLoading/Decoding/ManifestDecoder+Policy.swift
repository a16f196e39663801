import FleetModel

extension ManifestDecoder {
    /// The role's defaults with what the manifest says put over them; without a role only the shape is checked.
    mutating func policy(_ pair: YAMLPair?, role: EnvironmentRole?) -> Policy {
        var policy = Policy(defaultsFor: role ?? .development)
        guard let pair else { return policy }
        let allowed = [
            "repair", "unmanaged", "allow", "backup", "maxDestroy", "rollout", "timeouts", "requireTLS",
        ]
        guard let fields = fields(of: pair.value, "\"policy\"", at: pair.key.range, allowed: allowed) else {
            return policy
        }
        if let repair = fields["repair"].flatMap({ choice($0, "repair", as: Policy.Repair.self) }) {
            policy.repair = repair
        }
        if let unmanaged = fields["unmanaged"].flatMap({ choice($0, "unmanaged", as: Policy.Unmanaged.self) }) {
            policy.unmanaged = unmanaged
        }
        if let allow = fields["allow"].flatMap({ hazards($0) }) { policy.allow = allow }
        if let limit = fields["maxDestroy"].flatMap({ limit($0) }) { policy.maxDestroy = limit }
        if let requireTLS = fields["requireTLS"].flatMap({ boolean($0, "requireTLS") }) {
            policy.requireTLS = requireTLS
        }
        if let backup = fields.pair("backup") { decodeBackup(backup, role: role, into: &policy) }
        if let rollout = fields.pair("rollout") { decodeRollout(rollout, into: &policy) }
        if let timeouts = fields.pair("timeouts") { decodeTimeouts(timeouts, into: &policy) }
        return policy
    }

    private mutating func hazards(_ node: YAMLNode) -> Set<Hazard>? {
        if case .scalar = node.content {
            guard let word = text(node, "allow") else { return nil }
            switch word.value {
            case "all": return Set(Hazard.allCases)
            case "none": return []
            default:
                fault(
                    .wrongValue,
                    "\"allow\" is \(quoted(word.value)); allowed: all, none or a list of hazards",
                    at: word.range,
                    hint: Hazard(rawValue: word.value).map { "write [\($0.rawValue)]" }
                )
                return nil
            }
        }
        guard let items = list(node, "allow") else { return nil }
        var hazards: Set<Hazard> = []
        for item in items {
            if let hazard = choice(item, "allow", as: Hazard.self) { hazards.insert(hazard) }
        }
        return hazards
    }

    private mutating func limit(_ node: YAMLNode) -> Policy.Limit? {
        guard case .scalar(let scalar) = node.content, scalar.text.hasSuffix("%") else {
            return integer(node, "maxDestroy", in: 0...Int.max).map(Policy.Limit.count)
        }
        let digits = scalar.text.dropLast()
        guard digits.utf8.allSatisfy(\.isDigit), let percent = Int(digits), (0...100).contains(percent) else {
            fault(
                .wrongValue,
                "\"maxDestroy\" is \(quoted(scalar.text)); allowed: a number, or 0% to 100%",
                at: node.range
            )
            return nil
        }
        return .percent(percent)
    }

    private mutating func decodeBackup(_ pair: YAMLPair, role: EnvironmentRole?, into policy: inout Policy) {
        let allowed = ["when", "verify", "directory", "keep"]
        guard let fields = fields(of: pair.value, "\"backup\"", at: pair.key.range, allowed: allowed) else { return }
        if let node = fields["when"], let when = choice(node, "when", as: Policy.BackupWhen.self) {
            policy.backupWhen = when
            if role == .production, when == .never {
                fault(
                    .unsafePolicy,
                    "production is never changed without a backup: \"when\" may not be never",
                    at: node.range,
                    hint: "write destructive or always"
                )
            }
        }
        if let node = fields["verify"], let verify = choice(node, "verify", as: Policy.BackupVerify.self) {
            policy.backupVerify = verify
            if role == .production, verify == .none || verify == .read {
                fault(
                    .unsafePolicy,
                    "in production a backup counts only once it was restored: \"verify\" may not be \(verify.rawValue)",
                    at: node.range,
                    hint: "write restore or rehearse"
                )
            }
        }
        if let directory = fields["directory"].flatMap({ text($0, "directory") }) {
            policy.backupDirectory = directory.value
        }
        if let node = fields["keep"], let keep = duration(node, "keep", least: .milliseconds(1)) {
            policy.backupKeep = keep
        }
    }

    private mutating func decodeRollout(_ pair: YAMLPair, into policy: inout Policy) {
        let allowed = ["canary", "parallel", "maxFailures"]
        guard let fields = fields(of: pair.value, "\"rollout\"", at: pair.key.range, allowed: allowed) else { return }
        if let canary = fields["canary"].flatMap({ integer($0, "canary", in: 0...Int.max) }) { policy.canary = canary }
        if let parallel = fields["parallel"].flatMap({ integer($0, "parallel", in: 1...1000) }) {
            policy.parallel = parallel
        }
        if let failures = fields["maxFailures"].flatMap({ integer($0, "maxFailures", in: 0...Int.max) }) {
            policy.maxFailures = failures
        }
    }

    private mutating func decodeTimeouts(_ pair: YAMLPair, into policy: inout Policy) {
        let allowed = ["lock", "statement"]
        guard let fields = fields(of: pair.value, "\"timeouts\"", at: pair.key.range, allowed: allowed) else { return }
        // PostgreSQL counts milliseconds in 32 bits, and takes 0 for "no limit at all".
        let most = Duration.milliseconds(Int32.max)
        if let node = fields["lock"], let lock = duration(node, "lock", least: .milliseconds(1), most: most) {
            policy.lockTimeout = lock
        }
        if let node = fields["statement"] {
            if case .scalar(let scalar) = node.content, scalar.text == "none" {
                policy.statementTimeout = nil
            } else if let statement = duration(node, "statement", least: .milliseconds(1), most: most) {
                policy.statementTimeout = statement
            }
        }
    }

    /// A whole number with one of PostgreSQL's units of time: `3s`, `15min`, `14d`.
    mutating func duration(
        _ node: YAMLNode,
        _ title: String,
        least: Duration,
        most: Duration = .seconds(Int64.max / 1000)
    ) -> Duration? {
        if case .scalar(let scalar) = node.content, case .integer = scalar.coreValue {
            fault(
                .wrongValue,
                "\(quoted(title)) is \(quoted(scalar.text)), which has no unit",
                at: node.range,
                hint: "write \(scalar.text)ms, \(scalar.text)s, \(scalar.text)min, \(scalar.text)h or \(scalar.text)d"
            )
            return nil
        }
        guard let written = text(node, title) else { return nil }
        let digits = written.value.prefix { $0.isASCII && $0.isNumber }
        let milliseconds: Int64? =
            switch written.value.dropFirst(digits.count) {
            case "ms": 1
            case "s": 1000
            case "min": 60_000
            case "h": 3_600_000
            case "d": 86_400_000
            default: nil
            }
        guard let milliseconds, let count = Int64(digits) else {
            fault(
                .wrongValue,
                "\(quoted(title)) is \(quoted(written.value)); allowed: a number and ms, s, min, h or d",
                at: node.range
            )
            return nil
        }
        let (total, overflow) = count.multipliedReportingOverflow(by: milliseconds)
        let duration = Duration.milliseconds(total)
        guard !overflow, duration <= most else {
            fault(.wrongValue, "\(quoted(title)) is longer than can be measured", at: node.range)
            return nil
        }
        guard duration >= least else {
            fault(.wrongValue, "\(quoted(title)) must be longer than nothing", at: node.range)
            return nil
        }
        return duration
    }
}
