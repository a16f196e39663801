internal import FleetModel
internal import Postgres

/// How much a step may take away: what its plan said, and beyond that what somebody granted and a backup holds.
struct LossLimit: Sendable {
    /// What happens where a transaction takes more than the plan said.
    enum Excess: Sendable {
        /// It is rolled back, and this is the way out.
        case stop(String)
        /// It is rolled back and done once more, the tables locked and held against the backup first.
        case hold(receipt: String)
        /// It stays, and a person is told.
        case accept
    }

    /// Tables that lose something by the plan.
    private var foreseen: Set<TableName>
    /// Tables that the plan locks against everyone, so that their rows may be written anew.
    private let rewritten: Set<TableName>
    /// The plan says that something is lost, and not of which table: a table that another migration renamed, say.
    private let isVague: Bool
    let excess: Excess

    init(_ statements: [PlannedStatement], excess: Excess) {
        foreseen = Set(statements.flatMap(\.destroys))
        rewritten = Set(statements.flatMap(\.locks).filter { $0.mode == "AccessExclusiveLock" }.map(\.table))
        isVague = statements.contains { $0.hazards.contains(.dataLoss) && $0.destroys.isEmpty }
        self.excess = excess
    }

    /// What is gone between two looks and no plan spoke of.
    func unforeseen(_ before: TableLedger, _ after: TableLedger, of known: Set<UInt32>) -> [Loss] {
        guard !isVague else { return [] }
        return before.losses(until: after, of: known) { !$0.isDisjoint(with: rewritten) }
            .filter { $0.names.isDisjoint(with: foreseen) }
    }

    /// The same, with tables that were held against a backup meanwhile.
    func allowing(_ tables: Set<TableName>) -> LossLimit {
        var limit = self
        limit.foreseen.formUnion(tables)
        return limit
    }
}

/// A transaction that was rolled back, since it took more than its plan said.
struct ExcessiveLoss: Error, CustomStringConvertible {
    var losses: [Loss]

    var description: String { losses.map(\.description).joined(separator: ", ") }
}

extension Worker {
    /// As `transaction`, for work that may take away no more than its plan said.
    ///
    /// - Parameters:
    ///   - label: what traces call it, and people.
    ///   - pieces: the work, in order.
    ///   - destroyed: what is held against the backup before anything else, in the same transaction.
    ///   - limit: nil where nothing was there before.
    ///   - closing: the last statement before the commit.
    /// - Throws: what `transaction` throws; `ApplyError.failed` with what would have been lost.
    func transaction(
        _ label: String,
        _ pieces: [Piece],
        guarding destroyed: Destroyed?,
        within limit: LossLimit?,
        closing: @Sendable (Duration) -> SQL = { _ in "" }
    ) async throws {
        do {
            try await transaction(label, (destroyed?.pieces ?? []) + pieces, within: limit, closing: closing)
        } catch let excess as ExcessiveLoss {
            guard let limit, case .hold(let receipt) = limit.excess else {
                let wayOut = if case .stop(let wayOut)? = limit?.excess { wayOut } else { "run apply again" }
                throw ApplyError.failed(
                    "\(label) \(excess), of which its plan said nothing, as it was measured without these rows: "
                        + "it was rolled back. If that is what it is for, \(wayOut)"
                )
            }
            let tables = Set(excess.losses.map(\.table))
            tell("\(label) \(excess), of which its plan said nothing; held against the backup")
            let all = Destroyed(tables: tables.union(destroyed?.tables ?? []).sorted(), receipt: receipt)
            try await transaction(label, all.pieces + pieces, within: limit.allowing(tables), closing: closing)
        }
    }
}
