internal import Crypto
internal import Effects
internal import Glibc

/// A key of this user's, kept outside every project, that tells our own notes from others'.
struct CacheSeal: Sendable {
    private let key: SymmetricKey
    private static let length = 32

    /// The note with what shows that we wrote it under just this name.
    func close(_ content: [UInt8], as name: String) -> [UInt8] { Array(code(content, name)) + content }

    /// Nil where somebody else wrote it, or it was written under another name.
    func open(_ bytes: [UInt8], as name: String) -> [UInt8]? {
        guard bytes.count >= Self.length else { return nil }
        let content = Array(bytes[Self.length...])
        return Array(code(content, name)) == Array(bytes[..<Self.length]) ? content : nil
    }

    private func code(_ content: [UInt8], _ name: String) -> HMAC<SHA256>.MAC {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Array(name.utf8) + [0])
        code.update(data: content)
        return code.finalize()
    }

    /// Made where there is none yet; nil where this user has no place to keep it.
    static func own() -> CacheSeal? {
        let home = ProcessEnvironment.value("HOME").map { "\($0)/.local/state" }
        guard let state = ProcessEnvironment.value("XDG_STATE_HOME") ?? home, state.hasPrefix("/") else { return nil }
        let path = "\(state)/reconcile/seal"
        if let bytes = read(path, limit: 1 << 10), bytes.count == length { return CacheSeal(key: .init(data: bytes)) }
        ReplayCache.makeFolders("\(state)/reconcile")
        let unfinished = "\(path).\(getpid()).partial"
        let descriptor = Outside.perform(.createFile("seal of the scratch cache")) {
            Glibc.open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard descriptor >= 0 else { return nil }
        let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        let isWritten = Outside.perform(.writeFile("seal of the scratch cache")) {
            bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) == $0.count }
        }
        Glibc.close(descriptor)
        // Whoever comes first is right: a link does not replace what is there.
        if isWritten { _ = Outside.perform(.rename("seal of the scratch cache")) { link(unfinished, path) } }
        unlink(unfinished)
        guard let kept = read(path, limit: 1 << 10), kept.count == length else { return nil }
        return CacheSeal(key: .init(data: kept))
    }

    /// What a file of our own holds.
    static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { Glibc.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 0, status.st_size < limit,
            status.st_uid == geteuid()
        else { return nil }
        let size = Int(status.st_size)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
                guard got > 0 else { return }
                count += got
            }
        }
    }
}
