internal import FleetModel
internal import Migrations

// A database that an entry wants on one instance and that only a retiring one holds is moved. It is judged where it is,
// by what scratch knows of that major; its row in the plan stands where it is to be, as missing. What cannot be moved
// stays, and nothing is ever created in its place.
extension Survey {
    /// Where a database is to be, and as what.
    struct Place {
        var instance: String
        var facts: ServerFacts
        var folder: MigrationFolder
        var entry: Int
    }

    /// A database that instances on their way out hold, or may hold.
    mutating func held(_ row: Claims.Row, _ elsewhere: Claims.Elsewhere, _ place: Place) {
        switch elsewhere {
        case .heldBy(let source):
            switch movable(row, from: source, place) {
            case .success(let found): move(row, found, place)
            case .failure(let obstacle): stay(row, obstacle, place)
            }
        case .heldByMany(let sources):
            let names = sources.map { "\"\($0)\"" }.joined(separator: " and ")
            let message = "retiring instances \(names) each hold one of that name; nothing is moved or created"
            stay(row, Unmovable(.instanceRetiringInUse, .error, message, "drop or rename all but the right one"), place)
        case .goes(let source, let other):
            let message =
                "retiring instance \"\(source)\" holds it, and an earlier entry wants it on \"\(other)\"; nothing is "
                + "created here meanwhile"
            stay(row, Unmovable(.notInspected, .info, message, "plan again once it is there"), place)
        case .unknown(let source):
            let isLeftOut = !input.narrowing.includes(instance: source)
            let message =
                "retiring instance \"\(source)\" may hold it and \(isLeftOut ? "was left out" : "cannot be reached"); "
                + "nothing is created in its place"
            let hint = isLeftOut ? "give --instance \(source) as well" : "it is moved or created once that can be seen"
            stay(row, Unmovable(.notInspected, .info, message, hint), place)
        }
    }

    /// Why a database stays where it is, and nothing is created in its place.
    private struct Unmovable: Error {
        var code: FindingCode
        var severity: Severity
        var message: String
        var hint: String

        init(_ code: FindingCode, _ severity: Severity, _ message: String, _ hint: String) {
            self.code = code
            self.severity = severity
            self.message = message
            self.hint = hint
        }
    }

    private mutating func stay(_ row: Claims.Row, _ why: Unmovable, _ place: Place) {
        unknown(row, place.instance)
        add(Remark(why.code, why.severity, why.message, hint: why.hint), place.instance, row.name)
        refuse(why.code, place.instance, [row.name], why.message)
    }

    private struct Found {
        var source: String
        var facts: ServerFacts
        var database: ObservedDatabase
        var state: DatabaseState
    }

    /// The database as the retiring instance holds it, or why it cannot be moved.
    private func movable(_ row: Claims.Row, from source: String, _ place: Place) -> Result<Found, Unmovable> {
        func failure(_ code: FindingCode, _ message: String, _ hint: String) -> Result<Found, Unmovable> {
            .failure(Unmovable(code, .error, message + "; nothing is moved or created", hint))
        }
        guard let instance = environment.instance(named: source),
            let observed = input.observed.instances.first(where: { $0.name == source }), let facts = observed.facts,
            let database = observed.databases.first(where: { ExactName($0.name) == ExactName(row.name) })
        else { preconditionFailure("a database held by an instance nobody saw") }
        if let obstacle = obstacle(instance, observed, twins: twins(of: instance)) {
            return failure(
                .notInspected,
                "retiring instance \"\(source)\", which holds it, \(obstacle.message)",
                obstacle.hint ?? ""
            )
        }
        guard !Claims.isReserved(row.name, on: instance) else {
            let message =
                "it is the maintenance database of retiring instance \"\(source)\", where it cannot be renamed"
            return failure(.instanceRetiringInUse, message, "name another maintenance database there")
        }
        guard !database.isTemplate else {
            let message = "it is a template on retiring instance \"\(source)\", which no move brings along"
            return failure(
                .instanceRetiringInUse,
                message,
                "ALTER DATABASE … IS_TEMPLATE false there, where it is a database like any other"
            )
        }
        switch database.content {
        case .unobserved(let reason):
            let message = "retiring instance \"\(source)\" holds it, and it could not be looked into: \(reason)"
            return failure(
                .notInspected,
                message,
                "where a move was interrupted, `reconcile apply \(environment.name.value)` first undoes or finishes it"
            )
        case .observed(let state):
            guard place.facts.version.major >= facts.version.major else {
                let message =
                    "it is on PostgreSQL \(facts.version) on \"\(source)\", and \"\(place.instance)\" is older: "
                    + "\(place.facts.version)"
                return failure(
                    .instanceRetiringInUse,
                    message,
                    "upgrade \"\(place.instance)\", or name another instance"
                )
            }
            if let index = state.catalog.invalidIndexes.first {
                let message =
                    "index \(index.qualifiedName) is invalid on \"\(source)\", and no dump holds such an index"
                return failure(.indexInvalid, message, "REINDEX or DROP it there, then plan again")
            }
            return .success(Found(source: source, facts: facts, database: database, state: state))
        }
    }

