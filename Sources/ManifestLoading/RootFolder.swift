import FleetModel
import SystemPackage

/// The folder (`-C`) under which all manifests stand and which no path in them may leave.
struct RootFolder: Sendable {
    /// What `manifests(in:)` found.
    struct Listing {
        /// Relative to the root, sorted.
        var files: [String] = []
        var hasFolder = false
        var diagnostics: [Diagnostic] = []
    }

    /// Why a file was not read.
    struct Unreadable: Error {
        var value: Diagnostic
    }

    /// Absolute, links resolved.
    let path: FilePath

    init?(_ path: FilePath) {
        guard let real = FileAccess.resolved(path), FileAccess.kind(of: real) == .folder else { return nil }
        self.path = real
    }

    func manifests(in folders: [String]) -> Listing {
        var listing = Listing()
        for folder in folders where FileAccess.kind(of: path.appending(folder)) == .folder {
            listing.hasFolder = true
            guard let names = FileAccess.names(in: path.appending(folder)) else {
                let message = "the folder \(folder)/ cannot be read: \(FileAccess.lastError)"
                listing.diagnostics.append(
                    Diagnostic(.error, .fileUnreadable, message, at: .beginning(of: folder))
                )
                continue
            }
            // Hidden files are what editors keep beside the file they have open.
            let manifests = names.filter { name in
                !name.hasPrefix(".") && (name.hasSuffix(".yaml") || name.hasSuffix(".yml"))
            }
            listing.files += manifests.sorted().map { "\(folder)/\($0)" }
        }
        return listing
    }

    /// The bytes of a manifest, one more than the limit at most.
    func contents(of file: String) -> Result<[UInt8], Unreadable> {
        func unreadable(_ code: DiagnosticCode, _ message: String) -> Result<[UInt8], Unreadable> {
            .failure(Unreadable(value: Diagnostic(.error, code, message, at: .beginning(of: file))))
        }
        guard let real = FileAccess.resolved(path.appending(file)) else {
            return unreadable(.fileUnreadable, "the file cannot be read: \(FileAccess.lastError)")
        }
        guard real.starts(with: path) else {
            return unreadable(.pathEscapes, "the file is a link that leaves the root")
        }
        guard FileAccess.kind(of: real) == .file else {
            return unreadable(.fileUnreadable, "this is not a regular file")
        }
        guard let bytes = FileAccess.contents(of: real, limit: SourceText.byteLimit + 1) else {
            return unreadable(.fileUnreadable, "the file cannot be read: \(FileAccess.lastError)")
        }
        return .success(bytes)
    }
}
