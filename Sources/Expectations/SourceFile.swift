internal import FleetModel

/// One file of TypeScript as tokens, with what it defines of tables.
struct SourceFile {
    /// `pgTable("name", …)` or the like; `arguments` is the first token after its parenthesis.
    struct Definition {
        enum Kind { case table, enumeration }

        /// Who makes it.
        enum Maker {
            /// Drizzle's own function.
            case plain
            /// A schema or a creator of that name.
            case named(String)
        }

        var kind: Kind
        var maker: Maker
        var arguments: Int
    }

    /// What a `pgTableCreator` puts around a name; nil where only running it would tell.
    struct Creator {
        var around: (prefix: String, suffix: String)?
    }

    let path: String
    let tokens: [TypeScriptToken]
    private let lines: [Int]
    /// For each opening bracket the place of its closing one.
    private var ends: [Int: Int] = [:]
    private(set) var definitions: [Definition] = []
    /// Constants by name: where their value begins.
    private(set) var constants: [String: Int] = [:]
    private(set) var schemas: [String: String] = [:]
    private(set) var creators: [String: Creator] = [:]

    init(_ path: String, _ bytes: [UInt8]) throws(TypeScriptLexer.Fault) {
        self.path = path
        tokens = try TypeScriptLexer.tokens(bytes)
        var lines: [Int] = []
        lines.reserveCapacity(tokens.count)
        var line = 1
        var offset = 0
        for token in tokens {
            while offset < token.offset {
                if bytes[offset] == 0x0A { line += 1 }
                offset += 1
            }
            lines.append(line)
        }
        self.lines = lines
        try matchBrackets()
        findConstants()
        findDefinitions()
    }

    func line(of token: Int) -> Int { lines.indices.contains(token) ? lines[token] : lines.last ?? 1 }

    /// Where the bracket that opens here is closed.
    func end(of token: Int) -> Int { ends[token] ?? tokens.count }

    /// Where an item ends that begins here: at the next comma or statement of its own level.
    func endOfItem(from start: Int, before end: Int) -> Int {
        var index = start
        while index < end {
            switch tokens[index].kind {
            case .symbol(.comma), .symbol(.close): return index
            case .symbol(.open): index = self.end(of: index) + 1
            // Where no semicolon stands between two statements, the second one's first word tells.
            case .word("export"), .word("const"), .word("import"), .word("function"):
                if index > start { return index }
                index += 1
            default: index += 1
            }
        }
        return end
    }

    static func range(_ path: String, _ bytes: [UInt8], _ offset: Int) -> SourceRange {
        let before = bytes.prefix(offset)
        let line = before.count { $0 == 0x0A } + 1
        let column = before.reversed().prefix { $0 != 0x0A }.count { $0 & 0xC0 != 0x80 } + 1
        let start = SourcePosition(line: line, column: column)
        return SourceRange(file: path, start: start, end: SourcePosition(line: line, column: column + 1))
    }

    private mutating func matchBrackets() throws(TypeScriptLexer.Fault) {
        let pairs = [UInt8(ascii: ")"): UInt8(ascii: "("), UInt8(ascii: "]"): UInt8(ascii: "["), 0x7D: 0x7B]
        var open: [Int] = []
        for (index, token) in tokens.enumerated() {
            if token.isSymbol(.open) {
                open.append(index)
            } else if token.isSymbol(.close) {
                guard let last = open.popLast(), pairs[token.bracket] == tokens[last].bracket else {
                    let letter = String(decoding: [token.bracket], as: UTF8.self)
                    throw TypeScriptLexer.Fault(message: "\"\(letter)\" closes nothing", offset: token.offset)
                }
                ends[last] = index
            }
        }
        guard let first = open.last else { return }
        let letter = String(decoding: [tokens[first].bracket], as: UTF8.self)
        throw TypeScriptLexer.Fault(message: "\"\(letter)\" is never closed", offset: tokens[first].offset)
    }

