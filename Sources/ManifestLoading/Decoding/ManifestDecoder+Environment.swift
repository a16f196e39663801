import FleetModel

extension ManifestDecoder {
    /// An instance as far as references to it need to know.
    struct InstanceName {
        var name: String
        /// Nil where the manifest's word for it is not understood.
        var state: Instance.State?
    }

    mutating func decodeEnvironment(_ document: YAMLNode) {
        let allowed = [
            "apiVersion", "kind", "name", "role", "description", "instances", "databases", "policy", "gate", "drift",
        ]
        guard let fields = fields(of: document, "the environment", allowed: allowed) else { return }
        let name = required("name", in: fields).flatMap { label($0) }
        if let name { declared.environmentNames.append(name) }
        let role = required("role", in: fields).flatMap { choice($0, "role", as: EnvironmentRole.self) }
        let description = fields["description"].flatMap { text($0, "description")?.value }
        let policy = policy(fields.pair("policy"), role: role)
        let gate = gate(fields.pair("gate"), role: role)
        let drift = drift(fields.pair("drift"), mayNameClass: true)
        var instances: [Instance] = []
        var instanceNames: [InstanceName]?
        if required("instances", in: fields) != nil, let pair = fields.pair("instances") {
            (instances, instanceNames) = decodeInstances(pair)
        }
        if role != nil, policy.requireTLS { checkTLS(of: instances) }
        let entries = fields["databases"].flatMap { decodeEntries($0, instances: instanceNames) } ?? []
        guard let name, let role else { return }
        declared.environments.append(
            Environment(
                name: name,
                role: role,
                description: description,
                instances: instances,
                entries: entries,
                policy: policy,
                gate: gate,
                drift: drift
            )
        )
    }

    /// A name that people type, and that becomes part of file names (receipts, plans).
    mutating func label(_ node: YAMLNode) -> Located<String>? {
        guard let name = name(node, "name") else { return nil }
        return isLabel(name) ? name : nil
    }

    private mutating func isLabel(_ name: Located<String>) -> Bool {
        let scalars = name.value.unicodeScalars
        func isLetter(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || scalar.properties.generalCategory == .nonspacingMark
        }
        if let first = scalars.first, isLetter(first),
            scalars.allSatisfy({ isLetter($0) || "._-".unicodeScalars.contains($0) })
        {
            return true
        }
        fault(
            .wrongValue,
            "the name \(quoted(name.value)) must begin with a letter or digit and hold only these, \".\", \"_\" and \"-\"",
            at: name.range
        )
        return false
    }

    // MARK: Instances

    private mutating func decodeInstances(_ pair: YAMLPair) -> ([Instance], [InstanceName]?) {
        guard let pairs = mapping(pair.value, "\"instances\"", at: pair.key.range) else { return ([], nil) }
        guard !pairs.isEmpty else {
            fault(.wrongValue, "\"instances\" is empty", at: pair.value.range)
            return ([], nil)
        }
        var instances: [Instance] = []
        var names: [InstanceName] = []
        for pair in pairs {
            let isSound = isLabel(pair.key)
            let (instance, state) = decodeInstance(pair)
            names.append(InstanceName(name: pair.key.value, state: state))
            if isSound, let instance { instances.append(instance) }
        }
        return (instances, names)
    }

    private mutating func decodeInstance(_ pair: YAMLPair) -> (Instance?, Instance.State?) {
        let title = "instance \(quoted(pair.key.value))"
        let allowed = ["via", "connection", "password", "state"]
        guard let fields = fields(of: pair.value, title, at: pair.key.range, allowed: allowed) else {
            return (nil, nil)
        }
        let via = fields["via"].map { hops($0) } ?? []
        let connection: [ConnectionParameter]? =
            if required("connection", in: fields) != nil, let pair = fields.pair("connection") {
                self.connection(pair)
            } else {
                nil
            }
        let password = fields.pair("password").flatMap { secretSource($0) }
        let state =
            fields["state"].map { choice($0, "state", as: Instance.State.self) } ?? .active
        guard let via, let connection else { return (nil, state) }
        let instance = Instance(
            name: pair.key,
            via: via,
            connection: connection,
            password: password,
            state: state ?? .active
        )
        return (instance, state)
    }

    // MARK: Databases

    private mutating func decodeEntries(_ node: YAMLNode, instances: [InstanceName]?) -> [DatabaseEntry]? {
        guard let items = list(node, "databases") else { return nil }
        var entries: [DatabaseEntry] = []
        for item in items {
            if let entry = decodeEntry(item, instances: instances) { entries.append(entry) }
        }
        return entries
    }

