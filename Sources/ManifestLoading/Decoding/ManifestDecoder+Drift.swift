import FleetModel

/// Which differences of a schema do not count: `drift`, of a class or of an environment.
extension ManifestDecoder {
    /// - Parameters:
    ///   - pair: the key and its value; nil where the manifest has none.
    ///   - mayNameClass: whether a rule may be for one class only.
    /// - Returns: the rules without fault.
    mutating func drift(_ pair: YAMLPair?, mayNameClass: Bool) -> DriftRules {
        guard let pair,
            let fields = fields(
                of: pair.value,
                "\"drift\"",
                at: pair.key.range,
                allowed: ["ignore", "dated", "reason"]
            )
        else { return .none }
        let reason = fields["reason"].flatMap { self.reason($0) }
        var rules = DriftRules()
        for item in fields["ignore"].flatMap({ list($0, "ignore") }) ?? [] {
            guard let written = rule(item, reason, mayNameClass) else { continue }
            if let rule = ignored(written) { rules.ignored.append(rule) }
        }
        for item in fields["dated"].flatMap({ list($0, "dated") }) ?? [] {
            guard let written = rule(item, reason, mayNameClass) else { continue }
            if let rule = dated(written) { rules.dated.append(rule) }
        }
        return rules
    }

    /// A rule as it stands there.
    private struct WrittenRule {
        var object: Located<String>
        var reason: String
        var className: String?
    }

    /// `{object, reason}`, or the object alone where `drift` has a reason for all.
    private mutating func rule(_ node: YAMLNode, _ common: String?, _ mayNameClass: Bool) -> WrittenRule? {
        let object: Located<String>?
        var reason: String?
        var className: Located<String>?
        if case .scalar = node.content {
            object = text(node, "object")
        } else {
            let allowed = ["object", "reason"] + (mayNameClass ? ["class"] : [])
            guard let fields = fields(of: node, "the rule", allowed: allowed) else { return nil }
            object = required("object", in: fields).flatMap { text($0, "object") }
            reason = fields["reason"].flatMap { self.reason($0) }
            className = mayNameClass ? fields["class"].flatMap { text($0, "class") } : nil
        }
        if let className { declared.classReferences.append(className) }
        guard let object else { return nil }
        if reason ?? common == nil {
            // Not an error: it hides nothing that the plan does not count and name.
            diagnostics.append(
                Diagnostic(
                    .warning,
                    .missingKey,
                    "\(quoted(object.value)) has no reason, and who reads the plan is told so",
                    at: object.range,
                    hint: "write {object: \"\(object.value)\", reason: …}, or one \"reason\" beside the list"
                )
            )
        }
        return WrittenRule(
            object: object,
            reason: reason ?? common ?? "no reason given",
            className: className?.value
        )
    }

    private mutating func ignored(_ written: WrittenRule) -> DriftRules.Ignored? {
        let (kind, pattern) = Self.words(of: written.object.value)
        guard let subject = subject(kind, written.object) else { return nil }
        let mayStandAlone =
            switch subject {
            case .grants, .owners, .objects(.comment), .objects(.securityLabel), .objects(.defaultPrivileges): true
            case .objects: false
            }
        guard let pattern = pattern ?? (mayStandAlone ? "*" : nil) else {
            fault(
                .wrongValue,
                "\(quoted(written.object.value)) does not say which",
                at: written.object.range,
                hint: "write \"\(kind) NAME\", where NAME may hold *, ? and […]; \"\(kind) *\" is all of them"
            )
            return nil
        }
        guard let names = Glob(pattern) else {
            fault(.wrongValue, "\(quoted(pattern)) has a \"[\" that is never closed", at: written.object.range)
            return nil
        }
        return DriftRules.Ignored(
            subject: subject,
            names: names,
            text: written.object.value,
            reason: written.reason,
            className: written.className
        )
    }

    private mutating func subject(_ word: String, _ written: Located<String>) -> DriftRules.Ignored.Subject? {
        switch word {
        case "grants": return .grants
        case "owners": return .owners
        case "comments": return .objects(.comment)
        default: break
        }
        if let kind = ObjectKind(rawValue: word) { return .objects(kind) }
        let words = ["grants", "owners", "comments"] + ObjectKind.allCases.map(\.rawValue)
        fault(
            .wrongValue,
            "\(quoted(word)) is no kind of object",
            at: written.range,
            hint: nearest(to: word, among: words).map { "did you mean \(quoted($0))?" }
                ?? "write a kind and a name, as in \"index public.tmp_*\", or \"grants\", \"owners\", \"comments\""
        )
        return nil
    }

    private mutating func dated(_ written: WrittenRule) -> DriftRules.Dated? {
        let (kind, pattern) = Self.words(of: written.object.value)
        guard kind == ObjectKind.table.rawValue, let names = pattern.flatMap(DatedName.init) else {
            fault(
                .wrongValue,
                "\(quoted(written.object.value)) is not a table with a date in its name",
                at: written.object.range,
                hint: "write \"table NAME\", where {date} stands for the date, as in \"table events_{date}\""
            )
            return nil
        }
        return DriftRules.Dated(
            names: names,
            text: written.object.value,
            reason: written.reason,
            className: written.className
        )
    }

    private static func words(of text: String) -> (kind: String, pattern: String?) {
        let words = text.split(separator: " ", maxSplits: 1)
        let pattern = words.count == 2 ? words[1].trimmingPrefix { $0 == " " } : ""
        return (words.first.map(String.init) ?? "", pattern.isEmpty ? nil : String(pattern))
    }
}
