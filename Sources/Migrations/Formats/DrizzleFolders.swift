internal import FleetModel

/// drizzle's second layout: `<YYYYMMDDHHMMSS>_<name>/migration.sql`, and `snapshot.json` beside it.
///
/// As in drizzle-orm 1.0 (`src/migrator.ts`, branch beta): every sub-folder that holds `migration.sql` is a migration, in
/// the order of the names as `localeCompare` has it, and its time is the first 14 characters.
enum DrizzleFolders {
    static let file = "migration.sql"
    static let snapshot = "snapshot.json"

    /// The sub-folders that drizzle takes for migrations, links to such folders among them.
    static func names(in folder: borrowing FolderListing) -> [String] {
        folder.entries.filter { entry in
            switch entry.kind {
            case .folder:
                // Whatever it is, drizzle would try to read it.
                folder.reader.kind(of: "\(entry.name)/\(file)") != nil
            case .link: DrizzleName.milliseconds(of: entry.name) != nil
            case .file, .other: false
            }
        }.map(\.name)
    }

    static func list(_ names: [String], in folder: borrowing FolderListing) -> Diagnosed<[ListedMigration]> {
        let names = names.sorted(by: DrizzleName.precedes)
        var diagnostics = strays(in: folder, beside: Set(names))
        var listed: [ListedMigration] = []
        for name in names {
            let file = "\(name)/\(Self.file)"
            let fault = fault(of: name, at: .beginning(of: folder.path(of: file)))
            if let fault { diagnostics.append(fault) }
            guard let when = DrizzleName.milliseconds(of: name), name.isSafeTag else { continue }
            listed.append(
                ListedMigration(
                    tag: name,
                    number: MigrationNumber.prefix(of: name),
                    when: when,
                    file: file,
                    declaration: nil
                )
            )
        }
        diagnostics += orderFaults(listed, in: folder)
        diagnostics += snapshotFaults(listed, in: folder)
        return Diagnosed(listed, diagnostics)
    }

    private static func fault(of name: String, at place: SourceRange) -> Diagnostic? {
        if DrizzleName.milliseconds(of: name) == nil {
            return Diagnostic(
                .error,
                .migrationFile,
                "the folder's name does not begin with a time of 14 digits, and drizzle's own migrator fails on it",
                at: place,
                hint: "name it YYYYMMDDHHMMSS_name, or move it elsewhere"
            )
        }
        if !name.isSafeTag {
            return Diagnostic(
                .error,
                .migrationFile,
                "the folder's name holds what no migration's name may: control characters, or more than 200 bytes",
                at: place
            )
        }
        guard !DrizzleName.isMoment(name) else { return nil }
        return Diagnostic(
            .warning,
            .migrationOrder,
            "\"\(name.prefix(DrizzleName.digits))\" is no moment of the calendar; drizzle carries what is too large",
            at: place,
            hint: "the order of the names counts, not the time"
        )
    }

    /// What lies beside the migrations and never runs.
    private static func strays(in folder: borrowing FolderListing, beside names: Set<String>) -> [Diagnostic] {
        var diagnostics = folder.sqlFiles.map { file in
            Diagnostic(
                .warning,
                .migrationFile,
                "a file beside the folders of migrations never runs",
                at: .beginning(of: folder.path(of: file)),
                hint: "generate it anew with drizzle-kit (--custom for SQL of your own), or delete it"
            )
        }
        for entry in folder.entries
        where entry.kind == .folder && !names.contains(entry.name) && !entry.name.hasPrefix(".") {
            let hasSnapshot = folder.reader.hasFile("\(entry.name)/\(snapshot)")
            let looksLikeOne = hasSnapshot || DrizzleName.milliseconds(of: entry.name) != nil
            let path = folder.path(of: hasSnapshot ? "\(entry.name)/\(snapshot)" : entry.name)
            diagnostics.append(
                Diagnostic(
                    looksLikeOne ? .warning : .info,
                    .migrationFile,
                    looksLikeOne
                        ? "the folder has no \"\(file)\": the migration was lost, and never runs"
                        : "the folder has no \"\(file)\" and is no migration",
                    at: .beginning(of: path),
                    hint: looksLikeOne ? "bring the file back, or delete the folder" : nil
                )
            )
        }
        return diagnostics
    }

    private static func orderFaults(_ listed: [ListedMigration], in folder: borrowing FolderListing) -> [Diagnostic] {
        zip(listed, listed.dropFirst()).compactMap { before, after in
            guard before.when == after.when else { return nil }
            let place = SourceRange.beginning(of: folder.path(of: after.file))
            let isASCII = [before, after].allSatisfy { $0.tag.utf8.allSatisfy { $0 < 0x80 } }
            if !isASCII || after.tag.utf8.lexicographicallyPrecedes(before.tag.utf8) {
                return Diagnostic(
                    .warning,
                    .migrationOrder,
                    "\"\(after.tag)\" has the time of \"\(before.tag)\", and runs after it only as JavaScript sorts names"
                        + (isASCII ? ": by their bytes it would run before" : ", which depends on the language set"),
                    at: place,
                    hint: "give it a later second"
                )
            }
            return Diagnostic(
                .warning,
                .migrationOrder,
                "\"\(after.tag)\" has the time of \"\(before.tag)\": only their names order them",
                at: place,
                hint:
                    "give it a later second; a history from before drizzle 1.0 tells the two apart by their hash alone"
            )
        }
    }

    private static func snapshotFaults(_ listed: [ListedMigration], in folder: borrowing FolderListing) -> [Diagnostic]
    {
        var snapshots = DrizzleSnapshots(.folders)
        for migration in listed where !snapshots.add("\(migration.tag)/\(snapshot)", of: migration.tag, in: folder) {
            snapshots.report(
                Diagnostic(
                    .warning,
                    .migrationSnapshot,
                    "\"\(migration.tag)\" has no \"\(snapshot)\": drizzle-kit does not know what it did",
                    at: .beginning(of: folder.path(of: migration.file)),
                    hint: migration == listed.last
                        ? "the next one generated would do it again: generate it anew with drizzle-kit (--custom for SQL of your own)"
                        : "generate it anew with drizzle-kit (--custom for SQL of your own)"
                )
            )
            snapshots.skip()
        }
        snapshots.reportBranches()
        return snapshots.diagnostics
    }
}
