internal import FleetModel
internal import Migrations

/// The rows of one class.
struct ClassComparison {
    let className: String
    let columns: [String]
    /// Code and migrations on the major that they are shown on.
    let shown: [ComparisonSide]
    /// What says what should be: code, then migrations, on every major.
    let references: [ComparisonSide]
    /// In the order of the columns.
    let cohorts: [ComparisonSide]
    /// The table of each object that lives in one or follows one, as far as that is known.
    let homes: [ObjectID: ObjectID]
    /// Tables of other classes.
    let strangers: [ObjectID: String]
    /// The folder's newest.
    let newest: String?

    /// A database that does not exist lacks nothing but itself, which the class's own row says.
    private var sides: [ComparisonSide] {
        let existing = Set(cohorts.filter(\.exists).map(\.column))
        return shown + cohorts.filter { $0.exists || !existing.contains($0.column) }
    }

    func rows() -> [Comparison.Row] {
        let tables = allTables()
        var parts: [ObjectID: [ObjectID]] = [:]
        var others: [ObjectID] = []
        let objects = allObjects()
        for object in objects where !object.isTable {
            if let table = object.split(among: tables)?.table ?? homes[object] ?? likelyHome(object, tables) {
                if tables.contains(table) { parts[table, default: []].append(object) }
            } else if object.kind != .column {
                // Columns of a view are the view's own.
                others.append(object)
            }
        }
        var rows = [classRow, migrationsRow(objects, tables)]
        for table in tables {
            let inside = (parts[table] ?? []).sorted().map { row($0, in: table) }
            rows.append(tableRow(table, parts[table] ?? []))
            rows += inside.map { part in
                var part = part
                // Where the whole table is missing or does not belong, its parts need no row of their own.
                part.differs = part.differs && !isUnexpected(table)
                part.isExempt = part.isExempt && !isUnexpected(table)
                return part
            }
        }
        return rows + others.sorted().map { row($0, in: nil) }
    }

    // MARK: what there is

    private func allTables() -> [ObjectID] { Set((sides + references).flatMap(\.tables)).sorted() }

    private func allObjects() -> Set<ObjectID> {
        (sides + references).reduce(into: []) { all, side in
            switch side.content {
            case .catalog(let objects, _, _): all.formUnion(objects.keys)
            case .names(_, let objects): all.formUnion(objects)
            case .nothing, .unknown: break
            }
        }
    }

    private func likelyHome(_ object: ObjectID, _ tables: [ObjectID]) -> ObjectID? {
        guard object.kind == .index || object.kind == .sequence else { return nil }
        return tables.filter { object.isLikelyCompanion(of: $0) }.max { $0.name.utf8.count < $1.name.utf8.count }
    }

    /// Whether nobody who says what should be there has it, and somebody says so.
    private func isUnexpected(_ object: ObjectID, in table: ObjectID? = nil) -> Bool {
        let said = references.map { $0.has(object, in: table) }
        return !said.contains(true) && said.contains(false)
    }

    // MARK: rows

    private func row(_ object: ObjectID, in table: ObjectID?) -> Comparison.Row {
        let isUnexpected = isUnexpected(object, in: table)
        let states = sides.map { state(object, in: table, on: $0, isUnexpected: isUnexpected) }
        var departs = false
        var isExempt = false
        for (side, state) in zip(sides, states) {
            // What lacks the table lacks its parts, and that is said once.
            guard side.exists, table.map({ side.has($0, in: nil) == true }) ?? true,
                state == .differs || state == (isUnexpected ? .present : .missing)
            else { continue }
            if side.exempt.contains(object) { isExempt = true } else { departs = true }
        }
        return Comparison.Row(
            className: className,
            component: table.map {
                object.isPart(of: $0) ? String(object.name.dropFirst($0.name.count + 1)) : object.name
            }
                ?? object.qualifiedName,
            kind: object.kind.rawValue,
            table: table?.qualifiedName,
            cells: cells(states, isUnexpected: isUnexpected),
            isUnexpected: isUnexpected,
            belongsTo: isUnexpected ? strangers[object] : nil,
            differs: departs,
            isExempt: isExempt
        )
    }

    /// How an object stands on a side; unknown where nothing on the side's major says what should be there.
    private func state(
        _ object: ObjectID,
        in table: ObjectID?,
        on side: ComparisonSide,
        isUnexpected: Bool
    ) -> Comparison.State {
        let state = Comparison.State(object, in: table, on: side, against: references + cohorts)
        // Constraints that one major names the other does not.
        guard isUnexpected ? state == .present : state == .missing && object.kind == .constraint,
            case .catalog = side.content, !references.contains(where: { $0.judges(object, in: table, on: side) })
        else { return state }
        return .unknown
    }

