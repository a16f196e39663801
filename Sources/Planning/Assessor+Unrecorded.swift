internal import FleetModel
internal import Migrations

extension Assessor {
    /// A database with tables and no history: the versions are tried on it.
    func unrecorded(_ state: DatabaseState) -> Assessment {
        let states = knowledge.whole.states
        let fits = states.indices.filter { $0 > 0 && state.catalog.fits(states[$0], rules) }
        if let count = fits.last(where: { $0 <= target }) {
            // Where later migrations change no schema, the schema cannot tell whether they ran: they are not run again.
            return adopted(state, count: count, fits)
        }
        if let count = fits.first {
            let tag = folder.migrations[count - 1].tag
            let remarks = [
                Remark(.historyMissing, .error, "\(noHistory(in: state.catalog)); the schema is that of \(tag)"),
                Remark(
                    .versionAhead,
                    .error,
                    object: tag,
                    "its schema is that of \(tag), beyond the declared \(declared)",
                    hint: "declare version \(tag), or " + repairHint(quarantine: nil)
                ),
            ]
            var assessment = repair(remarks, .drifted, quarantine: nil)
            assessment.observedVersion = tag
            return assessment
        }
        if knowledge.whole.reach < target {
            let why =
                "\(noHistory(in: state.catalog)), and no version could be compared beyond "
                + "\(knowledge.tags(0..<knowledge.whole.reach).last ?? "an empty schema"): "
                + (knowledge.whole.obstacle ?? "no answer")
            return Assessment(
                status: .unknown,
                remarks: [Remark(.notInspected, .info, why)],
                course: .stuck(why: why)
            )
        }
        return repair(misfit(state.catalog, leaving: { _ in false }), .drifted, quarantine: nil)
    }

    /// That there is none where the class keeps it, and what lies where others keep theirs.
    private func noHistory(in catalog: Catalog) -> String {
        let others = catalog.leftOut.filter { !$0.schema.hasPrefix("quarantine_") }
        guard !others.isEmpty else { return "no history is recorded" }
        let source = folder.source
        return "no history is recorded in \(source.historySchema).\(source.historyTable), though there is "
            + list(others.map(\.description))
    }

    private func adopted(_ state: DatabaseState, count: Int, _ fits: [Int]) -> Assessment {
        let tag = folder.migrations[count - 1].tag
        var message = "\(noHistory(in: state.catalog)); the schema is that of \(tag)"
        if let first = fits.first, first < count {
            let quiet = knowledge.tags(first..<count).joined(separator: ", ")
            // One may make what a later one drops.
            let isEachQuiet = (first..<count).allSatisfy(fits.contains)
            let isOne = count - first == 1
            let (it, leaves, isRun) = isOne ? ("it", "leaves", "is") : ("they", "leave", "are")
            let changes = isOne ? "changes" : "change"
            let what = isEachQuiet ? "\(changes) no schema" : "together leave the same schema"
            message +=
                " (\(quiet) \(what): whether the rows are as \(it) \(leaves) them cannot be told, and \(it) \(isRun) "
                + "not run again)"
        }
        var remarks = [
            Remark(.historyMissing, .warning, message, hint: "the history up to \(tag) will be written, nothing else")
        ]
        let expected = knowledge.state(after: count)
        if let expected {
            remarks += privileges(of: state.catalog, from: expected)
            remarks += quietDifferences(of: state.catalog, from: expected)
        }
        remarks += pending(Array(count..<target))
        var route = Route()
        route.adopted = Array(0..<count)
        route.pending = Array(count..<target)
        route.replay = knowledge.whole
        route.offset = count
        route = self.route(route, from: state, at: expected, &remarks)
        var assessment = Assessment(status: .pending, remarks: remarks, course: .work(route))
        assessment.observedVersion = tag
        return assessment
    }

