internal import FleetModel
internal import Migrations

/// All that was looked at about a database, as far as it decides what is to be done.
struct StateKey: Hashable {
    var fingerprint: Fingerprint
    var privileges: Fingerprint
    var columnOrder: Fingerprint
    var history: Fingerprint
    var initMark: DatabaseState.InitMark
    var invalidIndexes: [ObjectID]
    var notInspected: [String]
    var leftOut: [TableName]
    var unfinished: String?

    init(_ state: DatabaseState) {
        fingerprint = state.catalog.fingerprint
        privileges = state.catalog.privileges
        columnOrder = state.catalog.columnOrder
        history = state.history.digest
        initMark = state.initMark
        invalidIndexes = state.catalog.invalidIndexes
        notInspected = state.catalog.notInspected
        leftOut = state.catalog.leftOut
        unfinished = state.unfinished
    }
}

/// Puts databases in the same state together and writes down the steps of each cohort once.
struct CohortBuilder {
    private let input: PlanningInput
    private let subjects: [Subject]

    private struct CohortKey: Hashable {
        /// Entries are worked in order, so only neighbours of one class share a cohort.
        var stage: Int
        var className: String
        var instance: String
        /// Where it is moved from.
        var source: String?
        var target: Int
        var state: StateKey?
    }

    init(_ input: PlanningInput, _ survey: Survey) {
        self.input = input
        subjects = survey.subjects
    }

