package import FleetModel

/// A class as its migrations make it: what it owns, and how it looks at each version.
package struct ClassShape: Sendable {
    package var name: String
    /// Tables at any version.
    package var tables: Set<TableName>
    /// Tables at the newest version.
    package var newest: Set<TableName>
    /// The states that its versions lead to, in the folder's order, by major.
    package var states: [Int: [State]]

    package struct State: Sendable {
        /// The tag of the version's last migration.
        package var version: String
        package var fingerprint: Fingerprint
        package var tables: Set<TableName>

        package init(version: String, fingerprint: Fingerprint, tables: Set<TableName>) {
            self.version = version
            self.fingerprint = fingerprint
            self.tables = tables
        }
    }

    package init(name: String, tables: Set<TableName>, newest: Set<TableName>, states: [Int: [State]] = [:]) {
        self.name = name
        self.tables = tables
        self.newest = newest
        self.states = states
    }
}

extension ClassShape {
    /// The version whose tables differ least from those that are there, the newest of several.
    package func nearest(to tables: [TableName]) -> String? {
        let held = Set(tables).intersection(self.tables)
        let known = states.max { $0.key < $1.key }?.value ?? []
        var best: (version: String, difference: Int)?
        for state in known {
            let difference = state.tables.symmetricDifference(held).count
            if best.map({ difference <= $0.difference }) ?? true { best = (state.version, difference) }
        }
        return best?.version
    }
}

/// Of which class a database seems to be.
package enum Likeness: Sendable, Hashable {
    /// Nothing is known of it, or nothing fits.
    case none
    /// It holds no table.
    case empty
    /// Its schema is exactly that of a version.
    case exact(className: String, version: String)
    /// It holds so many of the class's tables and so many that are nobody's.
    case likely(className: String, held: Int, of: Int, strange: Int)
    /// It holds tables that only one class has and tables that only another has; the class with the most comes first.
    case mixture([Share])

    package struct Share: Sendable, Hashable {
        package var className: String
        package var tables: Int

        package init(className: String, tables: Int) {
            self.className = className
            self.tables = tables
        }
    }

    package var className: String? {
        switch self {
        case .none, .empty: nil
        case .exact(let name, _), .likely(let name, _, _, _): name
        case .mixture(let shares): shares.first?.className
        }
    }

    /// Holds a database against every class.
    package init(tables: [TableName], fingerprint: Fingerprint, major: Int, classes: [ClassShape]) {
        guard !tables.isEmpty else {
            self = .empty
            return
        }
        let held = Set(tables)
        for shape in classes where !shape.newest.isEmpty {
            if let state = shape.states[major]?.last(where: { $0.fingerprint == fingerprint }) {
                self = .exact(className: shape.name, version: state.version)
                return
            }
        }
        let shares = classes.map { shape -> (shape: ClassShape, own: Int, held: Int) in
            let others = classes.filter { $0.name != shape.name }
            let own = held.intersection(shape.tables).count { table in !others.contains { $0.tables.contains(table) } }
            return (shape, own, held.intersection(shape.tables).count)
        }.filter { $0.held > 0 }.sorted { left, right in
            (left.own, left.held, right.shape.name) > (right.own, right.held, left.shape.name)
        }
        let mixed = shares.filter { $0.own > 0 }
        if mixed.count > 1 {
            self = .mixture(mixed.map { Share(className: $0.shape.name, tables: $0.own) })
        } else if let best = shares.first {
            self = .likely(
                className: best.shape.name,
                held: best.held,
                of: best.shape.newest.count,
                strange: held.subtracting(best.shape.tables).count
            )
        } else {
            self = .none
        }
    }
}
