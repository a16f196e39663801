internal import Effects
internal import Glibc

/// The private folder in which scratch servers live: in memory where there is some, since nothing in it must last.
///
/// It belongs to the user that the servers run as and is closed to all others; one of that name made by somebody else is
/// not used, since whoever writes a template decides what its server loads.
package struct ScratchHome: Sendable {
    let path: String
    static let superuser = "reconcile_scratch"

    /// - Throws: `EmbeddedServerError` where there is no place for it, or `NoPlainUser`.
    package static func open() async throws -> ScratchHome {
        let user = try ProcessUser.forPostgres()
        let owner = user?.id ?? geteuid()
        for parent in ["/dev/shm", "/tmp"] where access(parent, W_OK | X_OK) == 0 {
            let path = "\(parent)/reconcile-\(owner)"
            if Outside.perform(.makeDirectory("scratch folder"), { mkdir(path, 0o700) }) == 0, let user {
                chown(path, user.id, user.group)
            }
            guard belongs(path, to: owner) else { continue }
            let home = ScratchHome(path: path)
            await home.sweep(as: user)
            return home
        }
        throw EmbeddedServerError.noFolder("/dev/shm and /tmp", "none where a folder can be kept from other users")
    }

    /// The data folder to copy from, made where it is not there yet; its first superuser is called as said.
    ///
    /// - Throws: as `EmbeddedServer.makeTemplate`.
    package func template(_ programs: PostgresPrograms, superuser: String) async throws -> String {
        let template = "\(path)/template-1-\(programs.version)-\(superuser)"
        if access("\(template)/PG_VERSION", F_OK) != 0 {
            try await EmbeddedServer.makeTemplate(programs, at: template, superuser: superuser)
        }
        return template
    }

    private static func belongs(_ path: String, to owner: UInt32) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == owner
            && status.st_mode & 0o077 == 0
    }

    /// Clears what runs left behind whose supervisor was killed too.
    private func sweep(as user: ProcessUser?) async {
        var left: [String] = []
        for name in entries where name.hasPrefix("rcl-") || name.hasSuffix(".partial") {
            let folder = "\(path)/\(name)"
            var status = stat()
            let age = lstat(folder, &status) == 0 ? time(nil) - status.st_mtim.tv_sec : 0
            // Young ones may be just about to be locked, or made.
            guard age > (name.hasPrefix("rcl-") ? 10 : 600) else { continue }
            if name.hasPrefix("rcl-"), isLocked("\(folder)/lock") { continue }
            endServer(of: folder)
            left.append(folder)
        }
        guard !left.isEmpty else { return }
        _ = try? await Command("/bin/rm", ["-rf", "--"] + left, folder: "/", user: user, timeLimit: .seconds(30)).run()
    }

    private var entries: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
            )
        }
        return names
    }

    private func isLocked(_ path: String) -> Bool {
        let descriptor = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) != 0
    }

    /// Stops a server whose supervisor is gone, if the process is what its folder says.
    private func endServer(of folder: String) {
        guard let text = Self.start(of: "\(folder)/data/postmaster.pid"),
            let process = text.split(separator: "\n").first.flatMap({ pid_t($0) }),
            Self.start(of: "/proc/\(process)/cmdline")?.contains("\(folder)/data") == true
        else { return }
        _ = Outside.perform(.signal("scratch server left behind")) { kill(process, SIGQUIT) }
    }

    private static func start(of path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
