internal import FleetModel

extension Plan {
    init(_ json: JSONReader) throws(PlanDocumentError) {
        let created = try json["created_at"].timestamp()
        self.init(
            toolVersion: try json["tool_version"].string(),
            createdAt: created.milliseconds / 1000,
            gitCommit: try json["git_commit"].optional { (value) throws(PlanDocumentError) in try value.string() },
            environments: try json["environments"].list(EnvironmentPlan.init(reading:))
        )
    }
}

extension EnvironmentPlan {
    fileprivate init(reading json: JSONReader) throws(PlanDocumentError) {
        self.init(
            name: try json["name"].string(),
            role: try json["role"].word(EnvironmentRole.self),
            instances: try json["instances"].list(PlannedInstance.init(reading:)),
            databases: try json["databases"].list(PlannedDatabase.init(reading:)),
            findings: try json["findings"].list(Finding.init(reading:)),
            cohorts: try json["cohorts"].list(Cohort.init(reading:)),
            steps: try json["steps"].list(Step.init(reading:)),
            granted: Set(try json["granted"].words(Hazard.self)),
            refused: try json["refused"].list(Refusal.init(reading:)),
            narrowed: try json["narrowed"].strings(),
            location: try json["location"].optional(FilePosition.init(reading:))
        )
    }
}

extension PlannedInstance {
    fileprivate init(reading json: JSONReader) throws(PlanDocumentError) {
        self.init(
            name: try json["name"].string(),
            address: try json["address"].string(),
            reachable: try json["reachable"].bool(),
            serverVersion: try json["server_version"].optionalString(),
            systemIdentifier: try json["system_identifier"].optionalString(),
            timeline: try json["timeline"].optional { (value) throws(PlanDocumentError) in try value.count() },
            state: try json["state"].word(Instance.State.self),
            isRetired: try json["retired"].bool(),
            sizeBytes: try json["size_bytes"].optional { (value) throws(PlanDocumentError) in try value.integer() }
        )
    }
}

extension PlannedDatabase {
    fileprivate init(reading json: JSONReader) throws(PlanDocumentError) {
        self.init(
            instance: try json["instance"].string(),
            name: try json["name"].string(),
            className: try json["class"].optionalString(),
            expectedVersion: try json["expected_version"].optionalString(),
            observedVersion: try json["observed_version"].optionalString(),
            status: try json["status"].word(DatabaseStatus.self),
            tables: try json["tables"].optional { (value) throws(PlanDocumentError) in try value.count() },
            sizeBytes: try json["size_bytes"].optional { (value) throws(PlanDocumentError) in try value.integer() },
            lastChange: try json["last_change"].optional { (value) throws(PlanDocumentError) in
                try value.timestamp().milliseconds
            },
            fingerprint: try json["fingerprint"].optionalFingerprint(),
            cohort: try json["cohort"].optionalString(),
            oid: try json["oid"].optional { (value) throws(PlanDocumentError) in try value.oid() },
            historyDigest: try json["history"].optionalFingerprint(),
            privileges: try json["privileges"].optionalFingerprint()
        )
    }
}

extension Finding {
    fileprivate init(reading json: JSONReader) throws(PlanDocumentError) {
        self.init(
            try json["code"].word(FindingCode.self),
            try json["severity"].word(Severity.self),
            instance: try json["instance"].string(),
            database: try json["database"].optionalString(),
            object: try json["object"].optionalString(),
            message: try json["message"].string(),
            hint: try json["hint"].optionalString(),
            location: try json["location"].optional(FilePosition.init(reading:)),
            expected: try json["expected"].stringIfPresent(),
            found: try json["found"].stringIfPresent()
        )
    }
}

extension FilePosition {
    fileprivate init(reading json: JSONReader) throws(PlanDocumentError) {
        self.init(
            file: try json["file"].string(),
            line: try json["line"].count(),
            column: try json["column"].count()
        )
    }
}

extension Cohort {
    fileprivate init(reading json: JSONReader) throws(PlanDocumentError) {
        self.init(
            id: try json["id"].string(),
            className: try json["class"].string(),
            instance: try json["instance"].string(),
            databases: try json["databases"].strings(),
            from: try json["from"].optionalFingerprint(),
            to: try json["to"].optionalFingerprint(),
            steps: try json["steps"].list(Step.init(reading:)),
            assumedEmpty: try json["assumed_empty"].list(Cohort.EmptyTable.init(reading:))
        )
    }
}

extension Cohort.EmptyTable {
    fileprivate init(reading json: JSONReader) throws(PlanDocumentError) {
        let (schema, name) = try json["table"].table()
        self.init(
            table: TableName(schema: schema, name: name),
            hazards: Set(try json["hazards"].words(Hazard.self))
        )
    }
}

extension Step {
    fileprivate init(reading json: JSONReader) throws(PlanDocumentError) {
        self.init(
            id: try json["id"].string(),
            kind: try json["kind"].word(StepKind.self),
            summary: try json["summary"].string(),
            migrations: try json["migrations"].strings(),
            migrationDigests: try json["migration_digests"].texts(),
            objects: try json["objects"].strings(),
            statements: try json["statements"].list(PlannedStatement.init(reading:)),
            hazards: Set(try json["hazards"].words(Hazard.self)),
            because: try json["because"].words(FindingCode.self),
            instance: try json["instance"].optionalString(),
            database: try json["database"].optionalString()
        )
    }
}

extension PlannedStatement {
    fileprivate init(reading json: JSONReader) throws(PlanDocumentError) {
        self.init(
            sql: try json["sql"].string(),
            hazards: Set(try json["hazards"].words(Hazard.self)),
            locks: try json["locks"].list(TableLock.init(reading:)),
            note: try json["note"].optionalString(),
            destroys: try json["destroys"].list { reader throws(PlanDocumentError) in
                let (schema, name) = try reader.table()
                return TableName(schema: schema, name: name)
            },
            location: try json["location"].optional(FilePosition.init(reading:))
        )
    }
}

extension TableLock {
    fileprivate init(reading json: JSONReader) throws(PlanDocumentError) {
        let (schema, name) = try json["table"].table()
        self.init(table: TableName(schema: schema, name: name), mode: try json["mode"].string())
    }
}

extension Refusal {
    fileprivate init(reading json: JSONReader) throws(PlanDocumentError) {
        self.init(
            what: try json["what"].string(),
            why: try json["why"].string(),
            grant: try json["grant"].optionalString(),
            cohort: try json["cohort"].optionalString(),
            databases: try json["databases"].strings()
        )
    }
}

extension JSONReader {
    fileprivate func optionalFingerprint() throws(PlanDocumentError) -> Fingerprint? {
        try optional { (value) throws(PlanDocumentError) in try value.fingerprint() }
    }
}
