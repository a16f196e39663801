internal import FleetModel
internal import Migrations
internal import Postgres

/// The statements that make, guard and fill a class's history table inside a transaction of ours.
struct HistoryTable: Sendable {
    let schema: String
    let table: String
    let format: any HistoryFormat
    /// Who makes the table where it is missing; nil: the login.
    let maker: String?

    init(_ context: ClassContext, owner: String) {
        schema = context.source.historySchema
        table = context.source.historyTable
        format = context.format
        // In our own schema everything is the login's; a tool's own table is made as that tool would have made it.
        maker = schema == OwnSchema.name ? nil : context.runAs(owner: owner)
    }

    private var name: SQL { "\(schema: schema, name: table)" }

    /// Makes the table where it is missing, keeps every other writer out until we commit, and makes sure that the rows
    /// are those the plan was made for: an application that migrates itself at start-up must not race us.
    func opening(expectedRows: Int) -> SQL {
        let creation = format.creation(
            schema: SQL("\(identifier: schema)").text,
            table: SQL("\(identifier: table)").text
        )
        return """
            \(becomeWriter)
            \(SQL(joining: creation.map { SQL(writtenByUser: $0) }, separator: ";\n"));
            LOCK TABLE \(name) IN SHARE ROW EXCLUSIVE MODE;
            DO $rcl$ BEGIN
                IF (SELECT count(*) FROM \(name)) <> \(expectedRows) THEN
                    RAISE EXCEPTION 'another program wrote to the history meanwhile' USING ERRCODE = 'RC002';
                END IF;
                PERFORM FROM pg_class c WHERE c.oid = \(literal: name.text)::regclass
                    AND (c.relkind <> 'r' OR c.relhasrules OR c.relrowsecurity OR c.relhassubclass OR c.relispartition
                        OR EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal));
                IF FOUND THEN
                    RAISE EXCEPTION 'the history table is not a plain table: something hangs on it' USING ERRCODE = 'RC003';
                END IF;
            END $rcl$;
            RESET ROLE;
            """
    }

    /// Writes the row of one migration.
    func row(of migration: Migration, run: HistoryRun) -> SQL {
        let values = format.historyInsert(migration, run: run)
        return """
            \(becomeWriter)
            INSERT INTO \(name) (\(SQL(joining: values.map { SQL("\(identifier: $0.column)") })))
            VALUES (\(SQL(joining: values.map { $0.value.sql })));
            RESET ROLE;
            """
    }

    /// The table's owner where we may act as it, else the login: rows must not need more rights than the table's own.
    private var becomeWriter: SQL {
        """
        SELECT set_config('role', coalesce(
            (SELECT pg_get_userbyid(c.relowner) FROM pg_class c
                WHERE c.oid = to_regclass(\(literal: name.text)) AND pg_has_role(session_user, c.relowner, 'MEMBER')),
            \(literal: maker ?? "none")), true);
        """
    }
}

extension HistoryValue {
    fileprivate var sql: SQL {
        switch self {
        case .text(let text): "\(literal: text)"
        case .integer(let number): "\(number)"
        case .null: "NULL"
        case .now: "now()"
        case .sessionUser: "session_user"
        }
    }
}
