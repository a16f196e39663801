import CLibYAML
import FleetModel

/// libyaml's parser over a buffer that outlives it: one owner, deleted exactly once.
struct YAMLEvents: ~Copyable {
    // On the heap because the parser keeps a pointer to itself (`read_handler_data`).
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let file: String
    private let end: SourcePosition

    /// Reads `bytes`, which end at `end`: where the last line does not end, libyaml takes them to end on the next one.
    init(over bytes: UnsafeBufferPointer<UInt8>, file: String, end: SourcePosition) {
        parser = .allocate(capacity: 1)
        self.file = file
        self.end = end
        precondition(yaml_parser_initialize(parser) == 1, "libyaml found no memory")
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event; nil after the last.
    mutating func next() throws(YAMLSyntaxError) -> YAMLEvent? {
        var raw = yaml_event_t()
        guard yaml_parser_parse(parser, &raw) == 1 else { throw syntaxError() }
        defer { yaml_event_delete(&raw) }
        if raw.type == YAML_NO_EVENT { return nil }
        let range = SourceRange(
            file: file,
            start: min(SourcePosition(raw.start_mark), end),
            end: min(SourcePosition(raw.end_mark), end)
        )
        return YAMLEvent(kind: kind(of: raw), range: range)
    }

    private func kind(of raw: yaml_event_t) -> YAMLEvent.Kind {
        let data = raw.data
        switch raw.type {
        case YAML_DOCUMENT_START_EVENT:
            let start = data.document_start
            let hasDirectives = start.version_directive != nil || start.tag_directives.start != start.tag_directives.end
            return .documentStart(hasDirectives: hasDirectives)
        case YAML_DOCUMENT_END_EVENT:
            return .documentEnd
        case YAML_ALIAS_EVENT:
            return .alias
        case YAML_SCALAR_EVENT:
            let bytes = UnsafeBufferPointer(start: data.scalar.value, count: data.scalar.length)
            let style: YAMLScalar.Style =
                switch data.scalar.style {
                case YAML_SINGLE_QUOTED_SCALAR_STYLE, YAML_DOUBLE_QUOTED_SCALAR_STYLE: .quoted
                case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
                default: .plain
                }
            let properties = YAMLEvent.Properties(
                hasAnchor: data.scalar.anchor != nil,
                hasTag: data.scalar.tag != nil
            )
            return .scalar(YAMLScalar(String(decoding: bytes, as: UTF8.self), style: style), properties)
        case YAML_SEQUENCE_START_EVENT:
            let start = data.sequence_start
            let isFlow = start.style == YAML_FLOW_SEQUENCE_STYLE
            return .sequenceStart(isFlow: isFlow, .init(hasAnchor: start.anchor != nil, hasTag: start.tag != nil))
        case YAML_MAPPING_START_EVENT:
            let start = data.mapping_start
            let isFlow = start.style == YAML_FLOW_MAPPING_STYLE
            return .mappingStart(isFlow: isFlow, .init(hasAnchor: start.anchor != nil, hasTag: start.tag != nil))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            return .collectionEnd
        default:
            return .stream
        }
    }

    /// libyaml's own words: static texts that never quote the file.
    private func syntaxError() -> YAMLSyntaxError {
        let error = parser.pointee
        var message = error.problem.map { String(cString: $0) } ?? "the file is not YAML"
        if let context = error.context { message += " " + String(cString: context) }
        var position = min(SourcePosition(error.problem_mark), end)
        if error.error == YAML_READER_ERROR { position = SourcePosition(line: 1, column: 1) }
        return YAMLSyntaxError(message: message, position: position)
    }
}

/// What libyaml says next, and where.
struct YAMLEvent {
    struct Properties {
        var hasAnchor: Bool
        var hasTag: Bool
    }

    enum Kind {
        case stream
        case documentStart(hasDirectives: Bool)
        case documentEnd
        case alias
        case scalar(YAMLScalar, Properties)
        case sequenceStart(isFlow: Bool, Properties)
        case mappingStart(isFlow: Bool, Properties)
        case collectionEnd
    }

    var kind: Kind
    var range: SourceRange
}

/// Where the file stops being YAML.
struct YAMLSyntaxError: Error {
    var message: String
    var position: SourcePosition
}

extension SourcePosition {
    /// libyaml counts lines and columns from 0, columns in characters of the decoded text.
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: mark.line + 1, column: mark.column + 1)
    }
}
