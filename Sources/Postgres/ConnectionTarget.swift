internal import CLibPQ

/// Where to connect to: libpq's keywords and values, the secret apart so that it can never be printed.
package struct ConnectionTarget: Sendable {
    package var parameters: [(keyword: String, value: String)]
    /// The database's name, which replaces the `dbname` of the parameters.
    ///
    /// Passed as a bare name: libpq expands a conninfo string only where asked to.
    package var database: String
    package var password: Secret?
    /// What keeps the way open, where it leads over others; the parameters then name its local end.
    package var way: (any ConnectionWay)?
    /// When the server that is meant was started, as it says: another one that answers at the address is refused.
    ///
    /// Nil where any server may answer. A copy of a server's files has the system identifier, the timeline and the OIDs
    /// of the one it was copied from; the microsecond in which it was started it has not.
    package var startedAt: String?

    package init(
        parameters: [(keyword: String, value: String)],
        database: String,
        password: Secret? = nil,
        way: (any ConnectionWay)? = nil
    ) {
        self.parameters = parameters
        self.database = database
        self.password = password
        self.way = way
    }

    package func with(database: String) -> ConnectionTarget {
        var target = self
        target.database = database
        return target
    }
}

extension ConnectionTarget {
    /// The same address, where from now on only the server that was started at that moment may answer.
    package func pinned(to startedAt: String) -> ConnectionTarget {
        var target = self
        target.startedAt = startedAt
        return target
    }
}

extension ConnectionTarget {
    /// What libpq reads in a URL, or in a line of keywords and values; nil where it can read neither.
    ///
    /// Read here and passed on word by word: a connection itself expands nothing.
    package init?(reading text: String) {
        var reason: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(text, &reason) else {
            PQfreemem(reason)
            return nil
        }
        defer { PQconninfoFree(options) }
        self.init(parameters: [], database: "postgres")
        var option = options
        while let keyword = option.pointee.keyword.map({ String(cString: $0) }) {
            if let value = option.pointee.val.map({ String(cString: $0) }) {
                switch keyword {
                case "dbname": database = value
                case "password": password = Secret(value)
                default: parameters.append((keyword, value))
                }
            }
            option += 1
        }
    }
}

/// A way to a server that libpq cannot go by itself.
package protocol ConnectionWay: AnyObject, Sendable {
    /// How long connecting may take: programs are started on the way, many at a time perhaps.
    var timeLimit: Duration { get }
    /// Sees to it, as far as it can, that the next connection gets through.
    func prepare() async
    /// Why a connection was not made, in the way's own words where it knows better than libpq.
    func explain(_ reason: String) async -> String
}

/// A secret that no print, log or encoder can get at.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    package init(_ value: String) {
        self.value = value
    }

    package var description: String { "<secret>" }
    package var debugDescription: String { "<secret>" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// The one way to it.
    package func reveal<Result>(_ body: (String) throws -> Result) rethrows -> Result { try body(value) }
}
