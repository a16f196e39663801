internal import Postgres

/// The roles of a scratch server of our own, as far as they stand for those of real ones.
actor ScratchRoles {
    private let administrator: Session
    private var made: Set<String> = []
    /// Who was given membership in which roles: only one at a time, since roles may not be members of each other in a ring.
    private var members: [(member: String, role: String)] = []

    init(administrator: Session) {
        self.administrator = administrator
    }

    /// Makes the owner and the runner able to log in, and gives the runner all else.
    ///
    /// All else are `others`, the names of the real server's roles: made without login, without rights.
    func prepare(_ setup: ReplaySetup, others: [String]) async throws(PostgresError) {
        for (member, role) in members {
            try await administrator.run("REVOKE \(identifier: role) FROM \(identifier: member)", label: "roles")
        }
        members = []
        let others = others.filter { Self.canBeMade($0) && $0 != setup.owner && $0 != setup.runner }
        for role in [setup.owner, setup.runner] + others where !made.contains(role) {
            try await administrator.run("CREATE ROLE \(identifier: role) NOLOGIN NOSUPERUSER", label: "roles")
            made.insert(role)
        }
        for role in Set([setup.owner, setup.runner]) {
            try await administrator.run("ALTER ROLE \(identifier: role) LOGIN", label: "roles")
        }
        for role in others + (setup.runner == setup.owner ? [] : [setup.owner]) {
            try await administrator.run("GRANT \(identifier: role) TO \(identifier: setup.runner)", label: "roles")
            members.append((setup.runner, role))
        }
    }

    private static func canBeMade(_ name: String) -> Bool {
        !name.hasPrefix("pg_") && name != ScratchHome.superuser && !["public", "none", ""].contains(name)
            && name.utf8.count <= 63
    }
}
