package import FleetModel

/// What Drizzle's definitions in TypeScript name: tables with their columns, and enums.
///
/// The text is read, never run, so only what it says itself is found: `pgTable`, `pgEnum`, `pgSchema(…).table` and `.enum`,
/// tables by a `pgTableCreator` that puts something around the name, columns spread from objects. What is put together in
/// other ways is noted. A column is called by the text its builder is given, else by its key, as Drizzle does since 0.34.
package struct DrizzleSchema {
    private var files: [SourceFile] = []
    private let casing: Expectation.Casing?
    private var notes: [String] = []
    private var isComplete = true
    /// Columns of objects, by file and token: an object that many tables spread is read once.
    private var known: [Place: Columns] = [:]
    /// Words that stand for a schema or a maker of tables, in any file.
    private var makers: Set<String> = []
    /// The first file that defines a constant.
    private var homes: [String: Int] = [:]

    struct Place: Hashable {
        var file: Int
        var token: Int
    }

    struct Columns {
        private(set) var names: [String] = []
        private var seen: Set<String> = []
        var isComplete = true

        mutating func add(_ name: String) {
            if seen.insert(name).inserted { names.append(name) }
        }

        mutating func add(_ more: Columns) {
            for name in more.names { add(name) }
            isComplete = isComplete && more.isComplete
        }

        static var unread: Columns {
            var columns = Columns()
            columns.isComplete = false
            return columns
        }
    }

    /// Reads definitions.
    ///
    /// - Parameters:
    ///   - texts: files by their path relative to the root, in an order that does not change.
    ///   - casing: what the project's configuration of Drizzle says of keys.
    /// - Returns: the names, and a fault where a text is no TypeScript.
    package static func read(
        _ texts: [(path: String, bytes: [UInt8])],
        casing: Expectation.Casing?
    ) -> Diagnosed<ExpectedNames> {
        var schema = DrizzleSchema(casing: casing)
        var diagnostics: [Diagnostic] = []
        for text in texts {
            do {
                schema.files.append(try SourceFile(text.path, text.bytes))
            } catch {
                diagnostics.append(
                    Diagnostic(
                        .error,
                        .expectedSchema,
                        error.message,
                        at: SourceFile.range(text.path, text.bytes, error.offset),
                        hint: "the definitions of tables are read from this file"
                    )
                )
            }
        }
        guard diagnostics.isEmpty else { return Diagnosed(nil, diagnostics) }
        return Diagnosed(schema.names())
    }

    private init(casing: Expectation.Casing?) {
        self.casing = casing
    }

    private mutating func names() -> ExpectedNames {
        for (index, file) in files.enumerated() {
            makers.formUnion(file.schemas.keys)
            makers.formUnion(file.creators.keys)
            for word in file.constants.keys where homes[word] == nil { homes[word] = index }
        }
        var tables: [TableName: Columns] = [:]
        var enums: Set<TableName> = []
        for file in files.indices {
            for definition in files[file].definitions {
                guard let name = name(of: definition, in: file) else { continue }
                switch definition.kind {
                case .table:
                    let columns = columns(of: definition, name, in: file)
                    tables[name, default: Columns()].add(columns)
                case .enumeration: enums.insert(name)
                }
            }
        }
        return ExpectedNames(
            tables: tables.keys.sorted().map {
                ExpectedNames.Table(
                    name: $0,
                    columns: tables[$0]?.names ?? [],
                    isComplete: tables[$0]?.isComplete ?? false
                )
            },
            enums: enums.sorted(),
            notes: notes,
            isComplete: isComplete
        )
    }

    private mutating func note(_ what: String, _ file: Int, _ token: Int) {
        let source = files[file]
        // Enough for a person to know where to look; a hostile file may have no end of them.
        guard notes.count < 20 else { return }
        notes.append("\(source.path):\(source.line(of: token)): \(what)")
    }

    // MARK: names

    private mutating func name(of definition: SourceFile.Definition, in file: Int) -> TableName? {
        let tokens = files[file].tokens
        if case .named(let maker) = definition.maker, !makers.contains(maker) { return nil }
        guard definition.arguments < tokens.count, case .string(let text) = tokens[definition.arguments].kind else {
            // A value in parentheses is a function of one's own of that name, or a name that only running tells.
            isComplete = false
            note("a table or enum whose name is not written out is not read", file, definition.arguments - 1)
            return nil
        }
        switch definition.maker {
        case .plain: return TableName(name: text)
        case .named(let maker):
            if let schema = lookUp(maker, from: file, { $0.schemas[$1] }) {
                return TableName(schema: schema, name: text)
            }
            guard let creator = lookUp(maker, from: file, { $0.creators[$1] }) else { return nil }
            guard let around = creator.around else {
                isComplete = false
                note(
                    "tables by \"\(maker)\" are not read: its pgTableCreator computes their names",
                    file,
                    definition.arguments
                )
                return nil
            }
            return TableName(name: around.prefix + text + around.suffix)
        }
    }

    /// What a word means: in its own file, else in the first that defines it.
    private func lookUp<Value>(_ word: String, from file: Int, _ find: (SourceFile, String) -> Value?) -> Value? {
        if let own = find(files[file], word) { return own }
        for other in files {
            if let found = find(other, word) { return found }
        }
        return nil
    }

    // MARK: columns

    private mutating func columns(
        of definition: SourceFile.Definition,
        _ name: TableName,
        in file: Int
    ) -> Columns {
        let tokens = files[file].tokens
        let comma = definition.arguments + 1
        guard comma < tokens.count, tokens[comma].isSymbol(.comma), comma + 1 < tokens.count,
            let columns = columns(at: comma + 1, in: file, depth: 0)
        else {
            note(
                "columns of table \"\(name.name)\" are not read: they are not written out here",
                file,
                definition.arguments
            )
            return .unread
        }
        return columns
    }

    /// Of an object, of a function that gives one, or of what a word stands for; nil where it is none of these.
    private mutating func columns(at start: Int, in file: Int, depth: Int) -> Columns? {
        guard let place = object(at: start, in: file, depth: depth) else { return nil }
        if let columns = known[place] { return columns }
        // Who spreads itself gets nothing by it.
        known[place] = Columns()
        let columns = read(place, depth: depth)
        known[place] = columns
        return columns
    }

    private static let deepest = 16

    /// Where the object begins that stands at a token.
    private func object(at start: Int, in file: Int, depth: Int) -> Place? {
        let source = files[file]
        let tokens = source.tokens
        guard depth < Self.deepest, start < tokens.count else { return nil }
        if tokens[start].opens("{") { return Place(file: file, token: start) }
        // `(t) => ({ … })`, `t => ({ … })`
        let head = tokens[start].opens("(") ? source.end(of: start) + 1 : start + 1
        if head < tokens.count, tokens[head].isSymbol(.arrow), head + 2 < tokens.count, tokens[head + 1].opens("("),
            tokens[head + 2].opens("{")
        {
            return Place(file: file, token: head + 2)
        }
        guard let word = tokens[start].word else { return nil }
        if let here = source.constants[word], here != start { return object(at: here, in: file, depth: depth + 1) }
        guard let home = homes[word], home != file, let there = files[home].constants[word] else { return nil }
        return object(at: there, in: home, depth: depth + 1)
    }

    private mutating func read(_ place: Place, depth: Int) -> Columns {
        let source = files[place.file]
        let tokens = source.tokens
        let end = source.end(of: place.token)
        var columns = Columns()
        var index = place.token + 1
        while index < end {
            let stop = source.endOfItem(from: index, before: end)
            defer { index = stop + 1 }
            guard stop > index else { continue }
            if tokens[index].isSymbol(.spread) {
                if index + 1 < stop, let more = self.columns(at: index + 1, in: place.file, depth: depth + 1) {
                    columns.add(more)
                } else {
                    columns.isComplete = false
                    note("columns spread by \"...\" are not read", place.file, index)
                }
                continue
            }
            guard let key = tokens[index].word ?? tokens[index].string else {
                columns.isComplete = false
                note("a column whose key is computed is not read", place.file, index)
                continue
            }
            let hasValue = index + 1 < stop && tokens[index + 1].isSymbol(.colon)
            let value = hasValue ? index + 2 : index
            if let name = columnName(key, value..<stop, in: place.file, depth: depth) {
                columns.add(name)
            } else {
                columns.isComplete = false
                note("column \"\(key)\" is not read: its builder is not written out here", place.file, index)
            }
        }
        return columns
    }

    private func columnName(_ key: String, _ value: Range<Int>, in file: Int, depth: Int) -> String? {
        let source = files[file]
        let tokens = source.tokens
        guard depth < Self.deepest, let first = value.first else { return nil }
        for index in value.dropFirst() where tokens[index].opens("(") && tokens[index - 1].word != nil {
            // The first call is the builder's; all that follow only refine the column.
            if index + 1 < value.upperBound, let name = tokens[index + 1].string { return name }
            return cased(key)
        }
        // A word for a builder that stands elsewhere.
        guard value.count == 1, let word = tokens[first].word else { return nil }
        let home = source.constants[word] == nil ? homes[word] ?? file : file
        guard let start = files[home].constants[word], home != file || start != first else { return nil }
        let end = files[home].endOfItem(from: start, before: files[home].tokens.count)
        return columnName(key, start..<end, in: home, depth: depth + 1)
    }

    private func cased(_ key: String) -> String {
        switch casing {
        case nil: key
        case .snakeCase: Casing.words(of: key).joined(separator: "_")
        case .camelCase:
            Casing.words(of: key).enumerated().map { index, word in
                index == 0 ? word : word.prefix(1).uppercased() + word.dropFirst()
            }.joined()
        }
    }
}

/// A key's words as Drizzle's own `casing` finds them (`drizzle-orm/src/casing.ts`).
private enum Casing {
    static func words(of key: String) -> [String] {
        var words: [String] = []
        var rest = Array(key.unicodeScalars)[...]
        func isSmall(_ scalar: Unicode.Scalar) -> Bool { ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) }
        func isCapital(_ scalar: Unicode.Scalar) -> Bool { ("A"..."Z").contains(scalar) }
        while let first = rest.first {
            var count = 0
            if isSmall(first) {
                count = rest.prefix(while: isSmall).count
            } else if isCapital(first) {
                let capitals = rest.prefix(while: isCapital).count
                let small = rest.dropFirst(capitals).first.map { ("a"..."z").contains($0) } ?? false
                // The last capital before a small letter begins the next word.
                count = small ? max(1, capitals - 1) : capitals
                if small, capitals == 1 { count += rest.dropFirst().prefix(while: isSmall).count }
            }
            guard count > 0 else {
                rest = rest.dropFirst()
                continue
            }
            words.append(String(String.UnicodeScalarView(rest.prefix(count))).lowercased())
            rest = rest.dropFirst(count)
        }
        return words
    }
}
