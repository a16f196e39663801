internal import CLibPQ
internal import Effects
internal import Synchronization

/// One session with one server, its settings pinned and proved, never reconnected.
///
/// libpq blocks, so every call runs on this session's own queue. A session that was lost stays lost: one that held a
/// lock must never come back without it.
package actor Session {
    private let queue = SessionQueue()
    private var connection: Connection?
    private let settings: SessionSettings
    private let label: String
    /// Of the server that is meant; nil where any may answer.
    private let expectedStart: String?
    /// When the server was started, as it said when the settings were proved.
    package private(set) var serverStartedAt = ""
    private let canceller = Canceller()

    package nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    private init(_ target: ConnectionTarget, settings: SessionSettings) {
        self.settings = settings
        label = target.database
        expectedStart = target.startedAt
    }

    /// Connects, and proves the settings unless `proof` is to be part of the caller's own first round trip.
    ///
    /// - Parameters:
    ///   - target: where to, and as whom.
    ///   - settings: pinned at the start, the same whatever the server's, database's or role's defaults are.
    ///   - proof: who asks the server whether they hold.
    ///   - timeLimit: for the whole of connecting; libpq counts in whole seconds, at least two.
    /// - Returns: the session; closed by `close`, or with its last reference.
    /// - Throws: `PostgresError`, `.unfit` where a setting did not hold; at once where the task is cancelled meanwhile.
    package static func open(
        _ target: ConnectionTarget,
        settings: SessionSettings,
        proof: Proof = .atOnce,
        timeLimit: Duration = .seconds(10)
    ) async throws(PostgresError) -> Session {
        let session = Session(target, settings: settings)
        // Who cleans up after a cancellation connects as ever.
        guard !Task.isCancelled else {
            try await session.begin(target, proof, timeLimit)
            return session
        }
        // libpq cannot be woken while it waits for a server that says nothing: it is left behind, and closes what it got.
        let begun = await withTimeLimit(nil) { () -> Result<Void, PostgresError> in
            do throws(PostgresError) { return .success(try await session.begin(target, proof, timeLimit)) } catch {
                return .failure(error)
            }
        }
        guard let begun else { throw .notConnected(reason: "interrupted while it was waited for") }
        try begun.get()
        return session
    }

    private nonisolated func begin(
        _ target: ConnectionTarget,
        _ proof: Proof,
        _ timeLimit: Duration
    ) async throws(PostgresError) {
        if let way = target.way {
            await way.prepare()
            do throws(PostgresError) { try await connect(target, max(timeLimit, way.timeLimit)) } catch {
                guard case .notConnected(let reason) = error else { throw error }
                throw .notConnected(reason: await way.explain(reason))
            }
        } else {
            try await connect(target, timeLimit)
        }
        if proof == .atOnce { try await prove() }
    }

    package enum Proof: Sendable { case atOnce, byCaller }

    private func connect(_ target: ConnectionTarget, _ timeLimit: Duration) throws(PostgresError) {
        let parameters = target.libpqParameters(settings, timeLimit)
        do throws(PostgresError) {
            let opened = try Outside.perform(.connect(label)) { () throws(PostgresError) in
                try Holder(Connection(parameters))
            }
            connection = opened.take()
        } catch {
            guard case .notConnected(let reason) = error, Self.wordsOfPoolers.contains(where: reason.contains) else {
                throw error
            }
            throw .unfit(reason: "a connection pooler answers here (\(reason)): \(SessionSettings.directAddress)")
        }
        // PgBouncer's own console, which lists databases that it knows and calls it a server's answer.
        if let version = connection?.serverVersionText, version.contains("bouncer") {
            close()
            throw .unfit(
                reason: "a connection pooler answers here (its version is \(version)): \(SessionSettings.directAddress)"
            )
        }
        if let handle = connection?.handle { canceller.arm(handle) }
    }

    /// What poolers say instead of letting somebody in, and no server does; nothing but these texts tells them apart.
    private static let wordsOfPoolers = [
        // Of `options`, which a server knows.
        "unsupported startup parameter",
        "no such database: ", "no such user: ", "pgbouncer cannot connect to server", "no more connections allowed",
    ]

    private func prove() throws(PostgresError) {
        try verify(try send(settings.proof, label: "settings"))
    }

    /// Holds the answers to the settings' `proof`, with which a caller's own first round trip begins, against what was
    /// asked for: the settings, no pooler between, and the server that is meant.
    ///
    /// - Throws: `PostgresError.unfit`.
    package func verify(_ answers: some Collection<Answer>) throws(PostgresError) {
        serverStartedAt = try settings.verify(answers, backendPID: backendPID, startedAt: expectedStart)
    }

    /// The process that serves us, as it said when we connected.
    package var backendPID: Int { connection?.backendPID ?? 0 }
    package var serverVersionNumber: Int { connection?.serverVersion ?? 0 }
    package var usesTLS: Bool { connection?.usesTLS ?? false }
    package var isInTransaction: Bool { connection?.isInTransaction ?? false }

    /// Runs a string of statements in one round trip by the simple protocol.
    ///
    /// Cancelling the task asks the server to cancel the statement (SQLSTATE 57014).
    /// - Parameters:
    ///   - sql: the statements, separated by semicolons.
    ///   - label: what traces call it; never a value.
    /// - Returns: what each statement answered, in order.
    /// - Throws: `PostgresError`; statements after the one that failed did not run.
    @discardableResult
    package nonisolated func run(_ sql: SQL, label: String = "sql") async throws(PostgresError) -> [Answer] {
        let call = canceller.call()
        return try await withTaskCancellationHandler {
            await attempt(call) { session throws(PostgresError) in try session.send(sql, label: label) }
        } onCancel: {
            canceller.cancel(call)
        }.get()
    }

    /// As `run`, giving what was answered before the first error together with that error.
    package func runKeepingAnswers(
        _ sql: SQL,
        label: String = "sql"
    ) throws(PostgresError) -> (answers: [Answer], error: PostgresError?) {
        var answers: [Answer] = []
        do {
            try onConnection(label) { connection throws(PostgresError) in
                try connection.simpleQuery(sql.text) { answers.append($0) }
            }
            return (answers, nil)
        } catch {
            if case .server = error { return (answers, error) }
            throw error
        }
    }

    /// Runs one statement with text parameters by the extended protocol.
    @discardableResult
    package nonisolated func run(
        _ sql: SQL,
        parameters: [String?],
        label: String = "sql"
    ) async throws(PostgresError) -> Rows {
        let call = canceller.call()
        return try await withTaskCancellationHandler {
            await attempt(call) { session throws(PostgresError) in
                var rows: Rows?
                try session.onConnection(label) { connection throws(PostgresError) in
                    try connection.extendedQuery(sql.text, parameters) { rows = rows ?? $0.rows }
                }
                return rows ?? Rows(columns: [], values: [])
            }
        } onCancel: {
            canceller.cancel(call)
        }.get()
    }

    /// Runs one `COPY … FROM stdin` with its data.
    package func copyIn(_ sql: SQL, data: [UInt8], label: String = "copy") throws(PostgresError) {
        try onConnection(label) { connection throws(PostgresError) in try connection.copyIn(sql.text, data: data) }
    }

    /// Ends the session now; locks it held are gone when the server has seen it.
    package func close() {
        canceller.disarm()
        connection = nil
    }

    fileprivate func send(_ sql: SQL, label: String) throws(PostgresError) -> [Answer] {
        var answers: [Answer] = []
        try onConnection(label) { connection throws(PostgresError) in
            try connection.simpleQuery(sql.text) { answers.append($0) }
        }
        return answers
    }

    fileprivate func onConnection(
        _ what: String,
        _ body: (borrowing Connection) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        guard connection != nil else { throw .connectionLost(reason: "the session was closed") }
        let name = "\(label): \(what)"
        try Outside.perform(settings.access == .readOnly ? .query(name) : .statement(name)) {
            () throws(PostgresError) in
            switch connection {
            case .some(let connection): try body(connection)
            case .none: break
            }
        }
    }

    /// Does `body` unless the call was cancelled before its turn came.
    private func attempt<Value: Sendable>(
        _ call: Canceller.Call,
        _ body: @Sendable (isolated Session) throws(PostgresError) -> Value
    ) -> Result<Value, PostgresError> {
        guard canceller.begin(call) else { return .failure(.server(.cancelledBeforeStart)) }
        defer { canceller.end(call) }
        do throws(PostgresError) { return .success(try body(self)) } catch { return .failure(error) }
    }
}