    func cohorts() -> [(cohort: Cohort, refusals: [Refusal])] {
        let stages = stages()
        var members: [CohortKey: [Subject]] = [:]
        for subject in subjects {
            guard let entry = subject.entry, let assessor = subject.assessor, let course = subject.assessment?.course,
                course.isWork || subject.source != nil
            else { continue }
            var state = subject.state.map(StateKey.init)
            // None changes what is to be done, and differing grants are common.
            state?.privileges = Fingerprint(of: "")
            state?.notInspected = []
            state?.leftOut = []
            let key = CohortKey(
                stage: stages[entry],
                className: assessor.folder.className,
                instance: subject.row.instance,
                source: subject.source,
                target: assessor.target,
                state: state
            )
            members[key, default: []].append(subject)
        }
        let places = Dictionary(
            input.environment.instances.enumerated().map { ($1.name.value, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let ordered = members.map { ($0.key, $0.value.sorted { ExactName($0.row.name) < ExactName($1.row.name) }) }
            .sorted { left, right in
                let leftRank = (left.0.stage, places[left.0.instance] ?? 0)
                let rightRank = (right.0.stage, places[right.0.instance] ?? 0)
                if leftRank != rightRank { return leftRank < rightRank }
                return ExactName(left.1[0].row.name) < ExactName(right.1[0].row.name)
            }
        return ordered.enumerated().map { cohort(id: "c\($0 + 1)", $1.1) }
    }

    /// The stage of each entry: it begins anew where the class changes.
    private func stages() -> [Int] {
        var stage = 0
        let entries = input.environment.entries
        return entries.indices.map { index in
            if index > 0, entries[index].className.value != entries[index - 1].className.value { stage += 1 }
            return stage
        }
    }

    private func cohort(id: String, _ members: [Subject]) -> (Cohort, [Refusal]) {
        let first = members[0]
        let names = members.map(\.row.name)
        guard let assessment = first.assessment, let assessor = first.assessor else {
            preconditionFailure("a cohort of databases nobody assessed")
        }
        var filled: Set<TableName> = []
        for member in members {
            guard let state = member.state else { continue }
            for table in state.nonEmptyTables where state.catalog.tables.indices.contains(table) {
                filled.insert(state.catalog.tables[table])
            }
        }
        let builder = StepBuilder(
            assessor,
            because: assessment.because,
            before: first.state?.catalog,
            filled: filled,
            count: members.count,
            initTexts: input.initTexts[assessor.folder.className] ?? []
        )
        var decided = decide(assessment, builder, members)
        if let source = first.source, decided.refusal == nil { decided = moved(decided, builder, first, from: source) }
        var cohort = Cohort(
            id: id,
            className: assessor.folder.className,
            instance: first.row.instance,
            databases: names,
            from: first.state?.catalog.fingerprint,
            to: decided.to,
            steps: decided.steps,
            assumedEmpty: first.otherMajor == nil ? assumedEmpty(assessment, builder, members, decided.steps) : []
        )
        for index in cohort.steps.indices { cohort.steps[index].id = "\(id).s\(index + 1)" }
        let refusal = decided.refusal.map { refusal in
            Refusal(
                what: "\(refusal.code.rawValue): \(id)",
                why: refusal.why,
                grant: refusal.grant,
                cohort: id,
                databases: names
            )
        }
        return (cohort, refusal.map { [$0] } ?? [])
    }

    /// The same, after the database was moved to where it is to be.
    ///
    /// What is owed besides is measured on the major that was looked at; on another one it waits for a plan of its own.
    private func moved(_ decided: Decision, _ builder: StepBuilder, _ first: Subject, from source: String) -> Decision {
        let role = input.environment.role
        guard let major = first.otherMajor else {
            let rest = decided.steps.isEmpty ? builder.checks() : decided.steps
            let here = (first.state?.catalog).map(builder.assessor.rules.fingerprint)
            let to = decided.steps.isEmpty ? here : decided.to
            return (builder.move(from: source, role: role, note: nil) + rest, to, nil)
        }
        let note =
            decided.steps.isEmpty
            ? nil : "what else is owed to it is planned once it is on PostgreSQL \(major), where it can be measured"
        let checks = decided.steps.isEmpty ? builder.checks() : []
        return (builder.move(from: source, role: role, note: note) + checks, first.arrival, nil)
    }

    /// Tables that are empty and matter: with rows in them the same steps would have more hazards.
    private func assumedEmpty(
        _ assessment: Assessment,
        _ builder: StepBuilder,
        _ members: [Subject],
        _ steps: [Step]
    ) -> [Cohort.EmptyTable] {
        let hazards = Set(steps.flatMap(\.hazards))
        let empty = (builder.before?.tables ?? []).filter { !builder.filled.contains($0) }
        func added(by tables: [TableName]) -> Set<Hazard> {
            let steps = decide(assessment, builder.with(filled: builder.filled.union(tables)), members).steps
            return Set(steps.flatMap(\.hazards)).subtracting(hazards)
        }
        guard !empty.isEmpty, !added(by: empty).isEmpty else { return [] }
        return empty.map { Cohort.EmptyTable(table: $0, hazards: added(by: [$0])) }.filter { !$0.hazards.isEmpty }
    }

    /// What the schema will be called: where rules leave something out, without that.
    private func destination(_ route: Route, _ builder: StepBuilder) -> Fingerprint? {
        route.destination.map(builder.assessor.rules.fingerprint)
    }

    private typealias Decision = (
        steps: [Step], to: Fingerprint?, refusal: (code: FindingCode, why: String, grant: String?)?
    )

    private func decide(_ assessment: Assessment, _ builder: StepBuilder, _ members: [Subject]) -> Decision {
        let role = input.environment.role
        let fresh = builder.assessor.freshRoute
        let code = assessment.remarks.first { $0.severity == .error }?.code ?? .notInspected
        switch assessment.course {
        case .nothing: return ([], nil, nil)
        case .work(let route):
            return (builder.steps(for: route, role: role), destination(route, builder), nil)
        case .stuck(let why):
            let code = assessment.remarks.last { $0.code == .migrationFails || $0.code == .notInspected }?.code ?? code
            return ([], nil, (code, why, nil))
        case .repair(let quarantine):
            switch input.environment.policy.repair {
            case .rebuild:
                if let instance = input.environment.instance(named: members[0].row.instance),
                    members.contains(where: { Claims.isReserved($0.row.name, on: instance) })
                {
                    return ([], nil, (code, "the maintenance database cannot be rebuilt", nil))
                }
                return (builder.rebuild(role: role), destination(fresh, builder), nil)
            case .quarantine:
                guard let quarantine else {
                    return ([], nil, (code, "repair: quarantine cannot mend it", "policy `repair: rebuild`"))
                }
                return (builder.steps(for: quarantine, role: role), destination(quarantine, builder), nil)
            case .refuse:
                let grant =
                    quarantine == nil ? "policy `repair: rebuild`" : "policy `repair: quarantine` or `repair: rebuild`"
                return ([], nil, (code, "repair: refuse", grant))
            }
        }
    }
}

extension Course {
    fileprivate var isWork: Bool {
        if case .nothing = self { return false }
        return true
    }
}
