internal import Effects
internal import Glibc

/// Folders that only their owner may enter, whatever the umask.
enum PrivateFolder {
    /// Makes a folder and what is missing above it, each 0700.
    ///
    /// Those made here belong to `user`, else to us.
    static func make(_ path: String, ownedBy user: ProcessUser? = nil) throws(BackupError) {
        if isFolder(path) { return }
        let parent = parent(of: path)
        if parent != path { try make(parent, ownedBy: user) }
        let made = Outside.perform(.makeDirectory(path)) { mkdir(path, 0o700) == 0 }
        guard made || errno == EEXIST else { throw .file(path: path, what: "make the folder", reason: reason) }
        if made {
            chmod(path, 0o700)
            if let user { chown(path, user.id, user.group) }
            try synchronize(parent)
        }
    }

    /// Makes a new folder with a name of its own: `<parent>/<prefix>XXXXXX`.
    static func makeUnique(in parent: String, prefix: String, ownedBy user: ProcessUser?) throws(BackupError) -> String
    {
        var path = Array("\(parent)/\(prefix)XXXXXX".utf8CString)
        let made = Outside.perform(.makeDirectory(prefix)) { mkdtemp(&path) != nil }
        guard made else { throw .file(path: parent, what: "make a folder in", reason: reason) }
        let folder = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if let user { chown(folder, user.id, user.group) }
        return folder
    }

    /// Makes a renamed or new entry of a folder outlive a power failure.
    static func synchronize(_ folder: String) throws(BackupError) {
        let result = Outside.perform(.synchronize(folder)) { () -> CInt in
            let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { return -1 }
            defer { close(descriptor) }
            return fsync(descriptor)
        }
        guard result == 0 else { throw .file(path: folder, what: "synchronize", reason: reason) }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The topmost ancestor that a user may not pass through; nil where it can reach the folder.
    static func obstacle(on path: String, for user: ProcessUser?) -> String? {
        var cursor = path
        var obstacle: String?
        while true {
            if !canEnter(cursor, user) { obstacle = cursor }
            let above = parent(of: cursor)
            if above == cursor { return obstacle }
            cursor = above
        }
    }

    private static func canEnter(_ path: String, _ user: ProcessUser?) -> Bool {
        guard let user else { return access(path, X_OK) == 0 }
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        if status.st_uid == user.id { return status.st_mode & S_IXUSR != 0 }
        if status.st_gid == user.group || user.supplementaryGroups.contains(status.st_gid) {
            return status.st_mode & S_IXGRP != 0
        }
        return status.st_mode & S_IXOTH != 0
    }

    /// Removes a folder that we or `guest` made, with the files in it; any other is left alone.
    ///
    /// It may stand where everybody can put things: a link, or a folder of somebody else's, would lead a privileged
    /// process to files that are none of its business. So what is emptied is what was looked at, by its descriptor.
    static func removeOwn(_ path: String, guest: ProcessUser?) {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { return }
        defer { close(folder) }
        var status = stat()
        guard fstat(folder, &status) == 0, status.st_uid == geteuid() || status.st_uid == guest?.id,
            status.st_mode & 0o077 == 0
        else { return }
        for name in names(inOpen: folder) {
            Outside.perform(.remove("\(path)/\(name)")) { _ = unlinkat(folder, name, 0) }
        }
        Outside.perform(.remove(path)) { _ = rmdir(path) }
    }

    /// - Returns: whether it is gone now.
    @discardableResult
    static func removeFile(_ path: String) -> Bool {
        Outside.perform(.remove(path)) { unlink(path) == 0 || errno == ENOENT }
    }

    /// Removes a folder of ours with all in it, as the user it belongs to.
    static func removeTree(_ path: String, as user: ProcessUser?) async {
        let command = Command("/bin/rm", ["-rf", "--", path], folder: "/", user: user, timeLimit: .seconds(120))
        _ = try? await command.run()
        Outside.perform(.remove(path)) { _ = rmdir(path) }
    }

    static var reason: String { String(cString: strerror(errno)) }

    /// Names in a folder, sorted; none where it cannot be read.
    static func names(in folder: String) -> [String] {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        return names(inOpen: descriptor)
    }

    private static func names(inOpen folder: CInt) -> [String] {
        let own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard let entries = fdopendir(own) else {
            if own >= 0 { close(own) }
            return []
        }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// Runs what must be done also where the task was cancelled: a session refuses to begin anything then.
///
/// A task of its own is the only way out of a cancelled one; it is waited for, so it outlives nothing.
func uncancelled(_ body: @escaping @Sendable () async -> Void) async {
    await Task { await body() }.value
}

/// How much room must be free before rows are written.
package struct SpaceDemand: Sendable, Hashable {
    /// Of the database's size on its server.
    package var factor: Double
    package var margin: Int64

    package init(factor: Double, margin: Int64) {
        self.factor = factor
        self.margin = margin
    }

    /// An archive is smaller than its database; the margin is for what else is written meanwhile.
    package static let archive = SpaceDemand(factor: 1.2, margin: 64 << 20)

    /// Throws where `folder` has not the room for `bytes`.
    package func check(_ folder: String, for bytes: Int64) throws(BackupError) {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else {
            throw .file(path: folder, what: "ask for the free space of", reason: PrivateFolder.reason)
        }
        let available = Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
        let needed = Int64(Double(bytes) * factor) + margin
        guard available >= needed else {
            throw .notEnoughSpace(folder: folder, needed: needed, available: available)
        }
    }
}
