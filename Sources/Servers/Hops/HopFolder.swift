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

    /// Makes it, at a path short enough for a socket's name.
    ///
    /// - Throws: the reason in words.
    init() throws(FolderFailure) {
        do throws(NoPlainUser) { guest = try ProcessUser.forPostgres() } catch { throw FolderFailure("\(error)") }
        var template = Array("/tmp/rcl-XXXXXX".utf8CString)
        guard Outside.perform(.makeDirectory("/tmp"), { mkdtemp(&template) != nil }) else {
            throw FolderFailure("cannot make a folder in /tmp: \(String(cString: strerror(errno)))")
        }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.path = path
        keeper = Keeper(
            Command("/bin/sh", ["-c", Self.supervision, "reconcile-hops", path], folder: "/")
        )
        Self.admit(guest, to: path)
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
        cat >/dev/null
        rm -rf -- "$1"
        """
}

struct FolderFailure: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}
