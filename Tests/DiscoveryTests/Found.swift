import Discovery
import FleetModel

/// Servers as if they had been visited.
enum Found {
    static func server(
        _ host: String,
        port: Int = 5432,
        hops: [Hop] = [],
        identifier: String = "1",
        startedAt: String = "2026-11-26 07:00:00+00",
        databases: [FoundDatabase] = []
    ) -> FoundServer {
        let address = ServerAddress(hops: hops, host: host, port: port)
        return FoundServer(
            candidate: Candidate(addresses: [address]),
            outcome: .reached(
                FoundServer.Reached(
                    address: address,
                    user: "postgres",
                    facts: ServerFacts(
                        version: ServerVersion(number: 150_020),
                        systemIdentifier: identifier,
                        timeline: 1,
                        inRecovery: false,
                        roles: []
                    ),
                    startedAt: startedAt,
                    dataFolder: nil,
                    usesPassword: false,
                    databases: databases
                )
            )
        )
    }

    static func unreached(_ host: String, port: Int = 5432, owner: UInt32? = 114) -> FoundServer {
        let address = ServerAddress(hops: [], host: host, port: port)
        return FoundServer(
            candidate: Candidate(addresses: [address], owner: owner),
            outcome: .unreached(reason: "FATAL:  no")
        )
    }

    static func database(
        _ name: String,
        _ likeness: Likeness,
        version: String? = nil,
        nearest: String? = nil,
        tables: [String] = ["t"],
        owner: String = "app"
    ) -> FoundDatabase {
        let catalog = Catalog(
            fingerprint: Fingerprint(of: name),
            privileges: Fingerprint(of: ""),
            columnOrder: Fingerprint(of: ""),
            objects: [],
            tables: likeness == .empty ? [] : tables.map { TableName(name: $0) }
        )
        let state = DatabaseState(catalog: catalog, history: .missing, nonEmptyTables: [], initMark: .none)
        var database = FoundDatabase(
            observed: ObservedDatabase(
                name: name,
                oid: 1,
                owner: owner,
                sizeBytes: 8_000_000,
                content: .observed(state)
            ),
            rows: 12
        )
        database.likeness = likeness
        database.version = version
        database.nearest = nearest
        return database
    }
}