    private mutating func move(_ row: Claims.Row, _ found: Found, _ place: Place) {
        // Fingerprints compare within one major only: what it is, is judged on the one it is on.
        let major = found.facts.version.major
        guard let assessment = assess(found.state, place.folder, major, place.entry) else { return }
        var planned = plain(row, place.instance, .missing)
        declare(&planned, place.folder, place.entry)
        var subject = Subject(row: planned, entry: place.entry, state: found.state)
        subject.assessment = assessment
        subject.assessor = assessor(place.folder, major, place.entry)
        subject.source = found.source
        if major != place.facts.version.major {
            subject.otherMajor = place.facts.version.major
            subject.arrival = arrival(
                found.state,
                place.folder,
                from: major,
                to: place.facts.version.major,
                place.entry
            )
        }
        subjects.append(subject)
        add(
            Remark(
                .databaseMissing,
                .info,
                "does not exist here yet: retiring instance \"\(found.source)\" holds it",
                hint: "it will be moved from there"
            ),
            place.instance,
            row.name
        )
    }

    /// What the schema of a version will be called on another major; nil where it is no version's.
    private mutating func arrival(
        _ state: DatabaseState,
        _ folder: MigrationFolder,
        from old: Int,
        to new: Int,
        _ entry: Int
    ) -> Fingerprint? {
        let here = assessor(folder, old, entry)
        let there = assessor(folder, new, entry)
        let own = here.rules.fingerprint(of: state.catalog)
        let version = (0...folder.migrations.count).first {
            here.knowledge.state(after: $0).map(here.rules.fingerprint) == own
        }
        return version.flatMap { there.knowledge.state(after: $0) }.map(there.rules.fingerprint)
    }

    mutating func retiring(_ row: Claims.Row, _ entry: DatabaseEntry, _ name: String, _ subject: Subject) {
        subjects.append(subject)
        let other = entry.instance.value
        let there = input.claims.instances.first { $0.name == other }?.rows.first {
            ExactName($0.name) == ExactName(row.name)
        }
        let message: String
        let hint: String
        if there?.observed != nil {
            message =
                "a retiring instance still holds it, and \"\(other)\" has one of that name already: nothing is moved over it"
            hint = "keep the right one: drop or rename this one, or rename that one and plan again"
        } else if case .heldBy = there?.elsewhere {
            message = "a retiring instance still holds what an entry wants on \"\(other)\""
            hint = "it is moved there by `move-database`"
        } else {
            message = "a retiring instance still holds what an entry wants on \"\(other)\""
            hint = "see what is said of it on \"\(other)\""
        }
        add(Remark(.instanceRetiringInUse, .warning, message, hint: hint), name, row.name)
    }
}