    private mutating func decodeEntry(_ node: YAMLNode, instances: [InstanceName]?) -> DatabaseEntry? {
        let allowed = ["name", "names", "match", "query", "class", "version", "instance"]
        guard let fields = fields(of: node, "the entry", allowed: allowed) else { return nil }
        let selector = selector(fields)
        let className = required("class", in: fields).flatMap { text($0, "class") }
        if let className { declared.classReferences.append(className) }
        let version = required("version", in: fields).flatMap { text($0, "version") }
        let instance = instance(of: fields, among: instances)
        guard let selector, let className, let version, let instance else { return nil }
        return DatabaseEntry(
            selector: selector,
            className: className,
            version: version,
            instance: instance,
            range: node.range
        )
    }

    private mutating func selector(_ fields: Fields) -> Located<DatabaseEntry.Selector>? {
        let kinds = ["name", "names", "match", "query"]
        let given = fields.pairs.filter { kinds.contains($0.key.value) }
        guard given.count == 1, let pair = given.first else {
            let (code, message): (DiagnosticCode, String) =
                given.isEmpty
                ? (.missingKey, "the entry names no database")
                : (.wrongValue, "the entry has \(given.map { quoted($0.key.value) }.joined(separator: " and "))")
            fault(code, message, at: fields.range, hint: "write exactly one of name, names, match and query")
            return nil
        }
        switch pair.key.value {
        case "name":
            guard let name = name(pair.value, "name") else { return nil }
            return Located(.names([name.value]), at: name.range)
        case "names":
            guard let names = names(pair.value, "names") else { return nil }
            guard !names.isEmpty else {
                if case .sequence([]) = pair.value.content {
                    fault(.wrongValue, "\"names\" is empty", at: pair.value.range)
                }
                return nil
            }
            return Located(.names(names.map(\.value)), at: pair.value.range)
        case "match":
            guard let pattern = text(pair.value, "match") else { return nil }
            guard Glob(pattern.value) != nil else {
                fault(
                    .wrongValue,
                    "the pattern \(quoted(pattern.value)) has a bracket that is never closed, or an empty range",
                    at: pattern.range
                )
                return nil
            }
            return Located(.match(pattern.value), at: pattern.range)
        default:
            return query(pair)
        }
    }

    private mutating func query(_ pair: YAMLPair) -> Located<DatabaseEntry.Selector>? {
        let allowed = ["database", "sql"]
        guard let fields = fields(of: pair.value, "\"query\"", at: pair.key.range, allowed: allowed) else { return nil }
        let database = required("database", in: fields).flatMap { name($0, "database") }
        let sql = required("sql", in: fields).flatMap { text($0, "sql") }
        guard let database, let sql else { return nil }
        return Located(.query(database: database.value, sql: sql.value), at: pair.value.range)
    }

    /// The instance that the entry names or, where it names none, the only active one.
    private mutating func instance(of fields: Fields, among instances: [InstanceName]?) -> Located<String>? {
        guard let node = fields["instance"] else {
            guard let instances else { return nil }
            // One whose state is not understood may be active.
            let active = instances.filter { $0.state != .retiring }
            if active.count == 1 { return Located(active[0].name, at: fields.range) }
            let names = active.map(\.name).joined(separator: ", ")
            let found = active.isEmpty ? "no active instance" : "\(active.count) active instances: \(names)"
            fault(
                .missingKey,
                "the entry names no instance, and the environment has \(found)",
                at: fields.range,
                hint: active.isEmpty ? nil : "add \"instance\""
            )
            return nil
        }
        guard let name = text(node, "instance"), let instances else { return nil }
        guard let instance = instances.first(where: { $0.name == name.value }) else {
            fault(
                .danglingReference,
                "the environment has no instance \(quoted(name.value))",
                at: name.range,
                hint: suggestion(name.value, among: instances.map(\.name))
            )
            return nil
        }
        guard instance.state != .retiring else {
            fault(
                .retiringTarget,
                "instance \(quoted(name.value)) is retiring: nothing may be placed on it",
                at: name.range,
                hint: "name the active instance that takes over; what the retiring one holds is moved"
            )
            return nil
        }
        return name
    }
}

/// The nearest of some names or, where none is near, all of them.
func suggestion(_ name: String, among names: [String]) -> String? {
    if let near = nearest(to: name, among: names) { return "did you mean \(quoted(near))?" }
    return names.isEmpty ? nil : "known: \(names.prefix(12).joined(separator: ", "))"
}
