/// A Unix socket of PostgreSQL's: `FOLDER/.s.PGSQL.PORT`.
package struct UnixSocket: Sendable, Hashable {
    /// As it is to be named to libpq.
    package var folder: String
    package var port: Int
    /// Nil where the system does not say.
    package var inode: UInt64?

    package init(folder: String, port: Int, inode: UInt64? = nil) {
        self.folder = folder
        self.port = port
        self.inode = inode
    }

    package var path: String { "\(folder)/.s.PGSQL.\(port)" }

    /// Reads a path; nil where it is no socket of PostgreSQL's, or one that nobody else can find (a relative path).
    package init?(path: String, inode: UInt64? = nil) {
        guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return nil }
        let name = path[path.index(after: slash)...]
        guard name.hasPrefix(".s.PGSQL."), let port = Int(name.dropFirst(9)), (1...65_535).contains(port) else {
            return nil
        }
        self.init(folder: slash == path.startIndex ? "/" : String(path[..<slash]), port: port, inode: inode)
    }

    /// Those that somebody listens on, from `/proc/net/unix`.
    ///
    /// See <https://man7.org/linux/man-pages/man5/proc_net.5.html>: number, references, protocol, flags, type, state, inode, path.
    package static func listening(_ lines: [String]) -> [UnixSocket] {
        lines.compactMap { line in
            let words = line.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: true)
            guard words.count == 8, words[3] == "00010000", words[4] == "0001" else { return nil }
            return UnixSocket(path: String(words[7]), inode: UInt64(words[6]))
        }
    }
}

/// A TCP port that somebody listens on.
package struct TCPListener: Sendable, Hashable {
    /// In the usual form: `127.0.0.1` or `::1`.
    package var address: String
    package var port: Int
    package var user: UInt32
    package var inode: UInt64

    package init(address: String, port: Int, user: UInt32, inode: UInt64) {
        self.address = address
        self.port = port
        self.user = user
        self.inode = inode
    }

    /// Where a client beside it connects to.
    package var host: String {
        switch address {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: address
        }
    }

    /// Reads `/proc/net/tcp` or `/proc/net/tcp6`.
    ///
    /// See <https://docs.kernel.org/networking/proc_net_tcp.html>: addresses are hexadecimal, each 32-bit word in the
    /// machine's own byte order (little on all that PostgreSQL is met on today).
    package static func listening(_ lines: [String]) -> [TCPListener] {
        lines.compactMap { line in
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard words.count >= 10, words[3] == "0A" else { return nil }
            let parts = words[1].split(separator: ":")
            guard parts.count == 2, let port = Int(parts[1], radix: 16), let address = address(parts[0]),
                let user = UInt32(words[7]), let inode = UInt64(words[9])
            else { return nil }
            return TCPListener(address: address, port: port, user: user, inode: inode)
        }
    }

    private static func address(_ hex: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = hex
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16), rest.count >= 8 else { return nil }
            for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
            rest = rest.dropFirst(8)
        }
        switch bytes.count {
        case 4: return bytes.map { String($0) }.joined(separator: ".")
        case 16: return version6(bytes)
        default: return nil
        }
    }

    private static func version6(_ bytes: [UInt8]) -> String {
        if bytes.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
            return bytes.suffix(4).map { String($0) }.joined(separator: ".")
        }
        let groups = (0..<8).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) }
        // RFC 5952: the first of the longest runs of zeros is left out.
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(best.count, 1) { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        return best.isEmpty ? text(0..<8) : "\(text(0..<best.lowerBound))::\(text(best.upperBound..<8))"
    }
}

/// A cluster as Debian's `pg_lsclusters` knows it, up or down.
package struct Cluster: Sendable, Hashable {
    package var version: String
    package var name: String
    package var port: Int
    package var status: String
    package var owner: String
    package var dataFolder: String

    package init(version: String, name: String, port: Int, status: String, owner: String, dataFolder: String) {
        self.version = version
        self.name = name
        self.port = port
        self.status = status
        self.owner = owner
        self.dataFolder = dataFolder
    }

    package var label: String { "\(version)/\(name)" }
    package var isUp: Bool { status == "online" || status.hasPrefix("online,") }

    /// Reads `pg_lsclusters -h`: version, name, port, status, owner, data folder, log file.
    package static func parse(_ lines: [String]) -> [Cluster] {
        lines.compactMap { line in
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard words.count >= 6, let port = Int(words[2]), words[0].first?.isNumber == true else { return nil }
            // A data folder may hold blanks; the log file is what comes last.
            let folder = words[5..<max(6, words.count - 1)].joined(separator: " ")
            return Cluster(
                version: String(words[0]),
                name: String(words[1]),
                port: port,
                status: String(words[3]),
                owner: String(words[4]),
                dataFolder: folder
            )
        }
    }
}

/// A process that serves PostgreSQL, or stands in front of one.
package struct ServerProcess: Sendable, Hashable {
    package var id: Int
    /// What the kernel calls it: `postgres` or `docker-proxy`, say.
    package var name: String
    package var user: UInt32?
    package var dataFolder: String?
    /// Of the sockets it holds; nil where we may not see them.
    package var sockets: Set<UInt64>?
    /// The container it runs in: 64 hexadecimal digits.
    package var container: String?

    package var isPostgres: Bool { name == "postgres" || name == "postmaster" }

    init?(_ section: PlaceReport.Section) {
        let words = section.argument.split(separator: " ", maxSplits: 1)
        guard words.count == 2, let id = Int(words[0]) else { return nil }
        self.id = id
        name = String(words[1])
        user = section.value("Uid").flatMap { $0.split { $0 == "\t" || $0 == " " }.first }.flatMap { UInt32($0) }
        dataFolder = section.value("Cwd").flatMap { $0.hasPrefix("/") ? $0 : nil }
        sockets = section.value("Sockets") == "hidden" ? nil : Set(section.lines.compactMap(Self.socket))
        container = section.values("Cgroup").lazy.compactMap(Self.container).first
    }

    /// Of a line of `ls -l /proc/ID/fd`: `… 7 -> socket:[557964]`.
    private static func socket(_ line: String) -> UInt64? {
        guard line.hasSuffix("]"), let start = line.firstRange(of: " -> socket:[") else { return nil }
        return UInt64(line[start.upperBound...].dropLast())
    }

    /// The last word of 64 hexadecimal digits: `/docker/ID`, `/system.slice/docker-ID.scope`, `/kubepods/…/ID`.
    static func container(_ cgroup: String) -> String? {
        cgroup.split { !$0.isHexDigit }.last { $0.count == 64 }.map { $0.lowercased() }
    }
}
