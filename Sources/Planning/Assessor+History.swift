internal import FleetModel
internal import Migrations

extension Assessor {
    /// A database whose history is there: held against the replay of just that history.
    func recorded(_ state: DatabaseState, _ accounting: Accounting) -> Assessment {
        var remarks = faults(of: accounting)
        if !remarks.isEmpty {
            // Only a history that is all known says what should be there.
            if accounting.unknown.isEmpty, accounting.edited.isEmpty, accounting.unfinished.isEmpty,
                let expected = expected(state.catalog, accounting).catalog, !state.catalog.fits(expected, rules)
            {
                remarks += differences(of: state.catalog, from: expected)
            }
            return repair(remarks, .drifted, quarantine: nil)
        }
        if !accounting.repeating.isEmpty {
            let tags = list(knowledge.tags(accounting.repeating))
            return unverified(
                state,
                accounting,
                Replay(states: [], migrations: [], end: .complete),
                why: "what \(tags) left behind when it last ran is not known, since its file has changed"
            )
        }
        let (replay, expected) = expected(state.catalog, accounting)
        guard let expected else {
            let why = "the recorded history could not be replayed on scratch: \(replay.obstacle ?? "no answer")"
            return unverified(state, accounting, replay, why: why)
        }
        guard state.catalog.fits(expected, rules) || isUnderWay(state, accounting) else {
            return repair(differences(of: state.catalog, from: expected), .drifted, quarantine: nil)
        }
        remarks += privileges(of: state.catalog, from: expected)
        if !isUnderWay(state, accounting) { remarks += quietDifferences(of: state.catalog, from: expected) }
        remarks += repeated(accounting) + unnamed(accounting)

        var route = Route()
        route.pending = accounting.pending
        route.replay = replay
        route.offset = accounting.applied.count
        route.upgrade = accounting.upgrade
        if let disorder = disorder(accounting, route, expected) {
            remarks.append(disorder)
            if disorder.severity == .error { return repair(remarks, .drifted, quarantine: nil) }
        }
        remarks += pending(accounting.pending)
        route = self.route(route, from: state, at: expected, &remarks)
        return Assessment(
            status: route.isEmpty ? .converged : .pending,
            remarks: remarks,
            course: route.isEmpty ? .nothing : .work(route)
        )
    }

    /// Whether a run was cut short inside the next migration, outside a transaction: its state is between two versions.
    func isUnderWay(_ state: DatabaseState, _ accounting: Accounting) -> Bool {
        guard let unfinished = state.unfinished, let next = accounting.pending.first else { return false }
        return folder.migrations[next].sha256 == unfinished && !folder.migrations[next].isTransactional
    }

    /// The replay of a history and the state it left, where scratch came so far.
    func expected(_ catalog: Catalog, _ accounting: Accounting) -> (replay: Replay, catalog: Catalog?) {
        let replay = input.replay(ReplayRequest(accounting, folder: folder, major: knowledge.major))
        let done = accounting.applied.count
        let recorded = replay.states.indices.contains(done) ? replay.states[done] : nil
        // The order in a history table is not beyond doubt: the folder's own order explains a state as well.
        let isBeginning = Set(accounting.applied) == Set(0..<done)
        if isBeginning, recorded.map({ !catalog.fits($0, rules) }) ?? true, let whole = knowledge.state(after: done),
            catalog.fits(whole, rules)
        {
            return (knowledge.whole, whole)
        }
        return (replay, recorded)
    }

    /// How many rows that no file matches are told one by one.
    private static let unknownTold = 100

    /// What a history tells that no migration can mend.
    func faults(of accounting: Accounting) -> [Remark] {
        let hint = repairHint(quarantine: nil)
        // Anybody who may write to a history can fill it: a plan must stay one that can be made and read.
        let further = accounting.unknown.count - Self.unknownTold
        return accounting.unknown.prefix(Self.unknownTold).map {
            Remark(
                .migrationUnknown,
                .error,
                object: $0,
                "its history holds a migration that no file matches",
                hint: hint
            )
        }
            + (further <= 0
                ? []
                : [
                    Remark(
                        .migrationUnknown,
                        .error,
                        "its history holds \(counted(further, "further row", "further rows")) that no file matches",
                        hint: hint
                    )
                ])
            + knowledge.tags(accounting.edited).map {
                Remark(
                    .migrationEdited,
                    .error,
                    object: $0,
                    "the file was edited after it ran here: its hash differs",
                    hint: "bring the file back as it was and put the change into a new migration; else "
                        + repairHint(quarantine: nil)
                )
            }
            + accounting.unfinished.map {
                Remark(.migrationUnfinished, .error, object: $0.object, $0.message, hint: "\($0.hint); else \(hint)")
            }
            + knowledge.tags(accounting.ahead).map {
                Remark(
                    .versionAhead,
                    .error,
                    object: $0,
                    "is applied already, beyond the declared \(declared)",
                    hint: "declare version \($0), or " + hint
                )
            }
    }

    /// Two migrators that ran at once record a migration twice; the schema says that it did no harm.
    private func repeated(_ accounting: Accounting) -> [Remark] {
        guard !accounting.repeated.isEmpty else { return [] }
        let tags = list(knowledge.tags(accounting.repeated))
        return [
            Remark(
                .migrationOutOfOrder,
                .info,
                object: knowledge.tags(accounting.repeated).first,
                "its history holds \(tags) more than once: two migrators ran at the same time",
                hint: "look whether rows were written twice; the schema is as it should be"
            )
        ]
    }

