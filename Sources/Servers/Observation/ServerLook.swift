internal import FleetModel
internal import Postgres

/// A database as the server's own list has it.
struct DatabaseRow: Sendable {
    var name: String
    var oid: UInt32
    var owner: String
    var sizeBytes: Int64
    var isTemplate: Bool
    /// Why nobody can look into it; nil where one can.
    var obstacle: String?
}

/// Why a server that answers is not used.
struct ServerUnfit: Error, CustomStringConvertible {
    var description: String
}

/// One look at a server as a whole, from its maintenance database.
struct ServerLook: Sendable {
    let target: ConnectionTarget
    let instance: Instance

    func look() async throws -> (ServerFacts, [DatabaseRow]) {
        let settings = SessionSettings(
            access: .readOnly, lockTimeout: .seconds(10), statementTimeout: .seconds(60),
            applicationName: "reconcile/observe")
        let session = try await Session.open(target, settings: settings, proof: .byCaller)
        do {
            let found = try await ask(session, settings)
            await session.close()
            return found
        } catch {
            await session.close()
            throw error
        }
    }

    private func ask(_ session: Session, _ settings: SessionSettings) async throws -> (ServerFacts, [DatabaseRow]) {
        let version = ServerVersion(number: await session.serverVersionNumber)
        guard version.major >= 14 else {
            throw ServerUnfit(description: "it is PostgreSQL \(version); 14 and newer are supported")
        }
        try await checkTransport(session)
        let answers = try await session.run(
            """
            \(settings.proof);
            SELECT s.system_identifier, c.timeline_id, pg_is_in_recovery()
            FROM pg_control_system() s, pg_control_checkpoint() c;
            SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1;
            -- A database we may not connect to has no size for us.
            SELECT datname, oid, pg_get_userbyid(datdba), datistemplate, datallowconn, datconnlimit,
                has_database_privilege(oid, 'CONNECT'),
                CASE WHEN has_database_privilege(oid, 'CONNECT') AND datconnlimit <> -2 THEN pg_database_size(oid) ELSE 0 END
            FROM pg_database ORDER BY datname
            """, label: "server")
        try settings.verify(answers.first?.rows, backendPID: await session.backendPID)
        guard answers.count == 4, let row = answers[1].rows?.first, let identifier = row[0],
            let timeline = row[1].flatMap({ Int($0) }), let roles = answers[2].rows, let rows = answers[3].rows
        else { throw PostgresError.unexpectedAnswer("no facts about the server") }
        let facts = ServerFacts(
            version: version, systemIdentifier: identifier, timeline: timeline, inRecovery: row[2] == "t",
            roles: roles.compactMap { $0[0] })
        return (facts, rows.compactMap(Self.database))
    }

    /// libpq falls back silently where `sslmode` lets it; what the manifest asks for must have come about.
    private func checkTransport(_ session: Session) async throws {
        guard ["require", "verify-ca", "verify-full"].contains(instance.parameter("sslmode") ?? ""),
            instance.parameter("host")?.hasPrefix("/") != true
        else { return }
        guard await session.usesTLS else {
            throw ServerUnfit(description: "the connection is not encrypted although sslmode asks for it")
        }
    }

    private static func database(_ row: [String?]) -> DatabaseRow? {
        guard let name = row[0], let oid = row[1].flatMap({ UInt32($0) }), let size = row[7].flatMap({ Int64($0) }) else {
            return nil
        }
        let obstacle: String? =
            if row[5] == "-2" {
                "an interrupted DROP DATABASE left it unusable; only dropping it again helps"
            } else if row[4] != "t" {
                "it allows no connections"
            } else if row[6] != "t" {
                "this login may not connect to it"
            } else {
                nil
            }
        return DatabaseRow(
            name: name, oid: oid, owner: row[2] ?? "", sizeBytes: size, isTemplate: row[3] == "t", obstacle: obstacle)
    }
}
