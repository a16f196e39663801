/// One pass over a file's SQL: where its statements are, and what in it must not be run.
struct StatementScan {
    /// One statement, without the white space and comments around it and without its semicolon.
    struct Piece: Equatable {
        var sql: Range<Int>
        var copyData: Range<Int>?
    }

    private(set) var pieces: [Piece] = []
    private(set) var faults = ScanFaults()
    private(set) var isTransactional = true
    /// Where a format's own mark ends a statement that has no semicolon.
    private(set) var missingSemicolons: [Int] = []

    private let bytes: [UInt8]
    private let statementBreak: [UInt8]?
    private var lexer: SQLLexer
    private var statement = OpenStatement()
    private var breaksInComments: Set<Int> = []
    private var sawToken = false

    /// Scans a text; `statementBreak` is the comment with which a format separates statements, such as drizzle's.
    init(_ bytes: [UInt8], statementBreak: String? = nil) {
        self.bytes = bytes
        self.statementBreak = statementBreak.map { Array($0.utf8) }
        lexer = SQLLexer(bytes)
        while let token = lexer.next() { take(token) }
        finishStatement()
        checkBreaks()
    }

    private mutating func take(_ token: SQLToken) {
        if !token.isTerminated { faults.report(.unterminated(token.kind), at: token.range.prefix(1)) }
        if token.isComment {
            if token.kind == .lineComment { readComment(token.range) }
            return
        }
        sawToken = true
        if token.kind == .symbol {
            switch bytes[token.range.lowerBound] {
            case UInt8(ascii: ";") where statement.isAtTopLevel:
                let isCopy = statement.isCopyFromInput
                finishStatement(closedAt: token.range.upperBound)
                if isCopy { readCopyData() }
                return
            case UInt8(ascii: "\\"):
                // Only its name is kept: what follows may hold a secret, and psql reads it to the end of the line.
                let word = bytes[token.range.upperBound...].prefix { $0 > 0x20 && $0 < 0x7F }.prefix(16)
                let isName = word.allSatisfy { $0.startsIdentifier || "!?.;+".utf8.contains($0) }
                let name = isName ? String(decoding: word, as: UTF8.self) : ""
                faults.report(.metaCommand("\\" + name), at: token.range)
                lexer.offset = lineEnd(from: token.range.upperBound)
                return
            default: break
            }
        }
        checkPassword(token)
        statement.take(token, in: bytes)
    }

    private mutating func finishStatement(closedAt end: Int? = nil) {
        defer { statement = OpenStatement() }
        guard let range = statement.range else { return }
        if let name = statement.transactionControl {
            faults.report(.transactionControl(name), at: statement.headRange)
        }
        if statement.turnsOffStandardStrings {
            faults.report(.nonStandardStrings, at: statement.headRange)
        }
        if end == nil, statement.isCopyFromInput {
            faults.report(.copyWithoutData, at: statement.headRange)
        }
        pieces.append(Piece(sql: range))
    }

    // MARK: COPY data

    /// Reads the lines after `COPY … FROM stdin;` as psql does: they begin on the next line and end at `\.`.
    private mutating func readCopyData() {
        var index = lexer.offset
        var rest = SQLLexer(bytes, in: index..<lineEnd(from: index))
        if let token = rest.next(), token.kind != .lineComment {
            faults.report(.textAfterCopy, at: token.range)
        }
        index = min(lineEnd(from: index) + 1, bytes.count)
        let start = index
        while index < bytes.count {
            let end = lineEnd(from: index)
            var line = bytes[index..<end]
            if line.last == 0x0D { line.removeLast() }
            if line.elementsEqual("\\.".utf8) {
                pieces[pieces.count - 1].copyData = start..<index
                lexer.offset = end
                return
            }
            index = end + 1
        }
        faults.report(.copyWithoutData, at: pieces[pieces.count - 1].sql.prefix(4))
        pieces[pieces.count - 1].copyData = start..<bytes.count
        lexer.offset = bytes.count
    }

