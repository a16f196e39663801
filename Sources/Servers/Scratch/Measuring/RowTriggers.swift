internal import FleetModel
internal import Postgres

/// Statement-level triggers on every table, which note that rows of it were to be written: they fire even where no row
/// matches, so an empty table tells what a full one would suffer.
///
/// They stand only in the database that is measured. The one whose catalog is taken never has them.
enum RowTriggers {
    static let name = "~reconcile scratch"

    /// Plants them on all tables that have none yet.
    ///
    /// The session is the superuser's where the server is ours, else that of the tables' owner.
    static func plant(in session: Session) async throws(PostgresError) {
        let tables =
            try await session.run(unplanted, label: "tables without triggers").first?.rows
            ?? Rows(columns: [], values: [])
        var statements = [function]
        for row in tables {
            guard let schema = row[0], let table = row[1] else { continue }
            let event: SQL = "INSERT OR UPDATE OR DELETE OR TRUNCATE ON \(schema: schema, name: table)"
            statements.append(
                """
                CREATE TRIGGER \(identifier: name) AFTER \(event) FOR EACH STATEMENT
                    EXECUTE FUNCTION \(identifier: schemaName).note()
                """
            )
        }
        if statements.count > 1 {
            try await session.run(SQL(joining: statements, separator: "; "), label: "plant triggers")
        }
    }

    /// Wakes them again on tables where the text being measured switched triggers off.
    static func wake(_ tables: [TableName], in session: Session) async throws(PostgresError) {
        for table in tables {
            try await session.run(
                "ALTER TABLE ONLY \(schema: table.schema, name: table.name) ENABLE TRIGGER \(identifier: name)",
                label: "wake triggers"
            )
        }
    }

    static let schemaName = "~reconcile"

    private static let unplanted: SQL = """
        SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = \(literal: name))
        """

    // The note goes away with a rolled back subtransaction, as the rows do.
    private static let function: SQL = """
        CREATE SCHEMA IF NOT EXISTS \(identifier: schemaName);
        CREATE OR REPLACE FUNCTION \(identifier: schemaName).note() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            PERFORM pg_catalog.set_config('reconcile.rows',
                pg_catalog.concat(pg_catalog.current_setting('reconcile.rows', true), TG_RELID, ' ', TG_OP, ';'), true);
            RETURN NULL;
        END $body$
        """
}
