package import FleetModel
package import Planning

/// Why a file is no recorded inventory to plan from.
package enum BaselineError: Error, Sendable, Hashable, CustomStringConvertible {
    case notJSON(JSONError)
    case notABaseline
    case unsupportedVersion(String)
    /// Another version of the program may tell schemas apart in another way.
    case otherTool(String)
    case malformed(path: String)
    case altered

    package var description: String {
        switch self {
        case .notJSON(let error): "the file is no recorded inventory: \(error)"
        case .notABaseline: "the file is no recorded inventory"
        case .unsupportedVersion(let version):
            "it was recorded in format \(version); this program reads \(Baseline.formatVersion)"
        case .otherTool(let version):
            "it was recorded by reconcile \(version), whose fingerprints may not compare with those of this one"
        case .malformed(let path): "\(path) is missing or not what it should be"
        case .altered: "it was altered after it was recorded, or is cut short: its digest does not match"
        }
    }
}

extension Baseline {
    /// Reads what `BaselineDocument` wrote.
    ///
    /// - Parameters:
    ///   - bytes: the file; a line break may follow.
    ///   - toolVersion: this program's: only what it recorded itself compares.
    /// - Returns: the inventory, and the digest that names it.
    /// - Throws: `BaselineError`.
    package static func read(
        _ bytes: [UInt8],
        toolVersion: String
    ) throws(BaselineError) -> (baseline: Baseline, digest: String) {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: bytes)
        } catch {
            throw .notJSON(error)
        }
        guard case .object(let members) = json, json["kind"] == .string(BaselineDocument.kind) else {
            throw .notABaseline
        }
        guard case .string(let version)? = json["format_version"] else { throw .malformed(path: "format_version") }
        guard version == Baseline.formatVersion else { throw .unsupportedVersion(version) }
        guard case .string(let tool)? = json["tool_version"] else { throw .malformed(path: "tool_version") }
        guard tool == toolVersion else { throw .otherTool(tool) }
        guard case .string(let digest)? = json["digest"] else { throw .malformed(path: "digest") }
        let rest = JSONValue.object(members.filter { $0.key != "digest" })
        guard Fingerprint(of: rest.canonical).hex == digest else { throw .altered }
        do throws(PlanDocumentError) {
            return (try Baseline(JSONReader(json, path: "the recorded inventory"), toolVersion: tool), digest)
        } catch {
            guard case .malformed(let path) = error else { throw .notABaseline }
            throw .malformed(path: path)
        }
    }

    private init(_ json: JSONReader, toolVersion: String) throws(PlanDocumentError) {
        let catalogs = try json["catalogs"].members { reader throws(PlanDocumentError) in
            try Catalog(reading: reader)
        }
        let histories = try json["histories"].members { reader throws(PlanDocumentError) in
            try HistoryRows(reading: reader)
        }
        let recorded = try json["recorded_at"].timestamp()
        self.init(
            toolVersion: toolVersion,
            recordedAt: recorded.milliseconds / 1000,
            environments: try json["environments"].list { reader throws(PlanDocumentError) in
                Baseline.Recorded(
                    name: try reader["name"].string(),
                    instances: try reader["instances"].list { instance throws(PlanDocumentError) in
                        try Baseline.RecordedInstance(reading: instance, catalogs, histories)
                    }
                )
            }
        )
    }
}

extension Baseline.RecordedInstance {
    fileprivate init(
        reading json: JSONReader,
        _ catalogs: [String: Catalog],
        _ histories: [String: HistoryRows]
    ) throws(PlanDocumentError) {
        let name = try json["name"].string()
        let address = try json["address"].string()
        if let reason = try json["reason"].optionalString() {
            self.init(
                address: address,
                observed: ObservedInstance(name: name, outcome: .unreachable(reason: reason)),
                answers: [:],
                histories: [:]
            )
            return
        }
        let facts = ServerFacts(
            version: ServerVersion(number: try json["server_version"].count()),
            systemIdentifier: try json["system_identifier"].string(),
            timeline: try json["timeline"].count(),
            inRecovery: try json["in_recovery"].bool(),
            roles: try json["roles"].strings(),
            isRetired: try json["retired"].bool()
        )
        let answers = try json["answers"].list(Self.answer)
        var tables: [ExactName: String] = [:]
        let databases = try json["databases"].list { reader throws(PlanDocumentError) in
            let database = try ObservedDatabase(reading: reader, catalogs, histories)
            return (database, try reader["history_table"].optionalString())
        }
        for (database, table) in databases { tables[ExactName(database.name)] = table }
        self.init(
            address: address,
            observed: ObservedInstance(name: name, outcome: .reachable(facts, databases.map(\.0))),
            answers: Dictionary(answers) { first, _ in first },
            histories: tables
        )
    }

