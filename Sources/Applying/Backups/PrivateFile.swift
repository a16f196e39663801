internal import Crypto
internal import Effects
internal import FleetModel
internal import Glibc

/// A file being written that nobody sees under its name before it is whole and on disk; its SHA-256 comes on the way.
///
/// A class, since a closure that a child's output is poured into cannot hold a value that must not be copied.
final class PrivateFile {
    let path: String
    private let partial: String
    private let descriptor: CInt
    private var buffer: [UInt8] = []
    private var hash = SHA256()
    private(set) var count: Int64 = 0
    private var isKept = false

    private static let chunk = 1 << 20

    /// What a file is called until it is whole.
    static func partial(of path: String, tag: String = "") -> String { "\(path).\(tag)partial" }

    /// Opens `<path>.<tag>partial`, which must not be there, 0600 whatever the umask.
    init(_ path: String, tag: String = "") throws(BackupError) {
        self.path = path
        let partial = Self.partial(of: path, tag: tag)
        self.partial = partial
        descriptor = Outside.perform(.createFile(partial)) {
            open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        }
        guard descriptor >= 0 else {
            let error = errno
            throw error == ENOSPC
                ? .diskFull(path: partial) : .file(path: partial, what: "make", reason: PrivateFolder.reason)
        }
        fchmod(descriptor, 0o600)
    }

    deinit { close(descriptor) }

    func write(_ bytes: some Collection<UInt8>) throws(BackupError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.chunk { try flush() }
    }

    /// Puts all of it on disk, where it stays `*.partial` until `publish` gives it its name.
    ///
    /// - Returns: its SHA-256.
    func keep() throws(BackupError) -> Fingerprint {
        try flush()
        try check(Outside.perform(.synchronize(partial)) { fsync(descriptor) }, "synchronize")
        isKept = true
        let hex = hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        guard let digest = Fingerprint(hex: hex) else { preconditionFailure("a SHA-256 has 64 digits") }
        return digest
    }

    /// Gives a file that was kept its name, for good.
    ///
    /// - Throws: `BackupError`; a new one has its name no more then.
    static func publish(_ path: String, tag: String = "", replacing: Bool) throws(BackupError) {
        let partial = partial(of: path, tag: tag)
        guard replacing || access(path, F_OK) != 0 else { throw .exists(path: path) }
        guard Outside.perform(.rename(path), { rename(partial, path) }) == 0 else {
            throw .file(path: partial, what: "rename", reason: PrivateFolder.reason)
        }
        do throws(BackupError) {
            try PrivateFolder.synchronize(PrivateFolder.parent(of: path))
        } catch {
            // What may be gone after a power failure was never there.
            if !replacing { PrivateFolder.removeFile(path) }
            throw error
        }
    }

    /// Takes it away unless it was kept.
    func discard() {
        if !isKept { PrivateFolder.removeFile(partial) }
    }

    private func flush() throws(BackupError) {
        hash.update(data: buffer)
        count += Int64(buffer.count)
        var rest = buffer[...]
        while !rest.isEmpty {
            let written = Outside.perform(.writeFile(partial)) {
                rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            }
            if written < 0, errno == EINTR { continue }
            try check(written < 0 ? -1 : 0, "write")
            rest = rest.dropFirst(written)
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private func check(_ result: CInt, _ what: String) throws(BackupError) {
        guard result != 0 else { return }
        let error = errno
        if error == ENOSPC || error == EDQUOT { throw .diskFull(path: partial) }
        throw .file(path: partial, what: what, reason: String(cString: strerror(error)))
    }
}

/// A file's SHA-256 and size, read from the disk.
enum FileDigest {
    static func of(_ path: String) throws(BackupError) -> (sha256: Fingerprint, size: Int64) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            throw errno == ENOENT
                ? .archive(path: path, .missing) : .file(path: path, what: "open", reason: PrivateFolder.reason)
        }
        defer { close(descriptor) }
        var hash = SHA256()
        var size: Int64 = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .file(path: path, what: "read", reason: PrivateFolder.reason) }
            if count == 0 { break }
            buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            size += Int64(count)
        }
        let hex = hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        guard let digest = Fingerprint(hex: hex) else { preconditionFailure("a SHA-256 has 64 digits") }
        return (digest, size)
    }
}

enum PrivateText {
    /// A whole file of at most 64 MB.
    static func read(_ path: String) throws(BackupError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .receipt(path: path, reason: PrivateFolder.reason) }
        defer { close(descriptor) }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .receipt(path: path, reason: PrivateFolder.reason) }
            if count == 0 { return all }
            all += buffer[..<count]
            guard all.count <= 64 << 20 else { throw .receipt(path: path, reason: "it is too large") }
        }
    }
}
