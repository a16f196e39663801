internal import FleetModel
internal import Postgres

/// What a database needs of the server it is moved to, read where it is, and whether that server has it.
struct MoveNeeds: Sendable {
    let source: BackupReceipt.Source
    let version: ServerVersion
    let settings: DatabaseSettings
    private let roles: [String: Attributes]
    /// Who is a member, over however many steps, of which of the roles.
    private let members: [Membership]
    private let tablespaces: Set<String>
    /// Where its tables are by default, where that is not the server's own default: that is not carried over.
    let tablespace: String?
    /// What is not as it was afterwards though all of it is brought along, in words.
    let notes: [String]
    /// Why it cannot be moved at all, wherever to.
    private let obstacles: [String]

    private struct Attributes: Hashable {
        var logsIn: Bool
        var bypassesRowSecurity: Bool
    }

    private struct Membership: Hashable {
        var login: String
        var role: String
    }

    /// Asks a session in the database.
    static func read(_ database: Session, name: String) async throws -> MoveNeeds {
        let (facts, _) = try await BackupSource.read(database)
        let answers = try await database.run(
            """
            COMMIT;
            SELECT rolname, rolcanlogin, oid = 10, rolname = session_user AND rolsuper, rolbypassrls OR rolsuper
            FROM pg_roles;
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
            ORDER BY 1;
            SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'm' AND c.relispopulated AND c.oid >= 16384 ORDER BY 1;
            SELECT n.nspname, c.relname, x.extname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_depend e ON e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
            JOIN pg_extension x ON e.refclassid = 'pg_extension'::regclass AND x.oid = e.refobjid
            WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND NOT coalesce(c.oid = ANY (x.extconfig), false)
            ORDER BY 1, 2;
            \(Self.membership)
            """,
            label: "what a move needs"
        )
        let tables = answers.compactMap(\.rows)
        guard tables.count == 7, let settings = try await DatabaseSettings.read(database, database: name) else {
            throw ApplyError.failed("what the database needs could not be read")
        }
        var obstacles = tables[3].compactMap { $0[0] }.map { "it has a \($0), which no move brings along" }
        if !tables[0].contains(where: { $0[3] == "t" }) {
            obstacles.append(
                "the login there is no superuser, and nobody else can shut all others out and still dump it"
            )
        }
        obstacles += try await rowsOfExtensions(tables[5], database)
        // A dump names the bootstrap superuser only where it owns something.
        let bootstrap = tables[0].first { $0[2] == "t" }?[0] ?? ""
        let named = facts.source.roles.filter { $0 != bootstrap || facts.source.owners.contains($0) }
        let granted = settings.settings.compactMap(\.role) + (settings.privileges ?? []).compactMap(\.role)
        let needed = Set(named + granted + [settings.owner]).filter { !$0.hasPrefix("pg_") }
        let known = Dictionary(
            tables[0].map { ($0[0] ?? "", Attributes(logsIn: $0[1] == "t", bypassesRowSecurity: $0[4] == "t")) },
            uniquingKeysWith: { first, _ in first }
        )
        let members = tables[6].map { Membership(login: $0[0] ?? "", role: $0[1] ?? "") }.filter {
            needed.contains($0.role) && !$0.login.hasPrefix(RestoreRoles.prefix)
        }
        let unknown = Attributes(logsIn: false, bypassesRowSecurity: false)
        let roles = needed.union(members.map(\.login)).map { ($0, known[$0] ?? unknown) }
        return MoveNeeds(
            source: facts.source,
            version: facts.version,
            settings: settings,
            roles: Dictionary(uniqueKeysWithValues: roles),
            members: members,
            tablespaces: Set(tables[1].compactMap { $0[0] }),
            tablespace: tables[2].scalar,
            notes: tables[4].compactMap { $0[0] }.map {
                "materialized view \($0) is filled anew there: it may hold other rows than it holds here"
            },
            obstacles: obstacles
        )
    }

    /// Logins, none of them superusers, and what they are members of.
    private static let membership: SQL = """
        WITH RECURSIVE belongs (login, role) AS (
            SELECT m.member, m.roleid FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
            WHERE r.rolcanlogin AND NOT r.rolsuper
            UNION SELECT b.login, m.roleid FROM belongs b JOIN pg_auth_members m ON m.member = b.role)
        SELECT l.rolname, r.rolname FROM belongs b JOIN pg_roles l ON l.oid = b.login JOIN pg_roles r ON r.oid = b.role
        ORDER BY 1, 2
        """

