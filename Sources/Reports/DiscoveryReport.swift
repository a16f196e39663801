package import Discovery
package import FleetModel

/// What `discover` found, as a document and as a page.
package struct DiscoveryReport: Sendable {
    package var servers: [FoundServer]
    /// What could not be seen, and why.
    package var unseen: [String]
    /// The variable of `--password-env`.
    package var passwordVariable: String?

    package init(servers: [FoundServer], unseen: [String], passwordVariable: String? = nil) {
        self.servers = servers
        self.unseen = unseen
        self.passwordVariable = passwordVariable
    }

    package var document: JSONValue {
        ["servers": .array(servers.map(json)), "unseen": JSONValue(unseen)]
    }

    private func json(_ server: FoundServer) -> JSONValue {
        let reached = server.reached
        var reason: String?
        if case .unreached(let why) = server.outcome { reason = why }
        return [
            "name": .string(server.name),
            "via": .array((server.address?.hops ?? []).map(\.json)),
            "address": JSONValue(server.address?.description),
            "addresses": JSONValue(server.addresses.map(\.description)),
            "version": JSONValue(reached?.facts.version.description),
            "system_identifier": JSONValue(reached?.facts.systemIdentifier),
            "in_recovery": reached.map { .bool($0.facts.inRecovery) } ?? .null,
            "reachable": .bool(reached != nil),
            "reason": JSONValue(reason),
            "user": JSONValue(reached?.user),
            "data_directory": JSONValue(reached?.dataFolder ?? server.candidate.dataFolder),
            "process": JSONValue(server.candidate.processID),
            "cluster": JSONValue(server.candidate.cluster),
            "container": server.candidate.container.map(json) ?? .null,
            "databases": .array((reached?.databases ?? []).map(json)),
            "declared_as": JSONValue(server.declaredAs),
            "suggestion": InstanceDraft(server, passwordVariable: passwordVariable).map(json) ?? .null,
        ]
    }

    private func json(_ container: Container) -> JSONValue {
        [
            "name": .string(container.name), "image": .string(container.image), "state": .string(container.state),
            "status": .string(container.status),
        ]
    }

    private func json(_ draft: InstanceDraft) -> JSONValue {
        [
            "name": .string(draft.name),
            "via": .array(draft.via.map(\.json)),
            "connection": .object(draft.connection.map { .init($0.key, .string($0.value)) }),
            "password": draft.passwordVariable.map { ["env": .string($0)] } ?? .null,
            "yaml": .string(draft.lines.map { $0 + "\n" }.joined()),
        ]
    }

    private func json(_ database: FoundDatabase) -> JSONValue {
        var by: String?
        var shares: [JSONValue] = []
        switch database.likeness {
        case .none, .empty: break
        case .exact: by = "fingerprint"
        case .likely: by = "tables"
        case .mixture(let mixed):
            by = "tables"
            shares = mixed.map { ["class": .string($0.className), "tables": .integer(Int64($0.tables))] }
        }
        let history = database.history.map { place -> JSONValue in
            [
                "table": .string("\(place.schema).\(place.table)"), "format": .string(place.format.name),
                "rows": JSONValue(database.observed.state?.history.rows.count),
            ]
        }
        let isSeen = database.reason == nil
        return [
            "name": .string(database.name),
            "owner": .string(database.observed.owner),
            "class": JSONValue(database.likeness.className),
            "class_by": JSONValue(by),
            "mixture": .array(shares),
            "version": JSONValue(database.version),
            "history": history ?? .null,
            "tables": JSONValue(database.tables?.count),
            "rows": JSONValue(database.rows),
            "not_analyzed": isSeen ? JSONValue(database.notAnalyzed) : .null,
            "size_bytes": isSeen ? .integer(database.observed.sizeBytes) : .null,
            "last_change": JSONValue(database.lastChange.map { Timestamp(milliseconds: $0).description }),
            "last_write": JSONValue(database.lastWrite.map { Timestamp(milliseconds: $0).description }),
            "fingerprint": JSONValue(database.observed.state?.catalog.fingerprint.hex),
            "reason": JSONValue(database.reason),
        ]
    }
}
