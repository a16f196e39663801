import FleetModel

/// One file's documents as trees, as far as they could be read.
struct YAMLFile {
    var documents: [YAMLNode] = []
    var diagnostics: [Diagnostic] = []
    /// False where reading stopped before the end: what is missing here may stand in the rest.
    var isComplete = true
}

/// Makes trees of libyaml's events, refusing what a manifest has no use for.
///
/// Anchors and aliases, tags, directives and merge keys are refused: with them a page no longer says what it means at
/// the place where it is read, and an alias bomb of 300 bytes unfolds to gigabytes. What can be understood in spite of
/// a fault is kept, so that one run reports them all; only a syntax error or a limit ends a file.
struct YAMLComposer {
    static let depthLimit = 32
    static let nodeLimit = 50_000
    /// Per file; a file with more faults than anyone reads is not a manifest.
    static let diagnosticLimit = 200

    private enum Stop: Error {
        case syntax(YAMLSyntaxError)
        case limit(String, SourceRange)
        case tooManyFaults
    }

    private let text: SourceText
    private var output = YAMLFile()
    private var nodes = 0

    static func compose(_ bytes: [UInt8], file: String) -> YAMLFile {
        let text = SourceText(bytes, file: file)
        var composer = YAMLComposer(text: text)
        composer.output.diagnostics = text.diagnostics
        guard text.diagnostics.isEmpty else {
            composer.output.isComplete = false
            return composer.output
        }
        text.bytes.withUnsafeBufferPointer { buffer in
            // An empty array may have no address, and libyaml asserts that there is one.
            guard buffer.baseAddress != nil else { return }
            var events = YAMLEvents(over: buffer, file: file, end: text.end)
            composer.composeDocuments(&events)
        }
        return composer.output
    }

    private init(text: SourceText) {
        self.text = text
    }

    private mutating func composeDocuments(_ events: inout YAMLEvents) {
        do throws(Stop) {
            while let event = try next(&events) {
                switch event.kind {
                case .stream, .documentEnd: continue
                case .documentStart(let hasDirectives):
                    if hasDirectives {
                        try refuse("a directive", at: event.range, hint: "remove the line that begins with %")
                    }
                default:
                    output.documents.append(try node(from: event, depth: 1, &events))
                }
            }
            try reportTabs()
        } catch {
            output.isComplete = false
            switch error {
            case .syntax(let error): report(error)
            case .limit(let message, let range):
                output.diagnostics.append(Diagnostic(.error, .limitExceeded, message, at: range))
            case .tooManyFaults:
                let message = "more than \(Self.diagnosticLimit) faults; the rest of the file was not read"
                output.diagnostics.append(
                    Diagnostic(.error, .limitExceeded, message, at: .beginning(of: text.file))
                )
            }
        }
    }

    private mutating func next(_ events: inout YAMLEvents) throws(Stop) -> YAMLEvent? {
        do throws(YAMLSyntaxError) {
            return try events.next()
        } catch {
            throw .syntax(error)
        }
    }

    private mutating func node(
        from event: YAMLEvent,
        depth: Int,
        _ events: inout YAMLEvents
    ) throws(Stop) -> YAMLNode {
        nodes += 1
        if nodes > Self.nodeLimit { throw .limit("the file has more than 50000 nodes", event.range) }
        if depth > Self.depthLimit { throw .limit("nested more than \(Self.depthLimit) levels deep", event.range) }
        switch event.kind {
        case .alias:
            try refuse(
                "an alias",
                at: event.range,
                hint: "write the value out; quote text that begins with an asterisk"
            )
            return YAMLNode(.unusable, at: event.range)
        case .scalar(let scalar, let properties):
            try check(properties, at: event.range)
            if scalar.text.utf8.contains(0) {
                try refuse("the NUL character", at: event.range, hint: nil)
                return YAMLNode(.unusable, at: event.range)
            }
            return YAMLNode(.scalar(scalar), at: event.range)
        case .sequenceStart(let isFlow, let properties):
            try check(properties, at: event.range)
            return try sequence(from: event, isFlow: isFlow, depth: depth, &events)
        case .mappingStart(let isFlow, let properties):
            try check(properties, at: event.range)
            return try mapping(from: event, isFlow: isFlow, depth: depth, &events)
        case .stream, .documentStart, .documentEnd, .collectionEnd:
            preconditionFailure("libyaml never says this where a node begins")
        }
    }

