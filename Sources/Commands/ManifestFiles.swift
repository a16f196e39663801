internal import Discovery
internal import Effects
internal import FleetModel
internal import Glibc

/// Manifests on their way to the disk: all of them get there, or none.
struct ManifestFiles {
    let root: String
    let files: [ManifestDraft.File]

    /// Writes them and reads them back.
    ///
    /// - Throws: an ending with 64 where one of the files exists, with 1 where one cannot be written or does not pass
    ///   `validate`; nothing of them is left then.
    func write(_ common: CommonOptions) throws {
        let existing = files.map(\.path).filter { access("\(root)/\($0)", F_OK) == 0 }
        guard existing.isEmpty else {
            throw Ending(
                .usage,
                "\(existing.joined(separator: ", ")) \(existing.count == 1 ? "exists" : "exist"); nothing was written",
                hint: "move it away, or narrow the work with --instance"
            )
        }
        var made: [String] = []
        for folder in ["environments", "manifests"] where files.contains(where: { $0.path.hasPrefix(folder) }) {
            let path = "\(root)/\(folder)"
            if access(path, F_OK) == 0 { continue }
            guard Outside.perform(.makeDirectory(path), { mkdir(path, 0o777) }) == 0 else {
                let reason = String(cString: strerror(errno))
                undo([], made)
                throw Ending(.failed, "cannot make \(folder)/: \(reason)")
            }
            made.append(path)
        }
        var written: [String] = []
        for file in files {
            do throws(FileError) {
                try ResultFile.write(Array(file.text.utf8), to: "\(root)/\(file.path)")
                written.append("\(root)/\(file.path)")
            } catch {
                undo(written, made)
                throw Ending(.failed, "cannot write \(file.path): \(error.reason); nothing was written")
            }
        }
        let read = Workspace.read(root)
        guard read.value == nil else { return }
        common.terminal.say(Workspace.text(of: read.diagnostics, root, common.terminal.errorStyle))
        undo(written, made)
        throw Ending(.failed, "the manifests would not be valid, so none was kept")
    }

    private func undo(_ written: [String], _ made: [String]) {
        for path in written { _ = Outside.perform(.remove(path)) { unlink(path) } }
        for path in made.reversed() { _ = Outside.perform(.remove(path)) { rmdir(path) } }
    }
}