    private func tableRow(_ table: ObjectID, _ parts: [ObjectID]) -> Comparison.Row {
        let isUnexpected = isUnexpected(table)
        let states = sides.map { side -> Comparison.State in
            let own = state(table, in: nil, on: side, isUnexpected: isUnexpected)
            guard own == .present, !isUnexpected else { return own }
            let differs = parts.contains { part in
                guard !side.exempt.contains(part), let has = side.has(part, in: table),
                    state(part, in: table, on: side, isUnexpected: self.isUnexpected(part, in: table)) != .unknown
                else { return false }
                // What the code says decides, and where it says nothing the migrations.
                let wanted = shown.lazy.compactMap { $0.has(part, in: table) }.first ?? true
                return has != wanted
                    || Comparison.State(part, in: table, on: side, against: references + cohorts) == .differs
            }
            return differs ? .differs : .present
        }
        let departures = zip(sides, states).filter { side, state in
            side.exists && (isUnexpected ? state == .present : state == .differs || state == .missing)
        }.map(\.0)
        return Comparison.Row(
            className: className,
            component: table.qualifiedName,
            kind: table.kind.rawValue,
            table: nil,
            cells: cells(states, isUnexpected: isUnexpected),
            isUnexpected: isUnexpected,
            belongsTo: isUnexpected ? strangers[table] : nil,
            differs: departures.contains { !$0.exempt.contains(table) },
            isExempt: departures.contains { $0.exempt.contains(table) }
        )
    }

    private var classRow: Comparison.Row {
        let all = shown + cohorts
        let states = all.map { side -> Comparison.State in
            switch side.content {
            case .catalog, .names: .present
            case .nothing: .missing
            case .unknown: .unknown
            }
        }
        var cells = cells(of: all, states, isUnexpected: false)
        for column in columns {
            let counts = all.filter { $0.column == column && $0.isKnown && $0.exists }.map(\.tables.count)
            cells[column]?.values = Set(counts).sorted().map(String.init)
        }
        let numbers = Set(columns.flatMap { cells[$0]?.values ?? [] })
        return Comparison.Row(
            className: className,
            component: className,
            kind: "class",
            table: nil,
            cells: cells,
            isUnexpected: false,
            belongsTo: nil,
            differs: numbers.count > 1 || states.contains(.missing)
        )
    }

    private func migrationsRow(_ objects: Set<ObjectID>, _ tables: [ObjectID]) -> Comparison.Row {
        let states = sides.map { side -> Comparison.State in
            guard side.isKnown else { return .unknown }
            switch side.column {
            case Comparison.migrations: return newest == nil ? .missing : .present
            case Comparison.code:
                let ahead = objects.contains { object in
                    let home = object.split(among: tables)?.table
                    // Columns of a view are the view's own.
                    guard object.kind != .column || home != nil else { return false }
                    return shown.contains {
                        guard !$0.exempt.contains(object) else { return false }
                        let state = Comparison.State(object, in: home, on: $0, against: references)
                        return state == .missing || state == .differs
                    }
                }
                return shown.allSatisfy(\.isKnown) ? (ahead ? .differs : .present) : .unknown
            default: return side.version == nil ? .missing : side.version == newest ? .present : .differs
            }
        }
        var cells = cells(states, isUnexpected: false)
        cells[Comparison.migrations]?.values = newest.map { [$0] } ?? []
        for column in columns where column != Comparison.code && column != Comparison.migrations {
            let versions = cohorts.filter { $0.column == column }.compactMap(\.version)
            cells[column]?.values = Set(versions).sorted()
        }
        return Comparison.Row(
            className: className,
            component: Comparison.migrations,
            kind: Comparison.migrations,
            table: nil,
            cells: cells,
            isUnexpected: false,
            belongsTo: nil,
            differs: states.contains { $0 == .missing || $0 == .differs }
        )
    }

    /// Folds the states of all sides of a column.
    private func cells(_ states: [Comparison.State], isUnexpected: Bool) -> [String: Comparison.Cell] {
        cells(of: sides, states, isUnexpected: isUnexpected)
    }

    private func cells(
        of sides: [ComparisonSide],
        _ states: [Comparison.State],
        isUnexpected: Bool
    ) -> [String: Comparison.Cell] {
        // What departs most from what should be comes first.
        let order: [Comparison.State] =
            isUnexpected ? [.present, .differs, .unknown, .missing] : [.missing, .differs, .unknown, .present]
        var cells: [String: Comparison.Cell] = [:]
        for (side, state) in zip(sides, states) {
            cells[side.column, default: Comparison.Cell(state: state, counts: [:])].counts[state, default: 0] +=
                side.count
        }
        for (column, cell) in cells { cells[column]?.state = order.first { cell.counts[$0] != nil } ?? .unknown }
        return cells
    }
}
