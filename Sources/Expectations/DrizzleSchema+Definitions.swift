internal import FleetModel

/// What a word means to Drizzle.
enum DrizzleMeaning {
    /// One of Drizzle's own functions, by its own name.
    case drizzle(String)
    /// A schema; nil where only running it would tell its name.
    case schema(String?)
    /// What a `pgTableCreator` puts around a name; nil where only running it would tell.
    case creator((prefix: String, suffix: String)?)
    case enumeration, customType
    /// Something else of the project's own.
    case own
    /// It comes from a module that is not read.
    case foreign

    var isBuilder: Bool {
        switch self {
        case .drizzle(let name): DrizzleSchema.builders.contains(name)
        case .enumeration, .customType: true
        default: false
        }
    }

    func isDrizzle(_ name: String) -> Bool {
        if case .drizzle(name) = self { true } else { false }
    }
}

extension DrizzleSchema {
    /// `pgTable("name", …)` or the like; `arguments` is the first token after its parenthesis.
    struct Definition {
        enum Kind { case table, enumeration }
        enum Maker {
            case plain
            case schema(String?)
            case creator((prefix: String, suffix: String)?)
        }

        var kind: Kind
        var maker: Maker
        /// Who makes it, as the file calls it.
        var word: String
        var arguments: Int
    }

    /// Functions of `drizzle-orm/pg-core` that make columns.
    static let builders: Set<String> = [
        "bigint", "bigserial", "bit", "boolean", "bytea", "char", "cidr", "date", "decimal", "doublePrecision",
        "geometry", "halfvec", "inet", "integer", "interval", "json", "jsonb", "line", "macaddr", "macaddr8", "numeric",
        "point", "real", "serial", "smallint", "smallserial", "sparsevec", "text", "time", "timestamp", "uuid",
        "varchar", "vector",
    ]

    /// Others of it that take a name and make no table.
    private static let others: Set<String> = [
        "check", "customType", "foreignKey", "index", "pgEnum", "pgMaterializedView", "pgPolicy", "pgRole", "pgSchema",
        "pgSequence", "pgTable", "pgTableCreator", "pgView", "primaryKey", "unique", "uniqueIndex",
    ]

    private static let deepest = 8

    // MARK: words

    /// What a word means in a file: by its own declarations, else by its imports, else by those of other files.
    func meaning(of word: String, in file: Int, depth: Int = 0) -> DrizzleMeaning? {
        guard depth < Self.deepest else { return .own }
        let source = files[file]
        if let start = source.constants[word] { return meaning(at: start, in: file, depth: depth + 1) }
        if source.functions.contains(word) { return .own }
        if let known = source.imports[word] {
            if known.module.hasPrefix("drizzle-orm") { return .drizzle(known.original) }
            guard let home = homes[known.original], home != file else { return .foreign }
            return meaning(of: known.original, in: home, depth: depth + 1)
        }
        if Self.builders.contains(word) || Self.others.contains(word) { return .drizzle(word) }
        guard let home = homes[word], home != file else { return nil }
        return meaning(of: word, in: home, depth: depth + 1)
    }

    /// What a constant is whose value begins at a token.
    private func meaning(at start: Int, in file: Int, depth: Int) -> DrizzleMeaning {
        let source = files[file]
        guard let first = source.word(start) else { return .own }
        var last = start
        // Nothing that means something to Drizzle lies deeper.
        while last < start + 16, source.isSymbol(last + 1, .dot), source.word(last + 2) != nil { last += 2 }
        let callee = source.word(last) ?? first
        let open = source.afterTypes(last + 1) ?? last + 1
        let isKnown = Self.builders.contains(callee) || Self.others.contains(callee)
        guard source.opens(open, "(") else {
            guard source.endsItem(open) else { return .own }
            // `const table = pgTable`, `const table = p.pgTable`
            if last == start { return meaning(of: first, in: file, depth: depth) ?? .own }
            return isKnown ? .drizzle(callee) : .own
        }
        let maker: DrizzleMeaning?
        if last == start {
            maker = meaning(of: first, in: file, depth: depth)
        } else if callee == "enum", last == start + 2, case .schema? = meaning(of: first, in: file, depth: depth) {
            return .enumeration
        } else {
            maker = isKnown ? .drizzle(callee) : nil
        }
        let end = source.end(of: open)
        if source.isSymbol(end + 1, .dot) {
            // `pgSchema("app").enum(…)`
            let isEnum = maker?.isDrizzle("pgSchema") == true && source.word(end + 2) == "enum"
            return isEnum ? .enumeration : .own
        }
        guard case .drizzle(let name)? = maker else { return .own }
        switch name {
        case "pgSchema": return .schema(source.wholeString(open + 1))
        case "pgTableCreator": return .creator(around(open + 1, in: source))
        case "pgEnum": return .enumeration
        case "customType": return .customType
        default: return .own
        }
    }

