internal import Discovery
internal import FleetModel
internal import Glibc
internal import Migrations
internal import Reports

/// The classes that `init` has to choose from: declared ones, those named on the command line, and those whose migrations
/// are found under the root.
struct DraftedClasses {
    private(set) var classes: [ManifestDraft.Class] = []
    /// All of them as if they were declared already.
    private(set) var workspace: Workspace
    /// What a person should know, and what forbids to go on.
    private(set) var notes: [String] = []
    private(set) var faults: [Diagnostic] = []

    /// - Throws: an ending with 64 where a folder or a name of the command line cannot be used.
    init(root: String, declared: Workspace?, given: [(String, String)]) throws {
        let root = try declared?.fleet.root ?? Self.real(root, "the root")
        workspace =
            declared
            ?? Workspace(fleet: DesiredFleet(root: root, classes: [], environments: []), folders: [:], initTexts: [:])
        for databaseClass in workspace.fleet.classes {
            classes.append(
                ManifestDraft.Class(
                    name: databaseClass.name.value,
                    directory: "",
                    format: databaseClass.migrations.format,
                    isDeclared: true,
                    isWanted: false
                )
            )
        }
        for (name, directory) in given {
            guard !classes.contains(where: { $0.name == name }) else {
                throw Ending(.usage, "--migrations: class \"\(name)\" is declared already, or named twice")
            }
            guard Self.isPlain(name) else {
                throw Ending(
                    .usage,
                    "--migrations: \"\(TerminalText.safe(name))\" is no name for a class",
                    hint: "letters, digits, \"-\", \"_\" and \".\", the first a letter or digit: it names a file"
                )
            }
            let path = try Self.real(
                directory.hasPrefix("/") ? directory : "\(root)/\(directory)",
                "--migrations \(name)"
            )
            guard path.hasPrefix(root + "/") else {
                throw Ending(.usage, "--migrations \(name): \(path) is not below the root \(root)")
            }
            let relative = String(path.dropFirst(root.utf8.count + 1))
            guard let folder = FoundFolder.look(at: relative, under: root) else {
                throw Ending(
                    .usage,
                    "--migrations \(name): there are no migrations in \(relative)",
                    hint: "docs/formats.md says how a folder of each format is told"
                )
            }
            add(folder, named: name, isWanted: true)
        }
        let known = Set(workspace.fleet.classes.map(\.migrations.directory.value))
        let search = FoundFolder.all(under: root)
        if !search.isWhole {
            notes.append("\(root) holds too many folders to search them all for migrations: name yours by --migrations")
        }
        for folder in search.folders where !known.contains("\(root)/\(folder.path)") {
            var name = folder.className
            var number = 2
            while classes.contains(where: { $0.name == name }) {
                name = "\(folder.className)-\(number)"
                number += 1
            }
            add(folder, named: name, isWanted: false)
        }
    }

    private static func isPlain(_ name: String) -> Bool {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        return name.utf8.allSatisfy { "\(letters)-_.".utf8.contains($0) }
            && name.utf8.first.map { letters.utf8.contains($0) } == true
    }

    private mutating func add(_ folder: FoundFolder, named name: String, isWanted: Bool) {
        let root = workspace.fleet.root
        let nowhere = SourceRange.beginning(of: folder.path)
        let databaseClass = DatabaseClass(
            name: Located(name, at: nowhere),
            description: nil,
            migrations: MigrationSource(
                directory: Located("\(root)/\(folder.path)", at: nowhere),
                format: folder.format,
                historySchema: nil,
                historyTable: nil,
                role: .owner,
                searchPath: MigrationSource.defaultSearchPath
            ),
            tables: nil,
            create: CreationOptions(),
            initScripts: [],
            checks: []
        )
        let loaded = MigrationFolderLoader.load(class: databaseClass, root: root)
        guard let migrations = loaded.value else {
            if isWanted {
                faults += loaded.diagnostics
            } else if let first = loaded.diagnostics.first {
                notes.append("\(folder.path): looks like migrations and cannot be used: \(first.message)")
            }
            return
        }
        workspace = workspace.adding(databaseClass, migrations)
        classes.append(
            ManifestDraft.Class(
                name: name,
                directory: "../\(folder.path)",
                format: folder.format,
                isDeclared: false,
                isWanted: isWanted
            )
        )
    }

    private static func real(_ path: String, _ what: String) throws -> String {
        guard let resolved = realpath(path, nil) else {
            throw Ending(.usage, "\(what): \(path): \(String(cString: strerror(errno)))")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

extension Workspace {
    /// As if one more class were declared.
    fileprivate func adding(_ databaseClass: DatabaseClass, _ folder: MigrationFolder) -> Workspace {
        var fleet = fleet
        fleet.classes.append(databaseClass)
        return Workspace(
            fleet: fleet,
            folders: folders.merging([databaseClass.name.value: folder]) { $1 },
            initTexts: initTexts.merging([databaseClass.name.value: []]) { $1 }
        )
    }
}
