\c hub
SELECT id, name, email IS NULL FROM accounts ORDER BY id;
\c tenant_a
SELECT count(*), min(body), max(state) FROM notes;
\c tenant_c
SELECT body FROM notes;
SELECT count(*) FROM drizzle.__drizzle_migrations;