    func pending(_ positions: [Int]) -> [Remark] {
        guard let last = positions.last else { return [] }
        let tags = knowledge.tags(positions)
        let which = tags.count > 3 ? "\(tags[0]) … \(folder.migrations[last].tag)" : tags.joined(separator: ", ")
        return [
            Remark(.migrationsPending, .info, "\(counted(tags.count, "migration", "migrations")) to apply: \(which)")
        ]
    }

    /// The format's own tool knows what ran by a name that some of its rows do not have.
    private func unnamed(_ accounting: Accounting) -> [Remark] {
        guard !accounting.unnamed.isEmpty else { return [] }
        let tags = knowledge.tags(accounting.unnamed)
        let (it, its) = tags.count == 1 ? ("it", "its folder") : ("them", "their folders")
        return [
            Remark(
                .migrationOutOfOrder,
                .warning,
                object: tags.first,
                "its history does not hold \(list(tags)) by name: \(tool)'s own migrator would run \(it) again",
                hint: "rows without a name get that of \(its) with the next migration applied here; a folder that was "
                    + "renamed needs its old name back"
            )
        ]
    }

    private var tool: String { folder.source.format.name }

    /// Migrations merged late or run in another order than the folder's: harmless where they end in the same state.
    private func disorder(_ accounting: Accounting, _ route: Route, _ expected: Catalog) -> Remark? {
        let sequence = accounting.applied + accounting.pending
        let ordered = sequence.filter { !folder.migrations[$0].isRepeatable }
        guard !ordered.elementsEqual(ordered.sorted()) else { return passedOver(accounting) }
        let late = knowledge.tags(accounting.late)
        let names = late.joined(separator: ", ")
        if let failure = route.failure {
            guard !late.isEmpty else { return nil }
            return Remark(
                .migrationOutOfOrder,
                .error,
                object: late.first,
                "merged late, and after what is applied already \(folder.migrations[failure.position].tag) fails: "
                    + failure.message,
                hint: repairHint(quarantine: nil)
            )
        }
        let end = accounting.pending.isEmpty ? expected : route.destination
        if let end, sequence.count == target, let wanted = knowledge.state(after: target),
            end.fingerprint != wanted.fingerprint
        {
            let how = late.isEmpty ? "its migrations ran in another order than the folder's" : "\(names) came late"
            return Remark(
                .migrationOutOfOrder,
                .error,
                object: late.first,
                "\(how), and that ends in another schema than the folder's order",
                hint: repairHint(quarantine: nil)
            )
        }
        guard !late.isEmpty else { return passedOver(accounting) }
        return Remark(
            .migrationOutOfOrder,
            .info,
            object: late.first,
            "merged late: \(names) \(late.count == 1 ? "stands" : "stand") in the folder before migrations that are "
                + "applied\(neverRun(accounting)); on scratch the order makes no difference",
            hint: "they are applied in the folder's order"
        )
    }

    /// What the tool itself would say nothing of, though the folder's order is kept.
    private func passedOver(_ accounting: Accounting) -> Remark? {
        let tags = knowledge.tags(accounting.passedOver)
        guard let first = tags.first else { return nil }
        return Remark(
            .migrationOutOfOrder,
            .info,
            object: first,
            "merged late: \(list(tags)) \(tags.count == 1 ? "is" : "are") older than what is applied"
                + neverRun(accounting),
            hint: "they are applied in the folder's order"
        )
    }

    private func neverRun(_ accounting: Accounting) -> String {
        let tags = knowledge.tags(accounting.passedOver)
        guard !tags.isEmpty else { return "" }
        return ", and \(tool)'s own migrator never runs \(list(tags)) here and says nothing"
    }

    /// A history that scratch could not replay: what should be there is not known.
    private func unverified(
        _ state: DatabaseState,
        _ accounting: Accounting,
        _ replay: Replay,
        why: String
    ) -> Assessment {
        var remarks = [Remark(.notInspected, .info, "its schema could not be compared: \(why)")]
        guard !accounting.pending.isEmpty else {
            return Assessment(status: .unknown, remarks: remarks, course: .nothing)
        }
        remarks += pending(accounting.pending)
        var route = Route()
        route.pending = accounting.pending
        route.replay = Replay(
            states: replay.states,
            migrations: replay.migrations,
            end: .unassessed(at: replay.reach, reason: replay.obstacle ?? why)
        )
        route.offset = accounting.applied.count
        route.upgrade = accounting.upgrade
        route = self.route(route, from: state, at: nil, &remarks)
        return Assessment(status: .pending, remarks: remarks, course: .work(route))
    }

    func repair(_ remarks: [Remark], _ status: DatabaseStatus, quarantine: Route?) -> Assessment {
        Assessment(status: status, remarks: remarks, course: .repair(quarantine: quarantine))
    }
}

/// The first three of a list and how many more there are.
func list(_ words: [String]) -> String {
    words.prefix(3).joined(separator: ", ") + (words.count > 3 ? " and \(words.count - 3) more" : "")
}
