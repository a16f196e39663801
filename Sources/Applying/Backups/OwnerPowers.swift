internal import Postgres

/// What owners of things in a dump may do beyond those things, on the server the dump is restored on.
///
/// While a dump is restored, what it holds runs, and can become whatever role the restoring login is a member of.
struct OwnerPowers {
    private var powers: [String: [Power]] = [:]

    private struct Power {
        /// Whether a role that alone owns everything is kept from becoming itself, too.
        var isGrave: Bool
        var text: String
    }

    static func read(_ session: Session, of owners: some Collection<String>) async throws(BackupError) -> OwnerPowers {
        guard !owners.isEmpty else { return OwnerPowers() }
        let names = SQL(joining: owners.map { "\(literal: $0)" as SQL })
        let answers = try await session.ask(
            """
            WITH RECURSIVE reached (owner, role) AS (
                SELECT rolname, oid FROM pg_roles WHERE rolname IN (\(names))
                UNION SELECT r.owner, m.roleid FROM reached r JOIN pg_auth_members m ON m.member = r.role)
            SELECT r.owner, p.rolname, p.rolsuper, p.rolcreaterole, p.rolreplication, p.rolcreatedb, p.rolbypassrls
            FROM reached r JOIN pg_roles p ON p.oid = r.role
            WHERE p.rolsuper OR p.rolcreaterole OR p.rolreplication OR p.rolcreatedb OR p.rolbypassrls
                OR p.rolname ~ '^pg_'
            ORDER BY r.owner, p.rolname <> r.owner, p.rolname
            """,
            label: "powers of owners"
        )
        var all = OwnerPowers()
        for row in answers.last?.rows ?? Rows(columns: [], values: []) {
            guard row.count == 7, let owner = row[0], let role = row[1] else { throw .measurement("no powers") }
            let attributes = [(3, "CREATEROLE"), (4, "REPLICATION"), (5, "CREATEDB"), (6, "BYPASSRLS")]
                .filter { row[$0.0] == "t" }.map(\.1).joined(separator: ", ")
            let what = row[2] == "t" ? "a superuser" : attributes.isEmpty ? "" : "a role with \(attributes)"
            let text = role == owner ? what : "a member of \"\(role)\"" + (what.isEmpty ? "" : ", \(what)")
            let isGrave = row[2...4].contains("t") || role.hasPrefix("pg_")
            all.powers[owner, default: []].append(Power(isGrave: isGrave, text: text))
        }
        return all
    }

    /// Why nothing of a dump may become this role, where others own things in it too; nil: it may.
    func reason(against owner: String) -> String? { powers[owner]?.first?.text }

    /// Whether this role is not to be become even where it alone owns all that runs.
    ///
    /// The role of that name need not be the one that wrote it: the dump may be another server's.
    func areGrave(of owner: String) -> Bool { powers[owner]?.contains(where: \.isGrave) == true }
}
