internal import FleetModel

/// A migration folder as its format sees it: names, and files to read.
package struct FolderListing: ~Copyable {
    let reader: FolderReader
    let entries: [FolderReader.Entry]
    /// Where the manifest names the folder: for faults of the folder as a whole.
    let range: SourceRange

    init(_ reader: consuming FolderReader, range: SourceRange) throws(FolderFault) {
        entries = try reader.entries()
        self.reader = reader
        self.range = range
    }

    /// Path relative to the root.
    var path: String { reader.path }

    func path(of name: String) -> String { reader.pathFromRoot(name) }

    /// Files that look like SQL, whatever the case of their ending, links among them.
    var sqlFiles: [String] {
        entries.filter { $0.kind != .folder && $0.name.lowercased().hasSuffix(".sql") }.map(\.name)
    }

    /// Folders that hold a file of this name.
    func folders(holding file: String) -> [String] {
        entries.filter { $0.kind == .folder && reader.hasFile("\($0.name)/\(file)") }.map(\.name)
    }

    /// Whatever is no folder here and in the folders below, links among it, relative to this one.
    ///
    /// What is not looked into is an error, since migrations may be there.
    func filesBelow() -> Diagnosed<[String]> {
        var files: [String] = []
        var diagnostics: [Diagnostic] = []
        func report(_ message: String, _ path: String, hint: String? = nil) {
            diagnostics.append(
                Diagnostic(.error, .migrationFile, message, at: .beginning(of: self.path(of: path)), hint: hint)
            )
        }
        func collect(_ found: [FolderReader.Entry], in folder: String, depth: Int) {
            for entry in found where !entry.name.hasPrefix(".") {
                let path = folder + entry.name
                switch entry.kind {
                case .folder where depth < Self.depthLimit:
                    do throws(FolderFault) {
                        collect(try reader.entries(in: path), in: path + "/", depth: depth + 1)
                    } catch {
                        report("the folder cannot be read", path)
                    }
                case .folder:
                    report(
                        "a folder more than \(Self.depthLimit) deep is not looked into",
                        path,
                        hint: "bring what is in it further up"
                    )
                case .link where reader.leadsToFolder(path):
                    report("a link to a folder, which is not followed", path, hint: "put the folder itself there")
                case .file, .link, .other: files.append(path)
                }
            }
        }
        collect(entries, in: "", depth: 0)
        return Diagnosed(files, diagnostics)
    }

    private static let depthLimit = 8

    /// Two names that a file system which ignores case, or mends Unicode, takes for one.
    ///
    /// Strings compare by canonical equivalence, so forms of one character are equal here already.
    var clashes: [Diagnostic] {
        var seen: [String: String] = [:]
        return sqlFiles.compactMap { name in
            guard let other = seen.updateValue(name, forKey: name.lowercased()) else { return nil }
            return clash(name, other, at: name)
        }
    }

    /// The same of migrations in folders of their own: wherever a migration goes by its name, these would be one.
    ///
    /// Names that are the same in every byte are for the format to report, and files right in this folder for `clashes`.
    func clashes(among listed: [ListedMigration]) -> [Diagnostic] {
        var seen: [String: ListedMigration] = [:]
        return listed.compactMap { migration in
            guard let other = seen.updateValue(migration, forKey: migration.tag.lowercased()),
                !other.tag.utf8.elementsEqual(migration.tag.utf8),
                migration.file.contains("/") || other.file.contains("/")
            else { return nil }
            return clash(migration.tag, other.tag, at: migration.file)
        }
    }

    private func clash(_ name: String, _ other: String, at file: String) -> Diagnostic {
        Diagnostic(
            .error,
            .migrationFile,
            "\"\(name)\" and \"\(other)\" are one name on some file systems",
            at: .beginning(of: path(of: file)),
            hint: "rename one of them"
        )
    }
}

/// A migration's leading digits, or several such numbers with dots between them, each of any length.
struct MigrationNumber: Hashable, Comparable {
    /// Without zeros in front, and without parts at the end that are zero: 1.0 is 1.
    private let parts: [Substring]

    /// Nil where there is anything but digits and single dots.
    init?(_ text: String) {
        var parts: [Substring] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            guard !part.isEmpty, part.utf8.allSatisfy(\.isASCIIDigit) else { return nil }
            parts.append(part.drop { $0 == "0" })
        }
        while let last = parts.last, last.isEmpty { parts.removeLast() }
        self.parts = parts
    }

    static func < (left: Self, right: Self) -> Bool {
        for (one, other) in zip(left.parts, right.parts) where one != other {
            let lengths = (one.utf8.count, other.utf8.count)
            return lengths.0 == lengths.1 ? one < other : lengths.0 < lengths.1
        }
        return left.parts.count < right.parts.count
    }

    /// The digits at the beginning of a tag.
    static func prefix(of tag: String) -> String {
        String(decoding: tag.utf8.prefix(while: \.isASCIIDigit), as: UTF8.self)
    }
}
