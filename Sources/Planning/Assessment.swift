internal import FleetModel

/// A finding without the place, so that all databases in the same state share it.
struct Remark: Hashable {
    var code: FindingCode
    var severity: Severity
    var object: String?
    var message: String
    var hint: String?
    var expected: String?
    var found: String?
    /// How it was worded before a server was asked.
    private(set) var bareMessage: String
    /// Whose definitions would say more.
    var wants: [DefinitionWant] = []

    /// Longer definitions are cut in a finding: a function's body can be found where it lives.
    private static let mostText = 1000

    init(
        _ code: FindingCode,
        _ severity: Severity,
        object: String? = nil,
        _ message: String,
        hint: String? = nil
    ) {
        self.code = code
        self.severity = severity
        self.object = object
        self.message = message
        self.hint = hint
        bareMessage = message
    }

    /// Says how the object should read and how it does, as far as that is known.
    mutating func show(_ comparison: String?, _ expected: String?, _ found: String?) {
        guard let comparison else { return }
        message = "\(bareMessage): \(comparison)"
        self.expected = expected.map { String($0.prefix(Self.mostText)) }
        self.found = found.map { String($0.prefix(Self.mostText)) }
    }

    func finding(instance: String, database: String?) -> Finding {
        Finding(
            code,
            severity,
            instance: instance,
            database: database,
            object: object,
            message: message,
            hint: hint,
            expected: expected,
            found: found
        )
    }
}

/// A definition that would say more of a difference.
struct DefinitionWant: Hashable {
    var key: DefinitionKey
    var object: ObjectID
    /// Whether it is scratch that knows it.
    var isExpected: Bool
}

/// The way from what is there to what is declared, by migrations alone.
struct Route {
    /// Whether the database must be created.
    var creates = false
    /// Whether there is nothing in it yet that could be lost or blocked.
    var isNew = false
    /// Objects moved out of the way first.
    var quarantined: [ObjectID] = []
    /// Statements of our own before the migrations: indexes rebuilt, extensions created.
    var preparations: [PlannedStatement] = []
    var preparation = ""
    /// Statements that bring an old history table up to date, run with the first row that is written.
    var upgrade: [String] = []
    /// Positions recorded as applied without running them.
    var adopted: [Int] = []
    /// Positions to run, in this order.
    var pending: [Int] = []
    /// What scratch did; `pending` begins at `offset` of its sequence.
    var replay = Replay(states: [], migrations: [], end: .complete)
    var offset = 0
    var initializes = false

    var isEmpty: Bool {
        !creates && quarantined.isEmpty && preparations.isEmpty && adopted.isEmpty && pending.isEmpty && !initializes
    }

    /// The state it leads to, where scratch came so far.
    var destination: Catalog? {
        let end = offset + pending.count
        return replay.states.indices.contains(end) ? replay.states[end] : nil
    }

    /// The migration that failed on scratch, with what the server said.
    var failure: (position: Int, message: String)? {
        guard case .failed(let at, let message) = replay.end, at >= offset, at < offset + pending.count else {
            return nil
        }
        return (pending[at - offset], message)
    }
}

/// What is to be done about a database.
enum Course {
    case nothing
    case work(Route)
    /// Migrations alone cannot bring it to its version; with what would remain after a quarantine, where that helps.
    case repair(quarantine: Route?)
    /// Nothing can be done and nothing can be granted.
    case stuck(why: String)
}

/// Where one state of a database stands, and what follows.
struct Assessment {
    var status: DatabaseStatus
    var remarks: [Remark]
    var observedVersion: String?
    var lastChange: Int64?
    var course: Course

    /// Codes of what makes work necessary, in the order found.
    var because: [FindingCode] {
        var codes: [FindingCode] = []
        for remark in remarks where remark.causesWork && !codes.contains(remark.code) { codes.append(remark.code) }
        return codes
    }
}

extension Remark {
    /// What rules leave out, privileges and the order of columns are told; nothing is done about them.
    fileprivate var causesWork: Bool { code.causesWork && (code != .schemaDrift || severity == .error) }
}

extension FindingCode {
    fileprivate var causesWork: Bool {
        switch self {
        case .databaseMissing, .databaseEmpty, .migrationsPending, .migrationEdited, .migrationUnknown,
            .migrationUnfinished, .migrationOutOfOrder, .historyMissing, .versionAhead, .tableMisplaced, .tableMissing,
            .tableUnexpected,
            .schemaDrift, .indexInvalid, .databaseUnmanaged:
            true
        case .instanceUnreachable, .instanceRetiringInUse, .migrationFails, .codeAhead, .checkFailed, .notInspected:
            false
        }
    }
}
