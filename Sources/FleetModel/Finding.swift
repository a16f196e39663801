/// The stable codes of findings; `docs/findings.md` explains each.
package enum FindingCode: String, Sendable, Hashable, CaseIterable {
    case instanceUnreachable = "instance-unreachable"
    case instanceRetiringInUse = "instance-retiring-in-use"
    case databaseMissing = "database-missing"
    case databaseEmpty = "database-empty"
    case databaseUnmanaged = "database-unmanaged"
    case migrationsPending = "migrations-pending"
    case migrationEdited = "migration-edited"
    case migrationUnknown = "migration-unknown"
    case migrationUnfinished = "migration-unfinished"
    case migrationOutOfOrder = "migration-out-of-order"
    case historyMissing = "history-missing"
    case versionAhead = "version-ahead"
    case tableMisplaced = "table-misplaced"
    case tableMissing = "table-missing"
    case tableUnexpected = "table-unexpected"
    case schemaDrift = "schema-drift"
    case indexInvalid = "index-invalid"
    case migrationFails = "migration-fails"
    case codeAhead = "code-ahead"
    case checkFailed = "check-failed"
    case notInspected = "not-inspected"
}

/// Something observed that a person should know: where, what was expected, what is there, what to do.
package struct Finding: Sendable, Hashable {
    package var code: FindingCode
    package var severity: Severity
    package var instance: String
    package var database: String?
    package var object: String?
    package var message: String
    package var hint: String?
    /// What in the manifests or migrations causes it; nil where nobody knows.
    package var location: FilePosition?
    /// How an object should read, and how it reads: of `schema-drift` alone, and where a server could be asked.
    package var expected: String?
    package var found: String?

    package init(
        _ code: FindingCode,
        _ severity: Severity,
        instance: String,
        database: String? = nil,
        object: String? = nil,
        message: String,
        hint: String? = nil,
        location: FilePosition? = nil,
        expected: String? = nil,
        found: String? = nil
    ) {
        self.code = code
        self.severity = severity
        self.instance = instance
        self.database = database
        self.object = object
        self.message = message
        self.hint = hint
        self.location = location
        self.expected = expected
        self.found = found
    }
}

/// Where a database stands.
package enum DatabaseStatus: String, Sendable, Hashable, CaseIterable {
    case converged, pending, drifted, corrupted, missing, empty, unmanaged, aside, unknown
}
