internal import Postgres

/// What belongs to a database as a whole and to no dump of it: settings, privileges, comment, connection limit.
enum DatabaseProperties {
    /// Gives one database what another has; both by the control session, in one transaction.
    ///
    /// The database's owner chose the settings, `role` and `search_path` among them: no statement of ours may run
    /// under them.
    static func copy(from source: String, to copy: String, on session: Session) async throws {
        guard let settings = try await DatabaseSettings.read(session, database: source) else { return }
        let text = SQL(joining: settings.statements(for: copy), separator: ";\n")
        do {
            try await session.run("BEGIN; \(text); COMMIT", label: "copy database properties")
        } catch {
            _ = try? await session.runKeepingAnswers("ROLLBACK", label: "copy database properties, rollback")
            throw error
        }
    }
}
