internal import Effects
internal import Glibc

/// Sockets of this machine, by their descriptors.
enum LocalSocket {
    enum Attempt {
        case open(CInt)
        /// With the number of the error: `EAGAIN` where so many wait already that nobody can be listening.
        case refused(CInt)
    }

    /// A connection to a Unix socket; waits for nobody.
    static func connect(to path: String) -> Attempt {
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let descriptor = socket(AF_UNIX, CInt(kind), 0)
        guard descriptor >= 0 else { return .refused(errno) }
        if withAddress(path, { Glibc.connect(descriptor, $0, $1) == 0 }) { return .open(descriptor) }
        let failure = errno
        close(descriptor)
        return .refused(failure)
    }

    /// Whether something has arrived, or the other end is gone.
    static func isReadable(_ descriptor: CInt) -> Bool {
        var asked = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&asked, 1, 0) > 0
    }

    /// Listens on a Unix socket at a new path.
    static func listen(at path: String) throws(FolderFailure) -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let isOpen = Outside.perform(.createFile(path)) {
            descriptor >= 0 && withAddress(path) { bind(descriptor, $0, $1) == 0 } && Glibc.listen(descriptor, 64) == 0
        }
        guard isOpen else { throw failure("listen on \(path)", descriptor) }
        return descriptor
    }

    /// Listens on a free port of the loopback.
    static func listenOnLoopback() throws(FolderFailure) -> (descriptor: CInt, port: UInt16) {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                descriptor >= 0 && bind(descriptor, address, size) == 0 && Glibc.listen(descriptor, 64) == 0
                    && getsockname(descriptor, address, &size) == 0
            }
        }
        guard isOpen else { throw failure("listen on the loopback", descriptor) }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    /// Whose process is at the other end of a connection over the loopback, as the kernel lists it; nil where it does not.
    ///
    /// Only of a connection that is open at both ends: of others the kernel says that they are root's.
    /// See <https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html>.
    static func owner(ofPeer connection: CInt) -> UInt32? {
        func port(_ ask: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt) -> UInt16? {
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isKnown = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask($0, &size) == 0 }
            }
            return isKnown ? UInt16(bigEndian: address.sin_port) : nil
        }
        guard let theirs = port({ getpeername(connection, $0, $1) }),
            let ours = port({ getsockname(connection, $0, $1) }),
            let file = fopen("/proc/self/net/tcp", "re")
        else { return nil }
        defer { fclose(file) }
        let loopback = String(UInt32(0x7f00_0001).bigEndian, radix: 16, uppercase: true)
        let address = String(repeating: "0", count: 8 - loopback.count) + loopback
        func end(_ port: UInt16) -> String {
            let text = String(port, radix: 16, uppercase: true)
            return "\(address):\(String(repeating: "0", count: 4 - text.count))\(text)"
        }
        let (local, remote) = (end(theirs), end(ours))
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let fields = text.split(separator: " ")
            guard fields.count > 9, fields[1] == local, fields[2] == remote else { continue }
            // 01: established.
            return fields[3] == "01" ? UInt32(fields[7]) : nil
        }
        return nil
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func failure(_ what: String, _ descriptor: CInt) -> FolderFailure {
        let reason = String(cString: strerror(errno))
        if descriptor >= 0 { close(descriptor) }
        return FolderFailure("cannot \(what): \(reason)")
    }
}
