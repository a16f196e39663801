internal import FleetModel

/// A container that holds PostgreSQL, or may.
package struct Container: Sendable, Hashable {
    package var id: String
    package var name: String
    package var image: String
    /// As docker names it: `running`, `exited` or `paused`, say.
    package var state: String
    /// As docker says it: `Exited (0) 3 days ago`.
    package var status: String
    /// Ports the image or the container declares.
    package var exposed: [Int]
    /// Ports of the host that lead to ports of the container.
    package var published: [Published]
    /// `POSTGRES_USER`, where the container was made with one.
    package var user: String?
    /// `PGPORT`, else 5432.
    package var port: Int

    package struct Published: Sendable, Hashable {
        package var host: String
        package var hostPort: Int
        package var port: Int

        package init(host: String, hostPort: Int, port: Int) {
            self.host = host
            self.hostPort = hostPort
            self.port = port
        }
    }

    package init(
        id: String,
        name: String,
        image: String,
        state: String,
        status: String,
        exposed: [Int] = [],
        published: [Published] = [],
        user: String? = nil,
        port: Int = 5432
    ) {
        self.id = id
        self.name = name
        self.image = image
        self.state = state
        self.status = status
        self.exposed = exposed
        self.published = published
        self.user = user
        self.port = port
    }

    package var isRunning: Bool { state == "running" }

    /// By its image's name, or by the port that PostgreSQL has everywhere.
    package var mayHoldPostgres: Bool {
        exposed.contains(port) || published.contains { $0.port == port }
            || Self.images.contains { image.lowercased().contains($0) }
    }

    private static let images = [
        "postgres", "postgis", "pgvector", "timescale", "supabase/postgres", "citus", "paradedb", "pgautofailover",
        "cloudnative-pg", "spilo",
    ]

    /// Reads the lines of `docker ps` and `docker inspect` as `PlaceScript` asks for them; the second complete the first.
    package static func parse(_ listed: [String], details: [String]) -> [Container] {
        var containers: [Container] = []
        for line in listed where line.hasPrefix("{") {
            guard let value = try? JSONValue(parsing: line.utf8), let id = value["ID"]?.plainText,
                let name = value["Names"]?.plainText?.split(separator: ",").first
            else { continue }
            containers.append(
                Container(
                    id: id,
                    name: isName(name) ? String(name) : id,
                    image: value["Image"]?.plainText ?? "",
                    state: value["State"]?.plainText ?? "",
                    status: value["Status"]?.plainText ?? ""
                )
            )
        }
        for line in details where line.hasPrefix("{") {
            guard let value = try? JSONValue(parsing: line.utf8), let id = value["id"]?.plainText,
                let index = containers.firstIndex(where: { id.hasPrefix($0.id) || $0.id.hasPrefix(id) })
            else { continue }
            containers[index].complete(with: value)
        }
        return containers
    }

    /// As docker allows it: nothing that a shell or docker itself could take for something else.
    private static func isName(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "_.-".utf8.contains(byte)
        } && text.first.map { $0.isLetter || $0.isNumber } == true
    }

    private mutating func complete(with value: JSONValue) {
        if case .object(let members)? = value["exposed"] { exposed = members.compactMap { Self.port($0.key) } }
        if case .object(let members)? = value["ports"] {
            published = members.flatMap { member -> [Published] in
                guard let port = Self.port(member.key), case .array(let bindings) = member.value else { return [] }
                return bindings.compactMap { binding in
                    guard let hostPort = binding["HostPort"]?.plainText.flatMap({ Int($0) }) else { return nil }
                    return Published(host: binding["HostIp"]?.plainText ?? "", hostPort: hostPort, port: port)
                }
            }
        }
        if case .array(let users)? = value["user"] { user = users.compactMap(\.plainText).first { !$0.isEmpty } }
        if case .array(let ports)? = value["port"] {
            port = ports.compactMap { $0.plainText.flatMap { Int($0) } }.first ?? 5432
        }
    }

    /// `5432/tcp`.
    private static func port(_ text: String) -> Int? {
        let parts = text.split(separator: "/")
        return parts.last == "tcp" ? parts.first.flatMap { Int($0) } : nil
    }
}

extension JSONValue {
    /// A string's text; `text` is the whole document's.
    fileprivate var plainText: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
