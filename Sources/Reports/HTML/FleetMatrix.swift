internal import FleetModel

/// Instances × databases, all environments side by side; databases that stand alike everywhere are one row.
struct FleetMatrix {
    struct Column {
        var environment: String
        var instance: PlannedInstance
    }

    /// What is to be seen of a database in a cell.
    struct Cell: Hashable {
        var status: DatabaseStatus
        var className: String?
        var observed: String?
        var expected: String?
        var cohort: String?

        init(_ database: PlannedDatabase) {
            status = database.status
            className = database.className
            observed = database.observedVersion
            expected = database.expectedVersion
            cohort = database.cohort
        }
    }

    struct Row {
        var names: [String]
        /// One for each column.
        var cells: [Cell?]

        var classNames: [String] {
            var seen: Set<String> = []
            return cells.compactMap { $0?.className }.filter { seen.insert($0).inserted }
        }

        fileprivate var rank: Int { cells.compactMap { $0?.status.rank }.min() ?? 9 }
    }

    /// As many columns as can be read side by side.
    struct Block {
        var columns: [Column]
        var rows: [Row]
    }

    /// An environment on so many instances that they are the rows.
    struct Tall {
        var environment: EnvironmentPlan
        var statuses: [DatabaseStatus]
        var counts: [String: [DatabaseStatus: Int]]
    }

    enum Part {
        case block(Block)
        case tall(Tall)
    }

    let parts: [Part]

    private static let mostColumns = 8
    /// Fewer that stand alike are each a row: naming them is as short.
    private static let fewest = 4

    init(_ environments: [EnvironmentPlan]) {
        var parts: [Part] = []
        var beside: [EnvironmentPlan] = []
        func flush() {
            if !beside.isEmpty { parts.append(.block(Self.block(beside))) }
            beside = []
        }
        for environment in environments where !environment.instances.isEmpty {
            if environment.instances.count > Self.mostColumns {
                flush()
                parts.append(.tall(Self.tall(environment)))
                continue
            }
            let taken = beside.reduce(0) { $0 + $1.instances.count }
            if taken + environment.instances.count > Self.mostColumns { flush() }
            beside.append(environment)
        }
        flush()
        self.parts = parts
    }

    private static func block(_ environments: [EnvironmentPlan]) -> Block {
        var columns: [Column] = []
        var positions: [[String]: Int] = [:]
        for environment in environments {
            for instance in environment.instances {
                positions[[environment.name, instance.name]] = columns.count
                columns.append(Column(environment: environment.name, instance: instance))
            }
        }
        // By bytes: two names that only look alike are two databases.
        var order: [(name: String, bytes: [UInt8])] = []
        var cells: [[UInt8]: [Cell?]] = [:]
        for environment in environments {
            for database in environment.databases {
                guard let position = positions[[environment.name, database.instance]] else { continue }
                let bytes = Array(database.name.utf8)
                if cells[bytes] == nil { order.append((database.name, bytes)) }
                cells[bytes, default: Array(repeating: nil, count: columns.count)][position] = Cell(database)
            }
        }
        var alike: [[Cell?]: Int] = [:]
        var groups: [Row] = []
        for (name, bytes) in order {
            let row = cells[bytes] ?? []
            if let position = alike[row] {
                groups[position].names.append(name)
            } else {
                alike[row] = groups.count
                groups.append(Row(names: [name], cells: row))
            }
        }
        let rows = groups.flatMap { group in
            group.names.count < fewest ? group.names.map { Row(names: [$0], cells: group.cells) } : [group]
        }
        // What needs a person comes first, else the order of the manifests stays.
        let sorted = rows.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
        return Block(columns: columns, rows: sorted.map(\.element))
    }

    private static func tall(_ environment: EnvironmentPlan) -> Tall {
        var counts: [String: [DatabaseStatus: Int]] = [:]
        for database in environment.databases {
            counts[database.instance, default: [:]][database.status, default: 0] += 1
        }
        let present = Set(environment.databases.map(\.status))
        return Tall(
            environment: environment,
            statuses: DatabaseStatus.allCases.filter(present.contains).sorted { $0.rank < $1.rank },
            counts: counts
        )
    }
}
