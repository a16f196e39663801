import FleetModel

/// The bytes of one manifest, looked through for what libyaml would refuse without a place, or read by other rules.
///
/// libyaml follows YAML 1.1. There U+0085, U+2028 and U+2029 end a line; in YAML 1.2, and in every editor that counts
/// lines, they do not. So they are refused with the other control characters rather than understood two ways.
struct SourceText {
    static let byteLimit = 1_000_000

    let file: String
    /// UTF-8 without a byte order mark.
    private(set) var bytes: [UInt8]
    /// In their order.
    private(set) var tabs: [SourcePosition] = []
    /// Behind the last character, where all of it was looked through.
    private(set) var end = SourcePosition(line: 1, column: 1)
    private(set) var diagnostics: [Diagnostic] = []

    init(_ bytes: [UInt8], file: String) {
        self.file = file
        self.bytes = bytes
        if bytes.count > Self.byteLimit {
            let beginning = SourceRange.beginning(of: file)
            report(
                .limitExceeded,
                "the file is larger than 1 MB",
                at: beginning.start,
                hint: "split it into several files"
            )
            return
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            let beginning = SourceRange.beginning(of: file)
            report(.yamlSyntax, "the file is UTF-16", at: beginning.start, hint: "save it as UTF-8")
            return
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.bytes.removeFirst(3) }
        lookThrough()
    }

    private mutating func lookThrough() {
        var line = 1
        var column = 1
        var afterReturn = false
        var iterator = bytes.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        while true {
            let position = SourcePosition(line: line, column: column)
            switch parser.parseScalar(from: &iterator) {
            case .emptyInput:
                end = position
                return
            case .error:
                report(.yamlSyntax, "the file is not UTF-8 from here on", at: position, hint: "save it as UTF-8")
                return
            case .valid(let encoded):
                let scalar = Unicode.UTF8.decode(encoded)
                switch scalar {
                case "\n":
                    if !afterReturn { line += 1 }
                    column = 1
                case "\r":
                    line += 1
                    column = 1
                case "\t":
                    tabs.append(position)
                    column += 1
                default:
                    if let name = scalar.forbiddenName {
                        report(
                            .yamlForbidden,
                            "\(name) U+\(scalar.hexadecimal) is not allowed",
                            at: position,
                            hint: "remove it, or write it as an escape in double quotes"
                        )
                        if diagnostics.count >= YAMLComposer.diagnosticLimit { return }
                    }
                    column += 1
                }
                afterReturn = scalar == "\r"
            }
        }
    }

    private mutating func report(_ code: DiagnosticCode, _ message: String, at start: SourcePosition, hint: String) {
        let end = SourcePosition(line: start.line, column: start.column + 1)
        diagnostics.append(
            Diagnostic(.error, code, message, at: SourceRange(file: file, start: start, end: end), hint: hint)
        )
    }
}

extension Unicode.Scalar {
    /// What a scalar is called that may not stand in a manifest; nil for all others.
    fileprivate var forbiddenName: String? {
        switch value {
        case 0: "the NUL character"
        case 0x00...0x1F, 0x7F...0x9F: "the control character"
        case 0x2028, 0x2029: "the line separator"
        // A reviewer would see the text in another order than it is read (CVE-2021-42574).
        case 0x202A...0x202E, 0x2066...0x2069: "the direction mark"
        case 0xFEFF: "a byte order mark inside the file,"
        case 0xFFFE, 0xFFFF: "the character"
        default: nil
        }
    }

    fileprivate var hexadecimal: String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
