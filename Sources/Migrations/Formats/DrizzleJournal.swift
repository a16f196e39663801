internal import FleetModel
internal import FoundationEssentials

/// `meta/_journal.json`: which files of a drizzle folder are migrations, in their order.
struct DrizzleJournal: Decodable {
    struct Entry: Decodable {
        var idx: Int?
        /// Milliseconds since 1970: when the migration was generated.
        var when: Int64
        var tag: String
    }

    var version: String?
    var dialect: String?
    var entries: [Entry]

    static let file = "meta/_journal.json"

    static func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]> {
        let bytes: [UInt8]
        do {
            bytes = try folder.reader.read(file)
        } catch {
            return Diagnosed(nil, [missing(error, in: folder)])
        }
        let place = Place(file: folder.path(of: file), bytes: bytes)
        switch decode(bytes, at: place) {
        case .failure(let fault): return Diagnosed(nil, [fault.diagnostic])
        case .success(let journal):
            var diagnostics = journal.headFaults(at: place)
            diagnostics += journal.entryFaults(at: place)
            diagnostics += journal.orderFaults(at: place)
            diagnostics += journal.collisions(in: folder, at: place)
            diagnostics += journal.fileFaults(in: folder, at: place)
            let listed = journal.entries.indices.map { index in
                let entry = journal.entries[index]
                return ListedMigration(
                    tag: entry.tag,
                    number: MigrationNumber.prefix(of: entry.tag),
                    when: entry.when,
                    file: "\(entry.tag).sql",
                    declaration: place.range("/entries/\(index)/tag")
                )
            }
            return Diagnosed(listed, diagnostics)
        }
    }

    // MARK: reading

    /// The journal's text, for the place of each value.
    struct Place {
        let file: String
        private let outline: JSONOutline
        private let lines: LineIndex

        init(file: String, bytes: [UInt8]) {
            self.file = file
            outline = JSONOutline(bytes)
            lines = LineIndex(bytes)
        }

        var fault: SourceRange? { outline.fault.map { lines.range($0..<$0, in: file) } }
        func range(_ path: String) -> SourceRange { lines.range(outline.range(of: path), in: file) }
    }

    private struct Fault: Error {
        var diagnostic: Diagnostic
    }

    private static func missing(_ fault: FileFault, in folder: borrowing FolderListing) -> Diagnostic {
        guard case .missing = fault else {
            return fault.diagnostic(.migrationJournal, file: folder.path(of: file), at: nil)
        }
        if let first = folder.folders(holding: "migration.sql").first {
            return Diagnostic(
                .error,
                .notSupported,
                "\"\(folder.path)\" has a folder for each migration (\"\(first)\"), the layout of drizzle 1.0, which is not supported yet",
                at: folder.range,
                hint: "the layout with \"\(file)\" is"
            )
        }
        return Diagnostic(
            .error,
            .migrationJournal,
            "\"\(folder.path)\" has no \"\(file)\"",
            at: folder.range,
            hint: folder.sqlFiles.isEmpty
                ? "drizzle-kit generate writes it" : "drizzle-kit writes it; numbered files alone are \"format: plain\""
        )
    }

    private static func decode(_ bytes: [UInt8], at place: Place) -> Result<DrizzleJournal, Fault> {
        func fault(_ message: String, at range: SourceRange, hint: String? = nil) -> Result<DrizzleJournal, Fault> {
            .failure(Fault(diagnostic: Diagnostic(.error, .migrationJournal, message, at: range, hint: hint)))
        }
        if let range = place.fault {
            return fault(
                "the journal is not JSON from here on",
                at: range,
                hint: "a merge that was not resolved is the usual cause"
            )
        }
        do {
            return .success(try JSONDecoder().decode(DrizzleJournal.self, from: Data(bytes)))
        } catch DecodingError.keyNotFound(let key, let context) {
            return fault("the key \"\(key.stringValue)\" is missing", at: place.range(context.path))
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context)
        {
            let name = context.codingPath.last?.stringValue ?? "the journal"
            return fault("\"\(name)\" is not of the type that drizzle-kit writes", at: place.range(context.path))
        } catch {
            return fault("the journal cannot be read", at: .beginning(of: place.file))
        }
    }
}

extension DecodingError.Context {
    /// The path of `JSONOutline`.
    fileprivate var path: String {
        codingPath.map { "/" + ($0.intValue.map(String.init) ?? $0.stringValue) }.joined()
    }
}

// MARK: - What can be wrong with it

