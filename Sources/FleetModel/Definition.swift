/// How one object reads, in the words of the server that holds it.
package struct Definition: Sendable, Hashable {
    /// All that its fingerprint is of; may have several lines.
    package var text: String
    /// `the database's owner`, or the name of another role; nil where the kind has none.
    package var owner: String?
    /// Who may what; nil where the kind has no privileges.
    package var grants: String?

    package init(text: String, owner: String? = nil, grants: String? = nil) {
        self.text = text
        self.owner = owner
        self.grants = grants
    }
}

/// Of which state of a schema definitions are: databases in one state have the same.
package struct DefinitionKey: Sendable, Hashable {
    package var major: Int
    package var fingerprint: Fingerprint
    /// Nil where owners and privileges are not asked about.
    package var privileges: Fingerprint?

    package init(major: Int, fingerprint: Fingerprint, privileges: Fingerprint? = nil) {
        self.major = major
        self.fingerprint = fingerprint
        self.privileges = privileges
    }
}

/// What a plan wants to show and nobody has asked a server yet.
package struct DefinitionNeed: Sendable, Hashable {
    package enum Source: Sendable, Hashable {
        /// A database in this state, one for all that are in it.
        case database(instance: String, name: String)
        /// Scratch, after the first `count` migrations of a replay.
        case replay(ReplayRequest, count: Int)
    }

    package var key: DefinitionKey
    package var source: Source
    /// Sorted.
    package var objects: [ObjectID]

    package init(key: DefinitionKey, source: Source, objects: [ObjectID]) {
        self.key = key
        self.source = source
        self.objects = objects
    }
}

/// What servers and scratch answered to the needs of a plan.
package typealias Definitions = [DefinitionKey: [ObjectID: Definition]]
