package import Discovery
package import FleetModel

/// One try to get in: an address and a user, as an instance of an environment that exists for nothing else.
struct Attempt: Sendable {
    var address: ServerAddress
    var instance: Instance
    var environment: Environment

    init(address: ServerAddress, instance: Instance, environment: Environment) {
        self.address = address
        self.instance = instance
        self.environment = environment
    }

    /// - Parameters:
    ///   - address: where to.
    ///   - user: who to log in as.
    ///   - password: the variable that holds a password, and who must own the socket for it to be told; nil: none is.
    init(address: ServerAddress, user: String, password: (variable: String, owner: String?)? = nil) {
        let nowhere = SourceRange.beginning(of: "discover")
        var parameters = [
            ("host", address.host), ("port", String(address.port)), ("user", user), ("dbname", "postgres"),
        ]
        // Another could have taken the socket's place since we looked. Over hops the socket is one of our own.
        if let owner = password?.owner, address.isSocket, address.hops.isEmpty {
            parameters.append(("requirepeer", owner))
        }
        let maintenance = DatabaseEntry(
            selector: Located(.names(["postgres"]), at: nowhere),
            className: Located("", at: nowhere),
            version: Located("latest", at: nowhere),
            instance: Located("found", at: nowhere),
            range: nowhere
        )
        self.address = address
        instance = Instance(
            name: Located("found", at: nowhere),
            via: address.hops,
            connection: parameters.map { ConnectionParameter(keyword: $0, value: $1, range: nowhere) },
            password: (password?.variable).map { Located(.environment($0), at: nowhere) },
            state: .active
        )
        environment = Environment(
            name: Located("discover", at: nowhere),
            role: .development,
            description: nil,
            instances: [instance],
            entries: [maintenance],
            policy: Policy(defaultsFor: .development)
        )
    }
}

extension ServerAddress {
    /// Whether a manifest's instance names this very address.
    package func isAddress(of instance: Instance) -> Bool {
        guard instance.via == hops, instance.parameter("port") ?? "5432" == String(port) else { return false }
        let hosts = [instance.parameter("host"), instance.parameter("hostaddr")].compactMap(\.self)
        // Within a container every address of its own is the one server's.
        switch hops.last {
        case .docker, .kubectl: if hosts.allSatisfy({ $0.hasPrefix("/") || $0.isLoopback }) { return true }
        case .ssh, nil: break
        }
        return hosts.contains { written in
            if isSocket { return written.withoutSlash == host || "/var\(host)" == written.withoutSlash }
            return written == host || (written == "localhost" && (host == "127.0.0.1" || host == "::1"))
        }
    }
}

extension Instance {
    /// Whether it is at the end of these hops itself, and on no machine or in no container further on.
    ///
    /// - Parameters:
    ///   - hops: the way to the place that is looked at.
    ///   - bySocket: whether only folders of sockets are looked at, and no ports.
    /// - Returns: whether it may be asked who it is.
    package func isPlace(behind hops: [Hop], bySocket: Bool) -> Bool {
        guard via == hops, parameter("service") == nil else { return false }
        let hosts = [parameter("host"), parameter("hostaddr")].compactMap(\.self).flatMap { $0.split(separator: ",") }
        return hosts.allSatisfy { $0.hasPrefix("/") || !bySocket && String($0).isLoopback }
    }
}

extension String {
    /// Whether PostgreSQL itself said it, and not the network.
    var isAnswer: Bool {
        contains("FATAL:") || contains("no password supplied") || contains("is not supported: 14 is the oldest")
            || contains("SQLSTATE") || contains("connection pooler")
    }

    /// What was said, without the address, which is known, and without the lines in which libpq wonders whether the server
    /// runs.
    var withoutAdvice: String {
        split(separator: "\n").filter { !$0.hasPrefix("\t") }.map { line in
            guard line.hasPrefix("connection to server"), let end = line.firstRange(of: " failed: ") else {
                return line
            }
            return line[end.upperBound...]
        }.joined(separator: "; ")
    }

    var isLoopback: Bool { self == "localhost" || self == "::1" || hasPrefix("127.") }

    var withoutSlash: String { count > 1 && hasSuffix("/") ? String(dropLast()) : self }
}
