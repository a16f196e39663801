internal import CLibPQ
internal import Glibc

/// An open libpq connection: one owner, closed exactly once.
struct Connection: ~Copyable {
    let handle: OpaquePointer

    /// Connects and waits.
    ///
    /// See <https://www.postgresql.org/docs/current/libpq-connect.html>.
    init(_ keywordsAndValues: [(String, String)]) throws(PostgresError) {
        let keywords = CStrings(keywordsAndValues.map(\.0))
        let values = CStrings(keywordsAndValues.map(\.1))
        // 0: a database's name is a name, even where it reads like `dbname=x host=y`.
        guard let handle = PQconnectdbParams(keywords.pointers, values.pointers, 0) else {
            throw .notConnected(reason: "out of memory")
        }
        guard PQstatus(handle) == CONNECTION_OK else {
            let reason = String(cString: PQerrorMessage(handle)).trimmed
            PQfinish(handle)
            throw .notConnected(reason: reason)
        }
        // libpq would print what a server remarks, as it stands: a tenant's function may remark what moves a terminal.
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        self.handle = handle
    }

    deinit { PQfinish(handle) }

    var errorMessage: String { String(cString: PQerrorMessage(handle)).trimmed }
    var isGood: Bool { PQstatus(handle) == CONNECTION_OK }
    var backendPID: Int { Int(PQbackendPID(handle)) }
    var usesTLS: Bool { PQsslInUse(handle) == 1 }
    var serverVersion: Int { Int(PQserverVersion(handle)) }
    /// As the server writes it.
    var serverVersionText: String { PQparameterStatus(handle, "server_version").map { String(cString: $0) } ?? "" }

