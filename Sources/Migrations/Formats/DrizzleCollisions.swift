internal import FleetModel

// Two branches that each generate a migration take the same number, the same `idx` and the same snapshot to start from.
// Whoever merges them by hand may give one another number; what it was generated from still tells.
extension DrizzleJournal {
    /// Entries that were made for one place, each said once by the plainest sign of it.
    func collisions(in folder: borrowing FolderListing, at place: Place) -> [Diagnostic] {
        var byNumber: [MigrationNumber: String] = [:]
        var byIndex: [Int: String] = [:]
        var bySnapshot: [String: String] = [:]
        var diagnostics: [Diagnostic] = []
        for (index, entry) in entries.enumerated() {
            let number = MigrationNumber.prefix(of: entry.tag)
            let numbered = MigrationNumber(number).flatMap { byNumber.updateValue(entry.tag, forKey: $0) }
            let indexed = entry.idx.flatMap { byIndex.updateValue(entry.tag, forKey: $0) }
            var derived: String?
            if !number.isEmpty, number.count == entry.tag.prefix(while: { $0 != "_" }).count,
                let origin = Self.origin(of: "meta/\(number)_snapshot.json", in: folder),
                numbered == nil
            {
                derived = bySnapshot.updateValue(entry.tag, forKey: origin)
            }
            let (message, path): (String, String)
            if let other = numbered, other != entry.tag {
                (message, path) = ("\"\(entry.tag)\" and \"\(other)\" have the same number", "tag")
            } else if let other = indexed, other != entry.tag {
                (message, path) = ("\"\(entry.tag)\" and \"\(other)\" have the same \"idx\"", "idx")
            } else if let other = derived, other != entry.tag {
                (message, path) = (
                    "\"\(entry.tag)\" was generated from the same snapshot as \"\(other)\": neither knows of the other",
                    "tag"
                )
            } else {
                continue
            }
            diagnostics.append(
                Diagnostic(
                    .warning,
                    .migrationsCollide,
                    message,
                    at: place.range("/entries/\(index)/\(path)"),
                    hint: "two branches made one each: remove the newer one and generate it anew with drizzle-kit"
                )
            )
        }
        return diagnostics
    }

    /// What a snapshot says it was generated from.
    ///
    /// drizzle-kit writes `id` and `prevId` before the tables, so that the first `prevId` is the one meant, and a snapshot
    /// of a thousand tables need not be parsed for it.
    private static func origin(of file: String, in folder: borrowing FolderListing) -> String? {
        guard let bytes = try? folder.reader.read(file) else { return nil }
        let head = String(decoding: bytes.prefix(4096), as: UTF8.self)
        return head.firstMatch(of: #/"prevId"\s*:\s*"([0-9a-fA-F-]{36})"/#).map { String($0.1) }
    }
}
