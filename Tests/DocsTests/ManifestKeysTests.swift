import FleetModel
import ManifestLoading
import Testing

@Suite struct `Manifests in docs` {
    /// The keys that the loader says it knows in a place, when it meets one that it does not.
    private func knownKeys(_ manifest: String) throws -> [String: [String]] {
        let root = try TemporaryRoot(manifest)
        var keys: [String: [String]] = [:]
        for diagnostic in ManifestLoader.load(root: root.path).diagnostics where diagnostic.code == .unknownKey {
            let place = try #require(diagnostic.message.firstMatch(of: #/ in (the )?"?([a-z]+)/#)).2
            let hint = try #require(diagnostic.hint?.split(separator: "allowed: ").last, "\(diagnostic)")
            keys[String(place)] = hint.split(separator: ", ").map(String.init)
        }
        return keys
    }

    @Test func `every policy key is there, and no other`() throws {
        let known = try knownKeys(
            """
            {apiVersion: reconcile/v1, kind: Environment, name: e, role: development,
             instances: {a: {connection: {host: /tmp}}},
             policy: {qqq: 1, backup: {qqq: 1}, rollout: {qqq: 1}, timeouts: {qqq: 1}}}
            """
        )
        let keys = try #require(known["policy"]).flatMap { key in known[key]?.map { "\(key).\($0)" } ?? [key] }
        #expect(Set(keys) == Set(try Page("docs/policy.md").names()))
        #expect(keys.count == 14)
    }

    @Test func `the defaults of every role are those of the code`() throws {
        for row in try Page("docs/policy.md").rows() {
            let key = row[0].filter { $0 != "`" }
            #expect(
                row.dropFirst() == EnvironmentRole.allCases.map { Policy(defaultsFor: $0).text(of: key) }[...],
                "\(key)"
            )
        }
    }

    @Test func `every key of both kinds is there`() throws {
        let classKeys = try knownKeys(
            """
            {apiVersion: reconcile/v1, kind: DatabaseClass, name: c, qqq: 1,
             migrations: {directory: ., format: plain, qqq: 1}, create: {qqq: 1}, expects: {qqq: 1},
             checks: [{name: a, sql: b, qqq: 1}], drift: {qqq: 1, ignore: [{object: index a, reason: b, qqq: 1}]}}
            """
        )
        let environmentKeys = try knownKeys(
            """
            {apiVersion: reconcile/v1, kind: Environment, name: e, role: development, qqq: 1,
             instances: {a: {qqq: 1, connection: {host: /tmp}, via: [{ssh: {destination: h, qqq: 1}},
                             {kubectl: {pod: p, qqq: 1}}, {ssh: h, qqq: 1}], password: {qqq: {}}}},
             databases: [{query: {qqq: 1}, class: c, version: latest, qqq: 1}],
             drift: {qqq: 1, ignore: [{object: index a, reason: b, qqq: 1}]},
             gate: {qqq: 1},
             policy: {qqq: 1, backup: {qqq: 1}, rollout: {qqq: 1}, timeouts: {qqq: 1}}}
            """
        )
        #expect(classKeys.count == 7)
        #expect(environmentKeys.count == 15)
        expectSchema(.databaseClass, has: classKeys)
        expectSchema(.environment, has: environmentKeys)
        // Both kinds of rules are called so in a message.
        let gate = try knownKeys(
            """
            {apiVersion: reconcile/v1, kind: Environment, name: e, role: development,
             instances: {a: {connection: {host: /tmp}}}, gate: {rules: {check-failed: {qqq: 1, level: error}}}}
            """
        )
        expectSchema(.environment, has: ["check-failed": try #require(gate["rule"])])
        let text = try Page("docs/manifests.md").text + Page("docs/policy.md").text
        for key in (classKeys.values.flatMap(\.self) + environmentKeys.values.flatMap(\.self)) {
            #expect(["\(key):", "`\(key)`", ".\(key)`", "`\(key)."].contains(where: text.contains), "\(key)")
        }
    }
}

/// The schema that editors use knows each key of the loader in its place, and no other.
private func expectSchema(_ schema: ManifestSchema, has keys: [String: [String]]) {
    var places: [String: JSONValue] = [schema == .environment ? "environment" : "class": schema.document]
    func look(_ value: JSONValue, _ name: String) {
        switch value {
        case .array(let values): for value in values { look(value, name) }
        case .object(let members):
            if case .object(let properties)? = value["properties"] {
                if places[name] == nil { places[name] = value }
                for property in properties { look(property.value, property.key) }
            }
            for member in members where ["items", "anyOf", "additionalProperties"].contains(member.key) {
                look(member.value, name)
            }
        default: break
        }
    }
    look(schema.document, "")
    // What an item of a list or a value of a mapping is called.
    let names = ["check": "checks", "instance": "instances", "hop": "via", "entry": "databases", "rule": "ignore"]
    for (place, keys) in keys {
        guard case .object(let properties)? = places[names[place] ?? place]?["properties"] else {
            Issue.record("the schema has no \(place)")
            continue
        }
        #expect(properties.map(\.key).sorted() == keys.sorted(), "\(place)")
    }
}

extension Policy {
    /// One key's value as a manifest has it.
    fileprivate func text(of key: String) -> String {
        switch key {
        case "repair": repair.rawValue
        case "unmanaged": unmanaged.rawValue
        case "allow": allow.isEmpty ? "none" : allow.count == Hazard.allCases.count ? "all" : "some"
        case "backup.when": backupWhen.rawValue
        case "backup.verify": backupVerify.rawValue
        case "backup.directory": backupDirectory
        case "backup.keep": "\(backupKeep.components.seconds / 86_400)d"
        case "maxDestroy":
            switch maxDestroy {
            case .count(let count): "\(count)"
            case .percent(let percent): "\(percent)%"
            }
        case "rollout.canary": "\(canary)"
        case "rollout.parallel": "\(parallel)"
        case "rollout.maxFailures": "\(maxFailures)"
        case "timeouts.lock": "\(lockTimeout.components.seconds)s"
        case "timeouts.statement": statementTimeout.map { "\($0.components.seconds / 60)min" } ?? "none"
        case "requireTLS": "\(requireTLS)"
        default: "no key"
        }
    }
}
