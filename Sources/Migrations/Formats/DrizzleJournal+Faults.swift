internal import FleetModel

// What can be wrong with a journal, with the files it names and with the snapshots beside it.
extension DrizzleJournal {
    func headFaults(at place: Place) -> [Diagnostic] {
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
    func entryFaults(at place: Place) -> [Diagnostic] {
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

    func orderFaults(at place: Place) -> [Diagnostic] {
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
    func fileFaults(in folder: borrowing FolderListing, at place: Place) -> [Diagnostic] {
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
        return diagnostics
    }

    /// Migrations without a snapshot, snapshots of no migration, and what does not hang together between them.
    func snapshotFaults(in folder: borrowing FolderListing, at place: Place) -> [Diagnostic] {
        let suffix = "_snapshot.json"
        let entriesOfMeta = (try? folder.reader.entries(in: "meta")) ?? []
        let files = entriesOfMeta.filter { $0.kind != .folder && $0.name.hasSuffix(suffix) }.map(\.name)
        guard !entries.isEmpty else { return [] }
        guard !files.isEmpty else {
            return [
                Diagnostic(
                    .info,
                    .migrationSnapshot,
                    "\"\(folder.path(of: "meta"))\" holds no snapshot",
                    at: .beginning(of: place.file),
                    hint: "nothing that runs needs one, but drizzle-kit generate would write every table anew"
                )
            ]
        }
        var snapshots = DrizzleSnapshots(.journal)
        var wanted: Set<String> = []
        for (index, entry) in entries.enumerated() where entry.tag.isSafeTag {
            // drizzle-kit takes what is in front of the first underscore, whatever it is.
            let file = String(entry.tag.prefix { $0 != "_" }) + suffix
            // Of two migrations with one number the later one wrote over the other's.
            guard wanted.insert(file).inserted else { continue }
            guard !snapshots.add("meta/\(file)", of: entry.tag, in: folder) else { continue }
            snapshots.report(
                Diagnostic(
                    .warning,
                    .migrationSnapshot,
                    "\"\(entry.tag)\" has no snapshot: \"\(folder.path(of: "meta/\(file)"))\" does not exist",
                    at: place.range("/entries/\(index)/tag"),
                    hint: index == entries.count - 1
                        ? "drizzle-kit generate takes the newest there is, and would write this migration's statements again"
                        : "drizzle-kit up, which goes over to drizzle 1.0's layout, stops at it"
                )
            )
            snapshots.skip()
        }
        return snapshots.diagnostics
            + files.filter { !wanted.contains($0) }.map { file in
                Diagnostic(
                    .warning,
                    .migrationSnapshot,
                    "the journal has no migration for this snapshot",
                    at: .beginning(of: folder.path(of: "meta/\(file)")),
                    hint:
                        "drizzle-kit generate goes on from it if it is the newest: delete it, or bring its migration back"
                )
            }
    }
}
