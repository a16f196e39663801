\c tenant_a
SELECT body FROM notes;
SELECT nspname ~ '^quarantine_' AS q, relname, relkind FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relname IN ('accounts', 'accounts_id_seq', 'accounts_pkey', 'tenants', 'notes') ORDER BY 2;
SELECT format('SELECT id, name FROM %I.accounts ORDER BY id', nspname) FROM pg_namespace WHERE nspname ~ '^quarantine_' \gexec
