import FleetModel
import SystemPackage

extension ManifestDecoder {
    /// The manifest's own folder, absolute: what its paths are relative to.
    var folder: FilePath { root.path.pushing(FilePath(file).removingLastComponent()) }

    /// An absolute path; whether anything stands there is asked when it is needed.
    mutating func path(_ node: YAMLNode, _ title: String) -> Located<String>? {
        guard let written = text(node, title) else { return nil }
        guard written.value != "~", !written.value.hasPrefix("~/") else {
            fault(
                .wrongValue,
                "\(quoted(title)) begins with \"~\", which only a shell would understand",
                at: written.range,
                hint: "write an absolute path, or one relative to this file"
            )
            return nil
        }
        return Located(folder.pushing(FilePath(written.value)).lexicallyNormalized().string, at: written.range)
    }

    mutating func folderInRoot(_ node: YAMLNode, _ title: String) -> Located<String>? {
        located(node, title, as: [.folder])
    }

    mutating func fileInRoot(_ node: YAMLNode, _ title: String) -> Located<String>? {
        located(node, title, as: [.file])
    }

    mutating func fileOrFolderInRoot(_ node: YAMLNode, _ title: String) -> Located<String>? {
        located(node, title, as: [.file, .folder])
    }

    /// The absolute path, links resolved, of what stands under the root and is of one of the kinds.
    private mutating func located(_ node: YAMLNode, _ title: String, as kinds: Set<FileAccess.Kind>) -> Located<String>?
    {
        guard let absolute = path(node, title), let written = text(node, title)?.value else { return nil }
        guard FilePath(absolute.value).starts(with: root.path) else {
            fault(.pathEscapes, "\(quoted(title)) leaves the root: \(quoted(written))", at: absolute.range)
            return nil
        }
        // The path as written, since `link/..` is not where its text says.
        guard let real = FileAccess.resolved(folder.pushing(FilePath(written))) else {
            let noun = kinds == [.folder] ? "folder" : "file"
            fault(
                .fileUnreadable,
                "the \(noun) \(quoted(written)) cannot be opened: \(FileAccess.lastError)",
                at: absolute.range,
                hint: "paths are relative to the folder of this file"
            )
            return nil
        }
        guard real.starts(with: root.path) else {
            fault(.pathEscapes, "\(quoted(title)) leaves the root by a link: \(quoted(written))", at: absolute.range)
            return nil
        }
        guard let kind = FileAccess.kind(of: real), kinds.contains(kind) else {
            let expected = kinds == [.folder] ? "a folder" : "a regular file"
            fault(.fileUnreadable, "\(quoted(written)) is not \(expected)", at: absolute.range)
            return nil
        }
        return Located(real.string, at: absolute.range)
    }
}