    private func lineEnd(from index: Int) -> Int {
        bytes[index...].firstIndex(of: 0x0A) ?? bytes.count
    }

    // MARK: comments

    private mutating func readComment(_ range: Range<Int>) {
        if let statementBreak, let start = bytes[range].firstRange(of: statementBreak)?.lowerBound {
            breaksInComments.insert(start)
            // The format's own tool cuts the file here, so a missing semicolon never hurt it.
            if start == range.lowerBound, let open = statement.range {
                missingSemicolons.append(open.upperBound)
                finishStatement(closedAt: open.upperBound)
            }
        }
        let text = bytes[range.dropFirst(2)].trimmed
        guard text.starts(with: "reconcile:".utf8) else { return }
        if text.dropFirst("reconcile:".utf8.count).trimmed.elementsEqual("no-transaction".utf8) {
            if sawToken {
                faults.report(.lateDirective, at: range)
            } else {
                isTransactional = false
            }
        } else {
            faults.report(.unknownDirective, at: range)
        }
    }

    /// Looks at the breaks that PostgreSQL and the format's own tool read differently.
    private mutating func checkBreaks() {
        guard let statementBreak else { return }
        var index = 0
        while let range = bytes[index...].firstRange(of: statementBreak) {
            index = range.upperBound
            if !breaksInComments.contains(range.lowerBound) {
                faults.report(.breakInsideToken, at: range)
            } else if !bytes[index..<lineEnd(from: index)].trimmed.isEmpty {
                faults.report(.textAfterBreak, at: range)
            }
        }
    }

    // MARK: passwords

    private mutating func checkPassword(_ token: SQLToken) {
        switch token.kind {
        case .string, .dollarString:
            if let previous = statement.previous, bytes.isWord(previous, "password") {
                faults.report(.literalPassword, at: previous.range)
            }
            if token.kind == .dollarString, statement.holdsCode { checkPasswords(inBodyOf: token, depth: 1) }
        case .word, .quotedIdentifier, .lineComment, .blockComment, .symbol: break
        }
    }

    /// Looks for passwords in the body of a function or a `DO` block, and in bodies within it.
    private mutating func checkPasswords(inBodyOf token: SQLToken, depth: Int) {
        let delimiter = bytes[token.range.dropFirst()].firstIndex(of: UInt8(ascii: "$")).map {
            $0 + 1 - token.range.lowerBound
        }
        guard let delimiter, token.range.count >= 2 * delimiter, token.isTerminated else { return }
        let body = (token.range.lowerBound + delimiter)..<(token.range.upperBound - delimiter)
        var lexer = SQLLexer(bytes, in: body)
        var previous: SQLToken?
        while let token = lexer.next() {
            if token.isComment { continue }
            if token.kind == .string || token.kind == .dollarString {
                if let previous, bytes.isWord(previous, "password") {
                    faults.report(.literalPassword, at: previous.range)
                }
                // Each depth reads the text once more; three are deeper than people write.
                if token.kind == .dollarString, depth < 3 { checkPasswords(inBodyOf: token, depth: depth + 1) }
            }
            previous = token
        }
    }
}

/// What of the statement being read decides where it ends and what it is.
private struct OpenStatement {
    private(set) var range: Range<Int>?
    private(set) var previous: SQLToken?
    private(set) var isCopyFromInput = false
    /// Its first tokens in lower case.
    private var head: [String] = []
    private(set) var headRange = 0..<0
    private var parentheses = 0
    /// Depth within `BEGIN ATOMIC … END`, which `CASE … END` deepens.
    private var bodyDepth = 0
    private var opensBody = false

    /// Whether a semicolon ends it.
    var isAtTopLevel: Bool { parentheses == 0 && bodyDepth == 0 }