    /// `(name) => …` as what it puts around the name.
    private func around(_ start: Int, in source: SourceFile) -> (prefix: String, suffix: String)? {
        var index = start
        var parameter = source.word(index)
        if source.opens(index, "(") {
            parameter = source.word(index + 1)
            index = source.end(of: index)
        }
        guard let parameter, source.isSymbol(index + 1, .arrow), index + 2 < source.tokens.count,
            source.endsItem(index + 3)
        else { return nil }
        return switch source.tokens[index + 2].kind {
        case .template(let prefix, parameter, let suffix): (prefix, suffix)
        case .word(parameter): ("", "")
        default: nil
        }
    }

    // MARK: definitions

    /// Those of a file's own level; what may be one and cannot be read is noted.
    mutating func definitions(in file: Int) -> [Definition] {
        let source = files[file]
        var found: [Definition] = []
        for index in source.tokens.indices {
            guard let callee = source.word(index), source.word(index - 1) != "function" else { continue }
            let open = source.afterTypes(index + 1) ?? index + 1
            guard source.opens(open, "(") else { continue }
            guard let (kind, maker, word, first) = made(by: callee, index, open, in: file) else {
                if mayBeTable(callee, index, open, in: file) {
                    miss("what \"\(callee)\" makes is not read", file, index)
                }
                continue
            }
            guard !source.isDeferred(first) else {
                miss("a table or enum inside a function is not read", file, index)
                continue
            }
            found.append(Definition(kind: kind, maker: maker, word: word, arguments: open + 1))
        }
        return found
    }

    private typealias Made = (kind: Definition.Kind, maker: Definition.Maker, word: String, first: Int)

    private func made(by callee: String, _ index: Int, _ open: Int, in file: Int) -> Made? {
        let source = files[file]
        guard source.isSymbol(index - 1, .dot) else {
            switch meaning(of: callee, in: file) {
            case .drizzle("pgTable"): return (.table, .plain, callee, index)
            case .drizzle("pgEnum"): return (.enumeration, .plain, callee, index)
            case .creator(let around): return (.table, .creator(around), callee, index)
            default: return nil
            }
        }
        // Behind a dot only Drizzle's own name means Drizzle's function.
        if callee == "pgTable" { return (.table, .plain, callee, index - 2) }
        if callee == "pgEnum" { return (.enumeration, .plain, callee, index - 2) }
        let kind: Definition.Kind? = callee == "table" ? .table : callee == "enum" ? .enumeration : nil
        // `pgSchema("app").table(…)`
        if let kind, source.isSymbol(index - 2, .close), let call = source.start(of: index - 2),
            let word = source.word(call - 1)
        {
            let isSchema =
                source.isSymbol(call - 2, .dot)
                ? word == "pgSchema" : meaning(of: word, in: file)?.isDrizzle("pgSchema") == true
            return isSchema ? (kind, .schema(source.wholeString(call + 1)), word, call - 1) : nil
        }
        guard let receiver = source.word(index - 2) else { return nil }
        switch meaning(of: receiver, in: file) {
        // `pgTable.withRLS(…)`
        case .drizzle("pgTable"): return (.table, .plain, callee, index - 2)
        case .schema(let name): return kind.map { ($0, .schema(name), receiver, index - 2) }
        default: return nil
        }
    }

    /// Whether a call that nothing is known of looks like a table's: `export const a = call("name", {…`.
    private func mayBeTable(_ callee: String, _ index: Int, _ open: Int, in file: Int) -> Bool {
        let source = files[file]
        guard !source.isDeferred(index), open + 3 < source.tokens.count, source.tokens[open + 1].string != nil,
            source.isSymbol(open + 2, .comma), source.opens(open + 3, "{") || source.opens(open + 3, "(")
        else { return false }
        guard source.isSymbol(index - 1, .dot) else {
            guard source.isSymbol(index - 1, .equals) else { return false }
            return switch meaning(of: callee, in: file) {
            case .drizzle, .enumeration, .customType: false
            default: true
            }
        }
        guard callee == "table", let receiver = source.word(index - 2) else { return false }
        if case .foreign? = meaning(of: receiver, in: file) { return true }
        return source.isSymbol(index - 3, .dot)
    }
}
