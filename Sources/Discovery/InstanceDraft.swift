package import FleetModel

/// An item of `instances:` that would reach a found server.
package struct InstanceDraft: Sendable, Hashable {
    package var name: String
    package var via: [Hop]
    package var connection: [Pair]
    /// The variable that holds the password, where one was needed.
    package var passwordVariable: String?

    package struct Pair: Sendable, Hashable {
        package var key: String
        package var value: String
    }

    /// Nil where no address of the server is known, or a pooler is all that answers at it.
    package init?(_ server: FoundServer, passwordVariable: String? = nil, role: EnvironmentRole? = nil) {
        guard let address = server.address, !server.isPooler else { return nil }
        name = server.name
        via = address.hops
        connection = [
            Pair(key: "host", value: address.host), Pair(key: "port", value: String(address.port)),
            Pair(key: "user", value: server.reached?.user ?? server.candidate.container?.user ?? "postgres"),
            Pair(key: "dbname", value: "postgres"),
        ]
        let isLocal = address.isSocket || address.host.hasPrefix("127.") || address.host == "::1"
        // Production refuses a connection over a network that proves nothing.
        if role == .production, via.isEmpty, !isLocal { connection.append(Pair(key: "sslmode", value: "verify-full")) }
        self.passwordVariable = server.reached?.usesPassword == true ? passwordVariable : nil
    }

    /// Its lines, indented as they stand below `instances:`.
    package var lines: [String] {
        var lines = ["  \(YAMLText.scalar(name)):"]
        if !via.isEmpty { lines.append("    via: [\(via.map(\.yaml).joined(separator: ", "))]") }
        lines.append("    connection: \(YAMLText.flow(connection.map { ($0.key, $0.value) }))")
        if let passwordVariable { lines.append("    password: {env: \(YAMLText.scalar(passwordVariable))}") }
        return lines
    }
}

extension Hop {
    /// As a manifest has it.
    package var yaml: String {
        let (kind, value, extra) = parts
        guard !extra.isEmpty else { return "{\(kind): \(YAMLText.scalar(value.value))}" }
        return "{\(kind): \(YAMLText.flow(([value] + extra).map { ($0.key, $0.value) }))}"
    }

    package var json: JSONValue {
        let (kind, value, extra) = parts
        guard !extra.isEmpty else { return .object([.init(kind, .string(value.value))]) }
        return .object([.init(kind, .object(([value] + extra).map { .init($0.key, .string($0.value)) }))])
    }

    private typealias Pair = InstanceDraft.Pair

    /// The kind, what it leads to, and what is said besides.
    private var parts: (kind: String, value: Pair, extra: [Pair]) {
        func pairs(_ all: [(String, String?)]) -> [Pair] {
            all.compactMap { key, value in value.map { Pair(key: key, value: $0) } }
        }
        switch self {
        case .ssh(let hop):
            let extra = pairs([("config", hop.config), ("identity", hop.identity), ("port", hop.port.map(String.init))])
            return ("ssh", Pair(key: "destination", value: hop.destination), extra)
        case .docker(let container): return ("docker", Pair(key: "container", value: container), [])
        case .kubectl(let hop):
            let extra = pairs([("namespace", hop.namespace), ("context", hop.context), ("container", hop.container)])
            return ("kubectl", Pair(key: "pod", value: hop.pod), extra)
        }
    }
}
