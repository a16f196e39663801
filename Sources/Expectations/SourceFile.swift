internal import FleetModel

/// One file of TypeScript as tokens, with the names that it declares, imports and hands on.
struct SourceFile {
    struct Import {
        /// `*` for a module as a whole.
        var original: String
        var module: String
    }

    /// `export … from "module"`; the token is the module's.
    struct Handed {
        var module: String
        var token: Int
    }

    let path: String
    let tokens: [TypeScriptToken]
    private let lines: [Int]
    /// For each opening bracket the place of its closing one.
    private var ends: [Int: Int] = [:]
    private var starts: [Int: Int] = [:]
    /// Of each token whether it stands in the body of a function, a class or a block.
    private var isInside: [Bool] = []
    /// Constants of the file's own level by name: where their value begins.
    private(set) var constants: [String: Int] = [:]
    /// Functions and classes of the file's own level.
    private(set) var functions: Set<String> = []
    private(set) var imports: [String: Import] = [:]
    private(set) var handed: [Handed] = []

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
        findImports()
        findConstants()
    }

    func line(of token: Int) -> Int { lines.indices.contains(token) ? lines[token] : lines.last ?? 1 }

    /// Where the bracket that opens here is closed.
    func end(of token: Int) -> Int { ends[token] ?? tokens.count }

    /// Where the bracket that closes here is opened.
    func start(of token: Int) -> Int? { starts[token] }

    /// Whether what stands here is made only when something is called, by braces or by an arrow just before it.
    func isDeferred(_ token: Int) -> Bool {
        (isInside.indices.contains(token) && isInside[token]) || isSymbol(token - 1, .arrow)
    }

    /// Where an item ends that begins here: at the next comma or statement of its own level.
    func endOfItem(from start: Int, before end: Int) -> Int {
        var index = start
        while index < end {
            switch tokens[index].kind {
            case .symbol(.comma), .symbol(.close): return index
            case .symbol(.open): index = self.end(of: index) + 1
            // Where no semicolon stands between two statements, the second one's first word tells.
            case .word("export"), .word("const"), .word("import"), .word("function"), .word("let"), .word("var"),
                .word("class"):
                if index > start { return index }
                index += 1
            case .symbol(.other) where tokens[index].isSign(";"): return index
            default: index = afterTypes(index) ?? index + 1
            }
        }
        return end
    }

    /// Behind `<…>` that begins here and that something is called with; nil where none does.
    func afterTypes(_ start: Int) -> Int? {
        guard tokens.indices.contains(start), tokens[start].isSign("<"), word(start - 1) != nil else { return nil }
        var depth = 0
        var index = start
        // No type that is written by hand is longer; and who compares two numbers is not read to the end of the file.
        let limit = min(tokens.count, start + 64)
        while index < limit {
            if tokens[index].isSign("<") { depth += 1 }
            if tokens[index].isSign(">") { depth -= 1 }
            if tokens[index].isSign(";") || tokens[index].isSymbol(.close) { return nil }
            guard depth > 0 else { return index + 1 < tokens.count && tokens[index + 1].opens("(") ? index + 1 : nil }
            index = tokens[index].isSymbol(.open) ? end(of: index) + 1 : index + 1
        }
        return nil
    }

    /// Whether an expression that came this far is over: nothing is called on it, chosen by it or added to it.
    func endsItem(_ index: Int) -> Bool {
        guard tokens.indices.contains(index) else { return true }
        return switch tokens[index].kind {
        case .symbol(.comma), .symbol(.close), .word: true
        case .symbol(.other): tokens[index].isSign(";")
        default: false
        }
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
        var isBody: [Bool] = []
        isInside.reserveCapacity(tokens.count)
        for (index, token) in tokens.enumerated() {
            isInside.append(isBody.last ?? false)
            if token.isSymbol(.open) {
                open.append(index)
                isBody.append((isBody.last ?? false) || beginsBody(index))
            } else if token.isSymbol(.close) {
                guard let last = open.popLast(), pairs[token.bracket] == tokens[last].bracket else {
                    let letter = String(decoding: [token.bracket], as: UTF8.self)
                    throw TypeScriptLexer.Fault(message: "\"\(letter)\" closes nothing", offset: token.offset)
                }
                isBody.removeLast()
                ends[last] = index
                starts[index] = last
            }
        }
        guard let first = open.last else { return }
        let letter = String(decoding: [tokens[first].bracket], as: UTF8.self)
        throw TypeScriptLexer.Fault(message: "\"\(letter)\" is never closed", offset: tokens[first].offset)
    }

    /// Whether a brace begins statements, or members of a class, and no object.
    private func beginsBody(_ index: Int) -> Bool {
        guard tokens[index].opens("{"), index > 0 else { return tokens[index].opens("{") }
        let before = tokens[index - 1]
        return switch before.kind {
        case .symbol(.close), .symbol(.arrow): true
        case .symbol(.other): !(before.isSign("|") || before.isSign("&"))
        case .word(let word): !["return", "default", "as", "satisfies", "import", "export", "type"].contains(word)
        case .string, .template, .other: true
        case .symbol: false
        }
    }

    func word(_ index: Int) -> String? { tokens.indices.contains(index) ? tokens[index].word : nil }
    func isSymbol(_ index: Int, _ symbol: TypeScriptToken.Symbol) -> Bool {
        tokens.indices.contains(index) && tokens[index].isSymbol(symbol)
    }
    func opens(_ index: Int, _ letter: Unicode.Scalar) -> Bool {
        tokens.indices.contains(index) && tokens[index].opens(letter)
    }

    /// A string that is all there is to an argument or a value.
    func wholeString(_ index: Int) -> String? {
        guard tokens.indices.contains(index), let text = tokens[index].string, endsItem(index + 1) else { return nil }
        return text
    }

    private mutating func findImports() {
        for index in tokens.indices where !isInside[index] {
            guard word(index) == "import" || word(index) == "export", !isSymbol(index - 1, .dot) else { continue }
            let isImport = word(index) == "import"
            var next = index + 1
            if word(next) == "type" { next += 1 }
            let isType = next > index + 1
            var names: [(original: String, name: String)] = []
            // `import main, { … } from`
            if isImport, let main = word(next), main != "from" {
                names.append(("default", main))
                next += isSymbol(next + 1, .comma) ? 2 : 1
            }
            if opens(next, "{") {
                names += self.names(in: next)
                next = end(of: next) + 1
            } else if tokens.indices.contains(next), tokens[next].isSign("*") {
                if word(next + 1) == "as", let name = word(next + 2) {
                    names.append(("*", name))
                    next += 2
                }
                next += 1
            }
            guard word(next) == "from", next + 1 < tokens.count, let module = tokens[next + 1].string else { continue }
            if !isImport {
                if !isType { handed.append(Handed(module: module, token: next + 1)) }
                continue
            }
            for (original, name) in names { imports[name] = Import(original: original, module: module) }
        }
    }

    /// Names in braces: `{a, b as c, type d}`.
    private func names(in start: Int) -> [(original: String, name: String)] {
        var names: [(original: String, name: String)] = []
        var index = start + 1
        while index < end(of: start) {
            let stop = endOfItem(from: index, before: end(of: start))
            // Of `type a as b`, which is as long as one can be; what brackets hold is no name.
            let words = (index..<max(index, stop)).prefix(4).compactMap { word($0) }.drop { $0 == "type" }
            if let original = words.first, let name = words.last { names.append((original, name)) }
            index = stop + 1
        }
        return names
    }

    private mutating func findConstants() {
        for index in tokens.indices where !isInside[index] {
            switch word(index) {
            case "const", "let", "var": declare(from: index + 1)
            case "function", "class":
                if let name = word(index + 1) { functions.insert(name) }
            default: continue
            }
        }
    }

    /// Notes each of `a = …, b: Type = …`.
    private mutating func declare(from start: Int) {
        var index = start
        while let name = word(index) {
            var value = index + 1
            // A type may stand between the name and its value.
            if isSymbol(value, .colon) {
                let limit = min(tokens.count, value + 64)
                while value < limit, !tokens[value].isSymbol(.equals) {
                    value = tokens[value].isSymbol(.open) ? end(of: value) + 1 : value + 1
                }
            }
            guard value + 1 < tokens.count, tokens[value].isSymbol(.equals) else { return }
            constants[name] = value + 1
            let stop = endOfItem(from: value + 1, before: tokens.count)
            guard isSymbol(stop, .comma) else { return }
            index = stop + 1
        }
    }
}
