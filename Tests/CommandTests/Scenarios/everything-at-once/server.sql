SELECT 'bystander', count(*), md5(string_agg(hash, '' ORDER BY n)), (SELECT count(*) FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'i', 'S') AND relnamespace <> 'pg_toast'::regnamespace) FROM precious;
SELECT 'databases', string_agg(regexp_replace(datname, '__rcl_\d{12}\w{4}$', '__rcl_(run)'), ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate;
\c postgres
SELECT 'unfinished runs', count(*) FROM reconcile.runs WHERE finished_at IS NULL OR outcome = 'running';
SELECT 'moves', count(*) FROM reconcile.moves;
SELECT 'beside', count(*) FROM reconcile.beside;
SELECT 'roles', count(*) FROM pg_roles WHERE rolname ~ '^rcl_';
SELECT 'sessions', count(*) FROM pg_stat_activity WHERE application_name ~ '^reconcile';
