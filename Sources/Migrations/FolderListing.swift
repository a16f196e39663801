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

/// A migration's leading digits, compared as a number of any length.
struct MigrationNumber: Hashable, Comparable {
    private let digits: Substring

    /// Nil where there are no digits.
    init?(_ digits: String) {
        guard !digits.isEmpty, digits.utf8.allSatisfy(\.isASCIIDigit) else { return nil }
        let significant = digits.drop { $0 == "0" }
        self.digits = significant.isEmpty ? "0" : significant
    }

    static func < (left: Self, right: Self) -> Bool {
        let lengths = (left.digits.utf8.count, right.digits.utf8.count)
        return lengths.0 == lengths.1 ? left.digits < right.digits : lengths.0 < lengths.1
    }

    /// The digits at the beginning of a tag.
    static func prefix(of tag: String) -> String {
        String(decoding: tag.utf8.prefix(while: \.isASCIIDigit), as: UTF8.self)
    }
}