    private static func answer(_ json: JSONReader) throws(PlanDocumentError) -> (Baseline.Question, QueryAnswer) {
        let question = Baseline.Question(database: try json["database"].string(), sql: try json["sql"].fingerprint())
        if let names = try json["names"].optional({ reader throws(PlanDocumentError) in try reader.strings() }) {
            return (question, .names(names))
        }
        let why = "it did so when the inventory was recorded"
        let unknown = try json["unknown"].word(BaselineDocument.Unknown.self)
        return switch unknown {
        case .notThere: (question, .notThere)
        case .lacking: (question, .lacking(reason: why))
        case .failed: (question, .failed(reason: why))
        }
    }
}

extension ObservedDatabase {
    fileprivate init(
        reading json: JSONReader,
        _ catalogs: [String: Catalog],
        _ histories: [String: HistoryRows]
    ) throws(PlanDocumentError) {
        let content: Content
        if let reason = try json["reason"].optionalString() {
            content = .unobserved(reason: reason)
        } else {
            let catalog = try json["catalog"].looked(up: catalogs)
            let filled = try json["filled"].list { reader throws(PlanDocumentError) in try reader.count() }
            content = .observed(
                DatabaseState(
                    catalog: catalog,
                    history: try json["history"].looked(up: histories),
                    nonEmptyTables: Set(filled).intersection(catalog.tables.indices),
                    initMark: try json["init"].word(DatabaseState.InitMark.self),
                    unfinished: try json["unfinished"].optionalString()
                )
            )
        }
        self.init(
            name: try json["name"].string(),
            oid: try json["oid"].oid(),
            owner: try json["owner"].string(),
            sizeBytes: try json["size_bytes"].integer(),
            content: content
        )
        isTemplate = try json["template"].bool()
    }
}

extension HistoryRows {
    fileprivate convenience init(reading json: JSONReader) throws(PlanDocumentError) {
        self.init(
            exists: try json["exists"].bool(),
            rows: try json["rows"].list { row throws(PlanDocumentError) in
                try row.list { value throws(PlanDocumentError) in try value.optionalString() }
            },
            digest: try json["digest"].fingerprint()
        )
    }
}

extension Catalog {
    fileprivate convenience init(reading json: JSONReader) throws(PlanDocumentError) {
        self.init(
            fingerprint: try json["fingerprint"].fingerprint(),
            privileges: try json["privileges"].fingerprint(),
            columnOrder: try json["column_order"].fingerprint(),
            objects: try json["objects"].list { object throws(PlanDocumentError) in
                CatalogObject(
                    id: try ObjectID(reading: object),
                    definition: try object["definition"].fingerprint(),
                    privileges: try object["privileges"].optional { reader throws(PlanDocumentError) in
                        try reader.fingerprint()
                    }
                )
            },
            tables: try json["tables"].list { table throws(PlanDocumentError) in
                TableName(schema: try table["schema"].string(), name: try table["name"].string())
            },
            invalidIndexes: try json["invalid_indexes"].list(ObjectID.init(reading:)),
            notInspected: try json["not_inspected"].strings()
        )
    }
}

extension ObjectID {
    fileprivate init(reading json: JSONReader) throws(PlanDocumentError) {
        self.init(
            try json["kind"].word(ObjectKind.self),
            schema: try json["schema"].optionalString(),
            name: try json["name"].string()
        )
    }
}
