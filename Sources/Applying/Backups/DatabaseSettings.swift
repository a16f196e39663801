package import Postgres

/// What a database has that no dump of its content holds: owner, privileges, settings, comment, limits.
///
/// What is rebuilt, restored or moved gets them from the database it replaces.
package struct DatabaseSettings: Sendable, Hashable {
    package var owner: String
    package var comment: String?
    package var connectionLimit: Int
    /// Nil: the default ones.
    package var privileges: [Privilege]?
    package var settings: [Setting]

    package struct Privilege: Sendable, Hashable {
        /// Nil: PUBLIC.
        package var role: String?
        package var privilege: String
        package var isGrantable: Bool
    }

    package struct Setting: Sendable, Hashable {
        /// Nil: for every role.
        package var role: String?
        package var name: String
        package var value: String
    }

    /// Reads them from any database of the server; nil where there is no such database.
    package static func read(_ session: Session, database: String) async throws(PostgresError) -> DatabaseSettings? {
        let answers = try await session.run(
            """
            SELECT pg_get_userbyid(d.datdba), shobj_description(d.oid, 'pg_database'), d.datconnlimit,
                   d.datacl IS NULL
            FROM pg_database d WHERE d.datname = \(literal: database);
            SELECT CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END, a.privilege_type, a.is_grantable
            FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = \(literal: database)
            ORDER BY 1, 2;
            SELECT CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END, c
            FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) c
            WHERE d.datname = \(literal: database) ORDER BY 1, 2
            """,
            label: "database settings"
        )
        let tables = answers.compactMap(\.rows)
        guard tables.count == 3 else { throw .unexpectedAnswer("no settings of the database") }
        guard let row = tables[0].first else { return nil }
        return DatabaseSettings(
            owner: row[0] ?? "",
            comment: row[1],
            connectionLimit: row[2].flatMap(Int.init) ?? -1,
            privileges: row[3] == "t"
                ? nil : tables[1].map { Privilege(role: $0[0], privilege: $0[1] ?? "", isGrantable: $0[2] == "t") },
            settings: tables[2].compactMap { row in
                guard let entry = row[1], let equals = entry.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
                return Setting(
                    role: row[0],
                    name: String(entry[..<equals]),
                    value: String(entry[entry.utf8.index(after: equals)...])
                )
            }
        )
    }

    /// What gives them to another database, in this order; each a statement of its own, together one transaction.
    package func statements(for database: String) -> [SQL] {
        var all: [SQL] = ["ALTER DATABASE \(identifier: database) OWNER TO \(identifier: owner)"]
        if connectionLimit >= 0 {
            all.append("ALTER DATABASE \(identifier: database) CONNECTION LIMIT \(connectionLimit)")
        }
        if let comment { all.append("COMMENT ON DATABASE \(identifier: database) IS \(literal: comment)") }
        if let privileges {
            all.append("REVOKE ALL ON DATABASE \(identifier: database) FROM PUBLIC, \(identifier: owner)")
            all += privileges.compactMap { item in
                guard ["CREATE", "CONNECT", "TEMPORARY"].contains(item.privilege) else { return nil }
                let what: SQL =
                    item.privilege == "CREATE" ? "CREATE" : item.privilege == "CONNECT" ? "CONNECT" : "TEMPORARY"
                let role: SQL = item.role.map { "\(identifier: $0)" } ?? "PUBLIC"
                let option: SQL = item.isGrantable ? " WITH GRANT OPTION" : ""
                return "GRANT \(what) ON DATABASE \(identifier: database) TO \(role)\(option)"
            }
        }
        for setting in settings { all += statements(for: setting, of: database) }
        return all
    }

    private func statements(for setting: Setting, of database: String) -> [SQL] {
        let whose: SQL =
            setting.role.map {
                "ALTER ROLE \(identifier: $0) IN DATABASE \(identifier: database)"
            } ?? "ALTER DATABASE \(identifier: database)"
        let name = SQL(
            joining: setting.name.split(separator: ".").map { "\(identifier: String($0))" as SQL },
            separator: "."
        )
        guard Self.quotedLists.contains(setting.name.lowercased()) else {
            return ["\(whose) SET \(name) TO \(literal: setting.value)"]
        }
        // The stored text is a list of quoted names; as one literal it would become one name. Until it is taken back no name
        // is looked up by it.
        return [
            "SELECT pg_catalog.set_config(\(literal: setting.name), \(literal: setting.value), true)",
            "\(whose) SET \(name) FROM CURRENT",
            "SET LOCAL search_path = pg_catalog, pg_temp",
        ]
    }

    /// Settings with `GUC_LIST_QUOTE`, as pg_dump knows them too (`variable_is_guc_list_quote`).
    private static let quotedLists: Set = [
        "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
        "temp_tablespaces", "unix_socket_directories",
    ]
}
