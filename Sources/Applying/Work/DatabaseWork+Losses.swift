internal import FleetModel
internal import Planning

extension DatabaseWork {
    /// What a step may take from tables that were there before; nil where none were.
    ///
    /// Where more goes than the plan said, that is rolled back unless `data-loss` is granted; and where a backup is due
    /// before anything is destroyed, only what the backup of this run holds may go.
    func lossLimit(of step: Step) async throws -> LossLimit? {
        guard cohort.from != nil else { return nil }
        return LossLimit(step.statements, excess: try await excess)
    }

    /// On a copy nothing can be lost, but what nobody granted is found there first.
    func rehearsedLossLimit(of step: Step) -> LossLimit? {
        guard cohort.from != nil else { return nil }
        return LossLimit(step.statements, excess: isLossGranted ? .accept : .stop(Self.grant))
    }

    private var isLossGranted: Bool { context.plan.granted.contains(.dataLoss) }
    private static let grant = "give --allow data-loss"

    private var excess: LossLimit.Excess {
        get async throws {
            guard isLossGranted else { return .stop(Self.grant) }
            let policy = context.policy
            guard context.plan.role == .production || policy.backupWhen != .never else { return .accept }
            guard let receipt = await receipts[key] else {
                return .stop("set policy `backup.when: always`: nobody knew that a backup is due")
            }
            // What the plan does not foresee, its own proof of the backup does not foresee either.
            if context.plan.role == .production, try StoredBackup.read(receipt).receipt.verified < .restore {
                return .stop("set policy `backup.verify: restore`: this database's backup was read, and not restored")
            }
            return .hold(receipt: receipt)
        }
    }
}
