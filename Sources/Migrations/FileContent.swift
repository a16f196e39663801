internal import FleetModel

/// What a migration file holds once it is known that it may be run.
struct FileContent {
    /// What runs: see `Migration.text`.
    var text: String
    var isTransactional: Bool
    var statements: [StatementText]

    /// Reads a file's bytes; no value where they hold what must not be run.
    static func read(_ raw: [UInt8], file: String, statementBreak: String?) -> Diagnosed<FileContent> {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let bytes = raw.starts(with: mark) ? Array(raw.dropFirst(mark.count)) : raw
        var faults = EncodingRules.faults(in: bytes)
        if bytes.count < raw.count { faults.report(.byteOrderMark, at: 0..<0) }
        let scan = StatementScan(bytes, statementBreak: statementBreak)
        faults.report(scan.faults)
        let diagnostics = diagnose(faults, in: bytes, file: file)
        guard !diagnostics.contains(where: { $0.severity == .error }) else { return Diagnosed(nil, diagnostics) }
        let content = FileContent(
            text: String(decoding: closed(bytes, at: scan.missingSemicolons), as: UTF8.self),
            isTransactional: scan.isTransactional,
            statements: StatementSplitter.statements(of: scan, in: bytes)
        )
        return Diagnosed(content, diagnostics)
    }

    /// A text with a semicolon more at each of these places, which ascend.
    private static func closed(_ bytes: [UInt8], at places: [Int]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + places.count)
        var taken = 0
        for place in places {
            text += bytes[taken..<place]
            text.append(UInt8(ascii: ";"))
            taken = place
        }
        return text + bytes[taken...]
    }

    private static func diagnose(_ faults: ScanFaults, in bytes: [UInt8], file: String) -> [Diagnostic] {
        guard !faults.found.isEmpty else { return [] }
        let lines = LineIndex(bytes)
        let sorted = faults.found.sorted { $0.range.lowerBound < $1.range.lowerBound }
        var diagnostics = sorted.map { $0.kind.diagnostic(at: lines.range($0.range, in: file)) }
        if faults.omitted > 0 {
            diagnostics.append(
                Diagnostic(
                    .error,
                    .migrationContent,
                    "\(faults.omitted) more faults in this file are not listed",
                    at: diagnostics.last?.range
                )
            )
        }
        return diagnostics
    }
}

/// What PostgreSQL or a reader of the file would see differently from what is written.
enum EncodingRules {
    static func faults(in bytes: [UInt8]) -> ScanFaults {
        var faults = ScanFaults()
        // psql drops the rest of a line after a NUL without a word, and the server never sees it.
        for (offset, byte) in bytes.enumerated() where byte == 0 {
            faults.report(.nulByte, at: offset..<(offset + 1))
        }
        if let invalid = firstInvalidByte(of: bytes) {
            faults.report(.invalidUTF8, at: invalid..<(invalid + 1))
        }
        // Unicode's property Bidi_Control: U+061C, U+200E, U+200F, U+202A … U+202E, U+2066 … U+2069.
        for offset in bytes.indices.dropLast() where bytes[offset] == 0xD8 || bytes[offset] == 0xE2 {
            guard let scalar = bidiControl(at: offset, in: bytes) else { continue }
            faults.report(.bidiControl(scalar), at: offset..<(offset + (scalar < 0x800 ? 2 : 3)))
        }
        return faults
    }

    private static func bidiControl(at offset: Int, in bytes: [UInt8]) -> UInt32? {
        if bytes[offset] == 0xD8 { return bytes[offset + 1] == 0x9C ? 0x061C : nil }
        guard offset + 2 < bytes.count else { return nil }
        let scalar = 0x2000 | UInt32(bytes[offset + 1] & 0x3F) << 6 | UInt32(bytes[offset + 2] & 0x3F)
        switch scalar {
        case 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: return scalar
        default: return nil
        }
    }

    private static func firstInvalidByte(of bytes: [UInt8]) -> Int? {
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var offset = 0
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): offset += UTF8.width(scalar)
            case .emptyInput, .error: return min(offset, bytes.count - 1)
            }
        }
    }
}

extension ScanFaults.Kind {
    fileprivate func diagnostic(at range: SourceRange) -> Diagnostic {
        let (severity, message, hint) = wording
        return Diagnostic(severity, .migrationContent, message, at: range, hint: hint)
    }

    private var wording: (Severity, message: String, hint: String?) {
        switch self {
        case .nulByte: (.error, "a NUL byte: PostgreSQL would read the file only up to here", nil)
        case .invalidUTF8: (.error, "a byte that is not UTF-8", "save the file as UTF-8")
        case .byteOrderMark:
            (
                .warning, "a byte order mark before the first statement; it is left out of what runs",
                "save the file without one; where it was applied already that changes its hash"
            )
        case .bidiControl(let scalar):
            (
                .error,
                "the invisible character U+\(String(scalar, radix: 16, uppercase: true).leftPadded(to: 4)) makes the text read in another order than it runs",
                "remove it, or write it as U&'\\\(String(scalar, radix: 16, uppercase: true).leftPadded(to: 4))'"
            )
        case .metaCommand(let name):
            (
                .error,
                name == "\\" ? "a backslash outside of quotes" : "\"\(name)\" is a command of psql, not SQL",
                "a migration is sent to the server as it is; write the statement itself"
            )
        case .transactionControl(let name):
            (
                .error, "\"\(name)\" takes the transaction out of reconcile's hands",
                "remove it: the file and its history row commit together; what cannot run in a transaction goes to a "
                    + "file that begins with \"-- reconcile: no-transaction\""
            )
        case .literalPassword:
            (
                .error, "a password is written out here",
                "leave it out (PASSWORD NULL is fine) and set it on the server: files are committed, statements are logged"
            )
        case .nonStandardStrings:
            (
                .error, "\"standard_conforming_strings\" is turned off, so strings no longer end where they seem to",
                "remove it and write E'…' where a backslash escapes"
            )
        case .unterminated(let kind):
            (.error, "\(kind.name) is never closed", nil)
        case .textAfterCopy:
            (.error, "text between \"FROM stdin;\" and the data, which begin on the next line", "give it its own line")
        case .copyWithoutData:
            (.error, "COPY … FROM stdin without its data", "end the data with a line that holds only \\.")
        case .textAfterBreak:
            (
                .error, "text after the statement break: drizzle runs it, PostgreSQL takes it for a comment",
                "give it its own line"
            )
        case .breakInsideToken:
            (
                .warning, "a statement break inside a string or a comment: drizzle's own migrator cuts the file here",
                nil
            )
        case .lateDirective:
            (
                .error, "this comes after the first statement, where it has no effect",
                "move it to the first lines of the file"
            )
        case .unknownDirective:
            (.error, "not something reconcile understands", "the only one is \"-- reconcile: no-transaction\"")
        }
    }
}

extension SQLToken.Kind {
    fileprivate var name: String {
        switch self {
        case .string, .dollarString: "a string"
        case .quotedIdentifier: "a quoted name"
        case .blockComment, .lineComment: "a comment"
        case .word, .symbol: "a word"
        }
    }
}

extension String {
    fileprivate func leftPadded(to length: Int) -> String {
        String(repeating: "0", count: max(length - utf8.count, 0)) + self
    }
}