    private mutating func sequence(
        from start: YAMLEvent,
        isFlow: Bool,
        depth: Int,
        _ events: inout YAMLEvents
    ) throws(Stop) -> YAMLNode {
        var items: [YAMLNode] = []
        var range = start.range
        while let event = try next(&events) {
            if case .collectionEnd = event.kind {
                if isFlow { range.end = event.range.end }
                break
            }
            let item = try node(from: event, depth: depth + 1, &events)
            // libyaml ends a block collection where the next token begins, perhaps lines later.
            range.end = max(range.end, item.range.end)
            items.append(item)
        }
        return YAMLNode(.sequence(items), at: range)
    }

    private mutating func mapping(
        from start: YAMLEvent,
        isFlow: Bool,
        depth: Int,
        _ events: inout YAMLEvents
    ) throws(Stop) -> YAMLNode {
        var pairs: [YAMLPair] = []
        var seen: [String: SourceRange] = [:]
        var range = start.range
        while let event = try next(&events) {
            if case .collectionEnd = event.kind {
                if isFlow { range.end = event.range.end }
                break
            }
            let key = try node(from: event, depth: depth + 1, &events)
            guard let valueEvent = try next(&events) else { break }
            let value = try node(from: valueEvent, depth: depth + 1, &events)
            range.end = max(range.end, key.range.end, value.range.end)
            guard let name = try keyText(key) else { continue }
            if let first = seen[name] {
                report(
                    .duplicateKey,
                    "key \(quoted(name)) is given twice",
                    at: key.range,
                    hint: "the first one is on line \(first.start.line)"
                )
                continue
            }
            seen[name] = key.range
            pairs.append(YAMLPair(key: Located(name, at: key.range), value: value))
        }
        return YAMLNode(.mapping(pairs), at: range)
    }

    private mutating func keyText(_ key: YAMLNode) throws(Stop) -> String? {
        switch key.content {
        case .unusable: return nil
        case .scalar(let scalar) where scalar.coreValue != .null:
            guard scalar.style == .plain, scalar.text == "<<" else { return scalar.text }
            try refuse("a merge key", at: key.range, hint: "write the keys out")
            return nil
        case .scalar, .mapping, .sequence:
            report(.yamlForbidden, "a key must be text, not \(key.kindName)", at: key.range, hint: nil)
            return nil
        }
    }

    private mutating func check(_ properties: YAMLEvent.Properties, at range: SourceRange) throws(Stop) {
        if properties.hasAnchor { try refuse("an anchor", at: range, hint: "write the value out where it is needed") }
        if properties.hasTag {
            try refuse("a tag", at: range, hint: "quote text that begins with an exclamation mark")
        }
    }

    private mutating func refuse(_ what: String, at range: SourceRange, hint: String?) throws(Stop) {
        report(.yamlForbidden, "\(what) is not allowed", at: range, hint: hint)
        if output.diagnostics.count >= Self.diagnosticLimit { throw .tooManyFaults }
    }

    private mutating func report(_ code: DiagnosticCode, _ message: String, at range: SourceRange, hint: String?) {
        output.diagnostics.append(Diagnostic(.error, code, message, at: range, hint: hint))
    }

    private mutating func report(_ error: YAMLSyntaxError) {
        let start = error.position
        let end = SourcePosition(line: start.line, column: start.column + 1)
        let range = SourceRange(file: text.file, start: start, end: end)
        if text.tabs.contains(start) {
            report(.yamlForbidden, "a tab is not allowed here", at: range, hint: "indent with spaces")
        } else {
            report(.yamlSyntax, error.message, at: range, hint: nil)
        }
    }

    /// Tabs may stand inside text and comments only; elsewhere what they indent depends on who looks.
    private mutating func reportTabs() throws(Stop) {
        guard !text.tabs.isEmpty else { return }
        var inside = TabAllowance(text)
        for document in output.documents { inside.allowScalars(of: document) }
        for position in inside.refused() {
            let end = SourcePosition(line: position.line, column: position.column + 1)
            try refuse(
                "a tab outside of text",
                at: SourceRange(file: text.file, start: position, end: end),
                hint: "use spaces"
            )
        }
    }
}

/// Text in quotes as diagnostics show it, cut where it is long.
func quoted(_ text: some StringProtocol) -> String {
    let limit = 80
    guard text.unicodeScalars.count > limit else { return "\"\(text)\"" }
    var start = String.UnicodeScalarView()
    start.append(contentsOf: text.unicodeScalars.prefix(limit))
    return "\"\(String(start))…\""
}
