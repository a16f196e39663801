package import FleetModel
package import Migrations

/// What the code says that it expects, as it was read or printed.
package enum ExpectedSource: Sendable {
    /// To be loaded on scratch.
    case text(SchemaText)
    case names(ExpectedNames)
    /// A program that prints it, not run yet.
    case command([String], folder: String, timeLimit: Duration)
    /// It could not be had, and why.
    case failed(String)
}

extension ExpectedSource {
    /// Reads what needs no program to be run.
    ///
    /// - Parameters:
    ///   - expectation: as the manifest has it.
    ///   - root: absolute; paths are told relative to it.
    /// - Returns: the source, and what is wrong with its files.
    package static func read(_ expectation: Expectation, root: String) -> Diagnosed<ExpectedSource> {
        switch expectation.source {
        case .command(let words, let folder, let limit):
            return Diagnosed(.command(words, folder: folder, timeLimit: limit))
        case .sql(let path):
            let relative = SchemaFiles.relative(path, to: root)
            switch SchemaFiles.read(path, limit: SchemaFiles.sqlLimit) {
            case .failure(let fault): return unreadable(relative, fault.reason, expectation)
            case .success(let bytes):
                do throws(SchemaText.Fault) {
                    let text = try SchemaText(bytes, title: relative)
                    return Diagnosed(text.statements.isEmpty ? .failed("\(relative) holds no statement") : .text(text))
                } catch {
                    let start = SourcePosition(line: error.line, column: 1)
                    let range = SourceRange(file: relative, start: start, end: start)
                    return Diagnosed(nil, [Diagnostic(.error, .expectedSchema, error.message, at: range)])
                }
            }
        case .drizzle(let path, let casing): return definitions(path, casing, root, expectation)
        }
    }

    private static func definitions(
        _ path: String,
        _ casing: Expectation.Casing?,
        _ root: String,
        _ expectation: Expectation
    ) -> Diagnosed<ExpectedSource> {
        let paths: [String]
        switch SchemaFiles.definitions(at: path) {
        case .failure(let fault): return unreadable(SchemaFiles.relative(path, to: root), fault.reason, expectation)
        case .success(let found): paths = found
        }
        var texts: [(path: String, bytes: [UInt8])] = []
        for path in paths {
            let relative = SchemaFiles.relative(path, to: root)
            switch SchemaFiles.read(path, limit: SchemaFiles.definitionLimit) {
            case .failure(let fault): return unreadable(relative, fault.reason, expectation)
            case .success(let bytes): texts.append((relative, bytes))
            }
        }
        let read = DrizzleSchema.read(texts, casing: casing)
        guard let names = read.value else { return Diagnosed(nil, read.diagnostics) }
        guard !names.tables.isEmpty else {
            return Diagnosed(
                nil,
                [
                    Diagnostic(
                        .error,
                        .expectedSchema,
                        "\"\(SchemaFiles.relative(path, to: root))\" defines no table that can be read",
                        at: expectation.range,
                        hint: names.notes.first ?? "name the file, or the folder of files, that calls pgTable"
                    )
                ]
            )
        }
        return Diagnosed(.names(names))
    }

    private static func unreadable(
        _ path: String,
        _ reason: String,
        _ expectation: Expectation
    ) -> Diagnosed<ExpectedSource> {
        Diagnosed(
            nil,
            [Diagnostic(.error, .fileUnreadable, "\"\(path)\" cannot be read: \(reason)", at: expectation.range)]
        )
    }
}
