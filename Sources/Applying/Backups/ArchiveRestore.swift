internal import Effects
internal import FleetModel
internal import Postgres
internal import Servers

/// Puts an archive into an empty database, without superuser rights.
///
/// What a dump holds runs while it is restored: a CHECK constraint may call a volatile function, and under a superuser
/// that function is one, whatever `--role` says. So a plain role logs in that is a member of all roles the dump names.
/// What it may not do is done beforehand by a superuser (extensions), or left out and named (event triggers,
/// publications, subscriptions).
struct ArchiveRestore {
    let backup: StoredBackup
    let programs: PostgresPrograms
    /// A superuser's session on the empty database; nil: there is none, and who logs in needs no help.
    let superuser: Session?
    let group: String?

    enum Ownership { case asDumped, ofLogin }

    /// - Returns: what only a superuser could restore, by its entry in the archive.
    func run(into target: ConnectionTarget, ownership: Ownership, tablespaces: Bool) async throws -> [String] {
        let check = ArchiveCheck(programs: programs)
        // Privileges are its owner's to give: the login's, where it gets everything before its owner does.
        let login = target.parameters.first { $0.keyword == "user" }?.value
        try await makeExtensions(schemasOf: ownership == .ofLogin ? login : nil)
        let entries = try await check.contents(backup.archivePath)
        let left = entries.filter { Self.kind(of: $0).map(Self.isForSuperusers) ?? false }
        let wanted = entries.filter { entry in !left.contains(entry) && !isDone(entry) }
        let own = ownership == .ofLogin ? [] : wanted.filter(Self.isOwn)
        try await restore(wanted.filter { !own.contains($0) }, into: target, ownership, tablespaces: tablespaces)
        // Our own schema may be a superuser's, whom nobody can make the owner but one: it is handed over afterwards, or
        // stays with the login that is to use it.
        if !own.isEmpty { try await restore(own, into: target, .ofLogin, tablespaces: tablespaces) }
        return left.map { Self.kind(of: $0) ?? $0 }
    }

    private func restore(
        _ entries: [String],
        into target: ConnectionTarget,
        _ ownership: Ownership,
        tablespaces: Bool
    ) async throws {
        let access = try ClientAccess(target, application: "reconcile/\(backup.receipt.runID) restore")
        defer { access.remove() }
        let list = try access.file("list", holding: entries.joined(separator: "\n") + "\n")
        var arguments = ["--format=custom", "--exit-on-error", "--use-list=\(list)"] + access.arguments
        if ownership == .ofLogin { arguments.append("--no-owner") }
        if !tablespaces { arguments.append("--no-tablespaces") }
        let command = Command(
            programs.path("pg_restore"),
            arguments,
            environment: access.environment,
            folder: "/",
            user: access.user
        )
        let result = try await command.run(inputFile: backup.archivePath)
        guard result.status == 0 else {
            throw BackupError.program(name: "pg_restore", reason: ProgramReport.reason(result))
        }
    }

    /// Whether it is in our own schema; a name that only looks so loses its owner and nothing else.
    private static func isOwn(_ entry: String) -> Bool {
        guard let kind = kind(of: entry) else { return false }
        return kind.hasPrefix("SCHEMA - \(OwnSchema.name) ")
            || ["TABLE", "TABLE DATA", "CONSTRAINT", "DEFAULT"].contains { kind.hasPrefix("\($0) \(OwnSchema.name) ") }
    }

