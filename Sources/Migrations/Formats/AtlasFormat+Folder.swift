internal import Crypto
package import FleetModel

extension AtlasFormat {
    private static let sumFile = "atlas.sum"

    package func likeness(of folder: borrowing FolderListing) -> FolderLikeness {
        folder.reader.hasFile(Self.sumFile) ? .certain : .none
    }

    package func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]> {
        var files = NumberedFiles()
        for file in folder.sqlFiles where file.hasSuffix(".sql") {
            let tag = String(file.dropLast(4))
            let version = String(tag.prefix { $0 != "_" })
            files.listed.append(ListedMigration(tag: tag, number: version, file: file))
        }
        files.rejectTwins(in: folder) { $0.number }
        files.diagnostics += sumFaults(folder, files.listed)
        return files.diagnosed
    }

    /// What of the folder is not as `atlas.sum` has it; Atlas itself goes no further then.
    private func sumFaults(_ folder: borrowing FolderListing, _ files: [ListedMigration]) -> [Diagnostic] {
        let place = folder.path(of: Self.sumFile)
        let hint = "look at what changed, then run `atlas migrate hash`"
        guard let bytes = try? folder.reader.read(Self.sumFile) else {
            return files.isEmpty
                ? []
                : [
                    Diagnostic(
                        .error,
                        .migrationFolder,
                        "\"\(folder.path)\" has no \"\(Self.sumFile)\", without which Atlas runs nothing",
                        at: folder.range,
                        hint: hint
                    )
                ]
        }
        var recorded: [String: String] = [:]
        for line in TextLines(bytes).dropFirst() {
            let words = line.text.split(separator: " h1:", omittingEmptySubsequences: false)
            guard words.count > 1, let sum = words.last else { continue }
            recorded[words.dropLast().joined(separator: " h1:")] = String(sum)
        }
        var chain = Chain()
        for file in files {
            guard let text = try? folder.reader.read(file.file), let sum = chain.add(file.file, text) else { continue }
            let known = recorded.removeValue(forKey: file.file)
            guard known != sum else { continue }
            // The sum goes on from file to file: those behind the first differ with it.
            return [
                Diagnostic(
                    .error,
                    .migrationFile,
                    known == nil
                        ? "\"\(place)\" does not name this file" : "the file is not what \"\(place)\" says of it",
                    at: .beginning(of: folder.path(of: file.file)),
                    hint: hint
                )
            ]
        }
        return recorded.keys.sorted().map { name in
            Diagnostic(
                .error,
                .migrationFile,
                "\"\(name)\" does not exist",
                at: .beginning(of: place),
                hint: hint
            )
        }
    }

    package func part(of bytes: [UInt8], _ migration: ListedMigration) -> FilePart {
        var part = FilePart(bytes)
        for directive in Self.directives(of: bytes) {
            switch (directive.name, directive.value) {
            case ("txmode", "none"): part.isTransactional = false
            case ("checkpoint", _), ("delimiter", _), ("txtar", _):
                part.report(
                    .error,
                    "\"atlas:\(directive.name)\" is not honoured here, so the file would run otherwise than Atlas runs it",
                    at: directive.range,
                    hint: directive.name == "checkpoint"
                        ? "take the checkpoint out of the folder" : "write the file without it"
                )
            default: break
            }
        }
        return part
    }

    struct Directive {
        var name: String
        var value: String
        var range: Range<Int>
    }

    /// The `-- atlas:name value` lines at the top of a file, which count only where an empty line follows them.
    private static func directives(of bytes: [UInt8]) -> [Directive] {
        var directives: [Directive] = []
        for var line in TextLines(bytes) {
            guard line.text.hasPrefix("--") || line.text.hasPrefix("#") else {
                return line.text.isEmpty ? directives : []
            }
            while line.text.last?.isWhitespace == true { line.text.removeLast() }
            if let directive = directive(in: line) { directives.append(directive) }
        }
        return []
    }

    /// `atlas:name value`, with any number of blanks between, whatever stands in front of it.
    static func directive(in line: TextLines.Line) -> Directive? {
        guard let found = line.text.prefixMatch(of: #/[ -~]*atlas:([0-9A-Za-z_]+)(?: +([ -~]*))?/#) else { return nil }
        return Directive(name: String(found.1), value: found.2.map(String.init) ?? "", range: line.range)
    }
}
