internal import FleetModel

/// A row of drizzle's history table, whichever version of drizzle made the table.
struct DrizzleRow {
    var id: String
    var hash: String
    /// The `when` of the journal's entry at the time of applying, or the time in the folder's name.
    var createdAt: Int64?
    /// The folder's name; nil where the table has no such column yet, empty where the row alone has none.
    var name: String?
    /// Milliseconds since 1970.
    var appliedAt: Int64?

    init(_ values: [String?]) {
        func value(_ place: Int) -> String? { values.indices.contains(place) ? values[place] : nil }
        id = value(0) ?? ""
        hash = value(1) ?? ""
        createdAt = value(2).flatMap { Int64($0) }
        name = value(3)
        appliedAt = value(4).flatMap { Int64($0) }
    }

    /// As drizzle's upgrade reads it: the name of a folder knows no milliseconds.
    var second: Int64? { createdAt.map { $0 / 1000 * 1000 } }

    var description: String {
        let time = createdAt.map { "created_at \($0)" } ?? "no created_at"
        let name = name.flatMap { $0.isEmpty ? nil : ", name \($0)" } ?? ""
        return "row \(id): hash \(hash.prefix(12)), \(time)\(name)"
    }

    /// Rows in the order in which they were written, with what an absent column and an absent name are told apart by.
    ///
    /// Sorted by number: as text 10 would come before 9.
    static func arranged(_ rows: [[String?]]) -> [[String?]] {
        let sorted = rows.sorted { ($0[0].flatMap { Int64($0) } ?? .max) < ($1[0].flatMap { Int64($0) } ?? .max) }
        // A row that drizzle 0.45 writes into a newer table has no name, but the time at which it ran.
        let isNamed = rows.contains { $0.count == 5 && ($0[3] != nil || $0[4] != nil) }
        return sorted.map { row in
            var row = row + [String?](repeating: nil, count: max(5 - row.count, 0))
            if isNamed { row[3] = row[3] ?? "" }
            row[4] = row[4].flatMap(HistoryTime.init).map { String($0.milliseconds) }
            return row
        }
    }
}

/// Which migrations a history's rows stand for.
struct DrizzleMatching {
    private(set) var matches: [Accounting.RowMatch]
    /// Migrations that ran, but of which drizzle 1.0 would not know it by the name.
    private(set) var unnamed: [Int] = []

    private let rows: [DrizzleRow]
    private let migrations: [Migration]
    private var found: [Accounting.RowMatch?]
    private var held: Set<Int> = []

    init(_ rows: [DrizzleRow], _ migrations: [Migration], layout: DrizzleLayout) {
        self.rows = rows
        self.migrations = migrations
        found = [Accounting.RowMatch?](repeating: nil, count: rows.count)
        matches = []
        switch layout {
        case .journal: matchByHash()
        case .folders: matchByName()
        }
        matches = zip(rows, found).map { row, match in match ?? .unknown(row.description) }
    }

    // MARK: first layout

    /// Both columns first, then the hash alone (the journal was written anew), then the time alone (the file was edited).
    private mutating func matchByHash() {
        let byHash = Dictionary(grouping: migrations.indices) { migrations[$0].sha256 }
        let byTime = Dictionary(grouping: migrations.indices) { migrations[$0].when }
        let byName = Dictionary(grouping: migrations.indices) { DrizzleLayout.name(of: migrations[$0]) }
        for (index, row) in rows.enumerated() {
            let exact = byHash[row.hash]?.filter { migrations[$0].when == row.createdAt }
            settle(index, { .applied($0) }, among: exact)
            if found[index] == nil, let position = exact?.first { found[index] = .repeated(position) }
        }
        for (index, row) in rows.enumerated() {
            settle(index, { .applied($0) }, among: byHash[row.hash])
        }
        for (index, row) in rows.enumerated() where row.createdAt != nil {
            settle(index, { .edited($0) }, among: byTime[row.createdAt])
        }
        for (index, row) in rows.enumerated() where found[index] == nil {
            if let position = byHash[row.hash]?.first {
                found[index] = .repeated(position)
            } else if row.createdAt != nil, let position = byTime[row.createdAt]?.first {
                found[index] = .edited(position)
            } else if let name = row.name, let position = byName[name]?.first {
                // drizzle 1.0 wrote it, from the folder that this file became elsewhere.
                found[index] = .edited(position)
                held.insert(position)
            }
        }
    }

    private mutating func settle(_ index: Int, _ match: (Int) -> Accounting.RowMatch, among candidates: [Int]?) {
        guard found[index] == nil, let position = candidates?.first(where: { !held.contains($0) }) else { return }
        held.insert(position)
        found[index] = match(position)
    }

    // MARK: second layout

    /// By the folder's name, as drizzle 1.0 does; a row without one as its upgrade of an old table names it: by the second,
    /// of several migrations with that second by the hash, and by the hash alone where no migration has it.
    private mutating func matchByName() {
        let byName = Dictionary(migrations.indices.map { (migrations[$0].tag, $0) }) { first, _ in first }
        let bySecond = Dictionary(grouping: migrations.indices) { migrations[$0].when }
        let byHash = Dictionary(grouping: migrations.indices) { migrations[$0].sha256 }
        for (index, row) in rows.enumerated() {
            guard let name = row.name, let position = byName[name] else { continue }
            take(index, position)
        }
        for (index, row) in rows.enumerated() where row.name?.isEmpty ?? true {
            let candidates = row.second.flatMap { bySecond[$0] } ?? []
            let position =
                candidates.count == 1
                ? candidates[0]
                : candidates.isEmpty
                    ? byHash[row.hash]?.last : candidates.first { migrations[$0].sha256 == row.hash }
            guard let position else { continue }
            take(index, position)
            if row.name != nil { unnamed.append(position) }
        }
        // A folder renamed after it ran: its text is all that is left to know it by.
        for (index, row) in rows.enumerated() where found[index] == nil && row.name?.isEmpty == false {
            guard let position = byHash[row.hash]?.first(where: { !held.contains($0) }) else { continue }
            take(index, position)
            unnamed.append(position)
        }
        unnamed.sort()
    }

    private mutating func take(_ index: Int, _ position: Int) {
        guard migrations[position].sha256 == rows[index].hash else {
            found[index] = .edited(position)
            held.insert(position)
            return
        }
        found[index] = held.insert(position).inserted ? .applied(position) : .repeated(position)
    }
}

/// How drizzle-kit lays out a folder.
enum DrizzleLayout {
    /// `meta/_journal.json` and `NNNN_name.sql`: up to drizzle-kit 0.31.
    case journal
    /// `<YYYYMMDDHHMMSS>_<name>/migration.sql`: drizzle 1.0.
    case folders

    init(_ migrations: [Migration]) {
        self = migrations.contains(where: Self.hasFolder) ? .folders : .journal
    }

    /// Whether a migration has a folder of its own.
    static func hasFolder(_ migration: Migration) -> Bool {
        DrizzleName.milliseconds(of: migration.tag) != nil
            && ("/" + migration.file).hasSuffix("/\(migration.tag)/\(DrizzleFolders.file)")
    }

    /// What drizzle 1.0 calls a migration: its folder, or the folder that `drizzle-kit up` would make of its file.
    static func name(of migration: Migration) -> String {
        guard !hasFolder(migration), let when = migration.when else { return migration.tag }
        return DrizzleName.upgraded(tag: migration.tag, when: when)
    }
}
