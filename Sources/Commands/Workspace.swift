internal import Effects
internal import Expectations
internal import FleetModel
internal import Glibc
internal import ManifestLoading
internal import Migrations
internal import Reports
internal import SystemPackage

/// The manifests and migration folders under one root, checked.
struct Workspace: Sendable {
    let fleet: DesiredFleet
    /// By class name.
    let folders: [String: MigrationFolder]
    /// The text of each class's init scripts, by class name.
    let initTexts: [String: [String]]
    /// What is doubtful about each class's folder, by class name.
    var folderWarnings: [String: [Diagnostic]] = [:]
    /// What the code of each class expects, commands not run yet, by class name.
    var expectations: [String: ExpectedSource] = [:]
    /// What the command was asked to write: faults that show themselves later are said in it as well.
    var format = PlanFormat.text

    /// Reads everything below the root; no server is contacted and no command is run.
    static func read(_ root: String) -> Diagnosed<Workspace> {
        let loaded = ManifestLoader.load(root: FilePath(root))
        var diagnostics = loaded.diagnostics
        guard var fleet = loaded.value else { return Diagnosed(nil, diagnostics) }
        var folders: [String: MigrationFolder] = [:]
        var initTexts: [String: [String]] = [:]
        var warnings: [String: [Diagnostic]] = [:]
        var expectations: [String: ExpectedSource] = [:]
        for (index, databaseClass) in fleet.classes.enumerated() {
            let folder = MigrationFolderLoader.load(class: databaseClass, root: fleet.root)
            // Where the manifest leaves the format to the folder, it is known now.
            if let source = folder.value?.source { fleet.classes[index].migrations = source }
            diagnostics += folder.diagnostics
            warnings[databaseClass.name.value] = folder.diagnostics
            folders[databaseClass.name.value] = folder.value
            if let expects = databaseClass.expects {
                let read = ExpectedSource.read(expects, root: fleet.root)
                diagnostics += read.diagnostics
                expectations[databaseClass.name.value] = read.value
            }
            initTexts[databaseClass.name.value] = databaseClass.initScripts.compactMap { script in
                guard let text = textOfFile(script.value) else {
                    diagnostics.append(
                        Diagnostic(
                            .error,
                            .fileUnreadable,
                            "the init script cannot be read as UTF-8 text",
                            at: script.range,
                            hint: "check the file's permissions and encoding"
                        )
                    )
                    return nil
                }
                return text
            }
        }
        diagnostics += VersionCheck.check(fleet: fleet, folders: folders)
        let hasErrors = diagnostics.contains { $0.severity == .error }
        return Diagnosed(
            hasErrors
                ? nil
                : Workspace(
                    fleet: fleet,
                    folders: folders,
                    initTexts: initTexts,
                    folderWarnings: warnings,
                    expectations: expectations
                ),
            diagnostics
        )
    }

    /// Reads everything, says what is wrong, and ends with 65 where something is.
    static func load(_ options: CommonOptions, format: some ResultFormat = OutputFormat.text) throws -> Workspace {
        let read = Workspace.read(options.root)
        guard var workspace = read.value else {
            try options.show(read.diagnostics, format.amongAll)
            throw Ending(.invalid)
        }
        // Warnings do not stand in the way of the result, which is one document.
        if !read.diagnostics.isEmpty { try options.show(read.diagnostics, .text) }
        workspace.format = format.amongAll
        // Before the first program is started.
        ProcessEnvironment.withhold(workspace.secretVariables)
        return workspace
    }

    static func text(of diagnostics: [Diagnostic], _ root: String, _ style: Style) -> String {
        let view = DiagnosticsText(diagnostics, style: style)
        var lines = SourceLines(root: FilePath(root))
        return view.rendered { lines.line($0, of: $1) }
    }

    /// Ends with 65 where no environment is declared: who looks at nothing finds nothing wrong.
    func requireEnvironments() throws {
        guard fleet.environments.isEmpty else { return }
        throw Ending(
            .invalid,
            "no environment is declared, so there is nothing to judge",
            hint: "look with -C where environments/ is; `reconcile init` writes manifests of servers that exist"
        )
    }

    /// The environments named, all where none is; ends with 64 where there is no such environment.
    func environments(named names: [String]) throws -> [Environment] {
        guard !names.isEmpty else { return fleet.environments }
        return try names.map { name in
            guard let environment = fleet.environment(named: name) else {
                let all = fleet.environments.map { "\"\($0.name.value)\"" }.joined(separator: ", ")
                throw Ending(.usage, "no environment is named \"\(name)\"", hint: "there are \(all)")
            }
            return environment
        }
    }
}

/// A file as text; nil where it cannot be read or is not UTF-8.
func textOfFile(_ path: String) -> String? {
    guard let descriptor = try? FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec]) else {
        return nil
    }
    defer { try? descriptor.close() }
    var bytes: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 1)
    defer { buffer.deallocate() }
    while let count = try? descriptor.read(into: buffer), count > 0 {
        bytes.append(contentsOf: buffer.prefix(count))
    }
    return String(validating: bytes, as: UTF8.self)
}
