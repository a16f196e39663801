extension Hold {
    /// Undoes or finishes the moves of runs that died, so that every database is open in one place.
    ///
    /// To be called before anything is looked at, when the environment's lock is ours.
    ///
    /// - Returns: what was done, in words.
    /// - Throws: `ApplyError.locked` while a statement of the dead run still works; `ApplyError.failed` where the other
    ///   instance cannot be asked, with what to do.
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
        guard let other = controls[database.other] else {
            throw ApplyError.failed(
                "\(what) was frozen by run \(database.runID), which moved it to \"\(database.other)\"; whether it is in place "
                    + "there must be seen first: declare and reach that instance, and do not narrow the run"
            )
        }
        let key = (database.name, database.oid)
        if try await other.hasArrived(database.name, by: database.runID) {
            let aside = try await control.setAside(key, movedTo: database.other, by: database.runID)
            return
                "\(what) had been moved to \"\(database.other)\" by run \(database.runID): it is kept aside as \"\(aside)\""
        }
        try await control.thaw(key)
        return
            "\(what) had been frozen by run \(database.runID), which did not come to move it to \"\(database.other)\": it is "
            + "open again"
    }
}
