internal import Postgres

extension Hold {
    /// Undoes or finishes the moves of runs that died, so that every database is open in one place.
    ///
    /// To be called before anything is looked at, when the environment's lock is ours.
    ///
    /// - Returns: what was done, in words.
    /// - Throws: `ApplyError.locked` while a statement of the dead run still works; `ApplyError.failed` where the other
    ///   instance cannot be asked, or what arrived there is gone again, with what to do.
    package func settleMoves() async throws -> [String] {
        var done: [String] = []
        for name in controls.keys.sorted() {
            guard let control = controls[name] else { continue }
            for database in try await control.frozen() {
                done.append(try await settle(database, on: control))
            }
        }
        return done
    }

    private func settle(_ database: FrozenDatabase, on control: Control) async throws -> String {
        if let holder = try await LockHolder.ofDatabases([database.oid], on: control.session) {
            throw ApplyError.locked(holder)
        }
        let what = "\"\(database.name)\" on \"\(control.instance)\""
        let key = (database.name, database.oid)
        if let other = controls[database.other] {
            switch try await other.arrival(of: database.name, by: database.runID) {
            case .inPlace:
                let aside = try await control.setAside(key, movedTo: database.other, by: database.runID)
                return
                    "\(what) had been moved to \"\(database.other)\" by run \(database.runID): it is kept aside as \"\(aside)\""
            case .replaced:
                throw ApplyError.failed(
                    "\(what) had been moved to \"\(database.other)\" by run \(database.runID), and what was put in place "
                        + "there has been replaced, renamed or dropped since. Decide which is the right one. "
                        + database.waysOut(on: control)
                )
            case .none: break
            }
        } else if database.isShut {
            throw ApplyError.failed(
                "\(what) was shut by run \(database.runID), which moved it to \"\(database.other)\"; whether it is in place "
                    + "there must be seen first: declare and reach that instance, and do not narrow the run. If that server "
                    + "is lost for good: " + database.waysOut(on: control)
            )
        }
        // Where others are still let in, it cannot have been put in place there: that comes after it is shut.
        try await control.thaw(key)
        return
            "\(what) had been frozen by run \(database.runID), which did not come to move it to \"\(database.other)\": it is "
            + "open again"
    }
}

extension FrozenDatabase {
    /// What a person types where no program may decide.
    fileprivate func waysOut(on control: Control) -> String {
        let forget: SQL = "DELETE FROM reconcile.moves WHERE direction = 'out' AND oid = \(oid);"
        let open: SQL = """
            ALTER DATABASE \(identifier: name) ALLOW_CONNECTIONS true; \
            ALTER DATABASE \(identifier: name) CONNECTION LIMIT \(limitBefore); \(forget)
            """
        let aside: SQL = """
            ALTER DATABASE \(identifier: name) RENAME TO \(identifier: "\(name)_before"); \(forget)
            """
        return "On \"\(control.instance)\", in the maintenance database, this opens it as it was: \(open.text) "
            + "This puts it aside, still shut: \(aside.text)"
    }
}
