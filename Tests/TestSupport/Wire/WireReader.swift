internal import Glibc

/// One message of PostgreSQL's protocol as it passes.
///
/// See <https://www.postgresql.org/docs/current/protocol-message-formats.html>.
struct WireMessage {
    /// 0 where the message has no type: those that begin a session.
    let kind: UInt8
    let bytes: [UInt8]

    /// The first 32 bits of what it says.
    var code: UInt32 { number(at: 4) }

    /// The process that a message with the key for cancelling names.
    var backend: Int32 { Int32(bitPattern: number(at: 5)) }

    /// What it says in words: a query, a command's tag.
    var text: String {
        var said = bytes.dropFirst(5)
        // Before the query to prepare stands the name it gets.
        if kind == UInt8(ascii: "P") { said = said.drop { $0 != 0 }.dropFirst() }
        return String(decoding: said.prefix { $0 != 0 }, as: UTF8.self)
    }

    var isQuery: Bool { kind == UInt8(ascii: "Q") || kind == UInt8(ascii: "P") }

    /// For people who look for a place: its type, and what it says.
    var label: String {
        guard kind != 0 else { return "start" }
        let type = String(Unicode.Scalar(kind))
        return "QPC".contains(type)
            ? "\(type) \(text.split(whereSeparator: \.isWhitespace).joined(separator: " "))" : type
    }

    private func number(at index: Int) -> UInt32 {
        guard bytes.count >= index + 4 else { return 0 }
        return bytes[index..<index + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// Takes what comes over a socket apart into messages.
struct WireReader {
    let socket: CInt
    private var bytes: [UInt8] = []
    private var start = 0

    init(socket: CInt) { self.socket = socket }

    /// Takes what is there; false where the other end has ended.
    mutating func fill() -> Bool {
        bytes.removeFirst(start)
        start = 0
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(socket, &chunk, chunk.count, 0)
        guard count > 0 else { return count < 0 && errno == EINTR }
        bytes += chunk.prefix(count)
        return true
    }

    /// The next whole message, as far as one has come.
    mutating func next(isTyped: Bool) -> WireMessage? {
        let head = isTyped ? 1 : 0
        guard bytes.count >= start + head + 4 else { return nil }
        let length = bytes[start + head..<start + head + 4].reduce(0) { $0 << 8 | Int($1) } + head
        guard bytes.count >= start + length else { return nil }
        defer { start += length }
        return WireMessage(kind: isTyped ? bytes[start] : 0, bytes: Array(bytes[start..<start + length]))
    }

    /// A byte that is no message: whether the server encrypts.
    mutating func nextByte() -> WireMessage? {
        guard start < bytes.count else { return nil }
        defer { start += 1 }
        return WireMessage(kind: 0, bytes: [bytes[start]])
    }
}

/// Plain sockets.
enum WireSocket {
    /// Listens on a free port of the loopback.
    static func listen() throws -> (socket: CInt, port: Int) {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                listener >= 0 && bind(listener, address, size) == 0 && Glibc.listen(listener, 64) == 0
                    && getsockname(listener, address, &size) == 0
            }
        }
        guard isOpen else { throw Misstep("cannot listen on the loopback: \(String(cString: strerror(errno)))") }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// A connection to a Unix socket; nil where nobody listens.
    static func connect(to path: String) -> CInt? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let isOpen = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                descriptor >= 0 && Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        if isOpen { return descriptor }
        if descriptor >= 0 { close(descriptor) }
        return nil
    }

    /// Writes all of it, or as much as the other end takes.
    static func send(_ bytes: [UInt8], to socket: CInt) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // MSG_NOSIGNAL: an end that is gone is no reason for us to go.
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, 0x4000) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    static func waitForAny(_ sockets: [CInt], milliseconds: CInt) -> [Bool] {
        var asked = sockets.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard poll(&asked, nfds_t(asked.count), milliseconds) > 0 else { return sockets.map { _ in false } }
        return asked.map { $0.revents != 0 }
    }

    /// Closes a connection by a reset instead of an end in order.
    static func reset(_ socket: CInt) {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close(socket)
    }
}
