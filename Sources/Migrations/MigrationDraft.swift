internal import FleetModel

/// A migration that is not written yet: its file's name and text, and the folder as it will be with it.
package struct MigrationDraft: Sendable {
    /// The name of its file.
    package let file: String
    package let text: String
    package let tag: String
    /// With it as the newest.
    package let folder: MigrationFolder

    /// Puts a migration behind the newest of a folder of numbered files; nil where no number of at most 18 digits follows.
    ///
    /// - Parameters:
    ///   - name: what stands behind the number: letters, digits, `_` and `-`.
    ///   - statements: without semicolons.
    ///   - folder: in the plain format.
    ///   - stamp: the moment as 14 digits, for folders that count by time.
    package init?(named name: String, _ statements: [String], after folder: MigrationFolder, stamp: String) {
        precondition(folder.source.format == .plain, "other formats have tools of their own")
        precondition(Self.isName(name), "a name that no file may have")
        guard let number = Self.number(after: folder.migrations.last?.number ?? "0000", stamp: stamp) else {
            return nil
        }
        tag = "\(number)_\(name)"
        file = "\(tag).sql"
        text = statements.map { $0 + ";\n" }.joined(separator: "\n")
        let path = Self.beside(folder.migrations.last?.file ?? "", file)
        let migration = Migration(
            tag: tag,
            number: number,
            text: text,
            sha256: Fingerprint(of: text).hex,
            when: nil,
            isTransactional: true,
            statements: StatementSplitter.split(text),
            file: path
        )
        var folder = folder
        folder.migrations.append(migration)
        self.folder = folder
    }

    package static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 100
            && name.utf8.allSatisfy { byte in
                byte.isASCIIDigit || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
    }

    private static func beside(_ path: String, _ file: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return file }
        return path[...slash] + file
    }

    /// The next number as wide as the last one; the moment where that is how the folder counts.
    private static func number(after last: String, stamp: String) -> String? {
        if last.utf8.count >= 14, last < stamp.prefix(last.utf8.count) { return String(stamp.prefix(last.utf8.count)) }
        // The history's version is a bigint, and a number of 19 digits may not be one.
        let width = last.utf8.count
        guard let last = Int64(last), last < 999_999_999_999_999_999 else { return nil }
        let next = String(last + 1)
        return String(repeating: "0", count: max(0, width - next.utf8.count)) + next
    }
}
