internal import Postgres

/// What the triggers behind constraints do: PostgreSQL names them by OIDs that differ between databases.
enum ConstraintTrigger {
    /// By the OID of the function, which is the same on every server.
    ///
    /// See <https://github.com/postgres/postgres/blob/REL_18_STABLE/src/include/catalog/pg_proc.dat>.
    private static let tasks: [(function: UInt32, task: String)] = [
        (1250, "recheck"), (1644, "check on insert"), (1645, "check on update"), (1646, "cascade on delete"),
        (1647, "cascade on update"), (1648, "restrict on delete"), (1649, "restrict on update"),
        (1650, "set null on delete"), (1651, "set null on update"), (1652, "set default on delete"),
        (1653, "set default on update"), (1654, "no action on delete"), (1655, "no action on update"),
    ]

    /// Of every function that is not PostgreSQL's own.
    private static let otherTask = "trigger"

    static func task(of function: UInt32) -> String {
        tasks.first { $0.function == function }?.task ?? otherTask
    }

    /// The same said by a server.
    static func task(of function: SQL) -> SQL {
        let cases = SQL(joining: tasks.map { SQL("WHEN \($0.function) THEN \(literal: $0.task)") }, separator: " ")
        return "CASE \(function) \(cases) ELSE \(literal: otherTask) END"
    }
}
