internal import FleetModel
internal import Postgres

/// What a database needs of the server it is moved to, read where it is, and whether that server has it.
struct MoveNeeds: Sendable {
    let source: BackupReceipt.Source
    let version: ServerVersion
    let settings: DatabaseSettings
    private let roles: Set<String>
    private let logins: Set<String>
    private let tablespaces: Set<String>
    /// Where its tables are by default, where that is not the server's own default: that is not carried over.
    let tablespace: String?
    /// Why it cannot be moved at all, wherever to.
    private let obstacles: [String]

    /// Asks a session in the database.
    static func read(_ database: Session, name: String) async throws -> MoveNeeds {
        let (facts, _) = try await BackupSource.read(database)
        let answers = try await database.run(
            """
            COMMIT;
            SELECT rolname, rolcanlogin, oid = 10, rolname = session_user AND rolsuper FROM pg_roles;
            SELECT DISTINCT t.spcname FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace
            WHERE c.oid >= 16384 AND t.spcname <> 'pg_global';
            SELECT t.spcname FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace
            WHERE d.datname = current_database() AND t.spcname <> 'pg_default';
            SELECT what FROM (
                SELECT 'event trigger ' || evtname AS what FROM pg_event_trigger t
                WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_event_trigger'::regclass
                    AND d.objid = t.oid AND d.deptype = 'e')
                UNION ALL SELECT 'publication ' || pubname FROM pg_publication
                UNION ALL SELECT 'subscription ' || s.subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
                WHERE d.datname = current_database()
                UNION ALL SELECT 'replication slot ' || slot_name FROM pg_replication_slots
                WHERE database = current_database()
                UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts
                WHERE database = current_database()) obstacles
            ORDER BY 1
            """,
            label: "what a move needs"
        )
        let tables = answers.compactMap(\.rows)
        guard tables.count == 4, let settings = try await DatabaseSettings.read(database, database: name) else {
            throw ApplyError.failed("what the database needs could not be read")
        }
        var obstacles = tables[3].compactMap { $0[0] }.map { "it has a \($0), which no move brings along" }
        if !tables[0].contains(where: { $0[3] == "t" }) {
            obstacles.append(
                "the login there is no superuser, and nobody else can shut all others out and still dump it"
            )
        }
        // A dump names the bootstrap superuser only where it owns something.
        let bootstrap = tables[0].first { $0[2] == "t" }?[0] ?? ""
        let named = facts.source.roles.filter { $0 != bootstrap || facts.source.owners.contains($0) }
        let granted = settings.settings.compactMap(\.role) + (settings.privileges ?? []).compactMap(\.role)
        return MoveNeeds(
            source: facts.source,
            version: facts.version,
            settings: settings,
            roles: Set(named + granted + [settings.owner]).filter { !$0.hasPrefix("pg_") },
            logins: Set(tables[0].filter { $0[1] == "t" }.compactMap { $0[0] }),
            tablespaces: Set(tables[1].compactMap { $0[0] }),
            tablespace: tables[2].scalar,
            obstacles: obstacles
        )
    }

    /// Everything the other server lacks, in words; empty where the database can be moved there.
    ///
    func missing(on there: Session, database: String) async throws -> [String] {
        let answers = try await there.run(
            """
            SELECT rolname, rolsuper FROM pg_roles;
            SELECT spcname FROM pg_tablespace;
            SELECT name, version FROM pg_available_extension_versions;
            SELECT count(*) FROM pg_database WHERE datname = \(literal: database)
            """,
            label: "what a move finds"
        )
        let tables = answers.compactMap(\.rows)
        guard tables.count == 4 else { throw PostgresError.unexpectedAnswer("what the server has") }
        var missing = obstacles
        let major = await there.serverVersionNumber / 10_000
        if major < version.major {
            missing.append("it is on PostgreSQL \(version.major), and the server there is of the older major \(major)")
        }
        if tables[3].scalar != "0" { missing.append("a database of that name exists there by now") }
        let absent = roles.subtracting(tables[0].compactMap { $0[0] }).sorted()
        if !absent.isEmpty {
            let names = absent.map { "\"\($0)\"" + (logins.contains($0) ? " (logs in)" : "") }.joined(separator: ", ")
            missing.append("roles are missing there: \(names); create them first, with passwords of their own")
        }
        let owners = Set(source.owners + [source.owner]).subtracting(["pg_database_owner"])
        let superusers = owners.intersection(tables[0].filter { $0[1] == "t" }.compactMap { $0[0] }).sorted()
        // A dump is restored by a plain role, which can make no superuser the owner of anything.
        if owners.count > 1, !superusers.isEmpty {
            let names = superusers.map { "\"\($0)\"" }.joined(separator: ", ")
            missing.append("some of it belongs to \(names), a superuser there: give that to a plain owner first")
        }
        let unplaced = tablespaces.subtracting(tables[1].compactMap { $0[0] }).sorted()
        if !unplaced.isEmpty {
            missing.append("tablespaces are missing there: \(unplaced.map { "\"\($0)\"" }.joined(separator: ", "))")
        }
        missing += source.extensions.compactMap { item in
            let versions = tables[2].filter { $0[0] == item.name }.compactMap { $0[1] }
            if versions.isEmpty { return "the extension \"\(item.name)\" is not installed on the server there" }
            guard major == version.major, !versions.contains(item.version) else { return nil }
            let known = versions.sorted().joined(separator: ", ")
            return "the extension \"\(item.name)\" is there in version \(known) only, not \(item.version)"
        }
        return missing
    }
}
