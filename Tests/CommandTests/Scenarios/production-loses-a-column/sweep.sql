\c hub
SELECT 'hub', (SELECT count(*) FROM accounts), (SELECT count(*) FROM tenants), (SELECT count(*) FROM pg_attribute WHERE attrelid = 'accounts'::regclass AND attname = 'name'), count(*) FROM drizzle.__drizzle_migrations;
\c bystander
SELECT 'bystander', count(*), md5(string_agg(hash, '' ORDER BY n)) FROM precious;
\c postgres
SELECT 'databases', string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate;
SELECT 'unfinished runs', count(*) FROM reconcile.runs WHERE finished_at IS NULL OR outcome = 'running';
SELECT 'sessions', count(*) FROM pg_stat_activity WHERE application_name ~ '^reconcile';
