internal import FleetModel
internal import Migrations
internal import Postgres

// An empty scratch passes `ADD COLUMN … NOT NULL`, and every database with a row in that table does not. So each migration
// is tried once more on the state before it with one row in every table that takes one. The rows are made up: all numbers
// are 1, all texts "a", so that references fit. What a made-up value breaks (a check, a cast) proves nothing and is not
// told; that a column without a default cannot be null is true of any row. Rows are put in by who runs the migrations and
// never by a superuser, since defaults, checks and triggers are theirs.

/// Runs one sequence of migrations where tables hold rows.
struct RowProbe {
    private let line: ScratchLine
    private let job: ReplayJob
    /// OIDs of tables that hold a row of ours.
    private var filled: [String] = []

    init(_ job: ReplayJob, on line: ScratchLine) {
        self.job = job
        self.line = line
    }

    /// What each migration says where tables hold rows; empty text: it passes.
    ///
    /// Shorter than the job where nobody can tell.
    mutating func run() async throws(ReplayFault) -> [String] {
        var said: [String] = []
        for migration in job.migrations {
            filled += try await fill(migration)
            do throws(ReplayFault) {
                try await run(migration)
                said.append("")
            } catch {
                // What ran outside a transaction stays, and nobody can say what the next one would find.
                guard migration.isTransactional, case .unassessed(let reason) = error else { return said }
                said.append(Self.nullValue(reason) ?? "")
                try await empty(migration)
                do throws(ReplayFault) { try await run(migration) } catch { return said }
            }
        }
        return said
    }

    private func run(_ migration: Migration) async throws(ReplayFault) {
        let scratch = try await line.session(migration)
        do throws(ReplayFault) {
            try await scratch.run(migration)
            await scratch.session.close()
        } catch {
            await scratch.session.close()
            throw error
        }
    }

    /// The server's words where a value is null that must not be.
    private static func nullValue(_ reason: String) -> String? {
        reason.firstRange(of: " (SQLSTATE 23502)").map { String(reason[..<$0.lowerBound]) }
    }

    private func fill(_ migration: Migration) async throws(ReplayFault) -> [String] {
        let scratch = try await line.session(migration)
        do throws(PostgresError) {
            try await scratch.session.run("SET search_path = pg_catalog, pg_temp", label: "rows")
            try await scratch.session.run(Self.filling, label: "rows")
            let rows = try await scratch.session.run(
                "SELECT unnest(string_to_array(NULLIF(current_setting('reconcile.filled', true), ''), ' '))",
                label: "rows"
            ).first?.rows
            let oids = rows?.compactMap { $0[0] } ?? []
            await scratch.session.close()
            return oids
        } catch {
            await scratch.session.close()
            throw ReplayFault(error, at: nil, of: migration)
        }
    }

    private mutating func empty(_ migration: Migration) async throws(ReplayFault) {
        let scratch = try await line.session(migration)
        do throws(PostgresError) {
            let list = filled.joined(separator: " ")
            try await scratch.session.run("SET search_path = pg_catalog, pg_temp", label: "rows")
            try await scratch.session.run(
                "SELECT set_config('reconcile.filled', \(literal: list), false)",
                label: "rows"
            )
            try await scratch.session.run(Self.emptying, label: "rows")
            await scratch.session.close()
        } catch {
            await scratch.session.close()
            throw ReplayFault(error, at: nil, of: migration)
        }
        filled = []
    }

    /// One row into each table that has none, parents before children since every pass fills what it can.
    private static let filling: SQL = """
        DO $$
        DECLARE
            target record;
            has_rows boolean;
            progress boolean := true;
            filled text := '';
            tried oid[] := '{}';
        BEGIN
            WHILE progress LOOP
                progress := false;
                FOR target IN
                    SELECT c.oid, n.nspname, c.relname,
                        string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum) AS names,
                        string_agg(CASE
                            WHEN e.label IS NOT NULL THEN format('%L::%I.%I', e.label, tn.nspname, t.typname)
                            WHEN t.typcategory = 'N' THEN '1'
                            WHEN t.typcategory = 'B' THEN 'true'
                            WHEN t.typcategory = 'D' THEN format('%L::%I.%I', '2000-01-01', tn.nspname, t.typname)
                            WHEN t.typcategory = 'T' THEN format('%L::%I.%I', '1 day', tn.nspname, t.typname)
                            WHEN t.typcategory = 'A' THEN format('%L::%I.%I', '{}', tn.nspname, t.typname)
                            WHEN t.typcategory = 'R' THEN format('%L::%I.%I', 'empty', tn.nspname, t.typname)
                            WHEN t.typcategory = 'I' THEN format('%L::%I.%I', '127.0.0.1', tn.nspname, t.typname)
                            WHEN t.typcategory = 'S' THEN format('%L', 'a')
                            WHEN t.typname = 'uuid' THEN format('%L::uuid', '00000000-0000-4000-8000-000000000001')
                            WHEN t.typname IN ('json', 'jsonb') THEN format('%L::%I', '{}', t.typname)
                            WHEN t.typname = 'bytea' THEN format('%L::bytea', 'a')
                            ELSE 'NULL' END, ', ' ORDER BY a.attnum) AS row_values
                    FROM pg_class c
                    JOIN pg_namespace n ON n.oid = c.relnamespace
                    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                        AND a.attgenerated = ''
                    JOIN pg_type t ON t.oid = a.atttypid
                    JOIN pg_namespace tn ON tn.oid = t.typnamespace
                    LEFT JOIN LATERAL (SELECT enumlabel AS label FROM pg_enum
                        WHERE enumtypid = t.oid ORDER BY enumsortorder LIMIT 1) e ON true
                    WHERE c.relkind = 'r' AND c.oid >= 16384 AND NOT c.relispartition AND c.oid <> ALL (tried)
                    GROUP BY c.oid, n.nspname, c.relname
                    ORDER BY c.oid
                LOOP
                    BEGIN
                        EXECUTE format('SELECT EXISTS (SELECT FROM %I.%I)', target.nspname, target.relname)
                            INTO has_rows;
                        IF NOT has_rows THEN
                            EXECUTE format('INSERT INTO %I.%I (%s) OVERRIDING SYSTEM VALUE VALUES (%s)',
                                target.nspname, target.relname, target.names, target.row_values);
                            filled := filled || target.oid || ' ';
                        END IF;
                        tried := tried || target.oid;
                        progress := true;
                    EXCEPTION WHEN OTHERS THEN
                        NULL;
                    END;
                END LOOP;
            END LOOP;
            PERFORM set_config('reconcile.filled', rtrim(filled), false);
        END $$
        """

    private static let emptying: SQL = """
        DO $$
        DECLARE
            list text;
        BEGIN
            SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ') INTO list
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid::text = ANY (string_to_array(current_setting('reconcile.filled'), ' '));
            IF list IS NOT NULL THEN EXECUTE 'TRUNCATE ' || list || ' CASCADE'; END IF;
        END $$
        """
}
