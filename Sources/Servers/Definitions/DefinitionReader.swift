package import FleetModel
package import Postgres

/// Asks a server how objects read, in its own words (`pg_get_*`), in one round trip.
///
/// That costs a server ten times what a look at the raw catalog does, so nothing is asked that is not to be shown, and of
/// all databases in one state only one. It writes nothing and runs nothing of the database's own: what is called are
/// PostgreSQL's functions on the catalog, under `search_path = pg_catalog`, with a limit on how long a lock is waited for
/// and on how much is told.
package enum DefinitionReader {
    /// More than a reader looks at; a database made to be large must not fill our memory.
    static let mostObjects = 2000

    /// Of the database that a target names; what is not there any more is left out.
    package static func read(
        _ objects: [ObjectID],
        at target: ConnectionTarget
    ) async throws(PostgresError) -> [ObjectID: Definition] {
        let settings = SessionSettings(
            access: .readOnly,
            lockTimeout: .seconds(5),
            statementTimeout: .seconds(60),
            applicationName: "reconcile/definitions"
        )
        let session = try await Session.open(target, settings: settings)
        do throws(PostgresError) {
            let definitions = try await read(objects, session)
            await session.close()
            return definitions
        } catch {
            await session.close()
            throw error
        }
    }

    /// Of the database that the session is in; within a transaction of the caller's the caller's own snapshot counts.
    package static func read(
        _ objects: [ObjectID],
        _ session: Session
    ) async throws(PostgresError) -> [ObjectID: Definition] {
        let objects = objects.prefix(mostObjects)
        guard !objects.isEmpty else { return [:] }
        // A remark is told with what it is on.
        var remarks: [ObjectID: ObjectID] = [:]
        for object in objects where object.kind == .comment {
            if let remarked = object.remarked { remarks[remarked] = object }
        }
        let wanted = Set(objects.filter { $0.kind != .comment } + remarks.keys)
        let isWithin = await session.isInTransaction
        let statements = DefinitionQuery.all(major: await session.serverVersionNumber / 10_000).compactMap { query in
            query.statement(wanted.filter { query.kinds.contains($0.kind) }.sorted())
        }
        guard !statements.isEmpty else { return [:] }
        let all = SQL(joining: statements, separator: "; ")
        let answers = try await session.run(
            isWithin
                ? pinPath + all + restorePath : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " + all + "; COMMIT",
            label: "definitions"
        )
        var definitions: [ObjectID: Definition] = [:]
        for row in answers.compactMap(\.rows).joined() where row.count == 7 {
            guard let kind = row[0].flatMap(ObjectKind.init), let name = row[2] else { continue }
            let object = ObjectID(kind, schema: row[1], name: name)
            guard wanted.contains(object) else { continue }
            if let remark = remarks[object], let text = row[6] {
                definitions[remark] = Definition(text: "'\(text)'")
            }
            definitions[object] = Definition(text: row[3] ?? "", owner: row[4], grants: row[5])
        }
        return definitions
    }

    /// A caller's transaction may have a `search_path` of its own, on which it depends how the server names things.
    private static let pinPath: SQL = """
        SELECT set_config('reconcile.search_path', current_setting('search_path'), true), \
        set_config('search_path', 'pg_catalog, pg_temp', true);
        """
    private static let restorePath: SQL = """
        ; SELECT set_config('search_path', current_setting('reconcile.search_path'), true)
        """
}
