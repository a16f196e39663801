package import FleetModel
package import Migrations

// What can be said of a class without any server but scratch. Every migration runs there in a session of its own on what
// the one before committed, so a replay from empty passes through each earlier version: that is the state a database of
// that version is in, but for its rows. What rows change is asked apart, of copies that hold one row a table.

/// One class replayed on one major.
package struct ClassReplay: Sendable {
    package var databaseClass: DatabaseClass
    package var folder: MigrationFolder
    package var major: Int
    package var replay: Replay
    /// Positions of migrations that fail wherever a table they change holds a row, with what the server said.
    package var rowFailures: [Int: String]
    /// What the code expects; nil where nothing says so.
    package var expected: ExpectedSchema?

    package init(
        databaseClass: DatabaseClass,
        folder: MigrationFolder,
        major: Int,
        replay: Replay,
        rowFailures: [Int: String] = [:],
        expected: ExpectedSchema? = nil
    ) {
        self.expected = expected
        self.databaseClass = databaseClass
        self.folder = folder
        self.major = major
        self.replay = replay
        self.rowFailures = rowFailures
    }

    /// What stands in the way of every environment that uses the class.
    package var objections: [GateObjection] {
        var objections: [GateObjection] = []
        switch replay.end {
        case .complete: break
        case .failed(let at, let message):
            let migration = folder.migrations[at]
            objections.append(
                objection(
                    .own(.replayFails),
                    .refused,
                    "\(migration.tag) fails on PostgreSQL \(major), from empty: \(message)",
                    "mend \(migration.file); nothing after it was tried",
                    at,
                    line: replay.failureLine
                )
            )
        case .unassessed(let at, let reason):
            objections.append(
                objection(
                    .own(.replayUnassessed),
                    .failed,
                    "\(folder.migrations[at].tag) could not be tried: \(reason)",
                    "nothing is proved of it and of what comes after it",
                    at
                )
            )
        }
        for (position, message) in rowFailures.sorted(by: { $0.key < $1.key }) {
            var failure = objection(
                .own(.rowsFail),
                .refused,
                "\(folder.migrations[position].tag) fails where a table holds a row: \(message)",
                "add the column with a default, or fill it before it must not be null",
                position,
                line: lineOfRows(position)
            )
            // It may have run everywhere long ago, when its table was empty.
            failure.weight = .warning
            objections.append(failure)
        }
        return objections + code
    }

    /// What the code is ahead of, or why that cannot be told.
    private var code: [GateObjection] {
        guard let expected else { return [] }
        let remarks = CodeRemarks(folder: folder, expected: expected, whole: replay, rules: databaseClass.drift).remarks
        return remarks.map { remark in
            var objection = GateObjection(
                .finding(remark.code),
                remark.code.gateStatus,
                remark.message,
                hint: remark.hint
            )
            objection.weight = remark.code == .codeAhead || remark.severity == .error ? .error : .warning
            objection.className = folder.className
            objection.object = remark.object
            objection.location = FilePosition(databaseClass.expects?.range ?? databaseClass.name.range)
            return objection
        }
    }

    private func objection(
        _ rule: GateRule,
        _ status: GateObjection.Status,
        _ message: String,
        _ hint: String,
        _ position: Int,
        line: Int? = nil
    ) -> GateObjection {
        var objection = GateObjection(rule, status, message, hint: hint)
        objection.className = folder.className
        objection.object = folder.migrations[position].tag
        objection.location = FilePosition(file: folder.migrations[position].file, line: line ?? 1)
        return objection
    }

    /// The first statement that reads or writes a table anew as a whole: what fails where there are rows is that.
    private func lineOfRows(_ position: Int) -> Int? {
        let migration = folder.migrations[position]
        return zip(statements(position), migration.statements).first { $0.0.meetsRows }?.1.line
    }

    /// A migration's statements as if every table held rows; none where scratch did not come so far.
    private func statements(_ position: Int) -> [PlannedStatement] {
        guard replay.migrations.indices.contains(position), replay.states.indices.contains(position) else { return [] }
        let before = replay.states[position]
        var rules = HazardRules(before: before, filled: Set(before.tables))
        return rules.statements(
            of: replay.migrations[position],
            isTransactional: folder.migrations[position].isTransactional
        )
    }

    /// The class as the report has it: what its migrations would risk if every table held rows.
    package var summary: GateClass {
        let risks = replay.migrations.indices.compactMap { position -> GateClass.Risk? in
            // Nothing is at risk in a database that holds nothing.
            guard position < replay.states.count, !replay.states[position].tables.isEmpty else { return nil }
            let migration = folder.migrations[position]
            let statements = statements(position)
            let hazards = Set(statements.flatMap(\.hazards))
            guard let first = statements.first(where: { !$0.hazards.isEmpty }) else { return nil }
            return GateClass.Risk(
                tag: migration.tag,
                hazards: hazards,
                message: first.note ?? first.sql.oneLine,
                file: migration.file
            )
        }
        return GateClass(
            name: folder.className,
            major: major,
            migrations: folder.migrations.count,
            replayed: replay.reach,
            risks: risks.reversed()
        )
    }
}

extension PlannedStatement {
    /// Whether it reads or writes a table that holds rows as a whole.
    fileprivate var meetsRows: Bool { !hazards.isDisjoint(with: [.fullScan, .tableRewrite]) }
}

extension [GateObjection] {
    /// The same, what fails where there are rows held against a plan: an error where a table with rows waits for it, and
    /// nothing where no database that exists does.
    package func heldAgainst(_ plan: EnvironmentPlan) -> [GateObjection] {
        compactMap { objection in
            // What the plan says of the code itself.
            if case .finding(let code) = objection.rule,
                plan.findings.contains(where: { $0.code == code && $0.message == objection.message })
            {
                return nil
            }
            guard objection.rule == .own(.rowsFail), let tag = objection.object else { return objection }
            let owing = plan.cohorts.filter { $0.className == objection.className && $0.from != nil }
                .map { cohort in
                    (cohort, cohort.steps.filter { $0.kind == .migrate && $0.migrations.contains(tag) })
                }.filter { !$0.1.isEmpty }
            guard !owing.isEmpty else { return nil }
            var objection = objection
            // Only a table that holds something is read or written anew as a whole.
            let filled = owing.filter { $0.1.contains { !$0.hazards.isDisjoint(with: [.fullScan, .tableRewrite]) } }
            if !filled.isEmpty { objection.weight = .error }
            let meeting = filled.flatMap(\.1).flatMap(\.statements).first(where: \.meetsRows)
            objection.location = meeting?.location ?? objection.location
            objection.databases = (filled.isEmpty ? owing : filled).flatMap(\.0.databases)
            return objection
        }
    }
}

extension GateObjection {
    /// A fault of a folder or between manifests, where it is one that a rule speaks of.
    package init?(_ diagnostic: Diagnostic) {
        let rule: GateRule
        let status: Status
        switch diagnostic.code {
        case .migrationsCollide: (rule, status) = (.own(.migrationsCollide), .refused)
        case .tablesDiffer: (rule, status) = (.own(.tablesDiffer), .invalid)
        case .claimedTwice: (rule, status) = (.own(.claimedTwice), .invalid)
        default: return nil
        }
        self.init(rule, status, diagnostic.message, hint: diagnostic.hint)
        location = diagnostic.range.map { FilePosition($0) }
    }
}