    /// A database that holds tables of another class.
    func corrupted(
        _ state: DatabaseState,
        _ accounting: Accounting,
        _ misplaced: [(table: ObjectID, className: String)],
        hasHistory: Bool
    ) -> Assessment {
        let tables = misplaced.map(\.table)
        let leaving = { knowledge.comes(with: tables, $0) }
        var rest: [Remark] = []
        let quarantine: Route?
        if hasHistory {
            rest = faults(of: accounting)
            quarantine = rest.isEmpty ? remaining(state, accounting, leaving, &rest) : nil
        } else {
            quarantine = remaining(state, leaving, &rest)
        }
        let moved = tables + knowledge.companions(of: tables, in: state.catalog)
        let finished = quarantine.map { route in
            var route = self.route(route, from: state, at: nil, &rest)
            route.quarantined = moved
            return route
        }
        let hint = repairHint(quarantine: quarantine)
        let remarks = misplaced.map {
            Remark(
                .tableMisplaced,
                .error,
                object: $0.table.qualifiedName,
                "belongs to class \"\($0.className)\", not to \"\(folder.className)\"",
                hint: hint
            )
        }
        return repair(remarks + rest, .corrupted, quarantine: finished)
    }

    /// What is owed once the misplaced is gone, where the history says what should remain and just that remains.
    private func remaining(
        _ state: DatabaseState,
        _ accounting: Accounting,
        _ leaving: (ObjectID) -> Bool,
        _ remarks: inout [Remark]
    ) -> Route? {
        let replay = input.replay(ReplayRequest(accounting, folder: folder, major: knowledge.major))
        guard replay.states.indices.contains(accounting.applied.count) else { return nil }
        let expected = replay.states[accounting.applied.count]
        let difference = CatalogDifference(
            observed: state.catalog,
            expected: expected,
            rules: rules,
            leaving: leaving
        )
        guard difference.isEmpty else {
            remarks += describe(difference, expected, observed: state.catalog)
            return nil
        }
        var route = Route()
        route.pending = accounting.pending
        route.replay = replay
        route.offset = accounting.applied.count
        route.upgrade = accounting.upgrade
        guard route.failure == nil else { return nil }
        remarks += pending(accounting.pending)
        return route
    }

    /// The same without a history: what remains must be a version.
    private func remaining(
        _ state: DatabaseState,
        _ leaving: (ObjectID) -> Bool,
        _ remarks: inout [Remark]
    ) -> Route? {
        let states = knowledge.whole.states
        let count = states.indices.last { index in
            index <= target
                && CatalogDifference(
                    observed: state.catalog,
                    expected: states[index],
                    rules: rules,
                    leaving: leaving
                ).isEmpty
        }
        guard let count else {
            remarks += misfit(state.catalog, leaving: leaving)
            return nil
        }
        let version = count == 0 ? "nothing" : "the schema of \(folder.migrations[count - 1].tag)"
        remarks.append(
            Remark(
                .historyMissing,
                .warning,
                "\(noHistory(in: state.catalog)); beside what is misplaced there is \(version)"
            )
        )
        var route = Route()
        route.adopted = Array(0..<count)
        route.pending = Array(count..<target)
        route.replay = knowledge.whole
        route.offset = count
        guard route.failure == nil else { return nil }
        remarks += pending(route.pending)
        return route
    }

    /// Why no version fits: the closest one, and what sets the database apart from it.
    private func misfit(_ catalog: Catalog, leaving: (ObjectID) -> Bool) -> [Remark] {
        var closest: (count: Int, difference: CatalogDifference)?
        for (count, state) in knowledge.whole.states.enumerated() where count > 0 && count <= target {
            let difference = CatalogDifference(
                observed: catalog,
                expected: state,
                rules: rules,
                leaving: leaving
            )
            if closest.map({ difference.count < $0.difference.count }) ?? true { closest = (count, difference) }
        }
        let hint = repairHint(quarantine: nil)
        guard let closest else {
            return [Remark(.historyMissing, .error, "\(noHistory(in: catalog)) and no version is known", hint: hint)]
        }
        let tag = folder.migrations[closest.count - 1].tag
        return [
            Remark(
                .historyMissing,
                .error,
                "\(noHistory(in: catalog)) and the schema fits no version; closest is \(tag)",
                hint: hint
            )
        ] + describe(closest.difference, knowledge.whole.states[closest.count], observed: catalog)
    }
}
