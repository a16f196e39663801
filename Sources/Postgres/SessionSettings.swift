#if MUTATIONS
internal import Effects
#endif

/// Settings that every session pins at its start and proves before it is used.
///
/// They go as start-up `options`, which win over `ALTER DATABASE … SET` and `ALTER ROLE … SET`: a tenant that owns its
/// database must not choose them. A pooler drops start-up options, so each is read back.
/// See <https://www.postgresql.org/docs/current/config-setting.html>.
package struct SessionSettings: Sendable, Hashable {
    package enum Access: Sendable, Hashable { case readOnly, readWrite }

    package var access: Access
    package var lockTimeout: Duration?
    package var statementTimeout: Duration?
    /// `reconcile/<run>` and what the session is for; at most 63 bytes count.
    package var applicationName: String

    package init(
        access: Access,
        lockTimeout: Duration? = nil,
        statementTimeout: Duration? = nil,
        applicationName: String
    ) {
        self.access = access
        self.lockTimeout = lockTimeout
        self.statementTimeout = statementTimeout
        self.applicationName = applicationName
    }

    /// Name and value as `SHOW` gives it back.
    package var pinned: [(name: String, value: String)] {
        #if MUTATIONS
        if Mutation.noSearchPath.isOn { return all.filter { $0.name != "search_path" } }
        if Mutation.synchronousCommitUnpinned.isOn { return all.filter { $0.name != "synchronous_commit" } }
        #endif
        return all
    }

    private var all: [(name: String, value: String)] {
        [
            // A catalog query under another search_path runs operators that a tenant planted.
            // Unless it is named, the schema of temporary things comes first: code of a tenant's that ran in the session
            // could leave a table `pg_class` or a domain `text` in it.
            ("search_path", "pg_catalog, pg_temp"),
            // A database's owner can name one for every session, and RESET ROLE would come back to it.
            ("role", "none"),
            // A database's owner can switch it off, and a crash then loses acknowledged commits.
            ("synchronous_commit", "on"),
            ("default_transaction_read_only", access == .readOnly ? "on" : "off"),
            ("default_transaction_isolation", "read committed"),
            ("statement_timeout", statementTimeout.map(Self.milliseconds) ?? "0"),
            ("lock_timeout", lockTimeout.map(Self.milliseconds) ?? "0"),
            ("idle_in_transaction_session_timeout", "0"),
            ("idle_session_timeout", "0"),
            // An error where a policy would hide rows, instead of too few rows.
            ("row_security", "off"),
            // What a server remarks before libpq gives us the session goes to our stderr as it stands, and a value that a
            // database's owner set may be in it: <https://www.postgresql.org/docs/current/libpq-notice-processing.html>.
            ("client_min_messages", "error"),
            ("standard_conforming_strings", "on"),
            ("check_function_bodies", "on"),
            ("default_tablespace", ""),
            ("DateStyle", "ISO, MDY"),
            ("IntervalStyle", "postgres"),
            ("TimeZone", "UTC"),
            ("extra_float_digits", "1"),
            ("bytea_output", "hex"),
            // How the server writes definitions, by which a schema is recognised.
            ("quote_all_identifiers", "off"),
            ("jit", "off"),
        ]
    }

    /// What pins the settings at the start of a session: its start-up parameter `options`.
    ///
    /// Blanks and backslashes within a value are escaped by a backslash.
    var startupOptions: String {
        pinned.map { name, value in
            let escaped = value.flatMap { $0 == " " || $0 == "\\" ? ["\\", $0] : [$0] }
            return "-c \(name)=\(String(escaped))"
        }.joined(separator: " ")
    }

    static let directAddress = "give the server's own address, locks do not hold through a pooler"

    static func milliseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return String(max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }

    /// The statements that prove them: each setting's value, then which process of which server answers.
    ///
    /// `SHOW` is not planned: twenty of it cost a fresh backend less than half of one `SELECT` of `current_setting`.
    package var proof: SQL {
        let settings = SQL(joining: pinned.map { SQL("SHOW \(identifier: $0.name)") }, separator: "; ")
        return """
            \(settings); SELECT pg_backend_pid(), current_setting('transaction_timeout', true), \
            pg_postmaster_start_time()
            """
    }

    /// How many answers `proof` has.
    package var proofCount: Int { pinned.count + 1 }

    /// Holds the answers to `proof`, the first `proofCount` of `answers`, against what was asked for.
    ///
    /// - Parameters:
    ///   - answers: what the session's first round trip gave.
    ///   - backendPID: the process that was connected to.
    ///   - startedAt: when the server that is meant was started; nil where any may answer.
    /// - Returns: when the server was started, as it says.
    /// - Throws: `PostgresError.unfit` naming the first setting that differs, the pooler, or the other server.
    @discardableResult
    package func verify(
        _ answers: some Collection<Answer>,
        backendPID: Int,
        startedAt: String? = nil
    ) throws(PostgresError) -> String {
        let rows = answers.prefix(proofCount).map { $0.rows?.first }
        guard rows.count == proofCount, let last = rows.last, let process = last, process.count == 3 else {
            throw .unexpectedAnswer("no answer to the question after the session's settings")
        }
        // Behind a transaction pooler the process that answers is not the one that was connected to.
        guard process[0] == String(backendPID) else {
            throw .unfit(
                reason: "a connection pooler answers here (process \(process[0] ?? "?") instead of "
                    + "\(backendPID)): \(Self.directAddress)"
            )
        }
        for (setting, row) in zip(pinned, rows) {
            let found = row?.first.flatMap(\.self) ?? ""
            guard !Self.same(found, setting.value) else { continue }
            throw .unfit(
                reason: "the session's \(setting.name) is \"\(found)\", it must be \"\(setting.value)\": "
                    + "a pooler or a proxy dropped the start-up options"
            )
        }
        guard process[1] == nil || process[1] == "0" else {
            throw .unfit(reason: "transaction_timeout is set for this role or database; it would end our transactions")
        }
        let started = process[2] ?? ""
        if let startedAt, startedAt != started {
            throw .unfit(
                reason:
                    "another server answers here than a moment ago: this one was started at \(started), that one at "
                    + startedAt
            )
        }
        return started
    }

    /// `SHOW` gives times back in the largest unit that fits: `3s` for 3000.
    private static func same(_ found: String, _ asked: String) -> Bool {
        if found == asked { return true }
        let units = [("ms", 1), ("min", 60_000), ("s", 1000), ("h", 3_600_000), ("d", 86_400_000)]
        for (suffix, factor) in units where found.hasSuffix(suffix) {
            return Int(found.dropLast(suffix.count)).map { String($0 * factor) } == asked
        }
        return false
    }
}
