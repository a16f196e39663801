internal import FleetModel
internal import Migrations

/// What scratch told about one class on one major: its states, what is its own, and what is another class's.
struct Knowledge {
    let folder: MigrationFolder
    let major: Int
    /// The whole folder from empty.
    let whole: Replay
    private let others: [ObjectID: String]
    private let own: Set<ObjectID>
    /// Whether all that the class ever creates is known; else nothing may be called misplaced.
    private let knowsOwn: Bool

    init(_ input: PlanningInput, folder: MigrationFolder, major: Int) {
        self.folder = folder
        self.major = major
        whole = input.replay(ReplayRequest(whole: folder, major: major))
        var own = Self.objects(of: whole)
        if let tables = input.databaseClass(named: folder.className)?.tables {
            own.formUnion(tables.map { ObjectID(.table, schema: $0.value.schema, name: $0.value.name) })
            knowsOwn = true
        } else {
            knowsOwn = whole.end == .complete
        }
        self.own = own
        var others: [ObjectID: String] = [:]
        for name in input.folders.keys.sorted(by: { ExactName($0) < ExactName($1) }) where name != folder.className {
            guard let folder = input.folders[name] else { continue }
            for object in Self.objects(of: input.replay(ReplayRequest(whole: folder, major: major)))
            where others[object] == nil {
                others[object] = name
            }
        }
        self.others = others
    }

    /// Everything that exists at some version, tables also where only their names are listed.
    private static func objects(of replay: Replay) -> Set<ObjectID> {
        replay.states.reduce(into: []) { all, state in
            all.formUnion(state.objects.map(\.id))
            all.formUnion(state.tables.map { ObjectID(.table, schema: $0.schema, name: $0.name) })
        }
    }

    /// The class another object belongs to, where it is not this class's own.
    private func stranger(_ object: ObjectID) -> String? {
        knowsOwn && !own.contains(object) ? others[object] : nil
    }

    /// Tables that another class's migrations create and this one's do not, with that class.
    func misplaced(in catalog: Catalog) -> [(table: ObjectID, className: String)] {
        catalog.tables.compactMap { table in
            let object = ObjectID(.table, schema: table.schema, name: table.name)
            return stranger(object).map { (object, $0) }
        }
    }

    /// Whether the object is misplaced itself or came with one of the tables.
    func comes(with tables: [ObjectID], _ object: ObjectID) -> Bool {
        switch object.kind {
        case .schema, .extension, .setting, .eventTrigger, .publication, .subscription, .foreignServer,
            .foreignDataWrapper, .userMapping, .language, .accessMethod, .cast, .defaultPrivileges, .largeObject:
            false
        default: stranger(object) != nil || tables.contains { object == $0 || object.isPart(of: $0) }
        }
    }

    /// Types, sequences, views and functions that came with misplaced tables, to be moved on their own.
    func companions(of tables: [ObjectID], in catalog: Catalog) -> [ObjectID] {
        catalog.objects.map(\.id).filter { object in
            switch object.kind {
            case .enumeration, .domain, .compositeType, .rangeType, .baseType, .sequence, .view, .materializedView,
                .function, .procedure, .aggregate:
                comes(with: tables, object)
            default: false
            }
        }
    }

    /// The state after the first `count` migrations of the folder, where scratch came so far.
    func state(after count: Int) -> Catalog? { whole.states.indices.contains(count) ? whole.states[count] : nil }

    func tags(_ positions: some Sequence<Int>) -> [String] { positions.map { folder.migrations[$0].tag } }
}

extension PlanningInput {
    func replay(_ request: ReplayRequest) -> Replay {
        replays[request] ?? Replay(states: [], migrations: [], end: .unassessed(at: 0, reason: "it was not replayed"))
    }
}

extension Replay {
    /// How many migrations of the sequence ran.
    var reach: Int { max(0, states.count - 1) }

    /// Why it went no further; nil where nothing stopped it.
    var obstacle: String? {
        switch end {
        case .complete: nil
        case .failed(_, let message): message
        case .unassessed(_, let reason): reason
        }
    }
}
