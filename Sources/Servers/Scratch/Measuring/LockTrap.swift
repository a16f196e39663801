internal import FleetModel
internal import Postgres
internal import Synchronization

/// Catches the table locks of a statement that cannot run in a transaction, which lets go of them before anyone can look.
///
/// One session holds SHARE on every table. The statement stops at the first table that it wants to lock in a mode of its
/// own; we write that down, take the other tables in a second session, and let the first go. SHARE does not stop itself,
/// so the two can change places until the statement is through.
struct LockTrap {
    struct Caught {
        var locks: [(relation: UInt32, mode: String)] = []
    }

    var tables: [UInt32: TableName]
    /// Opens a session as the tables' owner.
    var open: @Sendable () async throws(PostgresError) -> Session

    /// Runs the statement in `session` and gives the locks it waited for.
    func spring(on session: Session, _ statement: SQL) async throws(PostgresError) -> Caught {
        let watch = try await open()
        var holder = try await open()
        var next = try await open()
        // Asked now: while the statement runs, its session answers nobody.
        let process = await session.backendPID
        let finished = Flag()
        var caught = Caught()
        let holds = await hold(in: holder, but: caught)
        async let outcome = Self.run(statement, in: session, finished)
        while holds, let found = await Self.waited(for: process, seenBy: watch, unless: finished) {
            guard !caught.locks.contains(where: { $0 == found }) else { break }
            caught.locks.append(found)
            guard await hold(in: next, but: caught) else { break }
            _ = try? await holder.run("ROLLBACK", label: "lock trap")
            swap(&holder, &next)
        }
        // Whatever it still waits for, it may have now.
        for session in [holder, next, watch] { await session.close() }
        try await outcome.get()
        return caught
    }

    private func hold(in session: Session, but caught: Caught) async -> Bool {
        let rest = tables.filter { table in !caught.locks.contains { $0.relation == table.key } }.values.sorted()
        guard !rest.isEmpty else { return true }
        let list = SQL(joining: rest.map { SQL("\(schema: $0.schema, name: $0.name)") })
        return (try? await session.run("BEGIN; LOCK TABLE ONLY \(list) IN SHARE MODE", label: "lock trap")) != nil
    }

    /// The lock the process waits for; nil once it is through, or has waited for none for a while.
    private static func waited(
        for process: Int,
        seenBy watch: Session,
        unless finished: Flag
    ) async -> (relation: UInt32, mode: String)? {
        for _ in 0..<200 where !finished.isSet {
            let question: SQL = """
                SELECT relation, mode FROM pg_catalog.pg_locks WHERE pid = \(process) AND locktype = 'relation' AND NOT granted
                """
            if let row = try? await watch.run(question, label: "lock trap").first?.rows?.first,
                let relation = row.oid(0), let mode = row[1]
            {
                return (relation, mode)
            }
            guard (try? await Task.sleep(for: .milliseconds(5))) != nil else { return nil }
        }
        return nil
    }

    private static func run(_ statement: SQL, in session: Session, _ finished: Flag) async -> Result<
        Void, PostgresError
    > {
        defer { finished.set() }
        do throws(PostgresError) {
            try await session.run(statement, parameters: [], label: "migration")
            return .success(())
        } catch {
            return .failure(error)
        }
    }
}

/// Says once that something is over.
private final class Flag: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}
