internal import FleetModel

extension Accounting {
    /// What each history row turned out to be.
    enum RowMatch: Equatable {
        case applied(Int)
        /// The migration ran with another text than its file has now.
        case edited(Int)
        /// A migration that another row says already.
        case repeated(Int)
        case unknown(String)
    }

    /// Counts up what rows, in the order they were written, and the folder's files say of each other.
    init(_ folder: MigrationFolder, matches: [RowMatch], upTo declared: Int, lastChange: Int64?) {
        self.init(lastChange: lastChange)
        var held: Set<Int> = []
        for match in matches {
            switch match {
            case .applied(let position):
                if held.insert(position).inserted { applied.append(position) }
            case .edited(let position):
                edited.append(position)
                // Its present text may have run as well.
                if held.insert(position).inserted { applied.append(position) }
            case .repeated(let position): repeated.append(position)
            case .unknown(let description): unknown.append(description)
            }
        }
        // What may run again has no place in the order.
        let versioned = applied.filter { !folder.migrations[$0].isRepeatable }
        let newest = versioned.max()
        pending = folder.migrations.indices.filter { $0 <= declared && !held.contains($0) }
        late = newest.map { newest in pending.filter { $0 < newest } } ?? []
        ahead = applied.filter { $0 > declared }.sorted()
        edited.sort()
        outOfOrder = zip(versioned, versioned.dropFirst()).contains { $0 > $1 }
        version = newest.map { folder.migrations[$0].tag }
    }
}
