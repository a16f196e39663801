internal import FleetModel

/// Files whose names begin with a number, as most tools want them, and what is wrong with such names.
struct NumberedFiles {
    /// `0001_add_users.sql` is `0001_add_users`, whatever the name's end is for the tool.
    var listed: [ListedMigration] = []
    var diagnostics: [Diagnostic] = []

    init() {}

    /// Takes each SQL file that `ending` ends and a number begins; others are told of as files that never run.
    ///
    /// - Parameters:
    ///   - folder: where they stand.
    ///   - ending: what follows the tag: `.sql`, `.up.sql`.
    ///   - isIgnored: files that are part of the tool's layout and do not run forward.
    ///   - form: how a name should look, for a hint.
    ///   - needsName: whether an underscore must follow the number.
    init(
        _ folder: borrowing FolderListing,
        ending: String = ".sql",
        isIgnored: (String) -> Bool = { _ in false },
        form: String,
        needsName: Bool = true
    ) {
        for file in folder.sqlFiles where !isIgnored(file) {
            let number = MigrationNumber.prefix(of: file)
            let tag = String(file.dropLast(ending.count))
            let rest = tag.dropFirst(number.count)
            guard file.hasSuffix(ending), !number.isEmpty, !needsName || rest.hasPrefix("_") else {
                report(
                    .warning,
                    .migrationFile,
                    "the name is not that of a migration, so this file never runs",
                    file,
                    in: folder,
                    hint: "name it \(form), or move it elsewhere"
                )
                continue
            }
            // Versions are kept as bigint, or read as such by some reader.
            guard number.count <= 18 else {
                report(
                    .error,
                    .migrationFile,
                    "the number has more than 18 digits",
                    file,
                    in: folder,
                    hint: "a timestamp to the millisecond has 17"
                )
                continue
            }
            listed.append(ListedMigration(tag: tag, number: number, file: file))
        }
    }

    /// By number, whatever zeros stand in front.
    mutating func sortByNumber() {
        listed = listed.map { (number: MigrationNumber($0.number), migration: $0) }
            .sorted { left, right in
                guard let first = left.number, let second = right.number else { return false }
                return first < second
            }
            .map(\.migration)
    }

    /// Reports migrations that the tool's history could not tell apart.
    mutating func rejectTwins(in folder: borrowing FolderListing, key: (ListedMigration) -> String) {
        var seen: [String: String] = [:]
        for migration in listed {
            guard let other = seen.updateValue(migration.file, forKey: key(migration)) else { continue }
            report(
                .error,
                .migrationsCollide,
                "\"\(migration.file)\" has the same version as \"\(other)\"",
                migration.file,
                in: folder,
                hint: "give the newer one the next version"
            )
        }
    }

    mutating func report(
        _ severity: Severity,
        _ code: DiagnosticCode,
        _ message: String,
        _ file: String,
        in folder: borrowing FolderListing,
        hint: String
    ) {
        diagnostics.append(
            Diagnostic(severity, code, message, at: .beginning(of: folder.path(of: file)), hint: hint)
        )
    }

    var diagnosed: Diagnosed<[ListedMigration]> { Diagnosed(listed, diagnostics) }
}

extension FolderListing {
    /// Whether the first or the last of the numbered files has a line for which this is so.
    borrowing func numberedFile(hasLine isMark: (String) -> Bool) -> Bool {
        let numbered = sqlFiles.filter { $0.utf8.first?.isASCIIDigit == true }
        return Set([numbered.first, numbered.last].compactMap(\.self)).contains { file in
            guard let bytes = try? reader.read(file) else { return false }
            return TextLines(bytes).contains { isMark($0.text) }
        }
    }
}

/// The lines of a text with the place of each, without their ends.
struct TextLines: Sequence {
    struct Line {
        var range: Range<Int>
        var text: String
    }

    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func makeIterator() -> AnyIterator<Line> {
        var start = 0
        return AnyIterator {
            guard start < bytes.count else { return nil }
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            defer { start = end + 1 }
            let last = end > start && bytes[end - 1] == 0x0D ? end - 1 : end
            return Line(range: start..<last, text: String(decoding: bytes[start..<last], as: UTF8.self))
        }
    }
}

extension StringProtocol {
    /// What follows `--` on a line that begins with it, without the white space around it.
    var commentText: String? {
        guard hasPrefix("--") else { return nil }
        return String(dropFirst(2).drop(while: \.isWhitespace).trimmingEnd)
    }

    private var trimmingEnd: SubSequence {
        var rest = self[...]
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
