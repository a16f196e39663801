package import FleetModel

/// Reads a class's migrations from its folder and reports everything that is wrong with them, in one go.
package enum MigrationFolderLoader {
    /// Loads the folder of a class; no value where an error forbids to run anything from it.
    ///
    /// Nothing is read from outside of `root` (absolute), through links, or from anything but regular files.
    package static func load(class databaseClass: DatabaseClass, root: String) -> Diagnosed<MigrationFolder> {
        let source = databaseClass.migrations
        let folder: FolderListing
        do throws(FolderFault) {
            folder = try FolderListing(
                FolderReader.open(source.directory.value, root: root),
                range: source.directory.range
            )
        } catch {
            return Diagnosed(nil, [error.diagnostic(for: source)])
        }
        let format = source.format.history
        let listed = format.list(folder)
        var diagnostics = listed.diagnostics + folder.clashes
        var migrations: [Migration] = []
        for entry in listed.value ?? [] where entry.tag.isSafeTag {
            let loaded = load(entry, from: folder, format: format)
            diagnostics += loaded.diagnostics
            if let migration = loaded.value { migrations.append(migration) }
        }
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

    private static func load(
        _ entry: ListedMigration,
        from folder: borrowing FolderListing,
        format: any HistoryFormat
    ) -> Diagnosed<Migration> {
        let file = folder.path(of: entry.file)
        let bytes: [UInt8]
        do {
            bytes = try folder.reader.read(entry.file)
        } catch .missing {
            // The listing said so already, where the file is declared.
            return Diagnosed(nil)
        } catch {
            return Diagnosed(nil, [error.diagnostic(.migrationFile, file: file, at: entry.declaration)])
        }
        let content = FileContent.read(bytes, file: file, statementBreak: format.statementBreak)
        let migration = content.value.map { value in
            Migration(
                tag: entry.tag,
                number: entry.number,
                text: value.text,
                sha256: Fingerprint(of: bytes).hex,
                when: entry.when,
                isTransactional: value.isTransactional,
                statements: value.statements,
                file: file
            )
        }
        return Diagnosed(migration, content.diagnostics)
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
        case .missing: Diagnostic(.error, code, "\"\(file)\" does not exist", at: range)
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
                hint: "a migration is sent as one statement; bring data in by other means"
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
