\c hub
SELECT 'hub', (SELECT n FROM counters), (SELECT count(*) FROM entries WHERE what = 'counted'), count(*) FROM drizzle.__drizzle_migrations;
\c tenant_a
\i ${root}/tenant.sql
\c tenant_b
\i ${root}/tenant.sql
\c tenant_c
\i ${root}/tenant.sql
\c tenant_drifted
\i ${root}/tenant.sql
\c tenant_new
\i ${root}/tenant.sql
\c bystander
SELECT 'bystander', count(*), md5(string_agg(hash, '' ORDER BY n)), (SELECT count(*) FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'i', 'S') AND relnamespace <> 'pg_toast'::regnamespace) FROM precious;
\c postgres
SELECT 'databases', string_agg(regexp_replace(datname, '__rcl_\d{12}\w{4}$', '__rcl_(run)'), ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate;
SELECT 'unfinished runs', count(*) FROM reconcile.runs WHERE finished_at IS NULL OR outcome = 'running';
SELECT 'sessions', count(*) FROM pg_stat_activity WHERE application_name ~ '^reconcile';
SELECT datname AS aside FROM pg_database WHERE datname ~ '^tenant_drifted__rcl_\d' LIMIT 1 \gset
\c :"aside"
SELECT 'aside', count(*), (SELECT n FROM counters) FROM entries;