    /// Whether the server says a transaction is open.
    var isInTransaction: Bool {
        let status = PQtransactionStatus(handle)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    /// Sends a query string and takes every answer; the first error is thrown once all answers are read.
    ///
    /// What the statements before the error answered goes to `partial`.
    func simpleQuery(_ text: String, partial: (Answer) -> Void) throws(PostgresError) {
        guard PQsendQuery(handle, text) == 1 else { throw .connectionLost(reason: errorMessage) }
        try takeAnswers(partial)
    }

    /// Sends one statement with text parameters by the extended protocol, which refuses two statements.
    func extendedQuery(_ text: String, _ parameters: [String?], partial: (Answer) -> Void) throws(PostgresError) {
        let values = CStrings(optional: parameters)
        guard PQsendQueryParams(handle, text, CInt(parameters.count), nil, values.pointers, nil, nil, 0) == 1 else {
            throw .connectionLost(reason: errorMessage)
        }
        try takeAnswers(partial)
    }

    /// Feeds a `COPY … FROM stdin` that is the whole of `text`.
    func copyIn(_ text: String, data: some Sequence<UInt8>) throws(PostgresError) {
        guard PQsendQuery(handle, text) == 1 else { throw .connectionLost(reason: errorMessage) }
        var bytes = Array(data).map { CChar(bitPattern: $0) }
        var failure: PostgresError?
        while let result = Result(PQgetResult(handle)) {
            switch PQresultStatus(result.pointer) {
            case PGRES_COPY_IN:
                if !bytes.isEmpty { PQputCopyData(handle, &bytes, CInt(bytes.count)) }
                PQputCopyEnd(handle, nil)
            case PGRES_COMMAND_OK: break
            default: if failure == nil { failure = error(of: result) }
            }
        }
        if let failure { throw failure }
        if !isGood { throw .connectionLost(reason: errorMessage) }
    }

    private func takeAnswers(_ partial: (Answer) -> Void) throws(PostgresError) {
        var failure: PostgresError?
        var endsCopy = false
        while let result = Result(PQgetResult(handle)) {
            switch PQresultStatus(result.pointer) {
            case PGRES_TUPLES_OK: partial(.rows(result.rows))
            // The tag that closes a COPY belongs to the answer its lines made.
            case PGRES_COMMAND_OK where endsCopy: endsCopy = false
            case PGRES_COMMAND_OK: partial(.done(tag: String(cString: PQcmdStatus(result.pointer))))
            case PGRES_EMPTY_QUERY: partial(.done(tag: ""))
            case PGRES_COPY_OUT:
                partial(.copy(copyOut()))
                endsCopy = true
            case PGRES_COPY_IN:
                // Nobody asked for it: end it at once, the server answers with an error.
                PQputCopyEnd(handle, "no data was to be sent")
            default: if failure == nil { failure = error(of: result) }
            }
        }
        if let failure { throw failure }
        if !isGood { throw .connectionLost(reason: errorMessage) }
    }

    private func copyOut() -> [UInt8] {
        var all: [UInt8] = []
        var line: UnsafeMutablePointer<CChar>?
        while true {
            let count = PQgetCopyData(handle, &line, 0)
            guard count > 0, let bytes = line else { return all }
            all.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: Int(count)))
            PQfreemem(bytes)
        }
    }

    /// What a server says, up to a length that can be read: a tenant's function may raise an error of any size, which would
    /// go into outputs and the journal.
    private static func shortened(_ text: UnsafePointer<CChar>) -> String {
        let limit = 4096
        let length = strnlen(text, limit + 1)
        guard length > limit else { return String(cString: text) }
        let bytes = UnsafeRawBufferPointer(start: text, count: limit)
        // What the cut leaves of a character is none.
        return String(String(decoding: bytes, as: UTF8.self).prefix { $0 != "\u{FFFD}" }) + "…"
    }

    private func error(of result: borrowing Result) -> PostgresError {
        guard isGood else { return .connectionLost(reason: errorMessage) }
        func field(_ code: Character) -> String? {
            code.asciiValue.flatMap { PQresultErrorField(result.pointer, CInt($0)) }.map { Self.shortened($0) }
        }
        // Field codes: <https://www.postgresql.org/docs/current/protocol-error-fields.html>.
        guard let sqlState = field("C") else { return .connectionLost(reason: errorMessage) }
        return .server(
            ServerMessage(
                severity: field("V") ?? "ERROR",
                sqlState: sqlState,
                primary: field("M") ?? "",
                detail: field("D"),
                hint: field("H"),
                position: field("P").flatMap(Int.init)
            )
        )
    }
}

/// One answer of the server: one owner, freed exactly once.
private struct Result: ~Copyable {
    let pointer: OpaquePointer

    init?(_ pointer: OpaquePointer?) {
        guard let pointer else { return nil }
        self.pointer = pointer
    }

    deinit { PQclear(pointer) }

    var rows: Rows {
        let width = PQnfields(pointer)
        let columns = (0..<width).map { String(cString: PQfname(pointer, $0)) }
        let values = (0..<PQntuples(pointer)).map { row in
            (0..<width).map { column -> String? in
                guard PQgetisnull(pointer, row, column) == 0, let value = PQgetvalue(pointer, row, column) else {
                    return nil
                }
                let length = Int(PQgetlength(pointer, row, column))
                return String(decoding: UnsafeRawBufferPointer(start: value, count: length), as: UTF8.self)
            }
        }
        return Rows(columns: columns, values: values)
    }
}

/// C strings that live as long as this value; the list ends with a null pointer.
private final class CStrings {
    let pointers: [UnsafePointer<CChar>?]

    convenience init(_ strings: [String]) {
        self.init(optional: strings)
    }

    init(optional strings: [String?]) {
        pointers = strings.map { string in string.map { UnsafePointer(duplicate($0)) } } + [nil]
    }

    deinit { for case let pointer? in pointers { pointer.deallocate() } }
}

private func duplicate(_ string: String) -> UnsafeMutablePointer<CChar> {
    let bytes = Array(string.utf8CString)
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    copy.initialize(from: bytes, count: bytes.count)
    return copy
}

extension String {
    fileprivate var trimmed: String {
        var text = Substring(self)
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
