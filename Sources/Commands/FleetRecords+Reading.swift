internal import Applying
internal import FleetModel
internal import Postgres
internal import Reports

extension Surveyor {
    /// Backups and runs of what was planned, for a page that tells of them; what cannot be read is said and left out.
    func records(of plan: Plan, _ terminal: Terminal) async throws -> FleetRecords {
        let backups = Receipts.all(workspace, terminal).map { stored in
            let receipt = stored.receipt
            return FleetRecords.BackupRecord(
                environment: receipt.environment,
                instance: receipt.instance,
                database: receipt.database,
                takenAt: receipt.takenAt,
                rows: receipt.content.tables.reduce(0) { $0 + $1.rows },
                sizeBytes: receipt.sizeBytes,
                verified: receipt.verified.rawValue,
                restore: receipt.restoreCommand(at: stored.path)
            )
        }
        var runs: [FleetRecords.RunRecord] = []
        for planned in plan.environments {
            // A server that did not answer a moment ago is not waited for again.
            let answering = Set(planned.instances.filter(\.reachable).map(\.name))
            for environment in try workspace.environments(named: [planned.name]) {
                do {
                    let told = try await self.runs(of: environment, asking: answering) { name, reason in
                        terminal.say("reconcile: instance \"\(name)\": \(reason); its journal is not shown")
                    }
                    runs += told.map(FleetRecords.RunRecord.init)
                } catch let ending as Ending {
                    terminal.say("reconcile: \(planned.name): \(ending.message ?? ""); its journal is not shown")
                }
            }
        }
        return FleetRecords(backups: backups, runs: runs)
    }
}

extension FleetRecords.RunRecord {
    fileprivate init(_ run: Applying.RunRecord) {
        var counts: [(outcome: String, count: String)] = []
        if case .object(let members) = run.databases {
            counts = members.map { (outcome: $0.key, count: $0.value.text) }
        }
        self.init(
            id: run.runID,
            environment: run.environment,
            startedAt: run.startedAt,
            finishedAt: run.finishedAt,
            outcome: run.outcome,
            counts: counts,
            planDigest: run.planDigest,
            who: "\(run.who)@\(run.host)"
        )
    }
}