    private var isRoutine: Bool {
        guard head.first == "create" else { return false }
        let kind = head.dropFirst().first == "or" ? head.dropFirst(3).first : head.dropFirst().first
        return kind == "function" || kind == "procedure"
    }

    /// Whether its strings are code in another language.
    var holdsCode: Bool { head.first == "do" || isRoutine }

    var transactionControl: String? {
        let second = head.dropFirst().first
        switch (head.first, second) {
        case ("commit", "prepared"), ("rollback", "prepared"), ("start", "transaction"), ("prepare", "transaction"):
            return head.prefix(2).joined(separator: " ").uppercased()
        case ("begin", _), ("commit", _), ("end", _), ("rollback", _), ("abort", _), ("savepoint", _), ("release", _):
            return head.first?.uppercased()
        default: return nil
        }
    }

    var turnsOffStandardStrings: Bool {
        guard head.first == "set", head.dropFirst().prefix(2).contains("standard_conforming_strings") else {
            return false
        }
        return ["off", "'off'", "false", "'false'", "0", "no", "'no'"].contains(head.last)
    }

    mutating func take(_ token: SQLToken, in bytes: [UInt8]) {
        defer { previous = token }
        range = (range?.lowerBound ?? token.range.lowerBound)..<token.range.upperBound
        if head.count < 5 {
            head.append(String(decoding: bytes[token.range.prefix(64)].map(\.lowercased), as: UTF8.self))
            if head.count == 1 { headRange = token.range }
        }
        switch token.kind {
        case .symbol:
            if bytes[token.range.lowerBound] == UInt8(ascii: "(") { parentheses += 1 }
            if bytes[token.range.lowerBound] == UInt8(ascii: ")") { parentheses = max(parentheses - 1, 0) }
            opensBody = false
        case .word: takeWord(token, in: bytes)
        case .quotedIdentifier, .string, .dollarString, .lineComment, .blockComment: opensBody = false
        }
    }

    private mutating func takeWord(_ token: SQLToken, in bytes: [UInt8]) {
        defer { opensBody = bodyDepth == 0 && parentheses == 0 && bytes.isWord(token, "begin") && isRoutine }
        if opensBody, bytes.isWord(token, "atomic") { bodyDepth = 1 }
        if bodyDepth > 0, !isLabel(in: bytes) {
            if bytes.isWord(token, "case") { bodyDepth += 1 }
            if bytes.isWord(token, "end") { bodyDepth -= 1 }
        }
        if head.first == "copy", parentheses == 0, bytes.isWord(token, "stdin"), let previous,
            bytes.isWord(previous, "from")
        {
            isCopyFromInput = true
        }
    }

    /// Whether the word at hand names a column, as in `AS end` or `t.case`.
    private func isLabel(in bytes: [UInt8]) -> Bool {
        guard let previous else { return false }
        if previous.kind == .symbol { return bytes[previous.range.lowerBound] == UInt8(ascii: ".") }
        return bytes.isWord(previous, "as")
    }
}

extension [UInt8] {
    /// Whether a token is this keyword, whatever its case.
    fileprivate func isWord(_ token: SQLToken, _ keyword: StaticString) -> Bool {
        guard token.kind == .word, token.range.count == keyword.utf8CodeUnitCount else { return false }
        return keyword.withUTF8Buffer { self[token.range].lazy.map(\.lowercased).elementsEqual($0) }
    }
}

extension ArraySlice<UInt8> {
    /// Without the white space around it.
    fileprivate var trimmed: ArraySlice<UInt8> {
        guard let first = firstIndex(where: { !$0.isSQLSpace }), let last = lastIndex(where: { !$0.isSQLSpace }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }

    /// The first place that holds these bytes.
    fileprivate func firstRange(of other: [UInt8]) -> Range<Int>? {
        guard let first = other.first else { return nil }
        var index = startIndex
        while index + other.count <= endIndex {
            if self[index] == first, self[index...].starts(with: other) { return index..<(index + other.count) }
            index += 1
        }
        return nil
    }
}
