/// A name compared byte by byte, as the server does: Swift calls two strings equal that are spelled with other characters.
package struct ExactName: Sendable, Hashable, Comparable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    package static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }
}

/// One database of an environment: which instance, which name.
package struct DatabaseKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let instance: String
    package let database: String

    package init(instance: String, database: String) {
        self.instance = instance
        self.database = database
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.instance == right.instance && ExactName(left.database) == ExactName(right.database)
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.instance == right.instance
            ? ExactName(left.database) < ExactName(right.database)
            : ExactName(left.instance) < ExactName(right.instance)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(instance)
        hasher.combine(ExactName(database))
    }

    /// Without a database it is the instance that is meant.
    package var description: String { database.isEmpty ? instance : "\(instance)/\(database)" }
}
