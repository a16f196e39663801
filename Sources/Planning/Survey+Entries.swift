internal import FleetModel

// What is said of an entry as a whole: a query that gave no names, or names that no database may have.

extension Survey {
    mutating func entries(_ claims: Claims.InstanceClaims) {
        for unanswered in claims.unanswered { tell(unanswered, on: claims.name) }
        for unusable in claims.unusable {
            let message = "a query gives the name \"\(unusable.name)\", which \(unusable.reason)"
            add(
                Remark(.notInspected, .error, object: unusable.name, message, hint: "mend what the query asks"),
                claims.name,
                nil
            )
            refuse(.notInspected, claims.name, [unusable.name], message)
        }
    }

    /// Who was asked and gave no names is not known to have none.
    private mutating func tell(_ unanswered: Claims.Unanswered, on instance: String) {
        let entry = environment.entries[unanswered.entry]
        let database = unanswered.database
        let names = "names of class \"\(entry.className.value)\" are not known"
        func remark(_ severity: Severity, _ message: String, _ hint: String) -> Remark {
            Remark(.notInspected, severity, object: entry.label, message, hint: hint)
        }
        func refusal(_ why: String) -> Refusal {
            Refusal(what: "\(FindingCode.notInspected.rawValue): \(instance)/\(entry.label)", why: why, grant: nil)
        }
        switch unanswered.answer {
        case .names: return
        case .notThere:
            let message = "\(names) yet: database \"\(database)\" could not be asked yet"
            add(remark(.info, message, "plan again once it is there"), instance, nil)
        case .lacking(let reason):
            let message = "\(names): database \"\(database)\" gave none: \(reason)"
            let hint = "mend what the query asks; where a migration is still to bring it, apply that first"
            add(remark(.error, message, hint), instance, nil)
            lacking.append((DatabaseKey(instance: instance, database: database), refusal(message)))
        case .failed(let reason):
            let message = "\(names): database \"\(database)\" gave none: \(reason)"
            add(remark(.error, message, "mend what the query asks, or what its login may read"), instance, nil)
            refusals.append(refusal(message))
        }
    }

    /// What is owed to a database may bring what a query reads in it, and must not be refused because of it.
    mutating func refuseWhatNothingWillBring() {
        for (database, refusal) in lacking {
            let isOwing = subjects.contains { subject in
                subject.row.instance == database.instance && ExactName(subject.row.name) == ExactName(database.database)
                    && subject.assessment != nil && subject.row.status != .converged
            }
            if !isOwing { refusals.append(refusal) }
        }
    }
}
