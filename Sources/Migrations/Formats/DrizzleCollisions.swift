internal import FleetModel

// Two branches that each generate a migration take the same number, the same `idx` and the same snapshot to start from.
// Whoever merges them by hand may give one another number; the snapshots (`DrizzleSnapshots`) still tell.
extension DrizzleJournal {
    /// Entries that were made for one place, each said once by the plainest sign of it.
    func collisions(at place: Place) -> [Diagnostic] {
        var byNumber: [MigrationNumber: String] = [:]
        var byIndex: [Int: String] = [:]
        var diagnostics: [Diagnostic] = []
        for (index, entry) in entries.enumerated() {
            let number = MigrationNumber(MigrationNumber.prefix(of: entry.tag))
            let numbered = number.flatMap { byNumber.updateValue(entry.tag, forKey: $0) }
            let indexed = entry.idx.flatMap { byIndex.updateValue(entry.tag, forKey: $0) }
            let (message, key): (String, String)
            if let other = numbered, other != entry.tag {
                (message, key) = ("\"\(entry.tag)\" and \"\(other)\" have the same number", "tag")
            } else if let other = indexed, other != entry.tag {
                (message, key) = ("\"\(entry.tag)\" and \"\(other)\" have the same \"idx\"", "idx")
            } else {
                continue
            }
            diagnostics.append(
                Diagnostic(
                    .warning,
                    .migrationsCollide,
                    message,
                    at: place.range("/entries/\(index)/\(key)"),
                    hint: "two branches made one each: remove the newer one and generate it anew with drizzle-kit"
                )
            )
        }
        return diagnostics
    }
}
