package import FleetModel

/// What Drizzle's definitions in TypeScript name: tables with their columns, and enums.
///
/// The text is read, never run, so only what it says itself is found: `pgTable`, `pgEnum`, `pgSchema(…).table` and `.enum`,
/// tables by a `pgTableCreator` that puts something around the name, columns spread from objects. What is put together in
/// other ways is noted, and then nobody may say that the code no longer has something. A column is called by the text its
/// builder is given, else by its key, as Drizzle does since 0.34.
package struct DrizzleSchema {
    private(set) var files: [SourceFile] = []
    let casing: Expectation.Casing?
    private var notes: [String] = []
    private var isComplete = true
    /// Columns of objects, by file and token: an object that many tables spread is read once.
    var known: [Place: Columns] = [:]
    /// The first file that declares a name.
    private(set) var homes: [String: Int] = [:]
    /// Columns that may yet be put into others: who spreads thousands of objects into one another is hostile.
    var budget = 400_000

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

        /// All of another's, as far as they may cost.
        mutating func add(_ more: Columns, _ budget: inout Int) {
            budget -= more.names.count + 1
            guard budget > 0 else {
                isComplete = false
                return
            }
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
            for word in file.constants.keys where homes[word] == nil { homes[word] = index }
            for word in file.functions where homes[word] == nil { homes[word] = index }
        }
        var tables: [TableName: Columns] = [:]
        var enums: Set<TableName> = []
        let paths = Set(files.map { ModulePath($0.path) })
        for file in files.indices {
            for handed in files[file].handed where !isRead(handed.module, from: file, paths) {
                miss("what \"\(handed.module)\" defines is not read", file, handed.token)
            }
            for definition in definitions(in: file) {
                guard let name = name(of: definition, in: file) else { continue }
                switch definition.kind {
                case .table:
                    let columns = columns(of: definition, name, in: file)
                    var all = tables[name] ?? Columns()
                    all.add(columns, &budget)
                    tables[name] = all
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

    private func isRead(_ module: String, from file: Int, _ paths: Set<ModulePath>) -> Bool {
        if module.hasPrefix("drizzle-orm") { return true }
        guard module.hasPrefix(".") else { return false }
        return !paths.isDisjoint(with: ModulePath.all(of: module, from: files[file].path))
    }

    mutating func note(_ what: String, _ file: Int, _ token: Int) {
        let source = files[file]
        // Enough for a person to know where to look; a hostile file may have no end of them.
        guard notes.count < 20 else { return }
        notes.append("\(source.path):\(source.line(of: token)): \(what)")
    }

    /// Notes what may be a table or an enum of any name.
    mutating func miss(_ what: String, _ file: Int, _ token: Int) {
        isComplete = false
        note(what, file, token)
    }

    private mutating func name(of definition: Definition, in file: Int) -> TableName? {
        let maker = definition.word
        let unread = "a table or enum whose name is not written out is not read"
        guard let text = files[file].wholeString(definition.arguments) else {
            miss(unread, file, definition.arguments - 1)
            return nil
        }
        switch definition.maker {
        case .plain: return TableName(name: text)
        case .schema(let schema?): return TableName(schema: schema, name: text)
        case .schema(nil):
            miss("what \"\(maker)\" holds is not read: its pgSchema computes its name", file, definition.arguments)
            return nil
        case .creator(let around?): return TableName(name: around.prefix + text + around.suffix)
        case .creator(nil):
            miss(
                "tables by \"\(maker)\" are not read: its pgTableCreator computes their names",
                file,
                definition.arguments
            )
            return nil
        }
    }
}

/// A file's path as modules name it: without its ending.
struct ModulePath: Hashable {
    private let parts: [Substring]

    init(_ path: String) { self.init(path.split(separator: "/")) }

    private init(_ parts: [Substring]) {
        var parts = parts
        if let last = parts.last {
            let endings = [".d.ts", ".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"]
            if let ending = endings.first(where: { last.hasSuffix($0) }) {
                parts[parts.count - 1] = last.dropLast(ending.count)
            }
        }
        self.parts = parts
    }

    /// What `./module` may be.
    static func all(of module: String, from path: String) -> [ModulePath] {
        var parts = Array(path.split(separator: "/").dropLast())
        for part in module.split(separator: "/") where part != "." {
            if part == "..", !parts.isEmpty { parts.removeLast() } else { parts.append(part) }
        }
        return [ModulePath(parts), ModulePath(parts + ["index"])]
    }
}
