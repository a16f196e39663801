internal import FleetModel
internal import Migrations

/// Tells for each distinct state of a class's databases where it stands and what would bring it to its version.
struct Assessor {
    let knowledge: Knowledge
    let databaseClass: DatabaseClass?
    let policy: Policy
    /// How many of the folder's migrations are declared.
    let target: Int
    let input: PlanningInput
    /// Differences that do not count for the class in this environment.
    let rules: DriftRules

    var folder: MigrationFolder { knowledge.folder }
    var declared: String { folder.versionTag(after: target) ?? "no version" }
    private var hasInit: Bool { databaseClass?.initScripts.isEmpty == false }

    /// Every migration up to the declared one, on a database with nothing in it.
    var freshRoute: Route {
        var route = Route()
        route.isNew = true
        route.pending = Array(0..<target)
        route.replay = knowledge.whole
        route.initializes = hasInit
        return route
    }

    func missing() -> Assessment {
        var route = freshRoute
        route.creates = true
        let remark = Remark(
            .databaseMissing,
            .info,
            "does not exist; it is to be of class \"\(folder.className)\" at \(declared)",
            hint: "it will be created and migrated"
        )
        return finish(Assessment(status: .missing, remarks: [remark], course: .work(route)))
    }

    func existing(_ state: DatabaseState, _ accounting: Accounting) -> Assessment {
        let hasHistory =
            !(accounting.applied.isEmpty && accounting.unknown.isEmpty && accounting.edited.isEmpty
            && accounting.unfinished.isEmpty)
        var assessment: Assessment
        let exemptions = Exemptions(rules, in: state.catalog)
        let misplaced = knowledge.misplaced(in: state.catalog).filter {
            exemptions.ignored[$0.table] == nil && !exemptions.datedObjects.contains($0.table)
        }
        if isUnderWay(state, accounting) {
            assessment = recorded(state, accounting)
        } else if !hasHistory, target > 0, isEmpty(state.catalog) {
            assessment = empty(state)
        } else if !misplaced.isEmpty {
            assessment = corrupted(state, accounting, misplaced, hasHistory: hasHistory)
        } else if hasHistory || target == 0 {
            assessment = recorded(state, accounting)
        } else {
            assessment = unrecorded(state)
        }
        assessment.observedVersion = assessment.observedVersion ?? accounting.version
        assessment.lastChange = accounting.lastChange
        let notCompared = state.catalog.notInspected + leftOut(state.catalog)
        if !notCompared.isEmpty {
            assessment.remarks.append(
                Remark(
                    .notInspected,
                    .info,
                    "holds objects that are not compared: \(notCompared.joined(separator: ", "))"
                )
            )
        }
        return finish(assessment)
    }

    /// By schema, what lies there and is of no history.
    private func leftOut(_ catalog: Catalog) -> [String] {
        let bySchema = Dictionary(grouping: catalog.leftOut, by: \.schema)
        return bySchema.keys.sorted().map { schema in
            let tables = bySchema[schema] ?? []
            let names = tables.prefix(3).map(\.name).joined(separator: ", ") + (tables.count > 3 ? ", …" : "")
            return "schema \(schema) with \(counted(tables.count, "table", "tables")) of no history of the class "
                + "(\(names))"
        }
    }

    /// A new database may hold what its class says it is created with, and nothing else.
    private func isEmpty(_ catalog: Catalog) -> Bool {
        let created = Set(databaseClass?.create.extensions ?? [])
        let exemptions = Exemptions(rules, in: catalog)
        return catalog.fingerprint == knowledge.state(after: 0)?.fingerprint
            || catalog.objects.allSatisfy {
                $0.id.kind == .extension && created.contains($0.id.name) || exemptions.ignored[$0.id] != nil
            }
    }

