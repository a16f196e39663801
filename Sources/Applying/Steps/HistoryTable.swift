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
    private let folder: MigrationFolder
    /// The tool's own lock.
    private let lockKey: Int64?

    init(_ context: ClassContext, owner: String, database: String) {
        schema = context.source.historySchema
        table = context.source.historyTable
        format = context.format
        folder = context.folder
        // In our own schema everything is the login's; a tool's own table is made as that tool would have made it.
        maker = schema == OwnSchema.name ? nil : context.runAs(owner: owner)
        lockKey = format.lockKey(database: database, schema: schema, table: table)
    }

    private var name: SQL { "\(schema: schema, name: table)" }

    /// Makes the table where it is missing, keeps every other writer out until we commit, and makes sure that the rows
    /// are those the plan was made for: an application that migrates itself at start-up must not race us.
    func opening(expecting mark: HistoryMark) -> SQL {
        // To say CREATE needs a privilege even where everything is there already.
        let creation: SQL = """
            BEGIN
                IF to_regclass(\(literal: name.text)) IS NULL THEN
                    \(SQL(joining: format.creation(schema: schema, table: table), separator: ";\n"));
                END IF;
            END
            """
        // A wait for it ends with the timeout for locks, and is then tried again from the beginning.
        let lock: SQL = lockKey.map { "SELECT pg_advisory_xact_lock(\($0));\n" } ?? ""
        return """
            \(lock)\(becomeWriter)
            DO \(literal: creation.text);
            LOCK TABLE \(name) IN SHARE ROW EXCLUSIVE MODE;
            DO $rcl$ BEGIN
                \(plainness)
                IF \(mark.isPassed(in: name)) THEN
                    RAISE EXCEPTION 'another program wrote to the history meanwhile' USING ERRCODE = 'RC002';
                END IF;
            END $rcl$;
            \(upgrade)\(firstRows)RESET ROLE;
            """
    }

    /// Lets nothing pass that would run code of the table's owner when we read or write a row: to have taken another role
    /// is no protection, as that code can lay it down.
    ///
    /// Under the lock, and before the first look at a row. Defaults are what tools give their columns: numbers of a
    /// sequence, the time, constants. `pg_get_expr` names everything outside of `pg_catalog` with its schema, which is
    /// alone in our search path: <https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-CATALOG>.
    private var plainness: SQL {
        """
        PERFORM FROM pg_class c WHERE c.oid = \(literal: name.text)::regclass
            AND (c.relkind <> 'r' OR c.relhasrules OR c.relrowsecurity OR c.relhassubclass OR c.relispartition
                OR EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
                OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('c', 'f', 'x'))
                OR EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid
                    AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
                        OR EXISTS (SELECT FROM pg_opclass o WHERE o.oid = ANY (i.indclass)
                            AND o.opcnamespace <> 'pg_catalog'::regnamespace)))
                OR EXISTS (SELECT FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                        AND (a.attgenerated <> '' OR y.typtype <> 'b' OR y.typnamespace <> 'pg_catalog'::regnamespace))
                OR EXISTS (SELECT FROM pg_attrdef d WHERE d.adrelid = c.oid
                    AND pg_get_expr(d.adbin, d.adrelid) !~ \(literal: Self.plainDefault)));
        IF FOUND THEN
            RAISE EXCEPTION 'the history table is not as its tool makes it: something hangs on it that would run'
                USING ERRCODE = 'RC003',
                HINT = 'a trigger, rule, policy, check, domain, foreign key, index of an expression, or a default that is no '
                    'constant, time or number of a sequence; take it away';
        END IF;
        """
    }

    private static let plainDefault = {
        let text = "'([^']|'')*'"
        let cast = #"(::[a-z][a-z ]*(\([0-9, ]+\))?(\[\])?)?"#
        let constant = #"\(?(NULL|true|false|-?[0-9.]+|\#(text))\#(cast)\)?\#(cast)"#
        let time =
            #"((now|clock_timestamp|statement_timestamp|transaction_timestamp|gen_random_uuid)\(\)|CURRENT_TIMESTAMP"#
            + #"|LOCALTIMESTAMP)(\([0-9]\))?\#(cast)"#
        let zone = #"\(?\(?(now\(\)|CURRENT_TIMESTAMP) AT TIME ZONE \#(text)\#(cast)\)?\#(cast)\)?"#
        let oldZone = #"timezone\(\#(text)\#(cast), \(?(now\(\)|CURRENT_TIMESTAMP)\)?\)"#
        return #"^(\#(constant)|\(?\#(time)\)?\#(cast)|\#(zone)|\#(oldZone)|nextval\(\#(text)::regclass\))$"#
    }()

    /// Writes the row of one migration.
    func row(of migration: Migration, run: HistoryRun) -> SQL {
        let clearing: SQL = format.keepsOneRow ? "TRUNCATE \(name);\n" : ""
        return """
            \(becomeWriter)
            \(clearing)\(insert(format.historyInsert(migration, run: run)));
            RESET ROLE;
            """
    }

    /// Without what the table, made by an older version of the tool, has no columns for.
    private func insert(_ row: [HistoryCell]) -> SQL {
        let optional = row.map(\.column).filter { format.optionalColumns.contains($0) }
        guard !optional.isEmpty else { return "INSERT INTO \(name) \(columns(row))" }
        let body: SQL = """
            BEGIN
            IF (SELECT count(*) FROM pg_catalog.pg_attribute WHERE attrelid = \(literal: name.text)::regclass
                AND NOT attisdropped AND attname IN (\(SQL(joining: optional.map { SQL("\(literal: $0)") })))) = \(optional.count) THEN
                INSERT INTO \(name) \(columns(row));
            ELSE
                INSERT INTO \(name) \(columns(row.filter { !optional.contains($0.column) }));
            END IF;
            END
            """
        // As a literal: what a row says could hold any mark in dollars.
        return "DO \(literal: body.text)"
    }

    private var upgrade: SQL {
        let statements = format.upgrade(schema: schema, table: table, folder: folder)
        return SQL(joining: statements.map { $0 + ";\n" }, separator: "")
    }

    private var firstRows: SQL {
        let rows = format.firstRows
        guard !rows.isEmpty else { return "" }
        let values = rows.map { row in SQL("(\(SQL(joining: row.map(sql))))") }
        let names = SQL(joining: rows[0].map { SQL("\(identifier: $0.column)") })
        return """
            INSERT INTO \(name) (\(names))
            SELECT * FROM (VALUES \(SQL(joining: values))) v WHERE NOT EXISTS (SELECT FROM \(name));

            """
    }

    private func columns(_ row: [HistoryCell]) -> SQL {
        """
        (\(SQL(joining: row.map { SQL("\(identifier: $0.column)") })))
        VALUES (\(SQL(joining: row.map(sql))))
        """
    }

    private func sql(_ cell: HistoryCell) -> SQL {
        switch cell.value {
        case .text(let text): "\(literal: text)"
        case .integer(let number): "\(number)"
        case .boolean(let isTrue): isTrue ? "true" : "false"
        case .texts(let texts): "ARRAY[\(SQL(joining: texts.map { SQL("\(literal: $0)") }))]::text[]"
        case .null: "NULL"
        case .now: "now()"
        case .clock: "clock_timestamp()"
        case .sessionUser: "session_user"
        case .uuid: "gen_random_uuid()::text"
        case .next: "(SELECT coalesce(max(\(identifier: cell.column)), 0) + 1 FROM \(name))"
        }
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