    /// Extensions run what is installed on the server, not what the dump says; most need a superuser.
    private func makeExtensions(schemasOf login: String?) async throws {
        guard let superuser else { return }
        for item in backup.receipt.source.extensions {
            let known = try await superuser.ask(
                "SELECT version FROM pg_available_extension_versions WHERE name = \(literal: item.name)",
                label: "extension"
            )
            let versions = (known.last?.rows ?? Rows(columns: [], values: [])).map { $0[0] }
            guard !versions.isEmpty else { throw BackupError.extensionMissing(item.name) }
            if !Self.builtIn.contains(item.schema) {
                try await superuser.ask("CREATE SCHEMA IF NOT EXISTS \(identifier: item.schema)", label: "schema")
                if let group {
                    try await superuser.ask(
                        """
                        ALTER SCHEMA \(identifier: item.schema) OWNER TO \(identifier: login ?? item.schemaOwner);
                        GRANT USAGE, CREATE ON SCHEMA \(identifier: item.schema) TO \(identifier: group)
                        """,
                        label: "schema"
                    )
                }
            }
            let version: SQL = versions.contains(item.version) ? " VERSION \(literal: item.version)" : ""
            try await make(
                """
                CREATE EXTENSION IF NOT EXISTS \(identifier: item.name) WITH SCHEMA \(identifier: item.schema)\(version)
                """,
                ownedBy: item.owner,
                superuser
            )
        }
        guard let group else { return }
        // Who made servers of a wrapper could use it; the privilege itself is in the dump, and comes last.
        let wrappers = try await superuser.ask("SELECT fdwname FROM pg_foreign_data_wrapper", label: "wrappers")
        for name in (wrappers.last?.rows ?? Rows(columns: [], values: [])).compactMap({ $0[0] }) {
            try await superuser.ask(
                "GRANT USAGE ON FOREIGN DATA WRAPPER \(identifier: name) TO \(identifier: group)",
                label: "grant"
            )
        }
        // Rows that users added to an extension's tables are in the dump.
        let tables = try await superuser.ask(
            """
            SELECT n.nspname, c.relname FROM pg_extension e JOIN pg_class c ON c.oid = ANY (e.extconfig)
            JOIN pg_namespace n ON n.oid = c.relnamespace
            """,
            label: "extension tables"
        )
        for row in tables.last?.rows ?? Rows(columns: [], values: []) {
            try await superuser.ask(
                "GRANT ALL ON \(schema: row[0] ?? "", name: row[1] ?? "") TO \(identifier: group)",
                label: "grant"
            )
        }
    }

    /// Whoever makes an extension owns it for good, and a trusted one may be a plain role's.
    ///
    /// Where its owner may not make it here, or does not exist, it is the superuser's: the three statements are one
    /// transaction, so that a failed one leaves no role set.
    private func make(_ statement: SQL, ownedBy owner: String?, _ superuser: Session) async throws(BackupError) {
        if let owner {
            do throws(BackupError) {
                try await superuser.ask("SET ROLE \(identifier: owner); \(statement); RESET ROLE", label: "extension")
                return
            } catch {
                guard case .server(.server) = error else { throw error }
            }
        }
        try await superuser.ask(statement, label: "extension")
    }

    /// Schemas that are there in every database.
    private static let builtIn: Set = ["public", "pg_catalog"]

    /// What was made before the dump's own statements.
    private func isDone(_ entry: String) -> Bool {
        guard superuser != nil, let kind = Self.kind(of: entry) else { return false }
        if kind.hasPrefix("EXTENSION - ") || kind.hasPrefix("COMMENT - EXTENSION ") { return true }
        guard kind.hasPrefix("SCHEMA - "), let oid = Self.oid(of: entry) else { return false }
        return backup.receipt.source.extensions.contains { $0.schemaOID == oid && !Self.builtIn.contains($0.schema) }
    }

    private static func isForSuperusers(_ kind: String) -> Bool {
        ["EVENT TRIGGER ", "PUBLICATION ", "SUBSCRIPTION "].contains { name in
            kind.hasPrefix(name) || kind.hasPrefix("COMMENT - \(name)") || kind.hasPrefix("SECURITY LABEL - \(name)")
                || kind.hasPrefix("ACL - \(name)")
        }
    }

    /// `5; 2615 16385 SCHEMA - app owner` gives `SCHEMA - app owner`.
    private static func kind(of entry: String) -> String? {
        let parts = entry.split(separator: " ", maxSplits: 3)
        guard parts.count == 4, parts[0].hasSuffix(";"), UInt32(parts[1]) != nil, UInt32(parts[2]) != nil else {
            return nil
        }
        return String(parts[3])
    }

    private static func oid(of entry: String) -> UInt32? {
        let parts = entry.split(separator: " ", maxSplits: 3)
        return parts.count == 4 ? UInt32(parts[2]) : nil
    }
}
