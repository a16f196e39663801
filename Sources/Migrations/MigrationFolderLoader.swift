package import FleetModel

/// Reads a class's migrations from its folder and reports everything that is wrong with them, in one go.
package enum MigrationFolderLoader {
    /// Loads the folder of a class; no value where an error forbids to run anything from it.
    ///
    /// Nothing is read from outside of `root` (absolute), through links, or from anything but regular files.
    package static func load(class databaseClass: DatabaseClass, root: String) -> Diagnosed<MigrationFolder> {
        var source = databaseClass.migrations
        let folder: FolderListing
        do throws(FolderFault) {
            folder = try FolderListing(
                FolderReader.open(source.directory.value, root: root),
                range: source.directory.range
            )
        } catch {
            return Diagnosed(nil, [error.diagnostic(for: source)])
        }
        if source.format == .auto {
            switch told(folder) {
            case .success(let format): source.format = format
            case .failure(let unclear): return Diagnosed(nil, [unclear.diagnostic])
            }
        }
        let format = source.format.history
        let listed = format.list(folder)
        var diagnostics = listed.diagnostics + folder.clashes + folder.clashes(among: listed.value ?? [])
        var files: [(migration: ListedMigration, bytes: [UInt8])] = []
        for entry in listed.value ?? [] {
            let file = folder.path(of: entry.file)
            guard entry.tag.isSafeTag else {
                // Of one that is declared the listing said so already.
                if entry.declaration == nil { diagnostics.append(unsafeName(of: file)) }
                continue
            }
            do throws(FileFault) {
                files.append((entry, try folder.reader.read(entry.file)))
            } catch .missing where entry.declaration != nil {
                // The listing said so already, where the file is declared.
            } catch {
                diagnostics.append(error.diagnostic(.migrationFile, file: file, at: entry.declaration))
            }
        }
        let checksums = format.checksums(of: files)
        var migrations: [Migration] = []
        for (index, (entry, bytes)) in files.enumerated() {
            let loaded = load(entry, bytes, file: folder.path(of: entry.file), format: format)
            diagnostics += loaded.diagnostics
            guard var migration = loaded.value else { continue }
            migration.checksums = checksums.isEmpty ? [] : checksums[index]
            migrations.append(migration)
        }
        diagnostics += MigrationReview.diagnose(migrations, statementBreak: format.statementBreak)
        if let entries = listed.value, entries.isEmpty {
            diagnostics.append(
                Diagnostic(
                    .error,
                    .migrationFolder,
                    "\"\(folder.path)\" holds no migration",
                    at: folder.range,
                    hint: "a class needs at least one: its tables come from nowhere else"
                )
            )
        }
        let result = Diagnosed(
            MigrationFolder(className: databaseClass.name.value, source: source, migrations: migrations),
            diagnostics.sortedByPlace
        )
        return result.hasErrors ? Diagnosed(nil, result.diagnostics) : result
    }

    /// Why the format of a folder cannot be told.
    private struct Unclear: Error {
        var diagnostic: Diagnostic
    }

    private static func told(_ folder: borrowing FolderListing) -> Result<MigrationSource.Format, Unclear> {
        let formats = HistoryFormats.telling(folder)
        if formats.count == 1 { return .success(formats[0]) }
        let names = formats.map { "\"\($0.name)\"" }
        let message =
            formats.isEmpty
            ? "\"\(folder.path)\" holds no migrations of a format that is known"
            : "\"\(folder.path)\" could be of \(names.joined(separator: " or "))"
        let hint =
            "say which: format: \((formats.isEmpty ? MigrationSource.Format.all : formats).map(\.name).joined(separator: ", "))"
        return .failure(
            Unclear(diagnostic: Diagnostic(.error, .migrationFolder, message, at: folder.range, hint: hint))
        )
    }

    private static func unsafeName(of file: String) -> Diagnostic {
        Diagnostic(
            .error,
            .migrationFile,
            "the name holds what no migration's name may: control characters, a backslash, or more than 200 bytes",
            at: .beginning(of: file),
            hint: "rename it, or move it elsewhere"
        )
    }

    private static func load(
        _ entry: ListedMigration,
        _ bytes: [UInt8],
        file: String,
        format: any HistoryFormat
    ) -> Diagnosed<Migration> {
        let part = format.part(of: bytes, entry)
        let content = FileContent.read(part.bytes, file: file, statementBreak: format.statementBreak)
        let faults = part.diagnostics(file: file)
        let migration = content.value.map { value in
            Migration(
                tag: entry.tag,
                number: entry.number,
                text: value.text,
                sha256: Fingerprint(of: bytes).hex,
                when: entry.when,
                isTransactional: value.isTransactional && part.isTransactional && entry.isTransactional,
                statements: value.statements,
                file: file,
                path: entry.file,
                isRepeatable: entry.isRepeatable
            )
        }
        return Diagnosed(migration, faults + content.diagnostics)
    }
}

extension FolderFault {
    fileprivate func diagnostic(for source: MigrationSource) -> Diagnostic {
        let range = source.directory.range
        let path = source.directory.value
        return switch self {
        case .missing:
            Diagnostic(
                .error,
                .migrationFolder,
                "the folder \"\(path)\" does not exist",
                at: range,
                hint: "the path is relative to the manifest"
            )
        case .notAFolder: Diagnostic(.error, .migrationFolder, "\"\(path)\" is not a folder", at: range)
        case .outsideRoot:
            Diagnostic(
                .error,
                .pathEscapes,
                "\"\(path)\" is not below the root, once links are followed",
                at: range,
                hint: "move the migrations below the folder that holds manifests/ and environments/"
            )
        case .unreadable(let reason):
            Diagnostic(.error, .fileUnreadable, "the folder \"\(path)\" cannot be read: \(reason)", at: range)
        }
    }
}

extension FileFault {
    /// Points to where the file is declared, else to the file itself.
    func diagnostic(_ code: DiagnosticCode, file: String, at declaration: SourceRange?) -> Diagnostic {
        let range = declaration ?? .beginning(of: file)
        return switch self {
        case .missing:
            Diagnostic(
                .error,
                code,
                "\"\(file)\" does not exist",
                at: range,
                // What stands for bytes that are none of UTF-8.
                hint: file.contains("\u{FFFD}") ? "its name is not UTF-8: rename it" : nil
            )
        case .link:
            Diagnostic(
                .error,
                code,
                "\"\(file)\" is a link, or reached through one",
                at: range,
                hint: "put the file itself into the folder"
            )
        case .notAFile: Diagnostic(.error, code, "\"\(file)\" is not a regular file", at: range)
        case .tooLarge(let limit):
            Diagnostic(
                .error,
                .limitExceeded,
                "\"\(file)\" has more than \(limit >> 20) MB",
                at: range,
                hint: code == .migrationFile
                    ? "a migration is sent as one statement; bring data in by other means" : nil
            )
        case .unreadable(let reason):
            Diagnostic(.error, .fileUnreadable, "\"\(file)\" cannot be read: \(reason)", at: range)
        }
    }
}

extension [Diagnostic] {
    /// By file and place; what has the same place stays as it was found.
    fileprivate var sortedByPlace: [Diagnostic] {
        enumerated().sorted { left, right in
            let (first, second) = (left.element.range, right.element.range)
            if first?.file != second?.file { return (first?.file ?? "") < (second?.file ?? "") }
            if let first, let second, first.start != second.start { return first.start < second.start }
            return left.offset < right.offset
        }.map(\.element)
    }
}
