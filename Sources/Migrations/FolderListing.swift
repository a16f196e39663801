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

    /// Files of this folder and of those in it, relative to it; links are left out, and so is what is too deep to be meant.
    func filesBelow() -> [String] {
        var files: [String] = []
        func collect(_ found: [FolderReader.Entry], in folder: String, depth: Int) {
            for entry in found where !entry.name.hasPrefix(".") {
                let path = folder + entry.name
                switch entry.kind {
                case .file: files.append(path)
                case .folder where depth < 8:
                    collect((try? reader.entries(in: path)) ?? [], in: path + "/", depth: depth + 1)
                case .folder, .link, .other: break
                }
            }
        }
        collect(entries, in: "", depth: 0)
        return files
    }

    /// Two names that a file system which ignores case, or mends Unicode, takes for one.
    ///
    /// Strings compare by canonical equivalence, so forms of one character are equal here already.
    var clashes: [Diagnostic] {
        var seen: [String: String] = [:]
        return sqlFiles.compactMap { name in
            guard let other = seen.updateValue(name, forKey: name.lowercased()) else { return nil }
            return Diagnostic(
                .error,
                .migrationFile,
                "\"\(name)\" and \"\(other)\" are one name on some file systems",
                at: .beginning(of: path(of: name)),
                hint: "rename one of them"
            )
        }
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
