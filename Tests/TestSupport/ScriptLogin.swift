internal import Effects
internal import Servers

/// Plays a script by the login of `docs/least-privilege.md` where it has a superuser's, on databases of a plain role.
///
/// - Manifests say `user: reconcile`, and classes `create.owner`.
/// - `sql NAME/DATABASE` is run as the database's owner; what only a superuser may do there stands in the script as
///   `sql postgres@NAME/DATABASE`. In the maintenance database it is the superuser's, and databases made so become the
///   plain role's.
///
/// A script that needs more says so below its title, and why: `# needs a superuser: …`, or `# needs a superuser on NAME: …`
/// where it does so on one of its servers.
package struct ScriptLogin: Sendable {
    /// Owns the databases.
    static let owner = "plain"

    /// Servers on which the program logs in as a superuser all the same.
    private let exempt: Set<String>

    /// Nil where the script cannot be played so.
    package init?(_ text: String) {
        guard !text.contains(#/(?m)^# needs a superuser: ./#) else { return nil }
        exempt = Set(text.matches(of: #/(?m)^# needs a superuser on ([a-z]+): ./#).map { String($0.1) })
    }

    /// Makes the roles on every server.
    func prepare(_ servers: [String: EmbeddedServer]) async throws {
        for (name, server) in servers {
            var statements = "CREATE ROLE \(Self.owner) LOGIN;\n"
            if !exempt.contains(name) { statements += try LeastPrivilege.statements(owners: [Self.owner]) }
            let made = try await server.psql(statements)
            guard made.status == 0 else { throw ProgramFailure("psql", made) }
        }
    }

    /// What `text` is to be, run by a superuser in a database.
    func adapted(sql text: String, of server: EmbeddedServer, in database: String) async throws -> String {
        guard database != "postgres" else { return text }
        let name = database.replacing("'", with: "''")
        let owner = try await server.value(
            "SELECT quote_ident(pg_get_userbyid(datdba)) FROM pg_database WHERE datname = '\(name)' AND datdba <> 10"
        )
        return owner.isEmpty ? text : "SET ROLE \(owner);\n\(text)"
    }

    /// Lets the login work on what a superuser has just made, wherever it may come.
    func take(_ servers: [String: EmbeddedServer]) async throws {
        var owners: Set<String> = []
        for server in servers.values {
            let made = try await server.psql(
                """
                SELECT format('ALTER DATABASE %I OWNER TO \(Self.owner)', datname) FROM pg_database
                WHERE datdba = 10 AND datallowconn AND datname NOT IN ('postgres', 'template1') \\gexec
                SELECT DISTINCT quote_literal(rolname) FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
                WHERE NOT rolsuper
                """
            )
            guard made.status == 0 else { throw ProgramFailure("psql", made) }
            owners.formUnion(made.outputText.split(separator: "\n").map(String.init))
        }
        for (name, server) in servers where !exempt.contains(name) && !owners.isEmpty {
            let made = try await server.psql(
                """
                SELECT format('GRANT %I TO \(LeastPrivilege.login)', rolname) FROM pg_roles
                WHERE rolname IN (\(owners.sorted().joined(separator: ", ")))
                    AND NOT pg_has_role('\(LeastPrivilege.login)', oid, 'MEMBER') \\gexec
                """
            )
            guard made.status == 0 else { throw ProgramFailure("psql", made) }
        }
    }

    /// A file of the script's as it is for this login.
    func adapted(_ text: String, _ servers: [String: EmbeddedServer]) -> String {
        let kept = exempt.compactMap { servers[$0]?.folder }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for index in lines.indices where !kept.contains(where: { lines[index].contains($0) }) {
            lines[index].replace("user: postgres", with: "user: \(LeastPrivilege.login)")
        }
        guard lines.contains("kind: DatabaseClass") else { return lines.joined(separator: "\n") }
        if let create = lines.firstIndex(where: { $0.hasPrefix("create: {") }) {
            guard !lines[create].contains("owner:") else { return lines.joined(separator: "\n") }
            lines[create].replace("create: {", with: "create: {owner: \(Self.owner), ", maxReplacements: 1)
        } else if !lines.contains(where: { $0.hasPrefix("create:") }) {
            if lines.last == "" { lines.removeLast() }
            lines += ["create: {owner: \(Self.owner)}", ""]
        }
        return lines.joined(separator: "\n")
    }
}