    private func word(_ index: Int) -> String? { tokens.indices.contains(index) ? tokens[index].word : nil }

    private mutating func findConstants() {
        for index in tokens.indices where ["const", "let", "var"].contains(word(index)) {
            guard let name = word(index + 1) else { continue }
            var value = index + 2
            // A type may stand between the name and its value.
            if value < tokens.count, tokens[value].isSymbol(.colon) {
                let limit = min(tokens.count, value + 64)
                while value < limit, !tokens[value].isSymbol(.equals) {
                    value = tokens[value].isSymbol(.open) ? end(of: value) + 1 : value + 1
                }
            }
            guard value + 1 < tokens.count, tokens[value].isSymbol(.equals) else { continue }
            constants[name] = value + 1
            note(name, madeAt: value + 1)
        }
    }

    /// Notes a constant that is a schema or makes tables.
    private mutating func note(_ name: String, madeAt start: Int) {
        // `p.pgSchema(…)` where the module was imported as a whole.
        let call = start + 1 < tokens.count && tokens[start + 1].isSymbol(.dot) ? start + 2 : start
        guard let maker = word(call), call + 2 < tokens.count, tokens[call + 1].opens("(") else { return }
        if maker == "pgSchema" {
            schemas[name] = tokens[call + 2].string
        } else if maker == "pgTableCreator" {
            creators[name] = Creator(around: around(call + 2))
        }
    }

    /// `(name) => …` as what it puts around the name.
    private func around(_ start: Int) -> (prefix: String, suffix: String)? {
        var index = start
        var parameter = word(index)
        if tokens[index].opens("(") {
            parameter = word(index + 1)
            index = end(of: index)
        }
        guard let parameter, index + 2 < tokens.count, tokens[index + 1].isSymbol(.arrow) else { return nil }
        switch tokens[index + 2].kind {
        case .template(let prefix, parameter, let suffix): return (prefix, suffix)
        case .word(parameter) where tokens[index + 3].isSymbol(.close) || tokens[index + 3].isSymbol(.comma):
            return ("", "")
        default: return nil
        }
    }

    /// Names under which this file has Drizzle's functions.
    private var aliases: [String: String] {
        var aliases = ["pgTable": "pgTable", "pgEnum": "pgEnum"]
        for index in tokens.indices where word(index) == "as" {
            guard let original = word(index - 1), let name = word(index + 1), aliases[original] == original else {
                continue
            }
            aliases[name] = original
        }
        return aliases
    }

    private mutating func findDefinitions() {
        let aliases = aliases
        for index in tokens.indices where tokens[index].opens("(") && index > 0 {
            guard let callee = word(index - 1), word(index - 2) != "function" else { continue }
            let receiver = index > 2 && tokens[index - 2].isSymbol(.dot) ? word(index - 3) : nil
            let arguments = index + 1
            // An alias is a name of its own; behind a dot only Drizzle's own name means Drizzle's function.
            if let original = aliases[callee], receiver == nil || callee == original {
                let kind: Definition.Kind = original == "pgEnum" ? .enumeration : .table
                definitions.append(Definition(kind: kind, maker: .plain, arguments: arguments))
            } else if let receiver, aliases[receiver] == "pgTable" {
                // `pgTable.withRLS(…)`
                definitions.append(Definition(kind: .table, maker: .plain, arguments: arguments))
            } else if let receiver, callee == "table" || callee == "enum" {
                let kind: Definition.Kind = callee == "enum" ? .enumeration : .table
                definitions.append(Definition(kind: kind, maker: .named(receiver), arguments: arguments))
            } else if receiver == nil, isString(arguments) {
                definitions.append(Definition(kind: .table, maker: .named(callee), arguments: arguments))
            }
        }
    }

    private func isString(_ index: Int) -> Bool { tokens.indices.contains(index) && tokens[index].string != nil }
}
