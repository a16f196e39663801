import FleetModel

extension ManifestDecoder {
    /// Policy `requireTLS`: what is said over a network is said to the right server, and to no one else.
    mutating func checkTLS(of instances: [Instance]) {
        for instance in instances where instance.via.isEmpty && instance.parameter("sslmode") != "verify-full" {
            guard let reason = ServerAddress(of: instance).exposure else { continue }
            let range = connectionRange(of: instance)
            let mode = instance.parameter("sslmode").map { "has sslmode \(quoted($0))" } ?? "has no sslmode"
            fault(
                .tlsRequired,
                "instance \(quoted(instance.name.value)) \(mode), but \(reason) and the policy requires TLS",
                at: range,
                hint: "write sslmode: verify-full (and sslrootcert), or requireTLS: false under policy"
            )
        }
    }

    /// The parameter that decides, or else the instance.
    private func connectionRange(of instance: Instance) -> SourceRange {
        for keyword in ["sslmode", "hostaddr", "host", "service"] {
            if let parameter = instance.connection.first(where: { $0.keyword == keyword }) { return parameter.range }
        }
        return instance.name.range
    }
}

/// The places that an instance's manifest says it is at, as far as it says so.
struct ServerAddress: Hashable {
    /// Hops, as written.
    var via: [Hop]
    var service: String?
    /// Numeric addresses beat names; libpq connects to `hostaddr` where both are given.
    var hosts: [String]
    var ports: [Int]

    init(of instance: Instance) {
        func list(_ keyword: String) -> [String] {
            let text = instance.parameter(keyword) ?? ""
            return text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        via = instance.via
        service = instance.parameter("service")
        let names = instance.parameter("hostaddr") == nil ? list("host") : list("hostaddr")
        hosts = names.map { host in
            let host = host.lowercased()
            if host == "127.0.0.1" || host == "::1" { return "localhost" }
            return host.count > 1 && host.hasSuffix("/") ? String(host.dropLast()) : host
        }
        let given = list("port").map { Int($0) ?? 5432 }
        ports = given.isEmpty ? [5432] : given
        isAddressNumeric = instance.parameter("hostaddr") != nil
    }

    private let isAddressNumeric: Bool

    /// Why what is sent may pass a network; nil where it stays on this machine.
    var exposure: String? {
        // A service file may set hostaddr, which beats any host: only the numeric address is then known.
        if let service, !isAddressNumeric { return "where service \(quoted(service)) leads is not known here" }
        guard let host = hosts.first(where: { !Self.isLocal($0) }) else { return nil }
        return "host \(quoted(host)) is reached by TCP without a hop"
    }

    private static func isLocal(_ host: String) -> Bool {
        // Empty is libpq's default, a Unix socket; `@` begins an abstract one.
        host.isEmpty || host.hasPrefix("/") || host.hasPrefix("@") || isLoopback(host)
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { $0.utf8.allSatisfy(\.isDigit) && UInt8($0) != nil }
    }
}
