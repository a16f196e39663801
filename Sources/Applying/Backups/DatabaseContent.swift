package import FleetModel

#if MUTATIONS
internal import Effects
#endif

/// What rows a database holds, as far as they can be told apart without reading them twice.
package struct DatabaseContent: Sendable, Hashable {
    /// Two hashes of one known text: an answer without them measured nothing, and where they differ between two servers
    /// their other hashes cannot be compared.
    package var probe: [String]
    /// Ordinary tables and leaf partitions, sorted.
    package var tables: [TableContent]
    package var sequences: [SequenceContent]
    package var largeObjects: LargeObjectContent

    package init(
        probe: [String],
        tables: [TableContent],
        sequences: [SequenceContent],
        largeObjects: LargeObjectContent
    ) {
        self.probe = probe
        self.tables = tables
        self.sequences = sequences
        self.largeObjects = largeObjects
    }
}

/// A count and two sums of hashes over all rows as text: sums, so that neither order nor pairs of equal rows deceive.
package struct TableContent: Sendable, Hashable {
    package var name: TableName
    package var rows: Int64
    package var hashes: [String]

    package init(name: TableName, rows: Int64, hashes: [String]) {
        self.name = name
        self.rows = rows
        self.hashes = hashes
    }
}

package struct SequenceContent: Sendable, Hashable {
    package var name: TableName
    package var lastValue: Int64
    package var isCalled: Bool
    package var increment: Int64
    package var cycles: Bool

    package init(name: TableName, lastValue: Int64, isCalled: Bool, increment: Int64, cycles: Bool) {
        self.name = name
        self.lastValue = lastValue
        self.isCalled = isCalled
        self.increment = increment
        self.cycles = cycles
    }

    /// Whether this one, read later, may be that one gone on: sequences do not heed snapshots.
    func goesOn(from earlier: SequenceContent) -> Bool {
        if cycles { return true }
        if lastValue == earlier.lastValue { return isCalled || !earlier.isCalled }
        return increment > 0 ? lastValue > earlier.lastValue : lastValue < earlier.lastValue
    }
}

package struct LargeObjectContent: Sendable, Hashable {
    package var count: Int64
    package var hashes: [String]
    /// Sums over whose each is and who may do what with it; nil where an older receipt does not tell.
    package var privileges: [String]?

    package init(count: Int64, hashes: [String], privileges: [String]?) {
        self.count = count
        self.hashes = hashes
        self.privileges = privileges
    }

    /// Whether the objects are the same, whoever they belong to.
    func holdsTheSame(as other: Self) -> Bool { count == other.count && hashes == other.hashes }
}

/// One way in which a copy is not what was backed up.
package enum ContentDifference: Sendable, Hashable {
    /// A side without a proper answer: nothing equals it, not even another such side.
    case notMeasured(String)
    case tableMissing(TableName)
    case tableUnexpected(TableName)
    case rowCount(TableName, expected: Int64, found: Int64)
    case rows(TableName)
    case sequence(TableName)
    case largeObjects
    /// Their owners, or who may do what with them.
    case largeObjectPrivileges
    case schema(expected: Fingerprint, found: Fingerprint)
    /// An object's owner, or who may do what with it.
    case privileges(ObjectID)
    case columnOrder
}

extension DatabaseContent {
    /// All ways in which `copy` is not this; none means equal, and that both were really measured.
    package func differences(in copy: DatabaseContent) -> [ContentDifference] {
        var all: [ContentDifference] = []
        for (side, content) in [("the recorded content", self), ("the copy's content", copy)]
        where !content.isWellFormed {
            all.append(.notMeasured(side))
        }
        guard all.isEmpty else { return all }
        guard probe == copy.probe else {
            return [.notMeasured("the two servers hash differently, so the copy's content")]
        }
        all += Self.pair(tables, copy.tables, by: \.name).flatMap { name, mine, theirs -> [ContentDifference] in
            guard let mine else { return [.tableUnexpected(name)] }
            guard let theirs else { return [.tableMissing(name)] }
            if mine.rows != theirs.rows { return [.rowCount(name, expected: mine.rows, found: theirs.rows)] }
            return mine.hashes == theirs.hashes ? [] : [.rows(name)]
        }
        all += Self.pair(sequences, copy.sequences, by: \.name).compactMap { name, mine, theirs in
            guard let mine, let theirs, theirs.goesOn(from: mine) else { return .sequence(name) }
            return nil
        }
        if !largeObjects.holdsTheSame(as: copy.largeObjects) {
            all.append(.largeObjects)
        } else if let mine = largeObjects.privileges, mine != copy.largeObjects.privileges {
            all.append(.largeObjectPrivileges)
        }
        return all
    }

    /// Whether every part was answered: hashes are decimal numbers, two of each.
    package var isWellFormed: Bool {
        #if MUTATIONS
        if Mutation.emptyEqualsEmpty.isOn { return true }
        #endif
        func areHashes(_ hashes: [String]) -> Bool {
            hashes.count == 2
                && hashes.allSatisfy { hash in
                    let digits = hash.hasPrefix("-") ? hash.dropFirst() : hash[...]
                    return !digits.isEmpty && digits.utf8.allSatisfy { (48...57).contains($0) }
                }
        }
        return areHashes(probe) && !probe.contains("0") && tables.allSatisfy { areHashes($0.hashes) }
            && areHashes(largeObjects.hashes) && largeObjects.privileges.map(areHashes) != false
    }

    /// By the names' bytes: Swift holds two spellings of one letter for equal, a server does not.
    private static func pair<Item>(
        _ left: [Item],
        _ right: [Item],
        by name: (Item) -> TableName
    ) -> [(TableName, Item?, Item?)] {
        func index(_ items: [Item]) -> [[UInt8]: Item] {
            Dictionary(items.map { (name($0).bytes, $0) }) { first, _ in first }
        }
        let (mine, theirs) = (index(left), index(right))
        let names = Dictionary((left + right).map { (name($0).bytes, name($0)) }) { first, _ in first }
        return names.sorted { $0.value < $1.value }.map { ($0.value, mine[$0.key], theirs[$0.key]) }
    }
}

extension TableName {
    /// No name holds a NUL.
    var bytes: [UInt8] { Array(schema.utf8) + [0] + Array(name.utf8) }
}

extension ContentDifference: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notMeasured(let what): "\(what) was not measured"
        case .tableMissing(let name): "table \"\(name)\" is missing"
        case .tableUnexpected(let name): "table \"\(name)\" should not be there"
        case .rowCount(let name, let expected, let found): "table \"\(name)\" has \(found) rows instead of \(expected)"
        case .rows(let name): "table \"\(name)\" has other rows"
        case .sequence(let name): "sequence \"\(name)\" is missing or behind"
        case .largeObjects: "the large objects differ"
        case .largeObjectPrivileges: "large objects have other owners or privileges"
        case .privileges(let id): "\(id) has another owner or other privileges"
        case .schema(let expected, let found): "the schema is \(found.short) instead of \(expected.short)"
        case .columnOrder: "the columns are in another order"
        }
    }
}
