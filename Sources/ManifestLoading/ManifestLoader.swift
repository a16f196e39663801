package import FleetModel
package import SystemPackage

/// Reads what the manifests under a root declare: files to trees, trees to values, values held against each other.
///
/// Every stage goes on after a fault as far as it can, so that one run reports all of them. A value that was reported
/// once is left out of the later stages instead of being reported again. No server is contacted, no command is run and
/// no secret is read.
package enum ManifestLoader {
    /// The folders in which manifests are looked for; either kind may stand in either.
    package static let folders = ["environments", "manifests"]

    package static func load(root path: FilePath) -> Diagnosed<DesiredFleet> {
        guard let root = RootFolder(path) else {
            let message = "the folder \(quoted(path.string)) cannot be opened: \(FileAccess.lastError)"
            return Diagnosed(nil, [Diagnostic(.error, .fileUnreadable, message, at: nil)])
        }
        let listing = root.manifests(in: folders)
        var diagnostics = listing.diagnostics
        guard listing.hasFolder else {
            let message = "there is no folder environments/ and no folder manifests/ in \(quoted(path.string))"
            let hint = "name the folder that holds them with -C"
            return Diagnosed(nil, diagnostics + [Diagnostic(.error, .fileUnreadable, message, at: nil, hint: hint)])
        }
        var declared = Declarations()
        declared.isComplete = diagnostics.isEmpty
        for file in listing.files {
            diagnostics += decode(file, under: root, into: &declared)
        }
        diagnostics += declared.crossChecked()
        // A fault without a place comes first, a fault of a file as a whole before those on its lines.
        diagnostics.sort { $0.place < $1.place }
        let fleet = DesiredFleet(root: root.path.string, classes: declared.classes, environments: declared.environments)
        let isSound = !diagnostics.contains { $0.severity == .error }
        return Diagnosed(isSound ? fleet : nil, diagnostics)
    }

    private static func decode(
        _ name: String,
        under root: RootFolder,
        into declared: inout Declarations
    ) -> [Diagnostic] {
        let bytes: [UInt8]
        switch root.contents(of: name) {
        case .success(let read): bytes = read
        case .failure(let unreadable):
            declared.isComplete = false
            return [unreadable.value]
        }
        let file = YAMLComposer.compose(bytes, file: name)
        if !file.isComplete { declared.isComplete = false }
        var decoder = ManifestDecoder(file: name, root: root)
        decoder.diagnostics = file.diagnostics
        for document in file.documents { decoder.decode(document) }
        declared.append(decoder.declared)
        return limited(decoder.diagnostics, file: name)
    }

    /// A file with more faults than anyone reads shows the first of them.
    private static func limited(_ diagnostics: [Diagnostic], file: String) -> [Diagnostic] {
        let limit = YAMLComposer.diagnosticLimit
        guard diagnostics.count > limit else { return diagnostics }
        let message = "\(diagnostics.count - limit) more faults in this file are not shown"
        return diagnostics.prefix(limit) + [Diagnostic(.error, .limitExceeded, message, at: .beginning(of: file))]
    }
}

extension Diagnostic {
    fileprivate var place: (String, SourcePosition, String) {
        (range?.file ?? "", range?.start ?? SourcePosition(line: 0, column: 0), message)
    }
}
