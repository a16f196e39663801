/// A class's files and a database's history rows matched both ways, as sets.
package struct Accounting: Sendable, Hashable {
    /// Positions of the folder's migrations that the history holds, edited ones too, each once, in the history's order.
    package var applied: [Int]
    /// Positions not yet applied, up to and including the declared version, in the folder's order.
    package var pending: [Int]
    /// Of `pending`: those that stand in the folder before one that is applied (merged late).
    package var late: [Int]
    /// Of `applied`: those whose row is there with another hash, since the file was edited after it ran.
    package var edited: [Int]
    /// Of `applied`: those that the history holds once more, since two migrators ran at once; once for each further row.
    package var repeated: [Int]
    /// History rows that match no file: what a person can recognise of each.
    package var unknown: [String]
    /// What the format's own tool would refuse to go on from, such as a migration that failed half-way.
    package var unfinished: [Unfinished]
    /// Of `pending`: those that the format's own tool passes over for ever on this history.
    package var passedOver: [Int]
    /// Of `applied`: those that the format's own tool would run again, since it does not find them by their name.
    package var unnamed: [Int]
    /// What brings the history table up to date before the next row is written, as a reader of the plan is shown it.
    package var upgrade: [String]
    /// Of `pending`: those that ran before and run again, since their file changed.
    package var repeating: [Int]
    /// Applied positions beyond the declared version.
    package var ahead: [Int]
    /// Whether the applied ones ran in another order than the folder's.
    package var outOfOrder: Bool
    /// Tag of the newest applied migration in the folder's order; nil where none is.
    package var version: String?
    /// Milliseconds since 1970: the newest time the history knows.
    package var lastChange: Int64?

    /// A history row that says that a migration did not come to its end.
    package struct Unfinished: Sendable, Hashable {
        /// What a person can recognise of it: a tag, or the row.
        package var object: String
        package var message: String
        /// How the tool's own user would put it right.
        package var hint: String

        package init(object: String, message: String, hint: String) {
            self.object = object
            self.message = message
            self.hint = hint
        }
    }

    package init(
        applied: [Int] = [],
        pending: [Int] = [],
        late: [Int] = [],
        edited: [Int] = [],
        repeated: [Int] = [],
        unknown: [String] = [],
        unfinished: [Unfinished] = [],
        passedOver: [Int] = [],
        unnamed: [Int] = [],
        upgrade: [String] = [],
        repeating: [Int] = [],
        ahead: [Int] = [],
        outOfOrder: Bool = false,
        version: String? = nil,
        lastChange: Int64? = nil
    ) {
        self.applied = applied
        self.pending = pending
        self.late = late
        self.edited = edited
        self.repeated = repeated
        self.unknown = unknown
        self.unfinished = unfinished
        self.passedOver = passedOver
        self.unnamed = unnamed
        self.upgrade = upgrade
        self.repeating = repeating
        self.ahead = ahead
        self.outOfOrder = outOfOrder
        self.version = version
        self.lastChange = lastChange
    }
}
