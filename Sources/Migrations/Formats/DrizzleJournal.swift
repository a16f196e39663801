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
    /// Tens of thousands of migrations.
    private static let sizeLimit = 4 << 20

    static func list(_ folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]> {
        let bytes: [UInt8]
        do {
            bytes = try folder.reader.read(file, limit: sizeLimit)
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
            diagnostics += journal.collisions(at: place)
            diagnostics += journal.fileFaults(in: folder, at: place)
            diagnostics += journal.snapshotFaults(in: folder, at: place)
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
        return Diagnostic(
            .error,
            .migrationJournal,
            "\"\(folder.path)\" has no \"\(file)\"",
            at: folder.range,
            hint: folder.sqlFiles.isEmpty
                ? "drizzle-kit generate writes it, or folders with a migration.sql each"
                : "drizzle-kit writes it; numbered files alone are \"format: plain\""
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

extension String {
    /// Whether it can name a file right in the folder.
    var isSafeTag: Bool {
        !isEmpty && utf8.count <= 200 && !hasPrefix(".")
            && unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "/" && $0 != "\\" && $0.value != 0x7F }
    }
}
