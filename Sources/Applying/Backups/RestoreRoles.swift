internal import Postgres

/// Roles for the time of one restore: who logs in, and a group that lets owners own what is made in new schemas.
///
/// A table's new owner must have CREATE on its schema. The group has it, all owners are in the group, and no statement
/// of a dump knows the group, so that taking it away again leaves the privileges as dumped.
struct RestoreRoles {
    let login: String
    let group: String
    /// Roles that the login becomes a member of; never a superuser.
    let members: [String]

    static let prefix = "rcl_restore_"

    /// Names that no role of the dump has.
    init(members: [String], tag: String) {
        var name = Self.prefix + tag
        while members.contains(name) || members.contains("\(name)_all") { name += "_" }
        login = name
        group = "\(name)_all"
        self.members = members
    }

    /// Makes them; `password` is a SCRAM verifier and until when it is valid, nil where nobody asks for one.
    func create(in maintenance: Session, password: (verifier: String, validUntil: String)?) async throws(BackupError) {
        let secret: SQL =
            password.map {
                " PASSWORD \(literal: $0.verifier) VALID UNTIL \(literal: $0.validUntil)"
            } ?? ""
        try await maintenance.run(
            every: [
                "CREATE ROLE \(identifier: group) NOLOGIN NOSUPERUSER",
                """
                CREATE ROLE \(identifier: login) LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS\(secret)
                """,
                "GRANT \(identifier: group) TO \(identifier: login)",
            ]
                + members.flatMap {
                    [
                        "GRANT \(identifier: $0) TO \(identifier: login)",
                        "GRANT \(identifier: group) TO \(identifier: $0)",
                    ]
                }
        )
    }

    /// In the empty database, as a superuser.
    func prepare(_ superuser: Session, database: String) async throws(BackupError) {
        try await superuser.run(
            every: [
                "GRANT CREATE, CONNECT, TEMPORARY ON DATABASE \(identifier: database) TO \(identifier: login)",
                "GRANT USAGE, CREATE ON SCHEMA public TO \(identifier: group)",
                """
                ALTER DEFAULT PRIVILEGES FOR ROLE \(identifier: login)
                GRANT USAGE, CREATE ON SCHEMAS TO \(identifier: group)
                """,
            ])
    }

    /// Takes back in the restored database what `prepare` gave; `owner` gets what the login still owns.
    func withdraw(_ superuser: Session, owner: String) async throws(BackupError) {
        try await superuser.run(
            every: [
                "REASSIGN OWNED BY \(identifier: login) TO \(identifier: owner)",
                // By name first: DROP OWNED trips over default privileges that name two of its roles.
                """
                ALTER DEFAULT PRIVILEGES FOR ROLE \(identifier: login)
                REVOKE USAGE, CREATE ON SCHEMAS FROM \(identifier: group)
                """,
                "DROP OWNED BY \(identifier: group)",
                "DROP OWNED BY \(identifier: login)",
            ])
    }

    func drop(in maintenance: Session) async throws(BackupError) {
        try await maintenance.run(every: ["DROP ROLE IF EXISTS \(identifier: login), \(identifier: group)"])
    }
}

extension Session {
    /// One statement a message: none of them in another's transaction.
    func run(every statements: [SQL]) async throws(BackupError) {
        for statement in statements { _ = try await ask(statement, label: "restore roles") }
    }
}
