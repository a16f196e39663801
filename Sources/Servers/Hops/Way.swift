package import FleetModel
internal import Postgres

/// A way over hops to one server: what libpq connects to here instead of the server's own address.
///
/// It stays open until its `Routes` are closed.
package final class Way: ConnectionWay {
    struct Key: Hashable {
        var hops: [Hop]
        var endpoints: [Endpoint]
        /// Names to be told to libpq where the connection is encrypted: what certificates are held against.
        var names: [String]
        /// libpq speaks no TLS over a Unix socket and does not say so: then the local end is a port.
        var isEncrypted: Bool
    }

    private let key: Key
    private let ends: [any LocalEnd]
    /// Where programs run that reach the server without the way.
    package let place: Place

    init(_ key: Key, _ ends: [any LocalEnd], at place: Place) {
        self.key = key
        self.ends = ends
        self.place = place
    }

    /// Outermost first.
    package var hops: [Hop] { key.hops }

    /// The keywords that lead to the server for who is behind the hops.
    package var farParameters: [(keyword: String, value: String)] {
        let hosts = key.endpoints.map { endpoint in
            switch endpoint {
            case .tcp(let host, _): host
            case .socket(let path): path.split(separator: "/").dropLast().reduce(into: "") { $0 += "/\($1)" }
            }
        }
        let ports = ("port", key.endpoints.map(\.port).joined(separator: ","))
        guard key.isEncrypted else { return [("host", hosts.joined(separator: ",")), ports] }
        return [("host", key.names.joined(separator: ",")), ports]
            + (key.names == hosts ? [] : [("hostaddr", hosts.joined(separator: ","))])
    }

    /// The keywords that lead to the local end, in the place of `host`, `hostaddr` and `port`.
    var parameters: [(keyword: String, value: String)] {
        let hosts = ends.map(\.host).joined(separator: ",")
        let ports = ("port", ends.map(\.port).joined(separator: ","))
        return key.isEncrypted
            ? [("host", key.names.joined(separator: ",")), ("hostaddr", hosts), ports] : [("host", hosts), ports]
    }

    /// Keywords that are the way's own.
    package static let keywords: Set = ["host", "hostaddr", "port"]

    package var timeLimit: Duration { .seconds(30) }

    package func prepare() async {
        for end in ends { await end.prepare() }
    }

    package func explain(_ reason: String) async -> String {
        // The server itself has spoken, or libpq did not like what it heard from it.
        guard !Self.ofServers.contains(where: { reason.contains($0) }) else { return located(reason) }
        for end in ends { if let error = await end.explanation() { return error.description } }
        return located(reason)
    }

    /// What no hop can be to blame for.
    private static let ofServers = [
        "FATAL:", "no password supplied", "certificate", "does not support SSL", "authentication method",
        "authentication requirement", "channel binding", "SCRAM",
    ]

    func close() async {
        for end in ends { await end.close() }
    }

    /// A server is where its manifest says, not at a socket of ours that has another name in every run.
    private func located(_ reason: String) -> String {
        var reason = reason
        for (end, endpoint) in zip(ends, key.endpoints) {
            let place = (key.hops.map(\.description) + [endpoint.description]).joined(separator: " > ")
            reason = reason.replacing("socket \"\(end.host)/.s.PGSQL.\(end.port)\"", with: place)
            for name in key.names {
                reason = reason.replacing("\"\(name)\" (\(end.host)), port \(end.port)", with: place)
            }
            reason = reason.replacing("\"\(end.host)\", port \(end.port)", with: place)
        }
        return reason
    }
}

extension Way.Key {
    /// Where a manifest's keywords lead from behind the last hop.
    ///
    /// - Throws: `HopError` where they do not say it, or libpq alone could go there.
    init(hops: [Hop], _ connection: [(keyword: String, value: String)], _ last: Hop) throws(HopError) {
        func list(_ keyword: String) -> [String]? {
            let value = connection.first { $0.keyword == keyword }?.value
            return value.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        }
        if list("service") != nil {
            throw HopError(hop: last, reason: "behind hops, say host and port here and not in a service file")
        }
        let names = list("host") ?? []
        let addresses = list("hostaddr") ?? names
        let hosts = addresses.isEmpty ? [""] : addresses
        let ports = list("port") ?? ["5432"]
        guard ports.count == 1 || ports.count == hosts.count, names.isEmpty || names.count == hosts.count else {
            throw HopError(hop: last, reason: "there are \(hosts.count) hosts, but not as many names and ports")
        }
        var endpoints: [Endpoint] = []
        for (index, host) in hosts.enumerated() {
            let port = ports.count == 1 ? ports[0] : ports[index]
            endpoints.append(try Self.endpoint(host, port.isEmpty ? "5432" : port, last))
        }
        let mode = list("sslmode")?.first ?? ""
        let demands = ["require", "verify-ca", "verify-full"].contains(mode)
        let isSocket = endpoints.map { if case .socket = $0 { true } else { false } }
        if demands, isSocket.contains(true), isSocket.contains(false) {
            throw HopError(hop: last, reason: "some hosts are sockets, on which there is no TLS")
        }
        self.hops = hops
        self.endpoints = endpoints
        self.names = names.isEmpty ? hosts : names
        // Where nothing is said libpq tries TLS, but never on a Unix socket: what goes on over a network from behind the
        // last hop must not go in the clear because of our way there.
        let tries = mode != "disable" && !endpoints.allSatisfy(\.isLocal)
        isEncrypted = (demands || tries) && !isSocket.contains(true)
    }

    private static func endpoint(_ host: String, _ port: String, _ hop: Hop) throws(HopError) -> Endpoint {
        func refuse(_ reason: String) -> HopError { HopError(hop: hop, reason: reason) }
        guard port.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(port), (1...65_535).contains(number)
        else { throw refuse("\"\(port)\" is no port") }
        if host.hasPrefix("@") { throw refuse("abstract sockets cannot be reached over hops") }
        if host.isEmpty || host.hasPrefix("/") {
            let folder = host.isEmpty ? "/var/run/postgresql" : host
            // ssh would fill these in; a path that cannot be written plainly is not guessed at.
            guard !folder.contains("${"), folder.utf8.allSatisfy({ $0 >= 32 }) else {
                throw refuse("\"\(folder)\" cannot be reached over hops")
            }
            return .socket("\(folder)/.s.PGSQL.\(port)")
        }
        let isPlain = host.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return byte < 128 && (character.isLetter || character.isNumber || ".-_:%".contains(character))
        }
        guard isPlain, !host.hasPrefix("-") else { throw refuse("\"\(host)\" is no host") }
        return .tcp(host: host, port: port)
    }
}

extension Endpoint: CustomStringConvertible {
    /// As `Instance.address` says it.
    var description: String {
        switch self {
        case .tcp(let host, let port): "\(host):\(port)"
        case .socket(let path): path
        }
    }
}