    private func empty(_ state: DatabaseState) -> Assessment {
        var route = freshRoute
        let there = Set(state.catalog.objects.map(\.id).filter { $0.kind == .extension }.map(\.name))
        let owed = (databaseClass?.create.extensions ?? []).filter { !there.contains($0) }
        route.preparations = owed.map {
            PlannedStatement(sql: "CREATE EXTENSION IF NOT EXISTS \(quoted($0))")
        }
        route.preparation = "create extensions \(owed.joined(separator: ", "))"
        let remark = Remark(
            .databaseEmpty,
            .info,
            "exists but holds nothing; it is to be of class \"\(folder.className)\" at \(declared)",
            hint: "all migrations will be applied"
        )
        return Assessment(status: .empty, remarks: [remark], course: .work(route))
    }

    /// Adds what an index left invalid or unfinished `init` scripts ask for; says whether all of it is done.
    func route(_ route: Route, from state: DatabaseState, at position: Catalog?, _ remarks: inout [Remark]) -> Route {
        var route = route
        let target = route.destination
        for index in state.catalog.invalidIndexes {
            let name = (index.schema.map { quoted($0) + "." } ?? "") + quoted(index.name)
            // What the recorded history knows is built anew; what only a coming migration builds must make room.
            let isKnown = (position ?? target)?.objects.contains { $0.id == index } ?? true
            let sql = isKnown ? "REINDEX INDEX CONCURRENTLY \(name)" : "DROP INDEX CONCURRENTLY \(name)"
            route.preparations.append(PlannedStatement(sql: sql, note: "outside a transaction; needs no grant"))
            remarks.append(
                Remark(
                    .indexInvalid,
                    .warning,
                    object: index.qualifiedName,
                    "an interrupted build left the index invalid: it slows writes and answers nothing",
                    hint: isKnown ? "it will be built anew" : "it will be dropped; nothing asks for it yet"
                )
            )
        }
        if !route.preparations.isEmpty {
            route.preparation =
                "mend \(counted(route.preparations.count, "invalid index", "invalid indexes"))"
        }
        if hasInit, state.initMark == .pending, !route.initializes {
            route.initializes = true
            remarks.append(Remark(.migrationsPending, .info, "its init scripts have not run to their end"))
        }
        return route
    }

    /// Turns a route that scratch could not follow into a refusal, and a repair into what policy makes of it.
    private func finish(_ assessment: Assessment) -> Assessment {
        var assessment = assessment
        switch assessment.course {
        case .work(let route):
            if let failure = route.failure { refuse(&assessment, failure) }
        case .repair where policy.repair == .rebuild:
            if let failure = freshRoute.failure { refuse(&assessment, failure) }
        case .nothing, .repair, .stuck: break
        }
        return assessment
    }

    private func refuse(_ assessment: inout Assessment, _ failure: (position: Int, message: String)) {
        let migration = folder.migrations[failure.position]
        assessment.remarks.append(
            Remark(
                .migrationFails,
                .error,
                object: migration.tag,
                "fails on scratch: \(failure.message)",
                hint: "mend \(migration.file); nothing is run on a database before it passes"
            )
        )
        assessment.course = .stuck(why: "migration \(migration.tag) fails on scratch")
    }

    /// What policy makes of a database that migrations alone cannot mend.
    func repairHint(quarantine: Route?) -> String {
        switch policy.repair {
        case .rebuild: "it will be rebuilt beside the old one, which is kept aside (policy repair: rebuild)"
        case .quarantine where quarantine != nil:
            "what is misplaced moves to a schema of its own, with all rows (policy repair: quarantine)"
        case .quarantine: "quarantine cannot mend it; policy `repair: rebuild` would"
        case .refuse where quarantine != nil: "policy `repair: quarantine` or `repair: rebuild` would mend it"
        case .refuse: "mend it by hand, or set policy `repair: rebuild`"
        }
    }
}

/// An identifier as SQL has it.
func quoted(_ identifier: String) -> String {
    "\"" + identifier.replacing(each: "\"", with: "\"\"") + "\""
}
