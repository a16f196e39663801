package import FleetModel
package import Postgres

/// An environment held by one run: a session with its lock on each of its instances.
package struct Hold: Sendable {
    package let run: Run
    /// By instance.
    package let controls: [String: Control]

    /// Takes the environment's lock on every instance in the manifest's order, or on none; writes nothing.
    ///
    /// - Parameters:
    ///   - environment: whose lock is taken.
    ///   - targets: where each instance's maintenance database is, by instance; an instance without one is passed over.
    ///   - run: who holds the locks; others see its name on the sessions.
    ///   - needed: which instances the run works on; the others' locks are taken where they answer.
    /// - Returns: a session with the lock on each instance that was reached.
    /// - Throws: `ApplyError.locked` at once where another run holds one, `UnreachableInstance` where one does not answer,
    ///   `CancellationError`.
    package static func take(
        _ environment: Environment,
        targets: [String: ConnectionTarget],
        run: Run,
        needed: (String) -> Bool = { _ in true }
    ) async throws -> Hold {
        var controls: [String: Control] = [:]
        var unreached: (name: String, error: PostgresError)?
        for instance in environment.instances {
            let name = instance.name.value
            guard let target = targets[name] else { continue }
            do {
                controls[name] = try await Control.open(instance: name, target: target, run: run)
            } catch {
                if let error = error as? PostgresError {
                    // The others may hold what only that one's loss explains.
                    if needed(name), unreached == nil { unreached = (name, error) }
                    // Who is interrupted asks no other server.
                    guard Task.isCancelled else { continue }
                }
                for control in controls.values { await control.close() }
                try Task.checkCancellation()
                throw error
            }
        }
        guard let unreached else { return Hold(run: run, controls: controls) }
        var frozen: [String] = []
        for (instance, control) in controls.sorted(by: { $0.key < $1.key }) {
            let found = (try? await control.frozen()) ?? []
            frozen += found.filter { $0.other == unreached.name }.map { "\"\($0.name)\" on \"\(instance)\"" }
            await control.close()
        }
        throw UnreachableInstance(name: unreached.name, underlying: unreached.error, frozen: frozen)
    }

    /// Makes sure that who was looked at is who holds our locks.
    ///
    /// - Parameter facts: what the look showed, by instance.
    /// - Throws: `ApplyError.failed` naming the instance behind whose address the server changed in between.
    package func requireSame(_ facts: [String: ServerFacts]) throws(ApplyError) {
        for (instance, control) in controls.sorted(by: { $0.key < $1.key }) {
            guard let seen = facts[instance], let held = control.target.startedAt, seen.startedAt != held else {
                continue
            }
            throw .failed(
                "instance \"\(instance)\": another server answers there than the one whose lock was taken (started at "
                    + "\(seen.startedAt) instead of \(held)), so nothing was done"
            )
        }
    }

    /// Makes sure that no statement or transaction of a dead run still lives in a database of ours.
    ///
    /// - Parameter databases: OIDs by instance.
    /// - Throws: `ApplyError.locked`.
    package func requireQuiet(_ databases: [String: [UInt32]]) async throws {
        for (instance, oids) in databases.sorted(by: { $0.key < $1.key }) {
            guard let control = controls[instance] else { continue }
            if let holder = try await LockHolder.ofDatabases(oids, on: control.session) {
                throw ApplyError.locked(holder)
            }
            if let holder = try await LockHolder.ofTransactions(of: run.environment, on: control.session) {
                throw ApplyError.locked(holder)
            }
        }
    }

    /// Writes down on every instance who we are; from now on no earlier run can act.
    package func takeLease(planDigest: String, toolVersion: String) async throws {
        for name in controls.keys.sorted() {
            try await controls[name]?.takeLease(planDigest: planDigest, toolVersion: toolVersion)
        }
    }

    /// Drops databases that dead runs of this environment left half-built; gives their names.
    package func clearAbandonedBuilds() async throws -> [String] {
        var names: [String] = []
        for name in controls.keys.sorted() {
            names += try await controls[name]?.dropAbandonedBuilds() ?? []
        }
        return names
    }

    /// Closes in every journal what dead runs left open, where this one has nothing to do and so takes no lease.
    package func closeAbandonedRuns() async {
        for control in controls.values { await control.closeAbandonedRuns() }
    }

    /// Closes the run in every journal.
    package func finish(outcome: String, databases: JSONValue) async {
        for control in controls.values { await control.finish(outcome: outcome, databases: databases.text) }
    }

    package func release() async {
        for control in controls.values { await control.close() }
    }
}

/// An instance on which the environment's lock could not even be asked for.
package struct UnreachableInstance: Error, CustomStringConvertible {
    package let name: String
    package let underlying: PostgresError
    /// What a move to it has frozen where it was, and nobody settled yet.
    var frozen: [String] = []

    package var description: String {
        let text = "instance \"\(name)\" cannot be reached: \(underlying); nothing was done"
        guard !frozen.isEmpty else { return text }
        return
            "\(text). A move to it was interrupted and keeps others out of \(frozen.joined(separator: ", ")): "
            + "`reconcile apply` with `--instance` and where that is opens it, or says how"
    }
}
