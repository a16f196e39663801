package import FleetModel

/// Where a server is: hops, then a host or a socket's folder, and a port.
package struct ServerAddress: Sendable, Hashable {
    package var hops: [Hop]
    package var host: String
    package var port: Int

    package init(hops: [Hop], host: String, port: Int) {
        self.hops = hops
        self.host = host
        self.port = port
    }

    package var isSocket: Bool { host.hasPrefix("/") }

    package var description: String {
        let here = isSocket ? "\(host)/.s.PGSQL.\(port)" : host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return (hops.map(\.description) + [here]).joined(separator: " > ")
    }
}

/// Something that is, or may be, a PostgreSQL server, and its addresses, the best first.
package struct Candidate: Sendable, Hashable {
    package var addresses: [ServerAddress]
    package var processID: Int?
    package var dataFolder: String?
    /// Debian's name for it: `15/main`.
    package var cluster: String?
    package var container: Container?
    /// Who runs it; nil where that cannot be seen.
    package var owner: UInt32?
    /// Known by more than its port's number to be PostgreSQL.
    package var isCertain: Bool
    /// Why nobody can ask it anything; nil where it is to be tried.
    package var obstacle: String?

    package init(
        addresses: [ServerAddress] = [],
        processID: Int? = nil,
        dataFolder: String? = nil,
        cluster: String? = nil,
        container: Container? = nil,
        owner: UInt32? = nil,
        isCertain: Bool = true
    ) {
        self.processID = processID
        self.dataFolder = dataFolder
        self.cluster = cluster
        self.container = container
        self.owner = owner
        self.addresses = addresses
        self.isCertain = isCertain
    }
}

/// What one look at a place showed: candidates, and what could not be seen.
package struct Sighting: Sendable, Hashable {
    package var candidates: [Candidate] = []
    /// What could not be seen and why, in words.
    package var unseen: [String] = []
    /// Our own user there.
    package var user: UInt32?
    package var userName: String?
    /// The user `postgres` there.
    package var postgresUser: UInt32?

    package init() {}

    /// Whether a server of this user's may be told a password: one who can impersonate it anyway, or ourselves.
    package func trusts(_ owner: UInt32?) -> Bool {
        guard let owner else { return false }
        return owner == 0 || owner == user || owner == postgresUser
    }
}
