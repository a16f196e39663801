/// What a server said when it refused a statement.
package struct ServerMessage: Sendable, Hashable {
    package var severity: String
    /// Five characters; see <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
    package var sqlState: String
    package var primary: String
    /// Both may quote rows: for people who debug, never for reports.
    package var detail: String?
    package var hint: String?
    /// 1-based character of the statement, where the server names one.
    package var position: Int?

    package init(
        severity: String,
        sqlState: String,
        primary: String,
        detail: String? = nil,
        hint: String? = nil,
        position: Int? = nil
    ) {
        self.severity = severity
        self.sqlState = sqlState
        self.primary = primary
        self.detail = detail
        self.hint = hint
        self.position = position
    }
}

/// What the world did to a session.
package enum PostgresError: Error, Sendable, CustomStringConvertible {
    /// No session came about: nobody answered, or the server did not let us in.
    case notConnected(reason: String)
    /// The session is gone; whether its last statement took effect is unknown.
    case connectionLost(reason: String)
    /// The server refused a statement, which had no effect.
    case server(ServerMessage)
    /// The session is not what it must be (a pooler, a setting that did not hold): nothing was sent but the question.
    case unfit(reason: String)
    /// The answer has not the form that was asked for.
    case unexpectedAnswer(String)

    package var description: String {
        switch self {
        case .notConnected(let reason), .unfit(let reason): reason
        case .connectionLost(let reason): "the connection was lost: \(reason)"
        case .server(let message): "\(message.primary) (SQLSTATE \(message.sqlState))"
        case .unexpectedAnswer(let what): "unexpected answer from the server: \(what)"
        }
    }

    /// The five-character code, where a server gave one.
    package var sqlState: String? {
        guard case .server(let message) = self else { return nil }
        return message.sqlState
    }
}
