internal import Effects
internal import Glibc

/// A folder for sockets that only we, and the user PostgreSQL's own programs run as, can get into.
///
/// It goes when it is closed, and also when this process is killed: a supervisor that reads our pipe removes it.
final class HopFolder: Sendable {
    let path: String
    /// Who may enter besides us.
    let guest: ProcessUser?
    private let keeper: Keeper

    private init(_ path: String, guest: ProcessUser?, keeper: Keeper) {
        self.path = path
        self.guest = guest
        self.keeper = keeper
    }

    /// Makes it, at a path short enough for a socket's name.
    ///
    /// The supervisor makes it: at no moment is it there without somebody to remove it.
    static func make() async throws(FolderFailure) -> HopFolder {
        let guest: ProcessUser?
        do throws(NoPlainUser) { guest = try ProcessUser.forTools() } catch { throw FolderFailure("\(error)") }
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        let path = "/tmp/rcl-" + String((0..<10).map { _ in letters[Int.random(in: letters.indices)] })
        let keeper = Keeper(Command("/bin/sh", ["-c", supervision, "reconcile-hops", path], folder: "/"))
        for _ in 0..<5000 where !Task.isCancelled {
            if isOurs(path) {
                admit(guest, to: path)
                return HopFolder(path, guest: guest, keeper: keeper)
            }
            try? await Task.sleep(for: .milliseconds(1))
        }
        await keeper.end()
        throw FolderFailure("cannot make a folder in /tmp")
    }

    /// Somebody else may have made one of that name.
    private static func isOurs(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
    }

    /// A folder in it, to which the guest is admitted or not.
    func makeFolder(_ name: String, forGuest: Bool) throws(FolderFailure) -> String {
        let folder = "\(path)/\(name)"
        guard Outside.perform(.makeDirectory(folder), { mkdir(folder, 0o700) == 0 }) else {
            throw FolderFailure("cannot make \(folder): \(String(cString: strerror(errno)))")
        }
        if forGuest { Self.admit(guest, to: folder) }
        return folder
    }

    /// A socket in it is the guest's, where there is one; we are root then and need no leave.
    func giveSocket(_ socket: String) {
        chmod(socket, 0o600)
        if let guest { lchown(socket, guest.id, guest.group) }
    }

    func close() async { await keeper.end() }

    /// Through the group it may be passed, not listed or written.
    private static func admit(_ guest: ProcessUser?, to folder: String) {
        guard let guest else { return }
        chown(folder, geteuid(), guest.group)
        chmod(folder, 0o710)
    }

    private static let supervision = """
        trap : INT TERM HUP
        umask 077
        mkdir "$1" || exit 1
        cat >/dev/null
        rm -rf -- "$1"
        """
}

struct FolderFailure: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}
