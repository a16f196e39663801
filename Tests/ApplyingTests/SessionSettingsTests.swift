import FleetModel
import Migrations
import Postgres
import Testing
import TestSupport

@testable import Applying

/// What one migration does to its session the next does not see.
@Suite struct SessionSettingsTests {
    /// Sets every parameter that may be set in a session to something else, and leaves more behind.
    private static let leaving = """
        DO $$
        DECLARE s record;
        BEGIN
            FOR s IN SELECT * FROM pg_catalog.pg_settings WHERE context IN ('user', 'superuser')
                AND name !~ '^(transaction_|exit_on_error|role$|session_authorization|seed|debug_discard)'
            LOOP
                BEGIN
                    PERFORM set_config(s.name, CASE s.vartype
                        WHEN 'bool' THEN CASE s.setting WHEN 'on' THEN 'off' ELSE 'on' END
                        WHEN 'enum' THEN (SELECT v FROM unnest(s.enumvals) v WHERE v <> s.setting LIMIT 1)
                        WHEN 'string' THEN 'x'
                        ELSE CASE s.setting WHEN s.min_val THEN s.max_val ELSE s.min_val END END, false);
                EXCEPTION WHEN OTHERS THEN NULL;
                END;
            END LOOP;
        END $$;
        SET DateStyle = 'German, DMY'; SET TimeZone = 'Asia/Tokyo'; SET client_encoding = 'LATIN1';
        SET search_path = pg_temp; SET "mine.own" = 'x'; SET statement_timeout = '1h'; SET standard_conforming_strings = off;
        CREATE TEMP TABLE seen (name text, setting text);
        PREPARE leftover AS SELECT 1; LISTEN leftover;
        SET ROLE other;
        SET SESSION AUTHORIZATION other;
        """
    private static let looking = """
        INSERT INTO seen SELECT name, setting FROM pg_catalog.pg_settings WHERE name NOT IN ('reconcile.body', 'mine.own')
            UNION ALL SELECT 'who', current_user || ' ' || session_user
            UNION ALL SELECT 'prepared', count(*)::text FROM pg_catalog.pg_prepared_statements
            UNION ALL SELECT 'listening', count(*)::text FROM pg_catalog.pg_listening_channels()
            UNION ALL SELECT 'own', coalesce(current_setting('mine.own', true), '');
        """

    @Test(.proves(26), .timeLimit(.minutes(3)), arguments: [true, false])
    func `no setting, role, temporary table or statement of one migration reaches the next`(isTransactional: Bool)
        async throws
    {
        try await Bench.with { bench in
            try await bench.sql("CREATE ROLE other SUPERUSER; CREATE TABLE seen (name text, setting text)")
            try await bench.work { worker in
                try await bench.run(Bench.migration(1, Self.looking), worker)
                let changed = try await bench.sql("SELECT count(*) FROM seen")
                try await bench.sql("ALTER TABLE seen RENAME TO plain; CREATE TABLE seen (name text, setting text)")
                try await bench.run(Bench.migration(2, Self.leaving, isTransactional: isTransactional), worker)
                try await bench.run(Bench.migration(3, Self.looking), worker)
                Sweep.tried(Int(changed) ?? 0)
                let differing = try await bench.sql(
                    """
                    SELECT coalesce(string_agg(concat_ws(' ', name, p.setting, '->', s.setting), '; '), '')
                    FROM plain p FULL JOIN seen s USING (name) WHERE p.setting IS DISTINCT FROM s.setting
                    """
                )
                #expect(differing == "")
                #expect(Int(changed) ?? 0 > 300)
            }
        }
    }
}
