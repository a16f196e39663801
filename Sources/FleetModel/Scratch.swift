/// A question to the scratch server: run these migrations of a class, in this order, on an empty database of this major.
package struct ReplayRequest: Sendable, Hashable {
    package var className: String
    package var major: Int
    /// Positions in the class's migration folder.
    package var sequence: [Int]
    /// The role that owns the databases in question; nil: the class's `create.owner`.
    package var owner: String?

    package init(className: String, major: Int, sequence: [Int], owner: String? = nil) {
        self.className = className
        self.major = major
        self.sequence = sequence
        self.owner = owner
    }
}

/// What scratch answered: the state before the first migration and after each, as far as it came.
package struct Replay: Sendable {
    /// The state after 0, 1, 2 … migrations of the sequence.
    package var states: [Catalog]
    /// What each migration that ran did, statement by statement; one fewer than `states`.
    package var migrations: [MeasuredMigration]
    package var end: End
    /// The line of the statement that failed, where one did.
    package var failureLine: Int?

    package enum End: Sendable, Hashable {
        case complete
        /// The migration at this place in the sequence failed: a fault of the migration.
        case failed(at: Int, message: String)
        /// Scratch cannot run the migration at this place (a missing extension, no server of the major): nothing can be said.
        case unassessed(at: Int, reason: String)
    }

    package init(states: [Catalog], migrations: [MeasuredMigration], end: End) {
        self.states = states
        self.migrations = migrations
        self.end = end
    }
}

/// What a migration did on scratch.
package struct MeasuredMigration: Sendable, Hashable {
    package var tag: String
    package var statements: [MeasuredStatement]
    /// Tables that existed before it and were renamed or moved by it, old name to new: what a later migration of the
    /// same plan calls the new name is the old one in a database that has not run this one yet.
    package var renamed: [TableName: TableName]

    package init(tag: String, statements: [MeasuredStatement], renamed: [TableName: TableName] = [:]) {
        self.tag = tag
        self.statements = statements
        self.renamed = renamed
    }
}

/// What one statement did on scratch.
package struct MeasuredStatement: Sendable, Hashable {
    package var sql: String
    /// The strongest lock held after it on each table that it locked, read or wrote anew, of those that existed before its
    /// migration began.
    ///
    /// One taken by a statement before counts too: it is held while this one works.
    package var locks: [TableLock]
    package var effects: Set<Effect>

    /// Facts, not judgements: planning turns them into hazards with the real tables' sizes.
    package enum Effect: Sendable, Hashable {
        /// The table's storage was written anew (`table_rewrite`, or a new relfilenode).
        case rewrites(TableName)
        /// The table was read as a whole under the statement's lock (validation of a constraint, …).
        case scans(TableName)
        case buildsIndex(TableName)
        case buildsIndexConcurrently(TableName)
        /// An object with content went away: a table, column, type, sequence, materialised view or schema.
        case drops(ObjectID)
        case deletes(TableName)
        case truncates(TableName)
        case updates(TableName)
        case inserts(TableName)
        /// It ran outside a transaction.
        case notTransactional
        /// Its effect on rows cannot be told (procedural code that writes rows).
        case opaque(String)
    }

    package init(sql: String, locks: [TableLock], effects: Set<Effect>) {
        self.sql = sql
        self.locks = locks
        self.effects = effects
    }
}
