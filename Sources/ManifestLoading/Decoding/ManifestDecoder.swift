import FleetModel

#if MUTATIONS
internal import Effects
#endif

/// Makes values of one file's trees, strictly: what is not known is a fault, and every fault is reported.
struct ManifestDecoder {
    static let apiVersion = "reconcile/v1"
    static let kinds = ["DatabaseClass", "Environment"]

    /// Relative to the root.
    let file: String
    let root: RootFolder
    var declared = Declarations()
    var diagnostics: [Diagnostic] = []

    init(file: String, root: RootFolder) {
        self.file = file
        self.root = root
    }

    mutating func decode(_ document: YAMLNode) {
        // An empty document, or one of comments only.
        if document.isNull { return }
        let document = withoutSecrets(document)
        guard case .mapping(let pairs) = document.content else {
            fault(.wrongType, "a manifest must be a mapping, not \(document.kindName)", at: document.range)
            declared.isComplete = false
            return
        }
        let header = Fields(title: "the manifest", range: firstKey(of: document), pairs: pairs)
        if let node = required("apiVersion", in: header), let version = text(node, "apiVersion"),
            version.value != Self.apiVersion
        {
            wrongValue(version, "apiVersion", allowed: [Self.apiVersion])
        }
        guard let node = required("kind", in: header), let kind = text(node, "kind") else {
            declared.isComplete = false
            return
        }
        switch kind.value {
        case "DatabaseClass": decodeClass(document)
        case "Environment": decodeEnvironment(document)
        default:
            wrongValue(kind, "kind", allowed: Self.kinds)
            declared.isComplete = false
        }
    }

    // MARK: Mappings

    /// The mapping's fields, unknown keys being reported; `at` is the key whose value the mapping is.
    mutating func fields(
        of node: YAMLNode,
        _ title: String,
        at key: SourceRange? = nil,
        allowed: [String]
    ) -> Fields? {
        guard let pairs = mapping(node, title, at: key) else { return nil }
        for pair in pairs where !allowed.contains(pair.key.value) {
            unknownKey(pair, in: title, allowed: allowed)
        }
        return Fields(title: title, range: key ?? firstKey(of: node), pairs: pairs)
    }

    mutating func mapping(_ node: YAMLNode, _ title: String, at key: SourceRange? = nil) -> [YAMLPair]? {
        guard case .mapping(let pairs) = node.content else {
            wrongType(node, title, expected: "a mapping", at: key)
            return nil
        }
        return pairs
    }

    mutating func required(_ key: String, in fields: Fields) -> YAMLNode? {
        if let node = fields[key] { return node }
        fault(.missingKey, "\(fields.title) has no \(quoted(key))", at: fields.range)
        return nil
    }

    private mutating func unknownKey(_ pair: YAMLPair, in title: String, allowed: [String]) {
        let key = pair.key.value
        if Secrets.mayName(key), case .scalar = pair.value.content {
            literalSecret("a secret may not be written in a manifest", at: pair.value.range)
            return
        }
        let hint =
            nearest(to: key, among: allowed).map { "did you mean \(quoted($0))?" }
            ?? "allowed: \(allowed.joined(separator: ", "))"
        fault(.unknownKey, "unknown key \(quoted(key)) in \(title)", at: pair.key.range, hint: hint)
    }

    private func firstKey(of node: YAMLNode) -> SourceRange {
        guard case .mapping(let pairs) = node.content, let first = pairs.first else { return node.range }
        return first.key.range
    }

    // MARK: Scalars and lists

    /// Text that is not empty.
    ///
    /// A plain `0001` or `true` is its text where text is wanted: nothing is guessed.
    mutating func text(_ node: YAMLNode, _ title: String) -> Located<String>? {
        guard case .scalar(let scalar) = node.content, scalar.coreValue != .null else {
            wrongType(node, quoted(title), expected: "text")
            return nil
        }
        guard !scalar.text.isEmpty else {
            fault(.wrongValue, "\(quoted(title)) is empty", at: node.range)
            return nil
        }
        return Located(scalar.text, at: node.range)
    }

    /// Words for whoever reads a plan or a verdict: blanks are none.
    mutating func reason(_ node: YAMLNode) -> String? {
        guard let reason = text(node, "reason") else { return nil }
        guard !reason.value.allSatisfy(\.isWhitespace) else {
            fault(.wrongValue, "\(quoted("reason")) is empty", at: node.range)
            return nil
        }
        return reason.value
    }

