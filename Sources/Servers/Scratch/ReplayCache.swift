internal import Effects
internal import FleetModel
internal import Glibc

/// Nodes of replays on disk, each under the digest of what decides it.
///
/// Only ever a shortcut: what cannot be read is computed again, and what cannot be written is not kept. Its folder may have
/// come with the files that are judged, so only what this user's own seal closed, for just this question, is believed.
struct ReplayCache: Sendable {
    /// Nil: nothing is kept.
    private let folder: String?
    private let seal: CacheSeal?

    init(folder: String?) {
        self.folder = folder
        seal = folder == nil ? nil : CacheSeal.own()
    }

    func node(_ key: ReplayKey) -> ReplayNode? {
        contents(of: key.hex).flatMap(NodeCoding.decode)
    }

    /// How the objects of a state read, where they were asked about before.
    func definitions(_ key: ReplayKey) -> [ObjectID: Definition]? {
        contents(of: "\(key.hex).definitions").flatMap(DefinitionCoding.decode)
    }

    func keep(_ node: ReplayNode, as key: ReplayKey) { keep(NodeCoding.encode(node), as: key.hex) }

    func keep(_ definitions: [ObjectID: Definition], as key: ReplayKey) {
        keep(DefinitionCoding.encode(definitions), as: "\(key.hex).definitions")
    }

    /// Two schemas in words, where they were asked about before.
    func words(_ key: ReplayKey) -> SchemaWords? {
        contents(of: "\(key.hex).words").flatMap(NodeCoding.words)
    }

    func keep(_ words: SchemaWords, as key: ReplayKey) { keep(NodeCoding.encode(words), as: "\(key.hex).words") }

    private func keep(_ content: [UInt8], as name: String) {
        guard let folder, let seal else { return }
        let bytes = seal.close(content, as: name)
        Self.makeFolders(folder)
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

    static func makeFolders(_ folder: String) {
        var made = ""
        for part in folder.split(separator: "/") {
            made += "/\(part)"
            if access(made, F_OK) != 0 { _ = Outside.perform(.makeDirectory("scratch cache")) { mkdir(made, 0o700) } }
        }
    }

    private func contents(of name: String) -> [UInt8]? {
        guard let folder, let seal else { return nil }
        return CacheSeal.read("\(folder)/\(name)", limit: 1 << 28).flatMap { seal.open($0, as: name) }
    }
}
