internal import Effects
internal import FleetModel
internal import Glibc

/// Nodes of replays on disk, each under the digest of what decides it.
///
/// Only ever a shortcut: what cannot be read is computed again, and what cannot be written is not kept.
struct ReplayCache: Sendable {
    /// Nil: nothing is kept.
    let folder: String?

    func node(_ key: ReplayKey) -> ReplayNode? {
        guard let folder, let bytes = Self.contents(of: "\(folder)/\(key.hex)") else { return nil }
        return NodeCoding.decode(bytes)
    }

    /// How the objects of a state read, where they were asked about before.
    func definitions(_ key: ReplayKey) -> [ObjectID: Definition]? {
        guard let folder, let bytes = Self.contents(of: "\(folder)/\(key.hex).definitions") else { return nil }
        return DefinitionCoding.decode(bytes)
    }

    func keep(_ node: ReplayNode, as key: ReplayKey) { keep(NodeCoding.encode(node), as: key.hex) }

    func keep(_ definitions: [ObjectID: Definition], as key: ReplayKey) {
        keep(DefinitionCoding.encode(definitions), as: "\(key.hex).definitions")
    }

    /// Two schemas in words, where they were asked about before.
    func words(_ key: ReplayKey) -> SchemaWords? {
        guard let folder, let bytes = Self.contents(of: "\(folder)/\(key.hex).words") else { return nil }
        return NodeCoding.words(bytes)
    }

    func keep(_ words: SchemaWords, as key: ReplayKey) { keep(NodeCoding.encode(words), as: "\(key.hex).words") }

    private func keep(_ bytes: [UInt8], as name: String) {
        guard let folder else { return }
        var made = ""
        for part in folder.split(separator: "/") {
            made += "/\(part)"
            if access(made, F_OK) != 0 { _ = Outside.perform(.makeDirectory("scratch cache")) { mkdir(made, 0o700) } }
        }
        let unfinished = "\(folder)/\(name).\(getpid()).partial"
        let descriptor = Outside.perform(.createFile("scratch cache")) {
            open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard descriptor >= 0 else { return }
        let written = Outside.perform(.writeFile("scratch cache")) {
            bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) == $0.count }
        }
        close(descriptor)
        if written, Outside.perform(.rename("scratch cache"), { rename(unfinished, "\(folder)/\(name)") == 0 }) {
            return
        }
        unlink(unfinished)
    }

    private static func contents(of path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 0, status.st_size < 1 << 28 else { return nil }
        let size = Int(status.st_size)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
                guard got > 0 else { return }
                count += got
            }
        }
    }
}