    /// Text that PostgreSQL will take as a name; it would cut a longer one without a word.
    mutating func name(_ node: YAMLNode, _ title: String) -> Located<String>? {
        guard let name = text(node, title) else { return nil }
        #if MUTATIONS
        if Mutation.nameOfAnyLength.isOn { return name }
        #endif
        let length = name.value.utf8.count
        guard length <= 63 else {
            fault(
                .nameTooLong,
                "the name \(quoted(name.value)) is \(length) bytes long, PostgreSQL keeps 63",
                at: name.range
            )
            return nil
        }
        return name
    }

    mutating func integer(_ node: YAMLNode, _ title: String, in allowed: ClosedRange<Int>) -> Int? {
        guard case .scalar(let scalar) = node.content, case .integer(let number) = scalar.coreValue else {
            wrongType(node, quoted(title), expected: "a whole number")
            return nil
        }
        guard let number, allowed.contains(number) else {
            let bound =
                allowed.upperBound == .max
                ? "\(allowed.lowerBound) or more" : "from \(allowed.lowerBound) to \(allowed.upperBound)"
            fault(.wrongValue, "\(quoted(title)) must be \(bound)", at: node.range)
            return nil
        }
        return number
    }

    mutating func boolean(_ node: YAMLNode, _ title: String) -> Bool? {
        guard case .scalar(let scalar) = node.content, case .bool(let value) = scalar.coreValue else {
            wrongType(node, quoted(title), expected: "true or false")
            return nil
        }
        return value
    }

    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ node: YAMLNode,
        _ title: String,
        as _: Choice.Type = Choice.self
    ) -> Choice? {
        guard let word = text(node, title) else { return nil }
        if let choice = Choice(rawValue: word.value) { return choice }
        wrongValue(word, title, allowed: Choice.allCases.map(\.rawValue))
        return nil
    }

    mutating func list(_ node: YAMLNode, _ title: String) -> [YAMLNode]? {
        guard case .sequence(let items) = node.content else {
            wrongType(node, quoted(title), expected: "a list")
            return nil
        }
        return items
    }

    /// A list of names without repetition.
    mutating func names(_ node: YAMLNode, _ title: String) -> [Located<String>]? {
        guard let items = list(node, title) else { return nil }
        var names: [Located<String>] = []
        for item in items {
            guard let name = name(item, title) else { continue }
            if names.contains(where: { $0.value == name.value }) {
                fault(.duplicateName, "\(quoted(name.value)) stands twice in \(quoted(title))", at: name.range)
            } else {
                names.append(name)
            }
        }
        return names
    }

    // MARK: Faults

    mutating func fault(_ code: DiagnosticCode, _ message: String, at range: SourceRange, hint: String? = nil) {
        diagnostics.append(Diagnostic(.error, code, message, at: range, hint: hint))
    }

    mutating func literalSecret(_ message: String, at range: SourceRange) {
        fault(
            .literalSecret,
            message,
            at: range,
            hint: "say where it is to be read from: password: {env: NAME}, {file: PATH} or {command: [PROGRAM, …]}"
        )
    }

    mutating func wrongType(_ node: YAMLNode, _ title: String, expected: String, at key: SourceRange? = nil) {
        if case .unusable = node.content { return }
        guard node.isNull else {
            fault(.wrongType, "\(title) must be \(expected), not \(node.kindName)", at: node.range)
            return
        }
        // Nothing was written, so there is nothing at the value's own place to point at.
        let isEmpty = node.range.start == node.range.end
        fault(
            .wrongType,
            "\(title) has no value; it must be \(expected)",
            at: isEmpty ? key ?? node.range : node.range,
            hint: isEmpty ? "write the value, or remove the key" : "quote it if the word itself is meant"
        )
    }

    mutating func wrongValue(_ value: Located<String>, _ title: String, allowed: [String]) {
        let hint =
            nearest(to: value.value, among: allowed).map { "did you mean \($0)?" }
        fault(
            .wrongValue,
            "\(quoted(title)) is \(quoted(value.value)); allowed: \(allowed.joined(separator: ", "))",
            at: value.range,
            hint: hint
        )
    }
}