extension ServerMessage {
    fileprivate static let cancelledBeforeStart = ServerMessage(
        severity: "ERROR",
        sqlState: "57014",
        primary: "canceling statement due to user request"
    )
}

/// Carries a connection out of a generic call, which cannot return a value that must not be copied.
private final class Holder {
    private var connection: Connection?

    init(_ connection: consuming Connection) {
        self.connection = consume connection
    }

    func take() -> Connection? { connection.take() }
}

extension ConnectionTarget {
    /// Everything libpq is told; what is not told here it must not find in its surroundings.
    fileprivate func libpqParameters(_ settings: SessionSettings, _ timeLimit: Duration) -> [(String, String)] {
        var all = parameters.filter { $0.keyword != "dbname" && $0.keyword != "options" }
        func add(_ keyword: String, _ value: String) {
            if !all.contains(where: { $0.keyword == keyword }) { all.append((keyword, value)) }
        }
        all.append(("dbname", database))
        password?.reveal { all.append(("password", $0)) }
        // The last word on a setting wins, so ours come after the manifest's.
        let asked = parameters.first { $0.keyword == "options" }.map { $0.value + " " } ?? ""
        all.append(("options", asked + settings.startupOptions))
        all.append(("client_encoding", "UTF8"))
        add("application_name", settings.applicationName)
        add("connect_timeout", String(max(2, timeLimit.components.seconds)))
        add("keepalives_idle", "30")
        add("keepalives_interval", "10")
        add("keepalives_count", "3")
        add("tcp_user_timeout", "60000")
        // Both cost a round trip or more where nobody asked for them.
        add("gssencmode", "disable")
        // An empty value would mean ~/.pgpass; a file that is not there means none.
        add("passfile", "/nonexistent/no-pass-file-but-a-named-one")
        return all.map { ($0.keyword, $0.value) }
    }
}