extension DrizzleJournal {
    fileprivate func headFaults(at place: Place) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        // drizzle-orm looks at neither; drizzle-kit has written "7" since 0.23 and said "pg" before "postgresql".
        switch version {
        case "7": break
        case "5", "6":
            diagnostics.append(
                Diagnostic(
                    .warning,
                    .migrationJournal,
                    "the journal is of the older version \"\(version ?? "")\"",
                    at: place.range("/version"),
                    hint: "drizzle-kit up brings it to \"7\""
                )
            )
        case let other:
            diagnostics.append(
                Diagnostic(
                    .error,
                    .migrationJournal,
                    other.map { "a journal of version \"\($0)\" is not known" } ?? "the journal says no version",
                    at: place.range("/version"),
                    hint: "\"7\" is"
                )
            )
        }
        if dialect != "postgresql", dialect != "pg" {
            diagnostics.append(
                Diagnostic(
                    .error,
                    .migrationJournal,
                    dialect.map { "the journal is for \"\($0)\"" } ?? "the journal says no dialect",
                    at: place.range("/dialect"),
                    hint: "only \"postgresql\" can be applied here"
                )
            )
        }
        return diagnostics
    }

    /// Tags that name no file or one that another entry names.
    fileprivate func entryFaults(at place: Place) -> [Diagnostic] {
        var seen: Set<String> = []
        return entries.enumerated().compactMap { index, entry in
            let range = place.range("/entries/\(index)/tag")
            guard entry.tag.isSafeTag else {
                return Diagnostic(
                    .error,
                    .migrationJournal,
                    "a tag is a file's name: no \"/\", no control characters, no dot in front",
                    at: range
                )
            }
            guard seen.insert(entry.tag).inserted else {
                return Diagnostic(.error, .migrationJournal, "\"\(entry.tag)\" stands in the journal twice", at: range)
            }
            return nil
        }
    }

    fileprivate func orderFaults(at place: Place) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        var latest = entries.first
        for (index, entry) in entries.enumerated() {
            let path = "/entries/\(index)"
            if index > 0, let before = latest {
                if entry.when <= before.when {
                    diagnostics.append(
                        Diagnostic(
                            .warning,
                            .migrationOrder,
                            "\"\(entry.tag)\" is not newer than \"\(before.tag)\" before it: drizzle's own migrator skips it "
                                + "wherever that one was applied first, and says nothing",
                            at: place.range("\(path)/when"),
                            hint: "reconcile finds and applies it; see migration-out-of-order"
                        )
                    )
                } else {
                    latest = entry
                }
            }
            if index > 0, let idx = entry.idx, let previous = entries[index - 1].idx, idx != previous + 1,
                idx != previous
            {
                diagnostics.append(
                    Diagnostic(
                        .warning,
                        .migrationOrder,
                        "\"idx\" goes from \(previous) to \(idx)",
                        at: place.range("\(path)/idx"),
                        hint: "the order of the journal counts, not this number"
                    )
                )
            }
            if index > 0, let number = MigrationNumber(MigrationNumber.prefix(of: entry.tag)),
                let before = MigrationNumber(MigrationNumber.prefix(of: entries[index - 1].tag)), number < before
            {
                diagnostics.append(
                    Diagnostic(
                        .warning,
                        .migrationOrder,
                        "\"\(entry.tag)\" runs after \"\(entries[index - 1].tag)\", though its file sorts before",
                        at: place.range("\(path)/tag"),
                        hint: "the order of the journal counts, not the names"
                    )
                )
            }
        }
        return diagnostics
    }

    /// Entries without a file, files without an entry.
    fileprivate func fileFaults(in folder: borrowing FolderListing, at place: Place) -> [Diagnostic] {
        let named = Dictionary(grouping: folder.sqlFiles) { $0.lowercased() }
        var diagnostics: [Diagnostic] = []
        var wanted: Set<String> = []
        for (index, entry) in entries.enumerated() where entry.tag.isSafeTag {
            let file = "\(entry.tag).sql"
            wanted.insert(file.lowercased())
            let candidates = named[file.lowercased()] ?? []
            // By bytes: the file system knows nothing of canonical equivalence.
            if candidates.contains(where: { $0.utf8.elementsEqual(file.utf8) }) { continue }
            let number = MigrationNumber.prefix(of: entry.tag)
            let near = candidates.first ?? folder.sqlFiles.first { !number.isEmpty && $0.hasPrefix(number + "_") }
            diagnostics.append(
                Diagnostic(
                    .error,
                    .migrationFile,
                    "\"\(entry.tag)\" has no file: \"\(folder.path(of: file))\" does not exist",
                    at: place.range("/entries/\(index)/tag"),
                    hint: near.map { "there is \"\($0)\"; the names must be the same to the letter" }
                )
            )
        }
        for file in folder.sqlFiles where !wanted.contains(file.lowercased()) {
            diagnostics.append(
                Diagnostic(
                    .warning,
                    .migrationFile,
                    "the journal does not name this file, so it never runs",
                    at: .beginning(of: folder.path(of: file)),
                    hint: "generate it anew with drizzle-kit (--custom for SQL of your own), or delete it"
                )
            )
        }
        for name in folder.folders(holding: "migration.sql") {
            diagnostics.append(
                Diagnostic(
                    .warning,
                    .migrationFile,
                    "a migration in a folder of its own beside a journal never runs",
                    at: .beginning(of: folder.path(of: "\(name)/migration.sql")),
                    hint: "drizzle 1.0 writes these; a folder follows one layout"
                )
            )
        }
        return diagnostics
    }
}

extension String {
    /// Whether it can name a file right in the folder.
    var isSafeTag: Bool {
        !isEmpty && utf8.count <= 200 && !hasPrefix(".")
            && unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "/" && $0 != "\\" && $0.value != 0x7F }
    }
}