    /// Rows in tables of extensions that the extension never marked for dumps.
    private static func rowsOfExtensions(_ tables: Rows, _ database: Session) async throws -> [String] {
        guard !tables.isEmpty else { return [] }
        let parts = tables.enumerated().map { index, row -> SQL in
            "SELECT \(index) WHERE EXISTS (SELECT FROM ONLY \(schema: row[0] ?? "", name: row[1] ?? ""))"
        }
        let answers = try await database.run(SQL(joining: parts, separator: " UNION ALL "), label: "rows of extensions")
        let found = Set((answers.last?.rows ?? Rows(columns: [], values: [])).compactMap { $0[0].flatMap { Int($0) } })
        return tables.enumerated().filter { found.contains($0.offset) }.map { _, row in
            let name = "\"\(row[0] ?? "").\(row[1] ?? "")\""
            return "it has rows in table \(name) of extension \"\(row[2] ?? "")\", which no dump holds"
        }
    }

    /// Everything the other server lacks, in words; empty where the database can be moved there.
    ///
    func missing(on there: Session, database: String) async throws -> [String] {
        let answers = try await there.run(
            """
            SELECT rolname, rolcanlogin, rolbypassrls OR rolsuper FROM pg_roles;
            SELECT spcname FROM pg_tablespace;
            SELECT name, version FROM pg_available_extension_versions;
            SELECT count(*) FROM pg_database WHERE datname = \(literal: database);
            \(Self.membership)
            """,
            label: "what a move finds"
        )
        let tables = answers.compactMap(\.rows)
        guard tables.count == 5 else { throw PostgresError.unexpectedAnswer("what the server has") }
        var missing = obstacles
        let major = await there.serverVersionNumber / 10_000
        if major < version.major {
            missing.append("it is on PostgreSQL \(version.major), and the server there is of the older major \(major)")
        }
        if tables[3].scalar != "0" { missing.append("a database of that name exists there by now") }
        missing += missingRoles(tables[0], members: tables[4])
        let owners = Set(source.owners + [source.owner]).subtracting(["pg_database_owner"])
        // A dump is restored by a plain role, which becomes any owner and so may become no powerful one.
        if owners.count > 1 {
            let powers = try await OwnerPowers.read(there, of: owners)
            let names = owners.sorted().compactMap { owner in
                powers.reason(against: owner).map { "\"\(owner)\", \($0) there" }
            }
            if !names.isEmpty {
                missing.append(
                    "some of it belongs to \(names.joined(separator: "; ")): give that to a plain owner first"
                )
            }
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

    private func missingRoles(_ there: Rows, members: Rows) -> [String] {
        var missing: [String] = []
        let known = Dictionary(
            there.map { ($0[0] ?? "", Attributes(logsIn: $0[1] == "t", bypassesRowSecurity: $0[2] == "t")) },
            uniquingKeysWith: { first, _ in first }
        )
        let absent = roles.keys.filter { known[$0] == nil }.sorted()
        if !absent.isEmpty {
            let names = absent.map { "\"\($0)\"" + (roles[$0]?.logsIn == true ? " (logs in)" : "") }
            missing.append(
                "roles are missing there: \(names.joined(separator: ", ")); create them first, with passwords of their own"
            )
        }
        for (name, here) in roles.sorted(by: { $0.key < $1.key }) {
            guard let there = known[name] else { continue }
            if here.logsIn, !there.logsIn { missing.append("role \"\(name)\" logs in here and may not there") }
            if here.bypassesRowSecurity != there.bypassesRowSecurity {
                let (does, doesNot) = here.bypassesRowSecurity ? ("here", "there") : ("there", "here")
                missing.append("role \"\(name)\" is above row security \(does) and not \(doesNot)")
            }
        }
        let joined = Set(members.map { Membership(login: $0[0] ?? "", role: $0[1] ?? "") })
        for member in self.members where known[member.login] != nil && !joined.contains(member) {
            missing.append("\"\(member.login)\" is a member of \"\(member.role)\" here and not there")
        }
        return missing
    }
}
